"""Where an item waits, and about how long."""

from dataclasses import dataclass

from shared.domain.centre import ContactCentre
from shared.domain.routing.order import rank_of, span
from shared.domain.routing.work import Pool, WorkItem, WorkState
from shared.domain.waiting import Flow, Line, expected_wait


@dataclass(frozen=True, slots=True)
class Place:
    """Where an item waits: how many there are up to it, and about how long that takes (None: nobody works)."""

    position: int
    estimated_wait_seconds: int | None


def place(pool: Pool, item: WorkItem, centre: ContactCentre, flow: Flow | None = None) -> Place:
    """The place in the queue; the estimate knows who is signed in, and what was seen of the queue."""
    waits = (WorkState.WAITING, WorkState.OFFERED)
    ageing = span(centre.ageing) if centre.ageing else None
    mine = rank_of(item, ageing)
    rivals = (other for other in pool.items.values() if other.queue == item.queue and other.state in waits)
    position = 1 + sum(rank_of(other, ageing) < mine for other in rivals)
    units = free = 0
    for agent in pool.agents.values():
        profile = centre.agents.get(agent.id)
        if profile and item.queue in profile.queues and agent.is_connected and agent.chosen == "available":
            units += profile.capacity
            free += profile.capacity - agent.used
    seconds = expected_wait(Line(position - 1, units, free), flow or Flow())
    return Place(position, None if seconds is None else round(seconds))
