"""Web chat, the customer's side."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from shared.contracts.records import Message, Status
from shared.contracts.wire import Id, Locale, Moment, Name, Request, Text, Wire

ContextKey = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]{1,64}$")]
_ContextText = Annotated[str, StringConstraints(max_length=1_000, pattern=r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$")]
_WHOLE_MAX = 2**53 - 1  # the largest that every JSON reader takes exactly
ContextValue = (
    _ContextText
    | bool
    | Annotated[int, Field(ge=-_WHOLE_MAX, le=_WHOLE_MAX)]
    | Annotated[float, Field(allow_inf_nan=False)]
)


class ChatCustomer(Request):
    """What the customer says about themselves; nothing of it is taken as proven."""

    name: Name | None = None
    email: Annotated[str, StringConstraints(pattern=r"^[^@\s\x00-\x1f]{1,64}@[^@\s\x00-\x1f]{1,255}$")] | None = None
    phone: Annotated[str, StringConstraints(pattern=r"^\+?[0-9 ().-]{3,32}$")] | None = None
    external_id: Id | None = None


class StartChat(Request):
    """A new chat; every member may be left out."""

    locale: Locale | None = None
    customer: ChatCustomer | None = None
    context: Annotated[dict[ContextKey, ContextValue], Field(max_length=32)] = {}
    message: Text | None = None
    previous_conversation_id: Id | None = None


class ChatToken(Wire):
    """Proves that its bearer takes part in this one conversation."""

    token: str
    expires_at: Moment


class ChatStarted(ChatToken):
    """The chat is stored."""

    conversation_id: str
    status: Status


class CustomerMessage(Request):
    """A message of the customer; repeating a clientMessageId is harmless."""

    text: Text
    client_message_id: Id


class QueuePlace(Wire):
    """Where the customer waits; the estimate is absent while nobody is signed in."""

    position: int
    estimated_wait_seconds: int | None


class ChatMessages(Wire):
    """What the customer has not yet seen."""

    status: Status
    queue: QueuePlace | None = None
    agent: str | None = Field(None, description="the name of the agent who answers now")
    messages: list[Message]


class Survey(Request):
    """What the customer thought of it, once the conversation is over."""

    score: Annotated[int, Field(ge=1, le=5)]
    comment: Text | None = None


class Typing(Request):
    """Somebody is typing, or has stopped."""

    typing: bool = True


Visibility = Literal["public", "internal"]
