"""Work items and offers, and what is done to them: offered, accepted, ended, finished."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from shared.domain.centre import AgentProfile, OfferRules, Penalty, QueueProfile
from shared.domain.presence import AgentState, Held, Hold, Presence, hold, release, settled
from shared.domain.record import record

PATIENCE_DEFAULT = timedelta(seconds=120)
"""For offers of work whose queue is no longer there."""

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
    OVERFLOWED = "overflowed"  # it has to leave its queue
    DONE = "done"


class OfferState(StrEnum):
    """Where an offer is; only a pending one holds capacity."""

    PENDING = "pending"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    EXPIRED = "expired"
    REVOKED = "revoked"
    CANCELLED = "cancelled"


@record(frozen=True, slots=True)
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
    reason: str | None = None  # why it failed, or by which rule it overflowed
    revision: int = 0
    queued_at: datetime | None = None  # when it began to wait in this queue; None: when it was first enqueued
    preferred: tuple[str, ...] = ()  # agents who should take it, the best first
    is_promised: bool = False  # somebody will come back to the customer: overflow rules are done with


@record(frozen=True, slots=True)
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
    policy: str = ""  # the version of the policy that it was decided by
    seen: int = 0  # the position in the pool's history that it was decided on


@dataclass(slots=True)
class Pool:
    """What a pool's partition holds, as of some moment."""

    items: dict[str, WorkItem] = field(default_factory=dict)
    agents: dict[str, AgentState] = field(default_factory=dict)
    offers: dict[str, Offer] = field(default_factory=dict)


@record(frozen=True, slots=True)
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


def is_gone(agent: AgentState) -> bool:
    """Whether offers to the agent are withdrawn."""
    return not agent.is_connected or agent.chosen is Presence.OFFLINE


def offer_to(
    item: WorkItem, agent: AgentState, profile: AgentProfile, queue: QueueProfile | None, now: datetime, new_id: NewId
) -> Assignment:  # fmt: skip
    """Hold work out to an agent who takes offers and has room for it. Written out: this is most of a decision's time.

    Equals `hold` and `settled` of the agent: from available or busy by load to busy by load or at capacity.
    """
    patience = queue.offer if queue else PATIENCE_DEFAULT
    offer = Offer(
        new_id(), item.id, item.conversation_id, agent.id, item.kind, item.queue, item.channel, now, now + patience
    )
    held = {**agent.held, item.id: Held(item.units, Hold.OFFERED, item.conversation_id, item.channel)}
    used = 0
    for each in held.values():
        used += each.units
    since = agent.since if agent.held and used < profile.capacity else now
    after = AgentState(
        agent.id, since, now, agent.chosen, None, agent.penalty, True, held, {**agent.assigned_at, item.queue: now},
        agent.revision + 1,
    )  # fmt: skip
    offered = WorkItem(
        item.id, item.conversation_id, item.kind, item.channel, item.queue, item.skills, item.priority,
        item.enqueued_at, item.units, item.epoch, item.is_front, item.target_agent, WorkState.OFFERED, offer.id,
        agent.id, item.assignment_epoch, item.refusals, item.reason, item.revision + 1, item.queued_at, item.preferred,
        item.is_promised,
    )  # fmt: skip
    return Assignment(offered, after, offer)


def accept(current: Assignment, capacity: int, now: datetime) -> Assignment:
    """The agent takes the work; OfferGone if the offer is over or its time is up."""
    item, agent, offer = _pending(current)
    if offer.expires_at <= now:
        raise OfferGone(OfferState.EXPIRED)
    held = hold(agent, item.id, Held(item.units, Hold.ACTIVE, item.conversation_id, item.channel), now)
    return Assignment(
        moved(item, WorkState.ASSIGNED, agent_id=agent.id, assignment_epoch=item.epoch + 1),
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
        after = moved(item, WorkState.FAILED, reason=str(state), offer_id=None, agent_id=None, refusals=refusals)
    else:
        after = moved(item, WorkState.WAITING, offer_id=None, agent_id=None, refusals=refusals)
    return Assignment(after, settled(agent, freed, capacity, now), replace(offer, state=state))


def finish(current: Assignment, capacity: int, now: datetime) -> Assignment:
    """The work is over, whoever had it: capacity is given back, a pending offer is cancelled."""
    agent, offer = current.agent, current.offer
    if agent:
        agent = settled(agent, release(agent, current.item.id, now), capacity, now)
    if offer:
        offer = replace(offer, state=OfferState.CANCELLED) if offer.state is OfferState.PENDING else None
    return Assignment(moved(current.item, WorkState.DONE), agent, offer)


def _pending(current: Assignment) -> tuple[WorkItem, AgentState, Offer]:
    item, agent, offer = current.item, current.agent, current.offer
    if agent is None or offer is None:
        raise ValueError("an offer concerns an agent")
    if offer.state is not OfferState.PENDING:
        raise OfferGone(offer.state)
    if item.offer_id != offer.id:
        raise OfferGone(OfferState.REVOKED)
    return item, agent, offer


def moved(item: WorkItem, state: WorkState, **fields: object) -> WorkItem:
    return replace(item, state=state, revision=item.revision + 1, **fields)  # type: ignore[arg-type]  # checked by tests
