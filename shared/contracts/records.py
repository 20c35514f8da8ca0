"""The records of the API: conversation, message, offer, agent, customer."""

from typing import Any, Literal

from pydantic import Field

from shared.contracts.wire import Moment, Wire

Status = Literal["new", "bot", "queued", "offered", "active", "waiting", "wrapUp", "closed"]
Presence = Literal["available", "busy", "doNotDisturb", "away", "offline", "inactive"]
OfferState = Literal["pending", "accepted", "declined", "expired", "revoked", "cancelled"]


class Owner(Wire):
    """Who answers the customer now."""

    kind: Literal["bot", "agent"]
    id: str
    name: str


class Conversation(Wire):
    """A conversation's head. `epoch` rises with each change of owner, `version` with each change."""

    id: str
    version: int
    status: Status
    channel: str
    locale: str
    customer_id: str | None
    queue: str | None
    owner: Owner | None
    epoch: int
    priority: int
    skills: list[str]
    context: dict[str, Any] = Field(description="what the customer's page and the bot have learnt")
    previous_conversation_id: str | None
    config_version: str
    created_at: Moment
    enqueued_at: Moment | None
    closed_at: Moment | None
    disposition: str | None
    transfer_id: str | None = Field(None, description="the transfer under way")
    ended_by: str | None = Field(None, description="customer, agent, bot or system")


class Sender(Wire):
    """Who wrote a message."""

    kind: Literal["customer", "bot", "agent", "system"]
    name: str


class Attachment(Wire):
    """A file that belongs to a message."""

    name: str
    content_type: str
    size: int
    url: str


class Message(Wire):
    """One entry of the transcript. `late` marks one that came out of its channel's order or after the end."""

    sequence: int
    id: str
    sender: Sender
    text: str
    at: Moment
    visibility: Literal["public", "internal"]
    attachments: list[Attachment] = []
    delivery: Literal["pending", "sent", "delivered", "failed", "unknown"]
    late: bool = False


class TimelineEvent(Wire):
    """Something that happened to a conversation."""

    sequence: int
    type: str
    at: Moment
    data: dict[str, Any] = {}


class OfferQueue(Wire):
    """The queue an offer comes from."""

    id: str
    name: str


class OfferSummary(Wire):
    """What an agent sees before accepting."""

    customer_name: str | None
    topic: str | None
    last_message: str | None
    waiting_since: Moment
    skills: list[str]


class Offer(Wire):
    """Work offered to one agent, who holds capacity for it until `expiresAt`."""

    offer_id: str
    conversation_id: str
    kind: Literal["new", "transfer", "callback"]
    channel: str
    queue: OfferQueue
    created_at: Moment
    expires_at: Moment
    summary: OfferSummary


class AgentPresence(Wire):
    """`chosen` by the agent, `effective` for routing; `reason` says why the two differ."""

    chosen: Presence
    effective: Presence
    reason: str | None
    next: Presence | None
    since: Moment


class Capacity(Wire):
    """In units: offered, active and wrap-up work counts."""

    used: int
    total: int


class Agent(Wire):
    """An agent as routing sees one."""

    id: str
    name: str
    presence: AgentPresence
    capacity: Capacity
    skills: list[str]
    queues: list[str]


class Identity(Wire):
    """A name that a customer is known by on some channel."""

    kind: Literal["email", "phone", "externalId", "webchat"]
    value: str
    verified: bool


class Customer(Wire):
    """A customer's profile."""

    id: str
    version: int
    name: str | None
    locale: str
    identities: list[Identity]
    attributes: dict[str, str] = {}
    consent: dict[str, bool] = {}


class RoutingView(Wire):
    """Where a waiting conversation stands: its work item as routing holds it."""

    pool: str
    state: str
    offered_to: str | None
    declines: dict[str, int]


class ConversationView(Wire):
    """A conversation with everything an agent's screen shows."""

    conversation: Conversation
    customer: Customer | None
    messages: list[Message]
    next_cursor: str | None
    timeline: list[TimelineEvent]
    routing: RoutingView | None
