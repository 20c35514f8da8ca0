"""The latency of the router by kind of event: records in, decisions (with all records they make) out."""

import gc
import itertools
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from bench.routing.workload import NOW, SECOND, Workload
from shared.domain.presence import Presence
from shared.domain.routing import Assignment, OfferState, WorkItem, WorkState, accept, finish
from shared.domain.routing.line import Waiting
from shared.domain.routing.router import Record, Router

LIMIT = 15


class Floor:
    """A pool at work: what is decided is accepted at once, and its time goes on with each event."""

    def __init__(self, workload: Workload) -> None:
        self.workload, self.random = workload, workload.random
        self.now = NOW
        numbers = itertools.count()
        self.new_id = lambda: f"o{next(numbers):07}"
        self.router = Router(workload.centre, NOW, workload.pool())
        self.pool = self.router.pool
        self.active: list[str] = []  # work that agents have
        self.decided = 0
        for item in workload.quiet_sets():
            self.router.apply(item)
            self.router.apply(replace(item, state=WorkState.DONE))
        while self.accept(self.router.decide(self.now, LIMIT, self.new_id)):
            pass
        self.waiting = [id_ for id_, item in self.pool.items.items() if item.state is WorkState.WAITING]
        self.people = list(workload.profiles)

    def accept(self, decisions: Sequence[Assignment]) -> int:
        """The agents take what they are offered."""
        for decision in decisions:
            if decision.offer and decision.offer.state is OfferState.PENDING and decision.agent:
                agent = self.pool.agents[decision.agent.id]
                taken = accept(Assignment(decision.item, agent, decision.offer), 3, self.now)
                for record in (taken.item, taken.agent, taken.offer):
                    if record:
                        self.router.apply(record)
                self.active.append(decision.item.id)
        self.decided += len(decisions)
        return len(decisions)

    def finished(self) -> Assignment:
        """Some agent's work that is over, not yet applied."""
        place = self.random.randrange(len(self.active))
        self.active[place], self.active[-1] = self.active[-1], self.active[place]
        item = self.pool.items[self.active.pop()]
        return finish(Assignment(item, self.pool.agents[item.agent_id or ""]), 3, self.now)

    def given_up(self) -> WorkItem:
        """Waiting work whose customer has left."""
        for _ in range(len(self.waiting)):
            place = self.random.randrange(len(self.waiting))
            self.waiting[place], self.waiting[-1] = self.waiting[-1], self.waiting[place]
            item = self.pool.items.get(self.waiting.pop())
            if item and item.state is WorkState.WAITING:
                return replace(item, state=WorkState.DONE, revision=item.revision + 1)
        raise RuntimeError("nothing waits")

    def timed(self, do: Callable[[], list[Assignment]]) -> float:
        """Microseconds of one event; what it decides is accepted, untimed."""
        self.now += SECOND / 1000
        begin = time.thread_time_ns()
        decisions = do()
        spent = time.thread_time_ns() - begin
        self.accept(decisions)
        return spent / 1000

    def event(self, *records: Record | None) -> float:
        """Records change."""
        router, now = self.router, self.now

        def do() -> list[Assignment]:
            for record in records:
                if record is not None:
                    router.apply(record)
            return router.decide(now, LIMIT, self.new_id)

        return self.timed(do)


def agent_becomes_free(floor: Floor) -> float:
    """Work ends; its agent gets the best waiting item."""
    done = floor.finished()
    return floor.event(done.item, done.agent)


def work_arrives(floor: Floor) -> float:
    """Every other time for a queue with idle agents."""
    item = floor.workload.item(floor.now, quiet=floor.random.random() < 0.5)
    floor.waiting.append(item.id)
    return floor.event(item)


def new_requirement_set(floor: Floor) -> float:
    """Work asks for skills in a combination that was never seen."""
    item = floor.workload.item(floor.now, quiet=floor.random.random() < 0.5, is_new_set=True)
    floor.waiting.append(item.id)
    return floor.event(item)


def item_removed(floor: Floor) -> float:
    """A customer leaves."""
    return floor.event(floor.given_up())


def presence_changes(floor: Floor) -> float:
    """Somebody goes away or comes back."""
    agent = floor.pool.agents[floor.random.choice(floor.people)]
    other = Presence.AWAY if agent.chosen is Presence.AVAILABLE else Presence.AVAILABLE
    return floor.event(replace(agent, chosen=other, revision=agent.revision + 1))


def skills_are_edited(floor: Floor) -> float:
    """Somebody learns or forgets a skill."""
    id_ = floor.random.choice(floor.people)
    profile = floor.workload.profiles[id_] = floor.workload.edited(floor.workload.profiles[id_])

    def do() -> list[Assignment]:
        floor.router.revise(profile)
        return floor.router.decide(floor.now, LIMIT, floor.new_id)

    return floor.timed(do)


def relaxation_step(floor: Floor) -> float:
    """The next item asks for less."""
    due = floor.router.next_deadline()
    if due is not None and due > floor.now:
        floor.now = due
    return floor.timed(lambda: floor.router.decide(floor.now, LIMIT, floor.new_id))


KINDS: dict[str, Callable[[Floor], float]] = {
    "agent_free": agent_becomes_free,
    "work_arrives": work_arrives,
    "item_removed": item_removed,
    "presence": presence_changes,
    "skill_edit": skills_are_edited,
    "new_set": new_requirement_set,
}


def choosing(kind: Callable[[Floor], float], floor: Floor, cost: float) -> float:
    """Microseconds of one event in which the router chooses, without records and without taking them into its index.

    A stopwatch from outside of the product; `cost` is what the clock takes.
    """
    matching, spent = floor.router._matching, list[float]()
    choose = matching.next

    def timed(decided: set[str]) -> tuple[Waiting, int | None] | None:
        begin = time.thread_time_ns()
        found = choose(decided)
        spent.append((time.thread_time_ns() - begin) / 1000 - cost)
        return found

    matching.next = timed  # type: ignore[method-assign]
    kind(floor)
    del matching.next
    return sum(spent)


@dataclass
class Times:
    """Microseconds by kind: of whole events, and of what is choosing in others of the same kind."""

    events: dict[str, list[float]]
    choosing: dict[str, list[float]]


def measure(floor: Floor, events: int, cost: float) -> Times:
    """Kinds take turns, then (time leaps there) relaxation steps by themselves; `cost` is the clock's."""
    kinds = {**KINDS, "relaxation": relaxation_step}
    found = Times({name: [] for name in kinds}, {name: [] for name in kinds})
    gc.collect()
    gc.freeze()
    try:
        for turn in (KINDS, {"relaxation": relaxation_step}):
            for _ in range(events):
                for name, kind in turn.items():
                    found.events[name].append(kind(floor) - cost)
                    found.choosing[name].append(choosing(kind, floor, cost))
    finally:
        gc.unfreeze()
    return found
