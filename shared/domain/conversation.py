"""A conversation's life: one table of transitions, and drafts that turn what happens into a change to store.

No status changes outside `TRANSITIONS`; docs/conversation.md shows the diagram that is generated from it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from shared.domain.bot import BotMemory

PREVIEW_CHARS_MAX = 200


class Status(StrEnum):
    """Where a conversation is in its life."""

    NEW = "new"
    BOT = "bot"
    QUEUED = "queued"
    OFFERED = "offered"
    ACTIVE = "active"
    WAITING = "waiting"
    WRAP_UP = "wrapUp"
    CLOSED = "closed"


class Step(StrEnum):
    """What can happen to a conversation's life."""

    BOT_TOOK_OVER = "botTookOver"
    ENQUEUED = "enqueued"
    OVERFLOWED = "overflowed"
    CALLBACK_PROMISED = "callbackPromised"
    OFFERED = "offered"
    OFFER_ENDED = "offerEnded"
    ACCEPTED = "accepted"
    REASSIGNED = "reassigned"
    RELEASED = "released"
    SET_ASIDE = "setAside"
    RETURNED = "returned"
    REOPENED = "reopened"
    ENDED = "ended"
    CUSTOMER_LEFT = "customerLeft"
    TIMED_OUT = "timedOut"
    WRAPPED_UP = "wrappedUp"


TRANSITIONS: Mapping[Status, Mapping[Step, Status]] = {
    Status.NEW: {
        Step.BOT_TOOK_OVER: Status.BOT,
        Step.ENQUEUED: Status.QUEUED,
        Step.ENDED: Status.CLOSED,
        Step.CUSTOMER_LEFT: Status.CLOSED,
    },
    Status.BOT: {
        Step.ENQUEUED: Status.QUEUED,
        Step.ENDED: Status.CLOSED,
        Step.CUSTOMER_LEFT: Status.CLOSED,
        Step.TIMED_OUT: Status.CLOSED,
    },
    Status.QUEUED: {
        Step.OVERFLOWED: Status.QUEUED,
        Step.CALLBACK_PROMISED: Status.QUEUED,
        Step.OFFERED: Status.OFFERED,
        Step.ENDED: Status.CLOSED,
        Step.CUSTOMER_LEFT: Status.CLOSED,
        Step.TIMED_OUT: Status.CLOSED,
    },
    Status.OFFERED: {
        Step.ACCEPTED: Status.ACTIVE,
        Step.OFFER_ENDED: Status.QUEUED,
        Step.ENDED: Status.CLOSED,
        Step.CUSTOMER_LEFT: Status.CLOSED,
        Step.TIMED_OUT: Status.CLOSED,
    },
    Status.ACTIVE: {
        Step.ENDED: Status.WRAP_UP,
        Step.CUSTOMER_LEFT: Status.WRAP_UP,
        Step.TIMED_OUT: Status.WRAP_UP,
        Step.SET_ASIDE: Status.WAITING,
        Step.RELEASED: Status.QUEUED,
        Step.REASSIGNED: Status.ACTIVE,
    },
    Status.WAITING: {
        Step.RETURNED: Status.QUEUED,
        Step.REOPENED: Status.ACTIVE,
        Step.ENDED: Status.CLOSED,
        Step.CUSTOMER_LEFT: Status.CLOSED,
        Step.TIMED_OUT: Status.CLOSED,
    },
    Status.WRAP_UP: {Step.WRAPPED_UP: Status.CLOSED, Step.ENDED: Status.CLOSED, Step.TIMED_OUT: Status.CLOSED},
    Status.CLOSED: {},
}


class InvalidStep(Exception):
    """The conversation's status does not allow this step."""

    def __init__(self, status: Status, step: Step) -> None:
        super().__init__(f"a conversation that is {status} cannot be {step}")
        self.status, self.step = status, step


class Kind(StrEnum):
    """Who writes or owns."""

    CUSTOMER = "customer"
    BOT = "bot"
    AGENT = "agent"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Owner:
    """Who answers the customer: the bot or an agent."""

    kind: Kind
    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Sender:
    """Who wrote a message."""

    kind: Kind
    name: str
    id: str | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """One entry of the transcript; `id` is derived from what makes it unique at its source."""

    id: str
    sequence: int
    sender: Sender
    text: str
    at: datetime
    visibility: str = "public"
    delivery: str = "delivered"
    late: bool = False


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened; insert-only. `told` are the agents whose screens it concerns."""

    sequence: int
    type: str
    at: datetime
    data: Mapping[str, Any] = field(default_factory=dict)
    told: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WorkRef:
    """A work item of this conversation in the routing partition of a pool."""

    pool: str
    id: str


@dataclass(frozen=True, slots=True)
class Transfer:
    """A blind transfer to an agent that has not been answered yet."""

    id: str
    to_agent: str
    by_agent: str
    requested_at: datetime
    work: WorkRef


@dataclass(frozen=True, slots=True)
class Wait:
    """Who rings whom: the orchestration waits for `bell-{token}` until `until`.

    `signals` counts what it should look at, `seen` what it has looked at.
    """

    token: int = 0
    until: datetime | None = None
    signals: int = 0
    seen: int = 0


@dataclass(frozen=True, slots=True)
class Announced:
    """What a customer was told of their wait: `at` is when it was last looked at, `times` how often there was news."""

    since: datetime  # when the wait began
    at: datetime
    times: int = 0
    position: int | None = None
    minutes: int | None = None


@dataclass(frozen=True)  # without slots: see `with_fields`
class Conversation:
    """The head of a conversation. `epoch` rises with each change of owner, `version` with each change at all."""

    id: str
    channel: str
    address: str  # the addressKey; never the address itself
    locale: str
    created_at: datetime
    config_version: str
    active_at: datetime  # when either side last said something
    version: int = 0
    status: Status = Status.NEW
    customer_id: str | None = None
    customer_name: str | None = None
    queue: str | None = None
    owner: Owner | None = None
    epoch: int = 0
    priority: int = 0
    own_priority: int | None = None  # given by classification: it goes along into other queues
    skills: tuple[str, ...] = ()
    context: Mapping[str, Any] = field(default_factory=dict)
    topic: str | None = None
    previous_conversation_id: str | None = None
    enqueued_at: datetime | None = None  # first time; kept by transfers, so that the place in line is kept
    queued_at: datetime | None = None  # this time
    waiting_since: datetime | None = None  # this time, in whatever queues overflow has taken it to meanwhile
    callback_at: datetime | None = None  # when the customer was told that we come back to them
    announced: Announced | None = None  # what they were told of their wait
    preferred: tuple[str, ...] = ()  # agents who should take it, the best first
    closed_at: datetime | None = None
    disposition: str | None = None
    notes: str | None = None
    case_id: str | None = None
    ended_by: Kind | None = None
    since: datetime | None = None  # when the status last changed
    transfer: Transfer | None = None
    work: WorkRef | None = None
    stale: tuple[WorkRef, ...] = ()  # work items that the orchestration has yet to finish
    is_front: bool = False  # its agent was lost: first in line
    bot: BotMemory = field(default_factory=BotMemory)
    bot_handled: int = 0  # the last message that the bot has dealt with
    sequence: int = 0
    events: int = 0
    last_message: str | None = None
    customer_at: datetime | None = None  # the channel's time of the customer's last message
    routing_revision: int = 0  # of the work item, as far as it is reflected here
    wait: Wait = field(default_factory=Wait)
    survey: Mapping[str, Any] | None = None

    @property
    def agent_id(self) -> str | None:
        """The agent who has it on the screen."""
        on_screen = self.status in (Status.ACTIVE, Status.WAITING, Status.WRAP_UP)
        return self.owner.id if on_screen and self.owner and self.owner.kind is Kind.AGENT else None

    @property
    def bell(self) -> int | None:
        """The token to ring with, if the orchestration waits and has something to look at."""
        return self.wait.token if self.wait.token and self.wait.signals > self.wait.seen else None

    def with_fields(self, fields: Mapping[str, Any]) -> "Conversation":
        """What `dataclasses.replace` gives, in a tenth of its time: it is made several times with every change."""
        changed = object.__new__(Conversation)
        vars(changed).update(vars(self), **fields)
        return changed


@dataclass(frozen=True, slots=True)
class Change:
    """What one decision makes of a conversation, to be committed in one transaction."""

    before: Conversation | None
    after: Conversation
    messages: tuple[Message, ...] = ()
    events: tuple[Event, ...] = ()

    @property
    def rings(self) -> int | None:
        """The bell to ring after the commit: the one this change has given a reason to ring."""
        was_rung = self.before is not None and self.before.wait.signals > self.before.wait.seen
        return None if was_rung else self.after.bell


class Draft:
    """Collects what one decision does to a conversation; `done` gives the change."""

    def __init__(self, conversation: Conversation, now: datetime, *, is_new: bool = False) -> None:
        self._before = None if is_new else conversation
        self._conversation, self.now = conversation, now
        self._fields: dict[str, Any] = {}  # set since; applied together, as a copy of so many fields costs its time
        self._messages: list[Message] = []
        self._events: list[Event] = []

    @property
    def conversation(self) -> Conversation:
        """The conversation as it is so far."""
        if self._fields:
            self._conversation = self._conversation.with_fields(self._fields)
            self._fields = {}
        return self._conversation

    def set(self, **fields: Any) -> None:
        """Replace fields of the conversation, but not its status."""
        self._fields |= fields

    def step(self, step: Step, **data: Any) -> None:
        """Take a step of the table; InvalidStep if the status does not allow it."""
        status: Status = self._so_far("status")
        if step not in TRANSITIONS[status]:
            raise InvalidStep(status, step)
        after = TRANSITIONS[status][step]
        self.set(status=after, since=self.now)
        if after is Status.CLOSED:
            self.set(closed_at=self.now)
        self.note(step, {"from": status, "to": after, **data})

    def note(self, type_: str, data: Mapping[str, Any], told: tuple[str, ...] = ()) -> None:
        """Record an event."""
        number = self._so_far("events") + 1
        self.set(events=number)
        self._events.append(Event(number, type_, self.now, data, told))

    def say(
        self, id_: str, sender: Sender, text: str, *, visibility: str = "public", delivery: str = "delivered",
        late: bool = False,
    ) -> None:  # fmt: skip
        """Append a message to the transcript."""
        on_screen, sequence = self.conversation.agent_id, self._so_far("sequence") + 1
        self.set(sequence=sequence, active_at=self.now)
        if sender.kind is Kind.CUSTOMER:
            self.set(last_message=text[:PREVIEW_CHARS_MAX])
        self._messages.append(Message(id_, sequence, sender, text, self.now, visibility, delivery, late))
        data = {"messageId": id_, "sequence": sequence, "sender": sender.kind}
        self.note(MESSAGE, data, (on_screen,) if on_screen else ())

    def own(self, owner: Owner | None, epoch: int | None = None) -> None:
        """Change the owner under a higher epoch."""
        self.set(owner=owner, epoch=self._so_far("epoch") + 1 if epoch is None else epoch)

    def signal(self) -> None:
        """Give the orchestration something to look at."""
        wait: Wait = self._so_far("wait")
        self.set(wait=replace(wait, signals=wait.signals + 1))

    def _so_far(self, field_: str) -> Any:
        """A field as it is so far, without making a copy of all of them."""
        return self._fields[field_] if field_ in self._fields else getattr(self._conversation, field_)

    def done(self) -> Change:
        """The change; its last event that is no message tells the screens of the agents concerned."""
        self.set(version=self._conversation.version + 1)
        before, after = self._before, self.conversation
        on_screen = {before.agent_id if before else None, after.agent_id} - {None}
        steps = [index for index, event in enumerate(self._events) if event.type != MESSAGE]
        if steps and on_screen:
            last = self._events[steps[-1]]
            told = tuple(sorted({*last.told, *(agent for agent in on_screen if agent)}))
            self._events[steps[-1]] = replace(last, told=told)
        return Change(before, after, tuple(self._messages), tuple(self._events))


MESSAGE = "message"
TRANSFER_ENDED = "transferEnded"
