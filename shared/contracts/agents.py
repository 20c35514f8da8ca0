"""The agents' side: presence, inbox, offers, work on conversations, directory, dead letters, development tokens."""

from typing import Annotated, Any, Literal

from pydantic import Field

from shared.contracts.chat import Visibility
from shared.contracts.records import Agent, Conversation, Offer
from shared.contracts.wire import Id, Moment, Request, Text, Wire

ChosenPresence = Literal["available", "busy", "doNotDisturb", "away", "offline"]


class SetPresence(Request):
    """`next` stops offers now and takes effect once all work is done."""

    presence: ChosenPresence | None = None
    next: Literal["away", "doNotDisturb", "offline"] | None = None


class InboxEvent(Wire):
    """One thing that an agent's screen is told. Types and their data: docs/api.md."""

    event_id: str
    type: str
    at: Moment
    data: dict[str, Any]


class Inbox(Wire):
    """Without `after` a snapshot (agent, offers, conversations), with it the events since."""

    event_id: str
    agent: Agent | None = None
    offers: list[Offer] | None = None
    conversations: list[Conversation] | None = None
    events: list[InboxEvent] | None = None


class ConversationAnswer(Wire):
    """The conversation after the change."""

    conversation: Conversation


class AgentMessage(Request):
    """A message to the customer, or a note for colleagues (internal)."""

    text: Text
    visibility: Visibility = "public"
    client_message_id: Id


class MessageAccepted(Wire):
    """The message is in the transcript."""

    id: str
    sequence: int


class TransferTarget(Request):
    """Where to."""

    kind: Literal["queue", "agent", "teamsUser", "phone"]
    id: Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[A-Za-z0-9._:@+-]+$")]


class Transfer(Request):
    """Hand the conversation over."""

    to: TransferTarget
    note: Text | None = None
    mode: Literal["blind", "consult"] = "blind"
    participant_id: Id | None = None


class TransferAccepted(Wire):
    """The transfer is under way; `transfer.ended` in the inbox tells its outcome."""

    transfer_id: str


class WrapUp(Request):
    """How the conversation is filed; closes it."""

    disposition: Id
    notes: Text | None = None
    case_id: Id | None = None


class DirectoryEntry(Wire):
    """Something to choose in a dialog. Queues tell who waits, agents their presence."""

    kind: Literal["queue", "agent", "skill", "disposition"]
    id: str
    name: str
    presence: str | None = None
    waiting: int | None = None
    longest_wait_seconds: int | None = None


class DeadLetter(Wire):
    """A message that could not be handled, kept with the reason."""

    id: str
    source: str
    reason: str
    body: str
    at: Moment
    state: Literal["parked", "resubmitted"]


class DevTokenRequest(Request):
    """Who wants to sign in, on a development machine only."""

    user: Annotated[str, Field(min_length=1, max_length=64)]


class DevToken(Wire):
    """A token as a directory would issue it."""

    token: str
    expires_at: Moment


class OfferEnded(Wire):
    """What became of an offer."""

    offer_id: str
    state: str
