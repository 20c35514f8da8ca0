"""What the product needs of the world. Each port has an embedded and an Azure adapter and one contract suite."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol

from shared.domain.bot import BotMemory, BotReply

BATCH_OPERATIONS_MAX = 100
"""Cosmos DB's limit for one transactional batch."""


class Container(StrEnum):
    """The Cosmos containers; the SQLite store has a table of the same name for each."""

    ADDRESSES = "addresses"
    CONVERSATIONS = "conversations"
    CUSTOMERS = "customers"
    ROUTING = "routing"
    INBOX = "inbox"
    DEAD_LETTERS = "deadLetters"
    CONFIG = "config"
    INSIGHTS = "insights"


@dataclass(frozen=True, slots=True)
class Document:
    """A stored document. `etag` changes with each write; `sequence` orders documents of a type in their partition.

    `position` is the place of its last write in the order of `changes`. Known from there, and of single documents.
    """

    id: str
    partition: str
    type: str
    body: Mapping[str, Any]
    etag: str
    sequence: int | None = None
    position: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Write:
    """Create a document (etag None; it must not exist) or replace the version with this etag."""

    id: str
    type: str
    body: Mapping[str, Any]
    etag: str | None = None
    sequence: int | None = None
    lives: timedelta | None = None  # then it is gone by itself


class Unavailable(Exception):
    """A dependency does not answer now; trying again later may help."""


class Conflict(Exception):
    """A batch was refused whole: its operation `index` found another state than expected."""

    def __init__(self, index: int, *, exists: bool) -> None:
        super().__init__(f"operation {index}: the document {'exists' if exists else 'has changed or is gone'}")
        self.index, self.exists = index, exists


class Documents(Protocol):
    """Partitions of JSON documents with compare-and-set and atomic batches. All calls may raise Unavailable."""

    async def read(self, container: Container, partition: str, id_: str) -> Document | None:
        """One document."""

    async def page(
        self, container: Container, partition: str, type_: str, *, after: int = 0, limit: int = 200
    ) -> list[Document]:  # fmt: skip
        """Documents of a type with a higher sequence, in its order."""

    async def last(self, container: Container, partition: str, type_: str, upto: int) -> Document | None:
        """The document of a type with the highest sequence that is not above `upto`; of several the newest."""

    async def commit(self, container: Container, partition: str, writes: Sequence[Write]) -> tuple[str, ...]:
        """Write all or nothing, at most BATCH_OPERATIONS_MAX; their new etags. Raises Conflict."""

    async def changes(
        self, container: Container, partition: str, since: str | None, limit: int = 1000, *, unsequenced: bool = False
    ) -> tuple[list[Document], str | None]:  # fmt: skip
        """The latest version of each document written after `since` (None: of all), and where to go on.

        In the order of their writing, each with its position; fewer than `limit` only at the end. `unsequenced` leaves
        out documents of a sequence, however many there are; from the beginning on it may tell what there is in any
        order and in smaller parts, all with one position: what was written up to there has been told.
        """

    async def search(
        self, container: Container, type_: str, where: Mapping[str, str | bool], *,
        below: tuple[str, str] | None = None, before: str | None = None, limit: int = 50,
    ) -> list[Document]:  # fmt: skip
        """Documents of all partitions whose members equal `where`, and of which one is less than a value.

        Ids fall, `before` is the last id of the page before; with `below`, that member rises and there are no pages.
        """

    async def ping(self) -> None:
        """Answer, or raise Unavailable."""


class Inbound(StrEnum):
    """What an inbound event means."""

    STARTED = "started"
    MESSAGE = "message"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class InboundEvent:
    """What a channel has told us, normalised. `at` is the channel's time, `received_at` ours.

    Web chat knows its conversation: `conversation_id` is minted at ingress. Other channels are matched by address.
    """

    channel: str
    source_id: str
    address: str  # the addressKey
    kind: Inbound
    at: datetime
    received_at: datetime
    text: str = ""
    conversation_id: str | None = None
    locale: str | None = None
    customer: Mapping[str, str] | None = None
    context: Mapping[str, Any] | None = None
    previous_conversation_id: str | None = None


class WorkQueue(Protocol):
    """Queues. When a call returns, what was sent survives a crash; Unavailable if it could not be sent."""

    async def publish(self, event: InboundEvent, *, again: str = "") -> None:
        """Send to `channel-events`, in the session of its address; a repeated source id is dropped for a while.

        `again` marks a resubmission, which must not be dropped.
        """

    async def ring(self, pool: str, at: datetime | None = None) -> None:
        """Have the dispatcher look at a pool, now or then."""

    def taken(self, pool: str) -> None:
        """The dispatcher has a doorbell in hand and is about to look: rings until now have been heard."""


class Bells(Protocol):
    """The orchestrations. Both are safe to repeat."""

    async def start(self, conversation_id: str) -> None:
        """Begin the orchestration of a conversation; nothing if it runs."""

    async def ring(self, conversation_id: str, token: int) -> None:
        """Raise `bell-{token}`; nothing if the instance is gone."""


class Subscription(Protocol):
    """Hears of a topic from the moment it was made."""

    async def wait(self, seconds: float) -> bool:
        """True as soon as something was published since the last call; False after the time."""


class Realtime(Protocol):
    """Wakes those who wait for news of a topic; what the news is, they read in the store."""

    def publish(self, topic: str) -> None:
        """There is news."""

    def listen(self, topic: str) -> AbstractAsyncContextManager[Subscription]:
        """Hear of news while the context lasts."""


@dataclass(frozen=True, slots=True)
class BotTurn:
    """What a bot is asked: `said` is None for its greeting. `key` is the same when a turn is repeated."""

    key: str
    conversation_id: str
    bot: str
    locale: str
    said: str | None
    memory: BotMemory


class BotFailed(Exception):
    """The bot cannot answer."""


class Bot(Protocol):
    """Serves customers first. Raises BotFailed."""

    async def reply(self, turn: BotTurn) -> BotReply:
        """Answer one turn."""


class ChannelSender(Protocol):
    """Carries messages to customers of one channel."""

    async def send(self, conversation_id: str, message_id: str, text: str) -> None:
        """Send once per message id. Raises Unavailable."""


class Clock(Protocol):
    """The time of this server."""

    def __call__(self) -> datetime:
        """Now, in UTC."""


class Ids(Protocol):
    """Makes ids that rise with time."""

    def __call__(self) -> str:
        """A new one."""
