"""The router and its peers on the same events of a simple policy: agents become free, work arrives."""

import time
from dataclasses import dataclass, field

from bench.routing.events import Floor
from bench.routing.peers import Asked, Peer
from bench.routing.workload import SECOND, Size, Workload
from shared.domain.presence import AgentState
from shared.domain.routing import Assignment, WorkItem, WorkState
from shared.domain.routing.order import micros


@dataclass
class Times:
    """Microseconds of CPU by kind of event, and what was decided."""

    free: list[float] = field(default_factory=list)
    arrives: list[float] = field(default_factory=list)
    decisions: list[str | None] = field(default_factory=list)


Event = WorkItem | AgentState
"""Work arrives, or an agent has become idle."""


def prepare(size: Size) -> Floor:
    """A floor where nobody idle suits anything that waits."""
    return Floor(Workload(size))


def beginning(floor: Floor) -> tuple[list[tuple[int, str]], list[Asked]]:
    """Who is idle since when, and what waits."""
    idle = [(micros(agent.idle_since), id_) for id_, agent in floor.pool.agents.items() if not agent.held]
    return idle, [Asked.of(item) for item in floor.pool.items.values() if item.state is WorkState.WAITING]


def ours(floor: Floor, events: int) -> tuple[Times, list[Event]]:
    """The router's times, and the events, which depend on its decisions."""
    times, script = Times(), list[Event]()
    for number in range(events):
        floor.now += SECOND / 1000
        if number % 2:
            item = floor.workload.item(floor.now, quiet=number % 4 == 1)
            records: tuple[Event, ...] = (item,)
            into = times.arrives
        else:
            done: Assignment = floor.finished()
            assert done.agent is not None
            records, into = (done.item, done.agent), times.free
        begin = time.thread_time_ns()
        for record in records:
            floor.router.apply(record)
        decisions = floor.router.decide(floor.now, 15, floor.new_id)
        into.append((time.thread_time_ns() - begin) / 1000)
        script.append(records[-1])
        assert len(decisions) <= 1
        times.decisions.append(_chosen(records[-1], decisions))
        floor.accept(decisions)
    return times, script


def peer(engine: Peer, script: list[Event]) -> Times:
    """A peer's times over the same events."""
    times = Times()
    for event in script:
        if isinstance(event, WorkItem):
            asked = Asked.of(event)
            begin = time.thread_time_ns()
            times.decisions.append(engine.arrive(asked))
            times.arrives.append((time.thread_time_ns() - begin) / 1000)
        else:
            since = micros(event.idle_since)
            begin = time.thread_time_ns()
            times.decisions.append(engine.free(event.id, since))
            times.free.append((time.thread_time_ns() - begin) / 1000)
    return times


def _chosen(event: Event, decisions: list[Assignment]) -> str | None:
    for decision in decisions:
        assert decision.agent is not None
        return decision.agent.id if isinstance(event, WorkItem) else decision.item.id
    return None
