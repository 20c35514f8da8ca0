"""Triggers that pull: Service Bus and Storage queues, and locally published Event Grid events.

Failure gives a message back at once (Service Bus), after the visibility time-out (Storage), or on Event Grid's
schedule. A session keeps its slot until it has been idle for sessionIdleTimeout, as in Azure. A lock is renewed for
maxAutoLockRenewalDuration; after that the message is delivered again although its function still runs.
"""

import asyncio
import json
import logging
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from azure.functions.meta import Datum

from devhost.bindings import outputs
from devhost.config import HostConfig, iso_duration, timespan
from devhost.errors import HostError
from devhost.invoker import Invocation, Invoker
from devhost.loader import FunctionSpec
from devhost.queues import Lease, Message, QueueStore

# Event Grid's retry schedule in seconds; at most 30 attempts within 24 hours.
EVENT_RETRY_SECONDS = (10, 30, 60, 300, 600, 1800, 3600, 10_800, 21_600, 43_200)
EVENT_ATTEMPTS_MAX = 30
EVENT_SECONDS_MAX = 86_400
LOCAL_CONNECTIONS = ("devhost:", "UseDevelopmentStorage=true")

Call = Callable[..., Coroutine[Any, Any, Invocation]]
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
    return f"{kind}/{config.resolve(str(binding['queueName']), owner)}"


def outgoing(config: HostConfig, spec: FunctionSpec, invocation: Invocation) -> list[Message]:
    """The messages that a finished call sends through its output bindings."""
    sent = outputs(spec, invocation.out, invocation.returned)
    return [Message(queue_key(config, spec, binding), body) for binding, bodies in sent for body in bodies]


class Listener:
    """Feeds one function from one queue. `start` begins, `stop` takes nothing new and gives back what was not begun."""

    def __init__(self, config: HostConfig, store: QueueStore, invoker: Invoker, spec: FunctionSpec) -> None:
        self._config, self._store, self._invoker, self._spec = config, store, invoker, spec
        self._key = f"events/{spec.name}" if spec.kind == "eventGridTrigger" else queue_key(config, spec, spec.trigger)
        self._tasks: set[asyncio.Task[None]] = set()
        self._pumps: list[asyncio.Task[None]] = []
        extensions = config.host_json.extensions
        self._bus, self._storage = extensions.service_bus, extensions.queues

    def start(self) -> None:
        """Begin to deliver."""
        self._pumps = [asyncio.create_task(self._pump(), name=f"pump {self._key}")]

    async def stop(self, drain_seconds: float) -> None:
        """Take nothing new; wait for what runs, at most so long; the rest is delivered again later."""
        for pump in self._pumps:
            pump.cancel()
        await asyncio.gather(*self._pumps, return_exceptions=True)
        if self._tasks:
            _, running = await asyncio.wait(self._tasks, timeout=drain_seconds)
            for task in running:
                task.cancel()

    async def _pump(self) -> None:
        if self._spec.kind == "serviceBusTrigger" and self._spec.trigger.get("isSessionsEnabled"):
            await self._pump_sessions()
        else:
            await self._pump_messages()

    async def _pump_messages(self) -> None:
        slots = asyncio.Semaphore(self._concurrency)
        while True:
            await slots.acquire()
            lease = await self._store.receive(self._key)
            if lease is None:
                continue
            self._spawn(self._handle(self._batch(lease, None)), slots)

    async def _pump_sessions(self) -> None:
        slots = asyncio.Semaphore(self._bus.max_concurrent_sessions)
        while True:
            await slots.acquire()
            session = await self._store.accept_session(self._key)
            self._spawn(self._serve_session(session), slots)

    async def _serve_session(self, session: str) -> None:
        idle_seconds = timespan(self._bus.session_idle_timeout)
        try:
            while not self._stopping:
                lease = await self._store.receive(self._key, session, idle_seconds)
                if lease is None:
                    return
                await self._handle(self._batch(lease, session))
        finally:
            self._store.release_session(self._key, session)

    def _spawn(self, work: Coroutine[Any, Any, None], slots: asyncio.Semaphore) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)

        def ended(_: asyncio.Task[None]) -> None:
            self._tasks.discard(task)
            slots.release()
            if not task.cancelled() and (error := task.exception()):
                log.error("delivery from %s failed", self._key, exc_info=error)

        task.add_done_callback(ended)

    def _batch(self, first: Lease, session: str | None) -> list[Lease]:
        if self._spec.trigger.get("cardinality") != "many":
            return [first]
        return [first, *self._store.receive_now(self._key, session, self._bus.max_message_batch_size - 1)]

    async def _handle(self, leases: list[Lease]) -> None:
        """Call the function on a delivery and settle it; outputs are stored with the acknowledgement."""
        call = asyncio.create_task(
            self._invoker.call(self._spec, *self._trigger_value([lease.message for lease in leases]))
        )
        try:
            done, _ = await asyncio.wait({call}, timeout=self._lock_seconds)
        except asyncio.CancelledError:
            call.cancel()
            raise
        if not done:
            log.warning(
                "the lock of %s messages from %s was lost: %s still runs", len(leases), self._key, self._spec.name
            )
            await self._give_back(leases)
            await asyncio.wait({call})
        if call.cancelled() or call.exception():
            await self._give_back(leases)
            return
        try:
            sent = outgoing(self._config, self._spec, call.result())
        except (TypeError, KeyError):
            log.exception("%s: its output cannot be sent", self._spec.name)
            await self._give_back(leases)
            return
        if not await self._store.complete(leases, sent):
            log.warning("%s: a message was not completed, its lock was lost", self._spec.name)

    async def _give_back(self, leases: list[Lease]) -> None:
        for lease in leases:
            if self._spec.kind == "eventGridTrigger":
                attempt = lease.message.deliveries
                too_old = lease.message.enqueued + EVENT_SECONDS_MAX < datetime.now(UTC).timestamp()
                delay = EVENT_RETRY_SECONDS[min(attempt, len(EVENT_RETRY_SECONDS)) - 1]
                await self._store.abandon(lease, attempt if too_old else EVENT_ATTEMPTS_MAX, delay)
            elif self._spec.kind == "queueTrigger":
                await self._store.abandon(
                    lease,
                    self._storage.max_dequeue_count,
                    timespan(self._storage.visibility_timeout),
                    f"{self._key}-poison",
                )
            else:
                await self._store.abandon(lease, self._store.properties(self._key).max_delivery_count)

    @property
    def _stopping(self) -> bool:
        return any(pump.done() or pump.cancelling() for pump in self._pumps)

    @property
    def _concurrency(self) -> int:
        if self._spec.kind == "queueTrigger":
            threshold = self._storage.new_batch_threshold
            return self._storage.batch_size + (self._storage.batch_size // 2 if threshold is None else threshold)
        return self._bus.max_concurrent_calls

    @property
    def _lock_seconds(self) -> float | None:
        if self._spec.kind != "serviceBusTrigger":
            return None  # the Storage trigger renews for as long as the function runs
        lock = iso_duration(self._store.properties(self._key).lock_duration)
        return max(lock, timespan(self._bus.max_auto_lock_renewal_duration))

    def _trigger_value(self, messages: list[Message]) -> tuple[Datum, dict[str, Datum]]:
        if self._spec.kind == "eventGridTrigger":
            return Datum(messages[0].body.decode(), "json"), {}
        if self._spec.kind == "queueTrigger":
            return storage_value(messages[0])
        text = self._spec.trigger.get("dataType") == "STRING"
        if self._spec.trigger.get("cardinality") != "many":
            body = messages[0].body
            return Datum(body.decode() if text else body, "string" if text else "bytes"), _datums(
                bus_metadata(messages[0])
            )
        rows = [bus_metadata(message) for message in messages]
        arrays = {f"{name}Array": [row.get(name) for row in rows] for name in {name for row in rows for name in row}}
        bodies = SimpleNamespace(bytes=[message.body for message in messages])
        return Datum(bodies, "collection_bytes"), {
            name: Datum(json.dumps(value), "json") for name, value in arrays.items()
        }


def storage_value(message: Message) -> tuple[Datum, dict[str, Datum]]:
    """Body and trigger metadata of a Storage queue message."""
    metadata = {
        "Id": message.message_id,
        "DequeueCount": message.deliveries,
        "InsertionTime": _iso(message.enqueued),
        "ExpirationTime": _iso(message.expires or message.enqueued + 7 * 86_400),
        "NextVisibleTime": _iso(message.visible),
        "PopReceipt": str(message.lock),
    }
    return Datum(message.body.decode("utf-8", "replace"), "string"), _datums(metadata)


def bus_metadata(message: Message) -> dict[str, Any]:
    """Trigger metadata of a Service Bus message, by the runtime's names."""
    properties = dict(message.properties)
    application = properties.pop("ApplicationProperties", {})
    return {
        **properties,
        "Label": properties.get("Subject"),
        "DeliveryCount": message.deliveries,
        "SequenceNumber": message.seq,
        "EnqueuedSequenceNumber": message.seq,
        "EnqueuedTimeUtc": _iso(message.enqueued),
        "ExpiresAtUtc": _iso(message.expires) if message.expires else "9999-12-31T23:59:59Z",
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
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
