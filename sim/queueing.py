"""The fast path: arrivals, service and patience as queueing theory has them, through the real router and its records.

No conversations, no people: work is created, offered by the pool's follower, accepted at once, finished.
"""

import heapq
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random
from typing import TypeVar

from shared.domain.centre import ContactCentre
from shared.domain.presence import AgentState, Presence
from shared.domain.routing import Assignment, WorkItem, WorkKind, WorkState, accept, finish
from shared.records.routing import PoolFollower, RoutingStore
from sim.centre import POOL, centre_of
from sim.documents import MemoryDocuments
from sim.loop import VirtualLoop
from sim.outside import EPOCH
from sim.store import MemoryStore

T = TypeVar("T")
DECISIONS_MAX = 15


@dataclass(frozen=True, slots=True)
class Stream:
    """Arrivals of one queue: rates are per second; a lower priority goes first."""

    rate: float
    priority: int = 100


@dataclass(frozen=True, slots=True)
class Model:
    """M/M/c, with patience M/M/c+M, with several streams a priority queue."""

    streams: Sequence[Stream]
    service: float  # mean seconds
    servers: int
    patience: float | None = None  # mean seconds
    customers: int = 10_000
    warm_up: int = 500


@dataclass(frozen=True, slots=True)
class Wait:
    """What became of one customer."""

    stream: int
    seconds: float
    has_left: bool


class StraightLink:
    """Nothing takes time, nothing fails."""

    async def read(self, service: str) -> None:
        """See Link."""

    async def write(self, service: str, apply: Callable[[], T], what: Callable[[], str]) -> T:
        """See Link."""
        return apply()

    def is_overtaken(self) -> bool:
        """See Link."""
        return False


def waits(model: Model, seed: int) -> list[Wait]:
    """One simulation: the customers after the warm-up, in the order of arrival."""
    return VirtualLoop().run(_Queue(model, seed).run())


def interval(values: Sequence[float], batches: int = 20) -> tuple[float, float]:
    """Mean and half width of its confidence interval of 99 %, by batch means."""
    size = len(values) // batches
    means = [sum(values[place * size : (place + 1) * size]) / size for place in range(batches)]
    mean = sum(means) / batches
    variance = sum((it - mean) ** 2 for it in means) / (batches - 1)
    return mean, 2.861 * (variance / batches) ** 0.5  # Student's t for 19 degrees of freedom


class _Queue:
    """Events in the order of time: arrivals, ends of service, ends of patience."""

    def __init__(self, model: Model, seed: int) -> None:
        self._model, self._chance = model, Random(f"queueing/{seed}")
        self._seconds = 0.0
        self._memory = MemoryStore()
        self._store = RoutingStore(MemoryDocuments(self._memory, self._now, StraightLink()), self._now)
        self._follower = PoolFollower(self._store, POOL)
        self._centre = _centre(model)
        self._events: list[tuple[float, int, str, str]] = []
        self._number = self._ids = 0
        self._arrived: dict[str, tuple[int, float]] = {}
        self._waits: dict[str, Wait] = {}

    async def run(self) -> list[Wait]:
        """See `waits`."""
        for name in self._centre.agents:
            free = AgentState(name, self._now(), self._now(), Presence.AVAILABLE)
            await self._store.save_agent(POOL, free, None)
        for number, stream in enumerate(self._model.streams):
            self._plan(self._chance.expovariate(stream.rate), "arrive", str(number))
        while len(self._waits) < self._model.customers:
            self._seconds, _, what, subject = heapq.heappop(self._events)
            if what == "arrive":
                await self._arrive(int(subject))
            else:
                await self._finish(subject, has_left=what == "leave")
            await self._decide()
        order = [self._waits[id_] for id_ in self._arrived if id_ in self._waits]
        return order[self._model.warm_up :]

    async def _arrive(self, number: int) -> None:
        stream = self._model.streams[number]
        self._plan(self._chance.expovariate(stream.rate), "arrive", str(number))
        id_ = self._new_id()
        now = self._now()
        item = WorkItem(id_, id_, WorkKind.NEW, "chat", "general", (), stream.priority, now, 1, 0)
        self._arrived[id_] = (number, self._seconds)
        await self._store.create_item(POOL, item)
        if self._model.patience:
            self._plan(self._chance.expovariate(1 / self._model.patience), "leave", id_)

    async def _decide(self) -> None:
        """What the dispatcher does; each offer is accepted at once."""
        while True:
            await self._follower.catch_up()
            decisions = await self._follower.decide(self._centre, self._now(), DECISIONS_MAX, self._new_id)
            if not decisions:
                return
            for decision in decisions:
                await self._accept(decision)

    async def _accept(self, decision: Assignment) -> None:
        item = await self._store.item(POOL, decision.item.id)
        assert item  # noqa: S101  # it was offered just now
        current, etags = await self._store.assignment(POOL, item)
        await self._store.commit(POOL, [accept(current, 1, self._now())], etags)
        id_ = item.value.id
        stream, since = self._arrived[id_]
        self._waits[id_] = Wait(stream, self._seconds - since, has_left=False)
        self._plan(self._chance.expovariate(1 / self._model.service), "served", id_)

    async def _finish(self, id_: str, *, has_left: bool) -> None:
        if has_left and id_ in self._waits:
            return
        item = await self._store.item(POOL, id_)
        assert item and item.value.state is not WorkState.DONE  # noqa: S101  # each is finished once
        current, etags = await self._store.assignment(POOL, item)
        await self._store.commit(POOL, [finish(current, 1, self._now())], etags)
        if has_left:
            stream, since = self._arrived[id_]
            self._waits[id_] = Wait(stream, self._seconds - since, has_left=True)

    def _plan(self, seconds: float, what: str, subject: str) -> None:
        self._number += 1
        heapq.heappush(self._events, (self._seconds + seconds, self._number, what, subject))

    def _now(self) -> datetime:
        return EPOCH + timedelta(seconds=self._seconds)

    def _new_id(self) -> str:
        self._ids += 1
        return f"{self._ids:09d}"


def _centre(model: Model) -> ContactCentre:
    return replace(centre_of(model.servers, 1), ageing=None)
