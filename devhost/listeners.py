"""Triggers that pull: Service Bus and Storage queues, and locally published Event Grid events.

Failure gives a message back at once (Service Bus), after the visibility time-out (Storage), or on Event Grid's
schedule. A session keeps its slot until it has been idle for sessionIdleTimeout, as in Azure. A lock is renewed for
maxAutoLockRenewalDuration; after that the message is delivered again although its function still runs. Batches are
handled one at a time and their locks are not renewed, as in Azure.
"""

import asyncio
import json
import logging
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Coroutine
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, TypeVar

from azure.functions.meta import Datum

from devhost.bindings import Metadata, outputs
from devhost.config import HostConfig
from devhost.errors import HostError
from devhost.invoker import Invocation, Invoker
from devhost.loader import FunctionSpec
from devhost.queues import DEAD_LETTER, Lease, Message, QueueStore

T = TypeVar("T")

# Event Grid's retry schedule in seconds; at most 30 attempts within 24 hours.
EVENT_RETRY_SECONDS = (10, 30, 60, 300, 600, 1800, 3600, 10_800, 21_600, 43_200)
EVENT_ATTEMPTS_MAX = 30
EVENT_SECONDS_MAX = 86_400
POISON = "-poison"
LAST_QUEUE_RETRY_SECONDS = 60.0  # nothing lies beyond a dead-letter or poison queue: its messages come again
SETTLE_RETRY_SECONDS = 1.0
RESTART_SECONDS = 1.0
FOREVER = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC).timestamp()
LOCAL_CONNECTIONS = ("devhost:", "UseDevelopmentStorage=true")

log = logging.getLogger("devhost.listeners")


def queue_key(config: HostConfig, spec: FunctionSpec, binding: Any) -> str:
    """The store's key of the queue that a trigger or output names; HostError if its connection is not this host's."""
    owner = f"function {spec.name}"
    if "topicName" in binding:
        raise HostError(f"{owner}: Service Bus topics are not served by this host")
    connection = str(binding.get("connection", "AzureWebJobsStorage"))
    value = config.settings.get(connection)
    if value is None:
        raise HostError(
            f"{owner}: the connection setting '{connection}' has no value; set it to 'devhost:' in local.settings.json"
        )
    if not value.startswith(LOCAL_CONNECTIONS):
        raise HostError(
            f"{owner}: the connection setting '{connection}' points elsewhere; this host serves only 'devhost:' queues"
        )
    kind = "bus" if binding["type"].startswith("serviceBus") else "storage"
    name = config.resolve(str(binding["queueName"]), owner)
    if name.lower().endswith(DEAD_LETTER):  # also written /$DeadLetterQueue
        name = name[: -len(DEAD_LETTER)] + DEAD_LETTER
    return f"{kind}/{name}"


def outgoing(config: HostConfig, spec: FunctionSpec, invocation: Invocation) -> list[Message]:
    """The messages that a finished call sends through its output bindings."""
    sent = outputs(spec, invocation.out, invocation.returned)
    return [Message(queue_key(config, spec, binding), body) for binding, bodies in sent for body in bodies]


class Puller(ABC):
    """A trigger that fetches its own work: loops that wait for it, and the work in hand."""

    def __init__(self, invoker: Invoker, spec: FunctionSpec) -> None:
        self._invoker, self._spec = invoker, spec
        self._concurrency = 1
        self._loops: list[asyncio.Task[None]] = []
        self._in_hand: set[asyncio.Task[Any]] = set()

    def start(self) -> None:
        """Begin to deliver."""
        self._loops = [asyncio.create_task(self._loop(), name=self._spec.name) for _ in range(self._concurrency)]

    async def stop(self, drain_seconds: float) -> None:
        """Take nothing new; wait for what is in hand, at most so long; the rest is delivered again later."""
        for task in self._loops:
            task.cancel()
        await asyncio.gather(*self._loops, return_exceptions=True)
        if self._in_hand:
            _, late = await asyncio.wait(self._in_hand, timeout=drain_seconds)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    @abstractmethod
    async def _pull(self) -> None:
        """Fetch and handle work, once or for ever."""

    async def _loop(self) -> None:
        while True:
            try:
                await self._pull()
            except Exception:
                log.exception("%s: its trigger failed and begins again", self._spec.name)
                await asyncio.sleep(RESTART_SECONDS)

    async def _finish(self, work: Coroutine[Any, Any, T], timeout_seconds: float | None = None) -> asyncio.Task[T]:
        """Run work that `stop` waits for, although it ends this loop; it may still run after the time-out."""
        task = asyncio.create_task(work)
        self._in_hand.add(task)
        task.add_done_callback(self._in_hand.discard)
        await asyncio.wait({task}, timeout=timeout_seconds)
        return task


class Listener(Puller):
    """Feeds one function from one queue."""

    def __init__(self, config: HostConfig, store: QueueStore, invoker: Invoker, spec: FunctionSpec) -> None:
        super().__init__(invoker, spec)
        self._config, self._store = config, store
        extensions, trigger = config.host_json.extensions, spec.trigger
        self._bus, self._storage = extensions.service_bus, extensions.queues
        self._key = f"events/{spec.name}" if spec.kind == "eventGridTrigger" else queue_key(config, spec, trigger)
        self._is_bus = spec.kind == "serviceBusTrigger"
        self._by_session = self._is_bus and bool(trigger.get("isSessionsEnabled"))
        self._is_batch = self._is_bus and trigger.get("cardinality") == "many"
        self._completes = not self._is_bus or bool(
            trigger.get("autoCompleteMessages", self._bus.auto_complete_messages)
        )
        self._lock_seconds = self._lock_duration()
        self._concurrency = self._calls_max()
        store.declare(self._key, by_session=self._by_session)

    def _calls_max(self) -> int:
        if self._spec.kind == "queueTrigger":
            size, threshold = self._storage.batch_size, self._storage.new_batch_threshold
            return size + (size // 2 if threshold is None else threshold)
        if self._is_batch:
            return 1
        return self._bus.max_concurrent_sessions if self._by_session else self._bus.max_concurrent_calls

    def _lock_duration(self) -> float | None:
        if not self._is_bus:
            return None  # the Storage trigger renews for as long as the function runs
        lock = self._store.properties(self._key).lock_duration.total_seconds()
        return lock if self._is_batch else max(lock, self._bus.max_auto_lock_renewal_duration)

    async def _pull(self) -> None:
        """One delivery, or one session until it is idle; a call whose lock was lost keeps its slot until it ends."""
        if self._by_session:
            late = await self._serve_session()
        else:
            lease = await self._store.receive(self._key)
            late = await self._deliver(lease, None) if lease else None
        if late:
            await asyncio.wait({late})

    async def _serve_session(self) -> asyncio.Task[None] | None:
        lock = await self._store.accept_session(self._key)
        idle_seconds, late = self._bus.session_idle_timeout, None
        try:
            while not late and (lease := await self._store.receive(self._key, lock.session, idle_seconds)):
                late = await self._deliver(lease, lock.session)
        finally:
            self._store.release_session(lock)
        return late

    async def _deliver(self, first: Lease, session: str | None) -> asyncio.Task[None] | None:
        """Handle a delivery; if its lock is lost meanwhile, the call that still runs."""
        count = self._bus.max_message_batch_size if self._is_batch else 1
        leases = [first, *self._store.receive_now(self._key, session, count - 1)]
        task = await self._finish(self._handle(leases), self._lock_seconds)
        if not task.done():
            log.warning("%s still runs, but the lock of its message from %s was lost", self._spec.name, self._key)
        elif not task.cancelled():
            task.result()
            return None
        await self._give_back(leases)  # also when the function has let a cancellation escape
        return None if task.done() else task

    async def _handle(self, leases: list[Lease]) -> None:
        """Call the function on a delivery and settle it; outputs are stored with the acknowledgement."""
        pause_seconds = 0.0
        try:
            call = await self._invoker.call(self._spec, *self._trigger_value([lease.message for lease in leases]))
            sent = outgoing(self._config, self._spec, call)
            pause_seconds = SETTLE_RETRY_SECONDS  # from here on it is the queue or the disk that fails
            if not await self._store.complete(leases if self._completes else [], sent):
                log.warning("%s: a message was not completed, its lock was lost", self._spec.name)
            elif not self._completes:
                await self._give_back(leases, self._lock_seconds or 0.0)
        except Exception as error:
            log.warning("%s: a delivery from %s failed: %r", self._spec.name, self._key, error)
            await asyncio.sleep(pause_seconds)
            await self._give_back(leases)

    async def _give_back(self, leases: list[Lease], delay_seconds: float = 0.0) -> None:
        for lease in leases:
            await self._store.abandon(lease, *self._after_failure(lease.message, delay_seconds))

    def _after_failure(self, message: Message, delay_seconds: float) -> tuple[int, float, str]:
        """How often a message is tried, when it is tried again, and where it goes then."""
        is_storage = self._spec.kind == "queueTrigger"
        last = self._key + (POISON if is_storage else DEAD_LETTER)
        if self._spec.kind == "eventGridTrigger":
            delay = EVENT_RETRY_SECONDS[min(message.deliveries, len(EVENT_RETRY_SECONDS)) - 1]
            in_time = time.time() + delay < message.enqueued + EVENT_SECONDS_MAX
            return EVENT_ATTEMPTS_MAX if in_time else 0, delay, last
        if self._key.endswith(POISON if is_storage else DEAD_LETTER):
            return sys.maxsize, LAST_QUEUE_RETRY_SECONDS, last
        if is_storage:
            return self._storage.max_dequeue_count, self._storage.visibility_timeout, last
        return self._store.properties(self._key).max_delivery_count, delay_seconds, last

    def _trigger_value(self, messages: list[Message]) -> tuple[Datum, Metadata]:
        body = messages[0].body
        if self._spec.kind == "eventGridTrigger":
            return Datum(body.decode(), "json"), {}
        if not self._is_batch:
            metadata = bus_metadata if self._is_bus else storage_metadata
            return Datum(body, "bytes"), _datums(metadata(messages[0]))
        rows = [bus_metadata(message) for message in messages]
        names = {name for row in rows for name in row}
        bodies = SimpleNamespace(bytes=[message.body for message in messages])
        return Datum(bodies, "collection_bytes"), _datums(
            {f"{name}Array": [row.get(name) for row in rows] for name in names}
        )


def storage_metadata(message: Message) -> dict[str, Any]:
    """Trigger metadata of a Storage queue message, by the runtime's names."""
    return {
        "Id": message.message_id,
        "DequeueCount": message.deliveries,
        "InsertionTime": _iso(message.enqueued),
        "ExpirationTime": _iso(message.expires or message.enqueued + 7 * 86_400),
        "NextVisibleTime": _iso(message.visible),
        "PopReceipt": str(message.lock),
    }


def bus_metadata(message: Message) -> dict[str, Any]:
    """Trigger metadata of a Service Bus message, by the runtime's names."""
    properties = dict(message.properties)
    application = properties.pop("ApplicationProperties", {})
    return {
        **properties,
        "Label": properties.get("Subject"),
        "DeliveryCount": message.deliveries,
        "SequenceNumber": message.seq,
        "EnqueuedTimeUtc": _iso(message.visible),
        "ExpiresAtUtc": _iso(message.expires or FOREVER),
        "LockToken": str(message.lock),
        "SessionId": message.session,
        "ApplicationProperties": application,
        "UserProperties": application,
    }


def _datums(values: dict[str, Any]) -> dict[str, Datum]:
    kinds = {int: "int", str: "string"}
    return {
        name: Datum(value, kinds[type(value)]) if type(value) in kinds else Datum(json.dumps(value), "json")
        for name, value in values.items()
        if value is not None
    }


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(min(seconds, FOREVER), UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
