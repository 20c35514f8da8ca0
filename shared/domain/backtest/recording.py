"""What was recorded of a pool, as traffic: who came for what, how long they would wait, who worked and how fast.

Traffic is what does not follow from routing. What a customer who was answered would have had of patience, nobody knows:
only that it was more than the wait (the same holds for work that was not finished when the recording ended).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from shared.domain.presence import AgentState, Presence
from shared.domain.routing import Offer, OfferState, WorkItem, WorkKind, WorkState

Record = WorkItem | AgentState | Offer


@dataclass(frozen=True, slots=True)
class Entry:
    """A version of a record: written at a place in the pool's order."""

    position: int
    at: datetime
    record: Record


@dataclass(frozen=True, slots=True)
class Arrival:
    """Work that came. `patience` is the wait after which the customer left; None: they were answered before."""

    item: WorkItem  # as it was when it came
    at: datetime
    patience: timedelta | None
    wait: timedelta | None  # until it was answered; None: never
    agent_id: str | None  # who answered
    handling: timedelta | None  # until it held no capacity any more; None: longer than the recording


@dataclass(frozen=True, slots=True)
class Turn:
    """What an agent chose, or what became of their connection, at a moment."""

    at: datetime
    agent_id: str
    chosen: Presence
    next: Presence | None
    is_connected: bool


@dataclass(frozen=True, slots=True)
class Habit:
    """How an agent answers offers: seconds until accepting, and shares of offers declined and missed."""

    accept_seconds: float = 5.0
    decline_seconds: float = 5.0
    declined: float = 0.0
    missed: float = 0.0


@dataclass(frozen=True, slots=True)
class Recording:
    """The traffic of a pool between two moments."""

    begin: datetime
    end: datetime
    arrivals: tuple[Arrival, ...]
    turns: tuple[Turn, ...]
    habits: Mapping[str, Habit] = field(default_factory=dict)


def recording_of(entries: Iterable[Entry]) -> Recording:
    """The traffic that a pool's log tells of; ValueError if it tells of nothing."""
    ordered = sorted(entries, key=lambda entry: entry.position)
    if not ordered:
        raise ValueError("the log holds nothing")
    begin, end = min(entry.at for entry in ordered), max(entry.at for entry in ordered)
    return Recording(begin, end, _arrivals(ordered), _turns(ordered), _habits(ordered))


def _arrivals(entries: list[Entry]) -> tuple[Arrival, ...]:
    """Work whose begin is in the log; transfers are for one agent and follow from what agents do."""
    items: dict[str, list[Entry]] = {}
    for entry in entries:
        if isinstance(entry.record, WorkItem):
            items.setdefault(entry.record.id, []).append(entry)
    released = _releases(entries)
    found = [_arrival(versions, released) for versions in items.values() if _is_whole(versions[0].record)]
    return tuple(sorted(found, key=lambda arrival: (arrival.at, arrival.item.id)))


def _is_whole(record: Record) -> bool:
    is_new = isinstance(record, WorkItem) and record.revision == 0 and record.state is WorkState.WAITING
    return is_new and isinstance(record, WorkItem) and record.kind is WorkKind.NEW


def _arrival(versions: list[Entry], released: Mapping[str, datetime]) -> Arrival:
    first = versions[0]
    assert isinstance(first.record, WorkItem)  # noqa: S101  # by the caller
    item = replace(first.record, state=WorkState.WAITING)
    answered = next((entry for entry in versions if _state(entry) is WorkState.ASSIGNED), None)
    done = next((entry for entry in versions if _state(entry) is WorkState.DONE), None)
    left = done if done and not answered else None
    gone = released.get(item.id) or (done.at if done else None)
    return Arrival(
        item, first.at,
        patience=left.at - first.at if left else None,
        wait=answered.at - first.at if answered else None,
        agent_id=_agent(answered),
        handling=gone - answered.at if answered and gone and gone > answered.at else None,
    )  # fmt: skip


def _state(entry: Entry) -> WorkState | None:
    return entry.record.state if isinstance(entry.record, WorkItem) else None


def _agent(entry: Entry | None) -> str | None:
    return entry.record.agent_id if entry and isinstance(entry.record, WorkItem) else None


def _releases(entries: list[Entry]) -> dict[str, datetime]:
    """When each item last stopped holding capacity of somebody."""
    held: dict[str, frozenset[str]] = {}
    released: dict[str, datetime] = {}
    for entry in entries:
        if isinstance(entry.record, AgentState):
            now = frozenset(entry.record.held)
            for item_id in held.get(entry.record.id, frozenset()) - now:
                released[item_id] = entry.at
            held[entry.record.id] = now
    return released


def _turns(entries: list[Entry]) -> tuple[Turn, ...]:
    last: dict[str, Turn] = {}
    turns: list[Turn] = []
    for entry in entries:
        agent = entry.record
        if not isinstance(agent, AgentState):
            continue
        turn = Turn(entry.at, agent.id, agent.chosen, agent.next, agent.is_connected)
        before = last.get(agent.id)
        if before is None or replace(before, at=turn.at) != turn:
            turns.append(turn)
        last[agent.id] = turn
    return tuple(turns)


def _habits(entries: list[Entry]) -> dict[str, Habit]:
    answers: dict[str, list[tuple[OfferState, float]]] = {}
    for entry in entries:
        offer = entry.record
        if isinstance(offer, Offer) and offer.state in (OfferState.ACCEPTED, OfferState.DECLINED, OfferState.EXPIRED):
            seconds = max(0.0, (entry.at - offer.created_at).total_seconds())
            answers.setdefault(offer.agent_id, []).append((offer.state, seconds))
    return {agent_id: _habit(given) for agent_id, given in answers.items()}


def _habit(answers: list[tuple[OfferState, float]]) -> Habit:
    accepted = [seconds for state, seconds in answers if state is OfferState.ACCEPTED]
    declined = [seconds for state, seconds in answers if state is OfferState.DECLINED]
    missed = len(answers) - len(accepted) - len(declined)
    default = Habit()
    return Habit(
        sum(accepted) / len(accepted) if accepted else default.accept_seconds,
        sum(declined) / len(declined) if declined else default.decline_seconds,
        len(declined) / len(answers),
        missed / len(answers),
    )
