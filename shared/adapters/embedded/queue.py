"""The queues of the embedded host."""

import hashlib
import sqlite3
from datetime import datetime

from devhost import client
from shared.ports import InboundEvent, Unavailable
from shared.records.events import event_to_json

CHANNEL_EVENTS = "channel-events"
WORK = "work"


class HostQueue:
    """The port `WorkQueue`."""

    async def publish(self, event: InboundEvent, *, again: str = "") -> None:
        """See the port."""
        source = "\0".join((event.channel, event.address, event.source_id, again))
        message_id = hashlib.sha256(source.encode()).hexdigest()
        await _send(CHANNEL_EVENTS, event_to_json(event), event.address, message_id)

    async def ring(self, pool: str, at: datetime | None = None) -> None:
        """See the port. Doorbells for one moment are one."""
        message_id = f"{pool}@{at.isoformat()}" if at else None
        await _send(WORK, pool.encode(), pool, message_id, at)


async def _send(queue: str, body: bytes, session: str, message_id: str | None, at: datetime | None = None) -> None:
    try:
        await client.send(queue, body, session_id=session, message_id=message_id, scheduled_at=at)
    except (sqlite3.Error, client.NoHost, client.Refused) as error:
        raise Unavailable(f"the queue {queue} cannot be written: {error}") from error
