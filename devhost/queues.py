"""Queues with peek-lock semantics, kept in the host's database and indexed in memory.

A queue's key is "bus/NAME", "storage/NAME" or "events/FUNCTION". Locks live in memory: a restarted host holds none,
so what was in hand is delivered again. Delivery counts are stored, so a message that kills the host is counted too.
"""

import asyncio
import heapq
import json
import logging
import sqlite3
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from devhost.config import QueueProperties
from devhost.database import Database
from devhost.errors import HostError

DEAD_LETTER = "/$deadletterqueue"
QUEUE_BYTES_MAX = 1 << 30
PARK_RETRY_SECONDS = 1.0
TIMER_SECONDS_MAX = 60.0  # the wall clock may jump while a timer runs
MAX_DELIVERIES_EXCEEDED = "MaxDeliveryCountExceeded"
EXPIRED = "TTLExpiredException"
_ANY_SESSION = object()

log = logging.getLogger("devhost.queues")


class Refused(Exception):
    """The queue does not take the message."""


class QueueFull(Refused):
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


@dataclass(frozen=True, slots=True, eq=False)
class SessionLock:
    """A locked session of a queue."""

    queue: str
    session: str


class _Index:
    """What of one queue can be delivered, in order (of all, or of each session); the rest waits for its time."""

    def __init__(self, clock: Callable[[], float], by_session: bool | None) -> None:
        self.by_session = by_session
        self.messages: dict[int, Message] = {}
        self.bytes = 0
        self._clock = clock
        self._ready: dict[str | None, list[tuple[float, int]]] = {}
        self._scheduled: list[tuple[float, int]] = []
        self._timer: asyncio.TimerHandle | None = None
        self._sessions: dict[str | None, SessionLock] = {}
        self._waiting: dict[object, dict[asyncio.Future[None], None]] = {}

    def add(self, message: Message) -> None:
        """Make a new or unlocked message deliverable, now or at its time."""
        if message.seq not in self.messages:
            self.bytes += len(message.body)
        self.messages[message.seq] = message
        # What was not scheduled is not delayed by a clock that has been set back.
        if message.visible > max(message.enqueued, self._clock()):
            heapq.heappush(self._scheduled, (message.visible, message.seq))
            if self._scheduled[0][1] == message.seq:
                self._arm()
        else:
            self._offer(message)

    def remove(self, message: Message) -> None:
        """Forget a settled message."""
        if self.messages.pop(message.seq, None):
            self.bytes -= len(message.body)

    def promote(self) -> None:
        """Make deliverable what is due."""
        while self._scheduled and self._scheduled[0][0] <= self._clock():
            if message := self.messages.get(heapq.heappop(self._scheduled)[1]):
                self._offer(message)

    def take(self, session: str | None) -> Message | None:
        """The first deliverable message (of a session)."""
        heap = self._ready.get(session)
        while heap:
            message = self.messages.get(heapq.heappop(heap)[1])
            if not heap:
                del self._ready[session]
            if message:
                return message
        return None

    def lock_session(self, queue: str) -> SessionLock | None:
        """Lock the session that has had something to deliver for longest."""
        for session in self._ready:
            if session is not None and session not in self._sessions:
                lock = self._sessions[session] = SessionLock(queue, session)
                return lock
        return None

    def release_session(self, lock: SessionLock) -> None:
        """Let another receiver have the session."""
        if self._sessions.get(lock.session) is lock:
            del self._sessions[lock.session]
            if lock.session in self._ready:
                self._wake(_ANY_SESSION)

    async def wait(self, key: object) -> None:
        """Until there is something for a receiver of this session (None: of the queue, or _ANY_SESSION)."""
        waiter = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(key, {})[waiter] = None
        try:
            await waiter
        except asyncio.CancelledError:
            if not waiter.cancelled():
                self._wake(key)  # the next one, or the message would wait for another message
            raise
        finally:
            if waiters := self._waiting.get(key):
                waiters.pop(waiter, None)
                if not waiters:
                    del self._waiting[key]

    def _arm(self) -> None:
        if self._timer:
            self._timer.cancel()
        seconds = min(self._scheduled[0][0] - self._clock(), TIMER_SECONDS_MAX)
        self._timer = asyncio.get_running_loop().call_later(seconds, self._tick)

    def _tick(self) -> None:
        self.promote()
        if self._scheduled:
            self._arm()

    def _offer(self, message: Message) -> None:
        session = message.session if self.by_session else None
        heapq.heappush(self._ready.setdefault(session, []), (message.visible, message.seq))
        self._wake(session if session is None or session in self._sessions else _ANY_SESSION)

    def _wake(self, key: object) -> None:
        waiters = self._waiting.get(key, {})
        while waiters:
            waiter = next(iter(waiters))
            del waiters[waiter]
            if not waiter.done():
                waiter.set_result(None)
                return


class QueueStore:
    """All queues of the host."""

    def __init__(
        self, database: Database, properties: Mapping[str, QueueProperties], clock: Callable[[], float] = time.time
    ) -> None:
        self._database = database
        self._properties = properties
        self._clock = clock
        self._stamp_last = 0.0
        self._indexes: dict[str, _Index] = {}

    async def load(self) -> None:
        """Index what the database holds."""
        columns = "queue, body, session, visible, expires, properties, seq, enqueued, deliveries"
        rows = await self._database.read(
            lambda c: c.execute(f"SELECT {columns} FROM messages ORDER BY visible, seq").fetchall()  # noqa: S608  # constant
        )
        for queue, body, session, visible, expires, properties, seq, enqueued, deliveries in rows:
            self._stamp_last = max(self._stamp_last, enqueued)
            message = Message(queue, body, session, visible, expires, json.loads(properties), seq, enqueued, deliveries)
            self._index(queue).add(message)

    def properties(self, queue: str) -> QueueProperties:
        """The entity's settings, from servicebus.config.json or Azure's defaults."""
        return self._properties.get(queue.removeprefix("bus/"), QueueProperties())

    def declare(self, queue: str, *, by_session: bool) -> None:
        """Say how a queue is received from, before anything is in it; HostError if it is said otherwise elsewhere."""
        index = self._index(queue)
        if index.by_session not in (None, by_session):
            needs = "requires" if index.by_session else "does not have"
            raise HostError(f"the queue {queue.split('/', 1)[1]!r} {needs} sessions: set isSessionsEnabled accordingly")
        index.by_session = by_session

    async def send(self, messages: list[Message]) -> list[int]:
        """Store messages and make them deliverable; the sequence numbers of those that were no duplicates."""
        stored = await self._commit([], [self._admitted(message) for message in messages])
        return [message.seq for message in stored]

    async def receive(
        self, queue: str, session: str | None = None, timeout_seconds: float | None = None
    ) -> Lease | None:
        """Lock the next message (of a locked session); None when none comes in time."""
        try:
            async with asyncio.timeout(timeout_seconds):
                while not (found := self.receive_now(queue, session, 1)):
                    await self._index(queue).wait(session)
        except TimeoutError:
            return None
        return found[0]

    def receive_now(self, queue: str, session: str | None, count_max: int) -> list[Lease]:
        """Lock what can be delivered at once, at most `count_max` messages."""
        index = self._index(queue)
        index.promote()
        found: list[Lease] = []
        while len(found) < count_max and (message := index.take(session)):
            if lease := self._deliver(message):
                found.append(lease)
        return found

    async def accept_session(self, queue: str) -> SessionLock:
        """Lock the next session that has something to deliver; release it with `release_session`."""
        index = self._index(queue)
        while (lock := index.lock_session(queue)) is None:
            await index.wait(_ANY_SESSION)
        return lock

    def release_session(self, lock: SessionLock) -> None:
        """Let another receiver have the session; nothing happens if it has it already."""
        self._index(lock.queue).release_session(lock)

    async def complete(self, leases: list[Lease], outgoing: list[Message] | None = None) -> bool:
        """Delete messages and store what their handling sent, in one transaction; False if a lock was lost."""
        if not all(self.holds(lease) for lease in leases):
            return False
        await self._commit(leases, [self._admitted(message) for message in outgoing or []])
        return True

    async def abandon(self, lease: Lease, deliveries_max: int, delay_seconds: float, parking: str) -> None:
        """Give a message back, or move it to the queue `parking` when it was tried enough."""
        message = lease.message
        if not self.holds(lease):
            return
        if message.deliveries < deliveries_max:
            self._unlock(message, delay_seconds)
        else:
            reason = f"delivered {message.deliveries} times without success"
            await asyncio.wait({self._park(lease, parking, MAX_DELIVERIES_EXCEEDED, reason)})

    def holds(self, lease: Lease) -> bool:
        """Whether the lock is still the lease's."""
        message = lease.message
        return message.lock == lease.token and message.seq in self._index(message.queue).messages

    def counts(self) -> dict[str, int]:
        """Messages by queue."""
        return {queue: len(index.messages) for queue, index in self._indexes.items() if index.messages}

    def _index(self, queue: str) -> _Index:
        if queue not in self._indexes:
            self._indexes[queue] = _Index(self._clock, self.properties(queue).requires_session)
        return self._indexes[queue]

    def _admitted(self, message: Message) -> Message:
        index = self._index(message.queue)
        if index.bytes + self._index(message.queue + DEAD_LETTER).bytes > QUEUE_BYTES_MAX:
            raise QueueFull(f"{message.queue} holds more than {QUEUE_BYTES_MAX} bytes")
        if index.by_session and message.session is None:
            raise Refused(f"{message.queue} requires sessions: a message without a session id cannot be sent to it")
        return self._stamped(message)

    def _stamped(self, message: Message) -> Message:
        """Fill in what the broker fills in. Stamps never decrease, so that they can tell the order."""
        message.enqueued = self._stamp_last = max(self._stamp_last, self._clock())
        message.visible = max(message.visible, message.enqueued)
        message.properties.setdefault("MessageId", uuid.uuid4().hex)
        if message.expires is None and (ttl := self.properties(message.queue).default_message_time_to_live):
            message.expires = message.visible + ttl.total_seconds()
        return message

    def _commit(self, settled: list[Lease], outgoing: list[Message]) -> "asyncio.Future[list[Message]]":
        """Delete and store in one transaction."""

        def operation(connection: sqlite3.Connection) -> list[Message]:
            connection.executemany("DELETE FROM messages WHERE seq = ?", [(lease.message.seq,) for lease in settled])
            return [message for message in outgoing if self._insert(connection, message)]

        def committed(stored: list[Message]) -> None:
            for lease in settled:
                self._index(lease.message.queue).remove(lease.message)
            for message in stored:
                self._index(message.queue).add(message)

        return self._database.write(operation, committed)

    def _insert(self, connection: sqlite3.Connection, message: Message) -> bool:
        """Store a message; False if it is a duplicate."""
        properties = self.properties(message.queue)
        if properties.requires_duplicate_detection:
            now, key = self._clock(), (message.queue, message.message_id)
            window = properties.duplicate_detection_history_time_window.total_seconds()
            connection.execute("DELETE FROM seen_messages WHERE expires <= ?", (now,))
            new = connection.execute("INSERT OR IGNORE INTO seen_messages VALUES (?,?,?)", (*key, now + window))
            if not new.rowcount:
                return False
        columns = "queue, session, body, properties, enqueued, visible, expires"
        cursor = connection.execute(
            f"INSERT INTO messages ({columns}) VALUES (?,?,?,?,?,?,?)",  # noqa: S608  # constant
            (message.queue, message.session, message.body, json.dumps(message.properties), message.enqueued,
             message.visible, message.expires),
        )  # fmt: skip
        message.seq = cursor.lastrowid or 0
        return True

    def _deliver(self, message: Message) -> Lease | None:
        """Count the delivery and lock; an expired message is dropped or parked instead."""
        message.lock += 1
        lease = Lease(message, message.lock)
        seq = message.seq
        if message.expires is None or message.expires > self._clock():
            deliveries = message.deliveries = message.deliveries + 1
            self._database.post(
                lambda c: c.execute("UPDATE messages SET deliveries = ? WHERE seq = ?", (deliveries, seq))
            )
            return lease
        if self.properties(message.queue).dead_lettering_on_message_expiration:
            self._park(lease, message.queue + DEAD_LETTER, EXPIRED, "the message outlived its time to live")
        else:
            self._index(message.queue).remove(message)
            self._database.post(lambda c: c.execute("DELETE FROM messages WHERE seq = ?", (seq,)))
        return None

    def _park(self, lease: Lease, queue: str, reason: str, description: str) -> "asyncio.Future[list[Message]]":
        """Move a message to another queue, reason included; if that fails, it is delivered again later."""
        source = lease.message
        why = {"DeadLetterReason": reason, "DeadLetterErrorDescription": description,
               "DeadLetterSource": source.queue.split("/", 1)[1]}  # fmt: skip
        parked = self._stamped(Message(queue, source.body, source.session, properties=source.properties | why))

        def ended(write: "asyncio.Future[list[Message]]") -> None:
            if not write.cancelled() and (error := write.exception()):
                log.error("%s: a message could not be parked and comes again", source.queue, exc_info=error)
                self._unlock(source, PARK_RETRY_SECONDS)

        write = self._commit([lease], [parked])
        write.add_done_callback(ended)
        return write

    def _unlock(self, message: Message, delay_seconds: float) -> None:
        message.lock += 1
        if delay_seconds:
            seq, visible = message.seq, self._clock() + delay_seconds
            message.visible = visible
            self._database.post(lambda c: c.execute("UPDATE messages SET visible = ? WHERE seq = ?", (visible, seq)))
        self._index(message.queue).add(message)
