"""Estimated waits against what came of them: a contact centre whose arrivals and agents change, on the real router.

Each customer who has to wait is told an estimate on arrival: ours, as their page would show it; the moving average as
Dynamics 365 has it; and a livelier moving average. The truth is known of those who stay: every fifth customer is
patient and never gives up, and only their waits are counted. `python -m sim.estimates` prints the table.
"""

import heapq
import math
import sys
from collections import defaultdict, deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import Random
from statistics import fmean, median

from shared.domain.centre import AgentProfile, ChannelProfile, ContactCentre, QueueProfile, Role
from shared.domain.presence import AgentState, Presence, choose, settled
from shared.domain.routing import Assignment, WorkItem, WorkKind, WorkState, accept, finish
from shared.records.history import RoutingHistory
from shared.records.routing import PoolFollower, RoutingStore
from sim.centre import POOL, centre_of
from sim.documents import MemoryDocuments
from sim.link import GoodLink
from sim.loop import VirtualLoop
from sim.outside import EPOCH
from sim.store import MemoryStore

OURS, DYNAMICS, RUNNING = "ours", "moving average (Dynamics)", "last 20 who waited"
ESTIMATORS = (OURS, DYNAMICS, RUNNING)
PERIOD_SECONDS = 600.0
CONVERSATIONS_MIN = 20
DECISIONS_MAX = 15
ANSWER_SECONDS = 6.0
PATIENT_EVERY = 5
SEEDS = 5
SPREAD = 0.7
"""Of the logarithm of handling times."""


@dataclass(frozen=True, slots=True)
class Demand:
    """Of one queue: arrivals per second, mean handling in seconds, and how its work ranks."""

    rate: float
    handle: float
    priority: int = 100
    skill: str | None = None


@dataclass(frozen=True, slots=True)
class Scene:
    """From `begins` on everything comes `growth` times as fast, and so many of each crew have left; till `ends`."""

    queues: Mapping[str, Demand]
    crews: Sequence[tuple[int, tuple[str, ...]]]  # how many agents serve which queues
    capacity: int = 2
    patience: float = 600.0
    growth: Mapping[str, float] = field(default_factory=dict)
    leaving: int = 0
    begins: float = 5400.0
    ends: float = 9000.0
    seconds: float = 14_400.0


@dataclass(frozen=True, slots=True)
class Told:
    """What somebody was told by each estimator, and how long it took."""

    estimates: Mapping[str, float]
    actual: float


@dataclass(frozen=True, slots=True)
class Errors:
    """Of one estimator, in seconds; `relative` is the median of |error| / wait."""

    count: int
    mean_absolute: float
    root_mean_square: float
    relative: float


_QUEUES = {
    "general": Demand(0.080, 240.0),
    "billing": Demand(0.030, 360.0, skill="billing"),
    "sales": Demand(0.030, 180.0, skill="sales"),
}
_CREWS = (
    (8, ("general",)), (6, ("general", "billing")), (4, ("billing", "sales")), (2, ("general", "billing", "sales")),
)  # fmt: skip
SCENES = {
    "steady": Scene(_QUEUES, _CREWS, growth=dict.fromkeys(_QUEUES, 1.1), begins=0.0, ends=14_400.0),
    "step up": Scene(_QUEUES, _CREWS, growth=dict.fromkeys(_QUEUES, 1.45)),
    "agents leave": Scene(_QUEUES, _CREWS, leaving=2),
    "urgent rush": Scene(
        {**_QUEUES, "billing": replace(_QUEUES["billing"], priority=50)}, _CREWS, growth={"billing": 2.5}
    ),
    "few agents": Scene({"general": Demand(0.0155, 240.0)}, ((2, ("general",)),), patience=900.0),
}


def told(scene: Scene, seed: int) -> list[Told]:
    """One simulation: the patient customers who had to wait and of whom every estimator could tell something."""
    return VirtualLoop().run(_Day(scene, seed).run())


def errors(found: Sequence[Told], estimator: str) -> Errors:
    """How far an estimator was off."""
    off = [it.estimates[estimator] - it.actual for it in found]
    return Errors(
        len(off),
        fmean(map(abs, off)),
        math.sqrt(fmean(it * it for it in off)),
        median(abs(error) / max(it.actual, 1.0) for error, it in zip(off, found, strict=True)),
    )


class _Averages:
    """Of one queue: moving averages of the waits of those who were answered."""

    def __init__(self) -> None:
        self._answered: list[tuple[float, float]] = []
        self._last: deque[float] = deque(maxlen=CONVERSATIONS_MIN)
        self._shown: tuple[float, float | None] = (-1.0, None)

    def answered(self, at: float, waited: float) -> None:
        """Somebody who came was answered."""
        self._answered.append((at, waited))
        if waited > ANSWER_SECONDS:
            self._last.append(waited)

    def dynamics(self, now: float) -> float | None:
        """Worked out every ten minutes of those answered since, or of the last twenty if those are fewer."""
        period = now // PERIOD_SECONDS
        if self._shown[0] != period:
            recent = [waited for at, waited in self._answered if at >= (period - 1) * PERIOD_SECONDS]
            last = [waited for _, waited in self._answered[-CONVERSATIONS_MIN:]]
            of = recent if len(recent) >= CONVERSATIONS_MIN else last
            self._shown = (period, fmean(of) if len(of) >= CONVERSATIONS_MIN else None)
        return self._shown[1]

    def running(self) -> float | None:
        """Up to date at any time, and only of those who had to wait."""
        return fmean(self._last) if len(self._last) == CONVERSATIONS_MIN else None


class _Day:
    """Events in the order of time: arrivals, answers, ends of work, ends of patience, agents who go and come."""

    def __init__(self, scene: Scene, seed: int) -> None:
        self._scene, self._chance = scene, Random(f"estimates/{seed}")
        self._seconds = 0.0
        documents = MemoryDocuments(MemoryStore(), self._now, GoodLink())
        self._store, self._history = RoutingStore(documents, self._now), RoutingHistory(documents)
        self._follower = PoolFollower(self._store, POOL)
        self._centre = _centre(scene)
        self._events: list[tuple[float, int, str, str]] = []
        self._number = self._ids = 0
        self._came: dict[str, tuple[str, float, bool]] = {}  # queue, when, whether patient
        self._estimates: dict[str, dict[str, float]] = {}
        self._averages: dict[str, _Averages] = defaultdict(_Averages)
        self._told: dict[str, Told] = {}

    async def run(self) -> list[Told]:
        """See `told`."""
        for name in self._centre.agents:
            await self._store.save_agent(POOL, AgentState(name, self._now(), self._now(), Presence.AVAILABLE), None)
        for queue in self._scene.queues:
            self._plan_arrival(queue)
        for number in range(len(self._scene.crews) * self._scene.leaving):
            name = f"{number % len(self._scene.crews)}-{number // len(self._scene.crews)}"
            self._plan(self._scene.begins, "away", name)
            self._plan(self._scene.ends, "back", name)
        happenings = {
            "arrive": self._arrive, "answer": self._answer, "done": self._finish, "leave": self._leave,
            "away": self._go, "back": self._come_back,
        }  # fmt: skip
        while self._events:
            self._seconds, _, what, subject = heapq.heappop(self._events)
            await happenings[what](subject)
            await self._decide()
            if what == "arrive":
                await self._tell()
        return [self._told[id_] for id_ in self._came if id_ in self._told]

    async def _arrive(self, queue: str) -> None:
        self._plan_arrival(queue)
        self._ids += 1
        id_, now = f"{self._ids:06d}", self._now()
        is_patient = self._ids % PATIENT_EVERY == 0
        self._came[id_] = (queue, self._seconds, is_patient)
        item = WorkItem(id_, id_, WorkKind.NEW, "chat", queue, (), self._scene.queues[queue].priority, now, 1, 0)
        await self._store.create_item(POOL, item)
        if not is_patient:
            self._plan(self._chance.expovariate(1 / self._scene.patience), "leave", id_)

    async def _tell(self) -> None:
        """What the newest customer is told, if they have to wait."""
        id_ = f"{self._ids:06d}"
        item = self._follower.state.items[id_]
        if item.state is not WorkState.WAITING:
            return
        await self._follower.waits.learn(POOL, self._history, self._store.past_value)
        ours = self._follower.waits.place(item, self._centre, self._now()).estimated_wait_seconds
        averages = self._averages[item.queue]
        told = {OURS: ours, DYNAMICS: averages.dynamics(self._seconds), RUNNING: averages.running()}
        self._estimates[id_] = {name: float(seconds) for name, seconds in told.items() if seconds is not None}

    async def _decide(self) -> None:
        """What the dispatcher does; each offer is accepted after a moment."""
        while True:
            await self._follower.catch_up()
            decisions = await self._follower.decide(self._centre, self._now(), DECISIONS_MAX, self._new_id)
            if not decisions:
                return
            for decision in decisions:
                self._plan(ANSWER_SECONDS, "answer", decision.item.id)

    async def _answer(self, id_: str) -> None:
        current, etags = await self._current(id_)
        if current.item.state is not WorkState.OFFERED:
            return  # the customer has left
        await self._store.commit(POOL, [accept(current, self._scene.capacity, self._now())], etags)
        queue, since, is_patient = self._came[id_]
        waited = self._seconds - since
        self._averages[queue].answered(self._seconds, waited)
        if is_patient and len(estimates := self._estimates.get(id_, {})) == len(ESTIMATORS):
            self._told[id_] = Told(estimates, waited)
        mean = self._scene.queues[queue].handle
        self._plan(self._chance.lognormvariate(math.log(mean) - SPREAD**2 / 2, SPREAD), "done", id_)

    async def _leave(self, id_: str) -> None:
        current, _ = await self._current(id_)
        if current.item.state in (WorkState.WAITING, WorkState.OFFERED):
            await self._finish(id_)

    async def _finish(self, id_: str) -> None:
        current, etags = await self._current(id_)
        await self._store.commit(POOL, [finish(current, self._scene.capacity, self._now())], etags)

    async def _go(self, name: str) -> None:
        await self._choose(name, Presence.AWAY)

    async def _come_back(self, name: str) -> None:
        await self._choose(name, Presence.AVAILABLE)

    async def _choose(self, name: str, presence: Presence) -> None:
        before = await self._store.agent(POOL, name, self._now())
        after = settled(before.value, choose(before.value, presence, None), self._scene.capacity, self._now())
        await self._store.save_agent(POOL, after, before.etag)

    async def _current(self, id_: str) -> tuple[Assignment, dict[str, str | None]]:
        item = await self._store.item(POOL, id_)
        assert item  # noqa: S101  # it was created
        return await self._store.assignment(POOL, item)

    def _plan_arrival(self, queue: str) -> None:
        """Thinned, so that rates may change at any time."""
        growth = self._scene.growth.get(queue, 1.0)
        fastest = self._scene.queues[queue].rate * max(growth, 1.0)
        at = self._seconds
        while (at := at + self._chance.expovariate(fastest)) < self._scene.seconds:
            is_grown = self._scene.begins <= at < self._scene.ends
            rate = self._scene.queues[queue].rate * (growth if is_grown else 1.0)
            if self._chance.random() < rate / fastest:
                self._plan(at - self._seconds, "arrive", queue)
                return

    def _plan(self, seconds: float, what: str, subject: str) -> None:
        self._number += 1
        heapq.heappush(self._events, (self._seconds + seconds, self._number, what, subject))

    def _now(self) -> datetime:
        return EPOCH + timedelta(seconds=self._seconds)

    def _new_id(self) -> str:
        self._number += 1
        return f"offer-{self._number:09d}"


def _centre(scene: Scene) -> ContactCentre:
    agents = {}
    for crew, (count, queues) in enumerate(scene.crews):
        skills = {skill: 5 for queue in queues if (skill := scene.queues[queue].skill)}
        for number in range(count):
            name = f"{crew}-{number}"
            agents[name] = AgentProfile(
                name, name, frozenset({Role.AGENT}), POOL, frozenset(queues), skills, scene.capacity
            )
    minute = timedelta(minutes=1)
    return replace(
        centre_of(1, 1),
        agents=agents,
        queues={
            name: QueueProfile(
                name, name, POOL, frozenset({of.skill} if of.skill else ()), of.priority, minute, minute
            )
            for name, of in scene.queues.items()
        },
        channels={"chat": ChannelProfile("chat", next(iter(scene.queues)), None, 1)},
        ageing=None,
    )  # fmt: skip


def table(seeds: int) -> Iterator[str]:
    """Line by line."""
    yield f"{'scene':<14}{'estimate':<28}{'waits':>6}{'mean wait s':>13}{'MAE s':>8}{'RMSE s':>8}{'median %':>10}"
    for name, scene in SCENES.items():
        found = [it for seed in range(seeds) for it in told(scene, seed)]
        mean = fmean(it.actual for it in found)
        for estimator in ESTIMATORS:
            of = errors(found, estimator)
            yield (
                f"{name:<14}{estimator:<28}{of.count:>6}{mean:>13.0f}{of.mean_absolute:>8.0f}"
                f"{of.root_mean_square:>8.0f}{of.relative * 100:>10.0f}"
            )


if __name__ == "__main__":
    for line in table(SEEDS):
        sys.stdout.write(line + "\n")
        sys.stdout.flush()
