"""Sending to the queues of the host that runs this process. The one module of the host that an app may import."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from devhost.queues import Message, QueueStore

_BROKER_PROPERTIES = {"Subject", "CorrelationId", "ContentType", "ReplyTo", "ReplyToSessionId", "To", "PartitionKey"}
_current: list[QueueStore] = []


class NoHost(RuntimeError):
    """This process is not run by the embedded host."""


def bind(store: QueueStore | None) -> None:
    """For the host: which queues `send` reaches."""
    _current[:] = [store] if store else []


async def send(
    queue: str, body: bytes, *, session_id: str | None = None, message_id: str | None = None,
    scheduled_at: datetime | None = None, properties: Mapping[str, Any] | None = None, storage: bool = False,
    **broker: str,
) -> int | None:  # fmt: skip
    """Send a message to a Service Bus queue (or a Storage queue); it is on disk when this returns.

    `properties` are the application's; `broker` takes Subject, CorrelationId, ContentType, ReplyTo, ReplyToSessionId,
    To and PartitionKey. To be called on the host's event loop, that is, in async functions. Returns the sequence
    number, None if duplicate detection dropped it. Raises Refused (QueueFull too), NoHost and sqlite3.Error.
    """
    if not _current:
        raise NoHost("devhost.client works in a process that runs the embedded host")
    if unknown := broker.keys() - _BROKER_PROPERTIES:
        raise TypeError(f"send() got unknown broker properties: {sorted(unknown)}")
    message = Message(f"{'storage' if storage else 'bus'}/{queue}", body, session_id)
    message.properties |= {"ApplicationProperties": dict(properties or {}), **broker}
    if message_id is not None:
        message.properties["MessageId"] = message_id
    if scheduled_at is not None:
        message.visible = scheduled_at.timestamp()
    stored = await _current[0].send([message])
    return stored[0] if stored else None
