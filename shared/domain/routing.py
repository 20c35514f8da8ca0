"""Who gets which work: pure decisions over a pool, and what offers do to work items and agents.

First version: required skills, capacity in units, presence; among the agents who qualify the one who has waited
longest since being given work. Work goes by front place, priority and the original time of enqueueing; work that
nobody can take never blocks what is behind it.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from shared.domain.centre import AgentProfile, ContactCentre, OfferRules, Penalty
from shared.domain.presence import AgentState, Held, Hold, hold, release, settled, takes_offers

HANDLE_SECONDS_DEFAULT = 300

NewId = Callable[[], str]
"""Makes ids; injected, so that a simulation can repeat itself."""


class WorkKind(StrEnum):
    """Why there is work."""

    NEW = "new"
    TRANSFER = "transfer"


class WorkState(StrEnum):
    """Where a work item is."""

    WAITING = "waiting"
    OFFERED = "offered"
    ASSIGNED = "assigned"
    FAILED = "failed"  # a transfer that came to nothing
    DONE = "done"


class OfferState(StrEnum):
    """Where an offer is; only a pending one holds capacity."""

    PENDING = "pending"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    EXPIRED = "expired"
    REVOKED = "revoked"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class WorkItem:
    """A conversation that needs an agent. `epoch` is the conversation's when it was enqueued."""

    id: str
    conversation_id: str
    kind: WorkKind
    channel: str
    queue: str
    skills: tuple[str, ...]
    priority: int
    enqueued_at: datetime
    units: int
    epoch: int
    is_front: bool = False
    target_agent: str | None = None
    state: WorkState = WorkState.WAITING
    offer_id: str | None = None
    agent_id: str | None = None
    assignment_epoch: int = 0
    refusals: Mapping[str, int] = field(default_factory=dict)
    reason: str | None = None  # why it failed
    revision: int = 0

    @property
    def rank(self) -> tuple[bool, int, datetime, str]:
        """The order in which work is looked at."""
        return (not self.is_front, self.priority, self.enqueued_at, self.id)


@dataclass(frozen=True, slots=True)
class Offer:
    """Work held out to one agent until `expires_at`."""

    id: str
    work_id: str
    conversation_id: str
    agent_id: str
    kind: WorkKind
    queue: str
    channel: str
    created_at: datetime
    expires_at: datetime
    state: OfferState = OfferState.PENDING


@dataclass(slots=True)
class Pool:
    """What a pool's partition holds, as of some moment."""

    items: dict[str, WorkItem] = field(default_factory=dict)
    agents: dict[str, AgentState] = field(default_factory=dict)
    offers: dict[str, Offer] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Assignment:
    """A work item, an agent and an offer that change together; what is None stays as it is."""

    item: WorkItem
    agent: AgentState | None = None
    offer: Offer | None = None


class OfferGone(Exception):
    """The offer can no longer be answered."""

    def __init__(self, state: OfferState) -> None:
        super().__init__(f"the offer is {state}")
        self.state = state


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
            decisions.append(_offer(item, agent, centre, now, new_id))
        elif item.target_agent and item.target_agent not in taken:
            decisions.append(Assignment(_moved(item, WorkState.FAILED, reason="agent-unavailable")))
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
            if not item.target_agent and not required <= profile.skills:
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


def _offer(item: WorkItem, agent: AgentState, centre: ContactCentre, now: datetime, new_id: NewId) -> Assignment:
    profile, queue = centre.agents[agent.id], centre.queues.get(item.queue)
    patience = queue.offer if queue else timedelta(seconds=120)
    offer = Offer(
        new_id(), item.id, item.conversation_id, agent.id, item.kind, item.queue, item.channel, now, now + patience
    )
    after = hold(agent, item.id, Held(item.units, Hold.OFFERED, item.conversation_id), now)
    offered = _moved(item, WorkState.OFFERED, offer_id=offer.id, agent_id=agent.id)
    return Assignment(offered, settled(agent, after, profile.capacity, now), offer)


def accept(current: Assignment, capacity: int, now: datetime) -> Assignment:
    """The agent takes the work; OfferGone if the offer is over or its time is up."""
    item, agent, offer = _pending(current)
    if offer.expires_at <= now:
        raise OfferGone(OfferState.EXPIRED)
    held = hold(agent, item.id, Held(item.units, Hold.ACTIVE, item.conversation_id), now)
    return Assignment(
        _moved(item, WorkState.ASSIGNED, agent_id=agent.id, assignment_epoch=item.epoch + 1),
        settled(agent, held, capacity, now),
        replace(offer, state=OfferState.ACCEPTED),
    )


def end_offer(
    current: Assignment, state: OfferState, rules: OfferRules, capacity: int, now: datetime
) -> Assignment:  # fmt: skip
    """The offer comes to nothing: the work waits again at its place, a transfer has failed."""
    item, agent, offer = _pending(current)
    penalty = {OfferState.DECLINED: rules.declined, OfferState.EXPIRED: rules.missed}.get(state, Penalty.NONE)
    freed = release(agent, item.id, now)
    if penalty is not Penalty.NONE:
        freed = replace(freed, penalty=penalty)
    refusals = dict(item.refusals)
    if state in (OfferState.DECLINED, OfferState.EXPIRED):
        refusals[agent.id] = refusals.get(agent.id, 0) + 1
    if item.kind is WorkKind.TRANSFER:
        after = _moved(item, WorkState.FAILED, reason=str(state), offer_id=None, agent_id=None, refusals=refusals)
    else:
        after = _moved(item, WorkState.WAITING, offer_id=None, agent_id=None, refusals=refusals)
    return Assignment(after, settled(agent, freed, capacity, now), replace(offer, state=state))


def finish(current: Assignment, capacity: int, now: datetime) -> Assignment:
    """The work is over, whoever had it: capacity is given back, a pending offer is cancelled."""
    agent, offer = current.agent, current.offer
    if agent:
        agent = settled(agent, release(agent, current.item.id, now), capacity, now)
    if offer:
        offer = replace(offer, state=OfferState.CANCELLED) if offer.state is OfferState.PENDING else None
    return Assignment(_moved(current.item, WorkState.DONE), agent, offer)


def _pending(current: Assignment) -> tuple[WorkItem, AgentState, Offer]:
    item, agent, offer = current.item, current.agent, current.offer
    if agent is None or offer is None:
        raise ValueError("an offer concerns an agent")
    if offer.state is not OfferState.PENDING:
        raise OfferGone(offer.state)
    if item.offer_id != offer.id:
        raise OfferGone(OfferState.REVOKED)
    return item, agent, offer


def _moved(item: WorkItem, state: WorkState, **fields: object) -> WorkItem:
    return replace(item, state=state, revision=item.revision + 1, **fields)  # type: ignore[arg-type]  # checked by tests


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
