"""Sending to the queues of the host that runs this process. The one module of the host that an app may import."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from devhost.queues import Message, QueueStore, Refused

_BROKER_PROPERTIES = {"Subject", "CorrelationId", "ContentType", "ReplyTo", "ReplyToSessionId", "To", "PartitionKey"}
_current: "list[_Host]" = []


__all__ = ["NoHost", "Refused", "at_stop", "bind", "data_dir", "send", "unbind"]


class NoHost(RuntimeError):
    """This process is not run by the embedded host."""


@dataclass
class _Host:
    queues: QueueStore
    data_dir: Path
    at_stop: list[Callable[[], Awaitable[None]]] = field(default_factory=list)


def bind(queues: QueueStore, data_dir: Path) -> None:
    """For the host: whom the functions of this module reach."""
    _current[:] = [_Host(queues, data_dir)]


async def unbind() -> None:
    """For the host, once no function runs any more: let the app close what it holds, the newest first."""
    for host in _current:
        for callback in reversed(host.at_stop):
            await callback()
    _current.clear()


def data_dir() -> Path | None:
    """The folder where the host keeps its state, for the app's own files; None without a host."""
    return _current[0].data_dir if _current else None


def at_stop(callback: Callable[[], Awaitable[None]]) -> None:
    """Have a callback run when the host stops, after the last function has ended. Raises NoHost."""
    _host().at_stop.append(callback)


def _host() -> _Host:
    if not _current:
        raise NoHost("devhost.client works in a process that runs the embedded host")
    return _current[0]


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
    queues = _host().queues
    if unknown := broker.keys() - _BROKER_PROPERTIES:
        raise TypeError(f"send() got unknown broker properties: {sorted(unknown)}")
    message = Message(f"{'storage' if storage else 'bus'}/{queue}", body, session_id)
    message.properties |= {"ApplicationProperties": dict(properties or {}), **broker}
    if message_id is not None:
        message.properties["MessageId"] = message_id
    if scheduled_at is not None:
        message.visible = scheduled_at.timestamp()
    stored = await queues.send([message])
    return stored[0] if stored else None
