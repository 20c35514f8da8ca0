"""Queues with peek-lock semantics, kept in the host's database and indexed in memory.

A queue's key is "bus/NAME", "storage/NAME" or "events/FUNCTION". Locks live in memory: a restarted host holds none,
so what was in hand is delivered again. Delivery counts are stored, so a message that kills the host is counted too.
"""

import asyncio
import heapq
import json
import sqlite3
import time
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from devhost.config import QueueProperties, iso_duration
from devhost.database import Database

DEAD_LETTER = "/$deadletterqueue"
QUEUE_BYTES_MAX = 1 << 30
MAX_DELIVERIES_EXCEEDED = "MaxDeliveryCountExceeded"
EXPIRED = "TTLExpiredException"


class QueueFull(Exception):
    """The queue holds QUEUE_BYTES_MAX already; as in Azure, sending is refused until it is drained."""


@dataclass(slots=True)
class Message:
    """A message; times are Unix seconds. `properties` are the broker's and the sender's, by their metadata names."""

    queue: str
    body: bytes
    session: str | None = None
    visible: float = 0.0
    expires: float | None = None
    properties: dict[str, Any] = field(default_factory=dict)
    seq: int = 0
    enqueued: float = 0.0
    deliveries: int = 0
    lock: int = 0

    @property
    def message_id(self) -> str:
        """The sender's id, on which duplicates are detected."""
        return str(self.properties["MessageId"])


@dataclass(frozen=True, slots=True)
class Lease:
    """A locked message: settling it works while nobody else has got the lock since."""

    message: Message
    token: int


class _Index:
    """What of one queue can be delivered: by sequence, or by session and sequence; the rest waits for its time."""

    def __init__(self) -> None:
        self.messages: dict[int, Message] = {}
        self.ready: dict[str | None, list[int]] = {}
        self.scheduled: list[tuple[float, int]] = []
        self.locked_sessions: set[str | None] = set()
        self.bytes = 0
        self.changed = asyncio.Event()

    def add(self, message: Message, now: float) -> None:
        """Make the message deliverable, now or at its time."""
        if message.seq not in self.messages:
            self.bytes += len(message.body)
        self.messages[message.seq] = message
        if message.visible > now:
            heapq.heappush(self.scheduled, (message.visible, message.seq))
        else:
            heapq.heappush(self.ready.setdefault(message.session, []), message.seq)
        self.changed.set()

    def remove(self, message: Message) -> None:
        """Forget a settled message."""
        if self.messages.pop(message.seq, None):
            self.bytes -= len(message.body)

    def promote(self, now: float) -> float | None:
        """Move the messages whose time has come; seconds until the next one, None if there is none."""
        while self.scheduled and self.scheduled[0][0] <= now:
            _, seq = heapq.heappop(self.scheduled)
            if seq in self.messages:
                heapq.heappush(self.ready.setdefault(self.messages[seq].session, []), seq)
        return self.scheduled[0][0] - now if self.scheduled else None

    def take(self, session: str | None) -> Message | None:
        """The first deliverable message of a session (None: of those without)."""
        heap = self.ready.get(session)
        while heap:
            message = self.messages.get(heapq.heappop(heap))
            if not heap:
                del self.ready[session]
            if message:
                return message
        return None

    def free_session(self) -> str | None:
        """The unlocked session that has had something to deliver for longest."""
        return next((s for s in self.ready if s is not None and s not in self.locked_sessions), None)


class QueueStore:
    """All queues of the host."""

    def __init__(
        self, database: Database, properties: Mapping[str, QueueProperties], clock: Callable[[], float] = time.time
    ) -> None:
        self._database = database
        self._properties = properties
        self._clock = clock
        self._indexes: dict[str, _Index] = {}
        self._parking: set[asyncio.Future[None]] = set()

    async def load(self) -> None:
        """Index what the database holds."""
        rows = await self._database.read(
            lambda c: c.execute(
                "SELECT queue, body, session, visible, expires, properties, seq, enqueued, deliveries FROM messages ORDER BY seq"
            ).fetchall()
        )
        for queue, body, session, visible, expires, properties, *rest in rows:
            self._admit(Message(queue, body, session, visible, expires, json.loads(properties), *rest))

    def properties(self, queue: str) -> QueueProperties:
        """The entity's settings, from servicebus.config.json or Azure's defaults."""
        return self._properties.get(queue.removeprefix("bus/"), QueueProperties())

    def prepare(self, message: Message) -> Message:
        """Fill in what the broker fills in."""
        now = self._clock()
        message.properties.setdefault("MessageId", uuid.uuid4().hex)
        message.enqueued = now
        message.visible = max(message.visible, now)
        if message.expires is None and (ttl := self.properties(message.queue).default_message_time_to_live):
            message.expires = now + iso_duration(ttl)
        if self._index(message.queue).bytes > QUEUE_BYTES_MAX:
            raise QueueFull(f"{message.queue} holds more than {QUEUE_BYTES_MAX} bytes")
        return message

    def insert(self, connection: sqlite3.Connection, messages: Iterable[Message]) -> list[Message]:
        """Part of an operation: store messages, leaving out duplicates; `admit` them after its commit."""
        stored = []
        for message in messages:
            if self._is_duplicate(connection, message):
                continue
            cursor = connection.execute(
                "INSERT INTO messages (queue, session, body, properties, enqueued, visible, expires, deliveries) "
                "VALUES (?,?,?,?,?,?,?,?)",
                (message.queue, message.session, message.body, json.dumps(message.properties), message.enqueued,
                 message.visible, message.expires, message.deliveries),
            )  # fmt: skip
            message.seq = cursor.lastrowid or 0
            stored.append(message)
        return stored

    def admit(self, messages: Iterable[Message]) -> None:
        """Make stored messages deliverable."""
        for message in messages:
            self._admit(message)

    async def send(self, messages: list[Message]) -> list[int]:
        """Store messages and make them deliverable; the sequence numbers of those that were no duplicates."""
        prepared = [self.prepare(message) for message in messages]
        stored = await self._database.write(lambda c: self.insert(c, prepared))
        self.admit(stored)
        return [message.seq for message in stored]

    async def receive(
        self, queue: str, session: str | None = None, timeout_seconds: float | None = None
    ) -> Lease | None:
        """Lock the next message (of a session); None when none comes in time."""
        index = self._index(queue)
        deadline = None if timeout_seconds is None else self._clock() + timeout_seconds
        while True:
            wait = index.promote(self._clock())
            if message := index.take(session):
                if lease := self._deliver(message):
                    return lease
                continue
            if deadline is not None:
                left = deadline - self._clock()
                if left <= 0:
                    return None
                wait = left if wait is None else min(wait, left)
            await self._changed(index, wait)

    def receive_now(self, queue: str, session: str | None, count_max: int) -> list[Lease]:
        """Lock what can be delivered at once, at most `count_max` messages."""
        index = self._index(queue)
        index.promote(self._clock())
        found: list[Lease] = []
        while len(found) < count_max and (message := index.take(session)):
            if lease := self._deliver(message):
                found.append(lease)
        return found

    async def accept_session(self, queue: str) -> str:
        """Lock the next session that has something to deliver; release it with `release_session`."""
        index = self._index(queue)
        while True:
            wait = index.promote(self._clock())
            if (session := index.free_session()) is not None:
                index.locked_sessions.add(session)
                return session
            await self._changed(index, wait)

    def release_session(self, queue: str, session: str) -> None:
        """Let another receiver have the session."""
        index = self._index(queue)
        index.locked_sessions.discard(session)
        index.changed.set()

    async def complete(self, leases: list[Lease], outgoing: list[Message] | None = None) -> bool:
        """Delete messages and store what their handling sent, in one transaction; False if a lock was lost."""
        if not all(self.holds(lease) for lease in leases):
            return False
        prepared = [self.prepare(message) for message in outgoing or []]
        done = [(lease.message.seq,) for lease in leases]

        def settle(connection: sqlite3.Connection) -> list[Message]:
            connection.executemany("DELETE FROM messages WHERE seq = ?", done)
            return self.insert(connection, prepared)

        self.admit(await self._database.write(settle))
        for lease in leases:
            self._index(lease.message.queue).remove(lease.message)
        return True

    async def abandon(
        self, lease: Lease, deliveries_max: int, delay_seconds: float = 0.0, poison: str | None = None
    ) -> None:
        """Give a message back, or park it (in queue `poison`, or the dead-letter queue) when it was tried enough."""
        message = lease.message
        if not self.holds(lease):
            return
        if message.deliveries >= deliveries_max:
            await self.park(
                lease, MAX_DELIVERIES_EXCEEDED, f"delivered {message.deliveries} times without success", poison
            )
            return
        message.lock += 1
        message.visible = self._clock() + delay_seconds
        if delay_seconds:
            visible, seq = message.visible, message.seq
            self._database.post(lambda c: c.execute("UPDATE messages SET visible = ? WHERE seq = ?", (visible, seq)))
        self._index(message.queue).add(message, self._clock())

    async def park(self, lease: Lease, reason: str, description: str, poison: str | None = None) -> None:
        """Move a message to its dead-letter queue, reason included."""
        source = lease.message
        parked = Message(
            poison or source.queue + DEAD_LETTER, source.body, source.session, properties=dict(source.properties)
        )
        parked.properties |= {
            "DeadLetterReason": reason, "DeadLetterErrorDescription": description, "DeadLetterSource": source.queue.split("/", 1)[1],
        }  # fmt: skip
        await self.complete([lease], [parked])

    def counts(self) -> dict[str, int]:
        """Messages by queue."""
        return {queue: len(index.messages) for queue, index in self._indexes.items() if index.messages}

    def forget_old_ids(self) -> None:
        """Drop duplicate-detection entries whose window is over."""
        now = self._clock()
        self._database.post(lambda c: c.execute("DELETE FROM seen_messages WHERE expires < ?", (now,)))

    def _index(self, queue: str) -> _Index:
        return self._indexes.setdefault(queue, _Index())

    def _admit(self, message: Message) -> None:
        self._index(message.queue).add(message, self._clock())

    def holds(self, lease: Lease) -> bool:
        """Whether the lock is still the lease's."""
        message = lease.message
        return message.lock == lease.token and message.seq in self._index(message.queue).messages

    def _deliver(self, message: Message) -> Lease | None:
        """Count the delivery and lock; an expired message is dropped or parked instead."""
        message.lock += 1
        lease = Lease(message, message.lock)
        if message.expires is not None and message.expires <= self._clock():
            self._expire(lease)
            return None
        message.deliveries += 1
        seq, deliveries = message.seq, message.deliveries
        self._database.post(lambda c: c.execute("UPDATE messages SET deliveries = ? WHERE seq = ?", (deliveries, seq)))
        return lease

    def _expire(self, lease: Lease) -> None:
        message = lease.message
        if self.properties(message.queue).dead_lettering_on_message_expiration:
            self._parking.add(
                task := asyncio.ensure_future(self.park(lease, EXPIRED, "the message outlived its time to live"))
            )
            task.add_done_callback(self._parking.discard)
            return
        self._index(message.queue).remove(message)
        self._database.post(lambda c: c.execute("DELETE FROM messages WHERE seq = ?", (message.seq,)))

    def _is_duplicate(self, connection: sqlite3.Connection, message: Message) -> bool:
        properties = self.properties(message.queue)
        if not properties.requires_duplicate_detection or not message.queue.startswith("bus/"):
            return False
        now = self._clock()
        row = connection.execute(
            "SELECT expires FROM seen_messages WHERE queue = ? AND id = ?", (message.queue, message.message_id)
        ).fetchone()
        if row and row[0] > now:
            return True
        window = iso_duration(properties.duplicate_detection_history_time_window)
        connection.execute(
            "INSERT OR REPLACE INTO seen_messages VALUES (?,?,?)", (message.queue, message.message_id, now + window)
        )
        return False

    async def _changed(self, index: _Index, timeout_seconds: float | None) -> None:
        index.changed.clear()
        try:
            await asyncio.wait_for(index.changed.wait(), timeout_seconds)
        except TimeoutError:
            return
