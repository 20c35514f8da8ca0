"""Who gets which work: pure decisions over a pool.

First version: required skills, capacity in units, presence; among the agents who qualify the one who has waited
longest since being given work. Work goes by front place, priority and the original time of enqueueing; work that
nobody can take never blocks what is behind it.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from shared.domain.centre import AgentProfile, ContactCentre
from shared.domain.presence import AgentState, takes_offers
from shared.domain.routing.work import (
    Assignment,
    NewId,
    Offer,
    OfferState,
    Pool,
    WorkItem,
    WorkState,
    end_offer,
    moved,
    offer_to,
)

HANDLE_SECONDS_DEFAULT = 300


def decide(pool: Pool, centre: ContactCentre, now: datetime, limit: int, new_id: NewId) -> list[Assignment]:
    """The next decisions: offers that are over, then work for whoever may take it; at most `limit`.

    An agent is in one decision of a round at most: another one would be made on what the first has changed.
    """
    decisions: list[Assignment] = []
    taken: set[str] = set()
    for offer in _overdue(pool, now):
        ended = None if offer.agent_id in taken else _end_overdue(pool, offer, centre, now)
        if ended:
            decisions.append(ended)
            taken.add(offer.agent_id)
    waiting = [item for item in pool.items.values() if item.state is WorkState.WAITING]
    if not waiting:
        return decisions[:limit]
    free = _Free(pool, centre, taken)
    for item in sorted(waiting, key=lambda item: item.rank):
        if len(decisions) >= limit:
            break
        agent = free.take(item)
        if agent:
            decisions.append(offer_to(item, agent, centre, now, new_id))
        elif item.target_agent and item.target_agent not in taken:
            decisions.append(Assignment(moved(item, WorkState.FAILED, reason="agent-unavailable")))
    return decisions[:limit]


class _Free:
    """The agents who may be offered work now, each taken at most once per round."""

    def __init__(self, pool: Pool, centre: ContactCentre, taken: set[str]) -> None:
        self._refusals_max = centre.offers.refusals_max
        self._by_queue: dict[str, list[tuple[AgentState, AgentProfile]]] = defaultdict(list)
        self._taken = taken  # shared with the caller
        self._queue_skills = {queue.id: queue.skills for queue in centre.queues.values()}
        self._by_id: dict[str, tuple[AgentState, AgentProfile]] = {}
        for agent in sorted(pool.agents.values(), key=lambda agent: (agent.idle_since, agent.id)):
            profile = centre.agents.get(agent.id)
            if profile and profile.enabled and takes_offers(agent, profile.capacity):
                self._by_id[agent.id] = (agent, profile)
                for queue in profile.queues:
                    self._by_queue[queue].append((agent, profile))

    def take(self, item: WorkItem) -> AgentState | None:
        """Who gets the item: fewest refusals of it, then longest idle."""
        if item.target_agent:
            target = self._by_id.get(item.target_agent)
            candidates = [target] if target else []
        else:
            candidates = self._by_queue.get(item.queue, [])
        required = {*item.skills, *self._queue_skills.get(item.queue, ())}
        best: AgentState | None = None
        for agent, profile in candidates:
            if agent.id in self._taken or agent.used + item.units > profile.capacity:
                continue
            if not item.target_agent and not required <= profile.skills.keys():
                continue
            refusals = item.refusals.get(agent.id, 0)
            if refusals >= self._refusals_max:
                continue
            if best is None or refusals < item.refusals.get(best.id, 0):
                best = agent
        if best:
            self._taken.add(best.id)
        return best


def _overdue(pool: Pool, now: datetime) -> list[Offer]:
    """Pending offers whose time is up or whose agent is gone, the oldest first."""
    pending = [offer for offer in pool.offers.values() if offer.state is OfferState.PENDING]
    return sorted(
        (offer for offer in pending if offer.expires_at <= now or _is_gone(pool, offer)), key=lambda o: o.expires_at
    )


def _is_gone(pool: Pool, offer: Offer) -> bool:
    agent = pool.agents.get(offer.agent_id)
    return agent is None or not agent.is_connected or agent.chosen == "offline"


def _end_overdue(pool: Pool, offer: Offer, centre: ContactCentre, now: datetime) -> Assignment | None:
    item, agent = pool.items.get(offer.work_id), pool.agents.get(offer.agent_id)
    profile = centre.agents.get(offer.agent_id)
    if item is None or agent is None:
        return None
    capacity = profile.capacity if profile else 0
    state = OfferState.REVOKED if _is_gone(pool, offer) else OfferState.EXPIRED
    return end_offer(Assignment(item, agent, offer), state, centre.offers, capacity, now)


def next_deadline(pool: Pool) -> datetime | None:
    """When the pool needs to be looked at again without being rung."""
    pending = (offer.expires_at for offer in pool.offers.values() if offer.state is OfferState.PENDING)
    return min(pending, default=None)


@dataclass(frozen=True, slots=True)
class Place:
    """Where an item waits: how many there are up to it, and about how long that takes (None: nobody works)."""

    position: int
    estimated_wait_seconds: int | None


def place(pool: Pool, item: WorkItem, centre: ContactCentre, handle_seconds: int = HANDLE_SECONDS_DEFAULT) -> Place:
    """The place in the queue. The estimate spreads the work ahead over the units of those who are signed in."""
    waits = (WorkState.WAITING, WorkState.OFFERED)
    rivals = (other for other in pool.items.values() if other.queue == item.queue and other.state in waits)
    position = 1 + sum(other.rank < item.rank for other in rivals)
    units = free = 0
    for agent in pool.agents.values():
        profile = centre.agents.get(agent.id)
        if profile and item.queue in profile.queues and agent.is_connected and agent.chosen == "available":
            units += profile.capacity
            free += profile.capacity - agent.used
    if not units:
        return Place(position, None)
    return Place(position, max(0, position - free) * handle_seconds // units)
