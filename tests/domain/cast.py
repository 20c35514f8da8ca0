"""A small contact centre and its people: Alice owns, Bob helps, Charlie has no access (to their queues)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from shared.domain.centre import (
    AgentProfile,
    ChannelProfile,
    ConnectionRules,
    ContactCentre,
    Limits,
    OfferRules,
    Penalty,
    QueueProfile,
    Role,
)
from shared.domain.conversation import Conversation, Draft, Kind, Owner, Status, WorkRef
from shared.domain.hours import Calendar, Interval
from shared.domain.policy import OverflowAction, OverflowKind, OverflowRule
from shared.domain.presence import AgentState, Presence

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
OFFER = timedelta(seconds=30)
ALICE = Owner(Kind.AGENT, "alice", "Alice")
BOB = Owner(Kind.AGENT, "bob", "Bob")
HELPER = Owner(Kind.BOT, "helper", "Helper")
WORK = WorkRef("main", "c1.1")


def at(seconds: float) -> datetime:
    """So many seconds later."""
    return NOW + timedelta(seconds=seconds)


def agent(
    id_: str, *skills: str, capacity: int = 3, queues: tuple[str, ...] = ("sales", "care"), **fields: Any
) -> AgentProfile:
    """Somebody of the pool `main`."""
    return AgentProfile(
        id_,
        id_.title(),
        frozenset({Role.AGENT}),
        "main",
        frozenset(queues),
        dict.fromkeys(skills, 1),
        capacity,
        **fields,
    )


def queue(id_: str, *skills: str, priority: int = 5, pool: str = "main") -> QueueProfile:
    """A queue with offers of OFFER."""
    return QueueProfile(id_, id_.title(), pool, frozenset(skills), priority, OFFER, MINUTE)


TEXTS = {
    "en": {
        "agent_joined": "{agent} is here.", "agent_lost": "One moment.", "ended": "Bye.", "idle_ended": "Bye.",
        "queued": "Please wait.", "queue_timeout": "Sorry.", "returned": "Back again.", "transferred": "To {queue}.",
    },
    "pt": {"agent_joined": "{agent} está aqui."},
}  # fmt: skip
CENTRE = ContactCentre(
    version="v1",
    name="Lumen",
    default_locale="en",
    texts=TEXTS,
    agents={
        who.id: who for who in (agent("alice", "pt"), agent("bob", "pt", "vip"), agent("charlie", queues=("night",)))
    },
    queues={
        which.id: which for which in (queue("sales"), queue("care", "pt", priority=3), queue("night", pool="night"))
    },
    channels={"chat": ChannelProfile("chat", "sales", "helper", 1), "voice": ChannelProfile("voice", "care", None, 3)},
    bots={},
    skills={"pt": "Portuguese", "vip": "Key accounts"},
    dispositions={"solved": "Solved"},
    limits=Limits(*[MINUTE] * 7),
    offers=OfferRules(Penalty.INACTIVE, Penalty.DO_NOT_DISTURB, 3),
    connection=ConnectionRules(15 * SECOND, 60 * SECOND, 150 * SECOND),
)


def centre(*agents: AgentProfile, **fields: Any) -> ContactCentre:
    """The contact centre with other agents."""
    fields |= {"agents": {who.id: who for who in agents}} if agents else {}
    return replace(CENTRE, **fields)


def rule(id_: str, to: str | None = None, says: str = "", *, ends: bool = False, **when: Any) -> OverflowRule:
    """Overflow to a queue, to an end, or else to a callback."""
    kind = OverflowKind.QUEUE if to else OverflowKind.END if ends else OverflowKind.CALLBACK
    return OverflowRule(id_, OverflowAction(kind, to, {"en": says} if says else {}), **when)


DAY_TIME = Calendar("day", "By day", "UTC", ((Interval(9 * 60, 18 * 60),),) * 7)
OVERFLOWING = replace(
    CENTRE,
    calendars={"day": DAY_TIME},
    queues={
        **CENTRE.queues,
        "sales": replace(
            CENTRE.queues["sales"],
            overflow=(
                rule("to-night", "night", "Next door.", waited=MINUTE),
                rule("callback", says="We will call.", waited=MINUTE),
                rule("end", says="Try again.", ends=True, waited=MINUTE),
            ),
        ),
        "night": replace(
            CENTRE.queues["night"],
            hours="day",
            overflow=(rule("closed", says="Closed.", ends=True, out_of_hours=True),),
        ),
    },
)
"""CENTRE with rules: `night` takes nothing new from six to nine."""


def conversation(status: Status = Status.NEW, **fields: Any) -> Conversation:
    """Charlie's chat, as it typically is in a status."""
    typical: dict[str, Any] = {"owner": None, "work": None, "epoch": 0}
    if status is Status.BOT:
        typical |= {"owner": HELPER, "epoch": 1}
    elif status in (Status.QUEUED, Status.OFFERED):
        typical |= {"epoch": 1, "work": WORK, "enqueued_at": NOW, "queued_at": NOW}
    elif status in (Status.ACTIVE, Status.WRAP_UP):
        typical |= {"owner": ALICE, "epoch": 2, "work": WORK, "enqueued_at": NOW}
    elif status is Status.WAITING:
        typical |= {"owner": ALICE, "epoch": 2, "enqueued_at": NOW}
    base = Conversation("c1", "chat", "charlie", "en", NOW, "v1", NOW, queue="sales", status=status, since=NOW)
    return replace(base, **(typical | fields))


def draft(status: Status = Status.NEW, now: datetime = NOW, **fields: Any) -> Draft:
    """A draft of it."""
    return Draft(conversation(status, **fields), now)


def working(id_: str, idle_seconds: float = 0, **fields: Any) -> AgentState:
    """An agent who is available since `idle_seconds` before NOW."""
    since = at(-idle_seconds)
    given: dict[str, Any] = {"since": since, "idle_since": since, "chosen": Presence.AVAILABLE}
    return AgentState(id_, **(given | fields))
