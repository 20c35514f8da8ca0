"""The queues of the embedded host."""

import asyncio
import sqlite3
import time
from datetime import datetime

from devhost import client
from shared.adapters.queues import CHANNEL_EVENTS, WORK, RecentKeys, message_id
from shared.ports import InboundEvent, Unavailable
from shared.records.events import event_to_json

DOORBELL_SECONDS = 5.0
"""A doorbell that nobody has taken for so long is not counted on any more."""


class HostQueue:
    """The port `WorkQueue`: on the host's Service Bus queues, or on its Storage queues."""

    def __init__(self, *, storage: bool = False) -> None:
        self._storage = storage
        self._doorbells = RecentKeys()
        self._waiting: dict[str, tuple[float, asyncio.Task[None]]] = {}

    async def publish(self, event: InboundEvent, *, again: str = "") -> None:
        """See the port."""
        await self._send(CHANNEL_EVENTS, event_to_json(event), event.address, message_id(event, again))

    async def ring(self, pool: str, at: datetime | None = None) -> None:
        """See the port. A doorbell that nobody has taken yet serves all who ring; so do those for one moment."""
        if at is None:
            rung_at, sending = self._waiting.get(pool, (0.0, None))
            is_waiting = time.monotonic() - rung_at < DOORBELL_SECONDS
            await asyncio.shield(sending if sending and is_waiting else self._ring_now(pool))
            return
        key = f"{pool}@{at.isoformat()}"
        if self._doorbells.is_new(key):
            await self._send(WORK, pool.encode(), pool, key, at)
            self._doorbells.remember(key)

    def taken(self, pool: str) -> None:
        """See the port."""
        self._waiting.pop(pool, None)

    def _ring_now(self, pool: str) -> asyncio.Task[None]:
        sending = asyncio.create_task(self._send(WORK, pool.encode(), pool, None))
        self._waiting[pool] = (time.monotonic(), sending)

        def forget_failure(sent: asyncio.Task[None]) -> None:
            failed = sent.cancelled() or sent.exception()
            if failed and self._waiting.get(pool, (0.0, None))[1] is sent:
                del self._waiting[pool]

        sending.add_done_callback(forget_failure)
        return sending

    async def _send(self, queue: str, body: bytes, session: str, id_: str | None, at: datetime | None = None) -> None:
        try:
            if self._storage:
                await client.send(queue, body, scheduled_at=at, storage=True)
            else:
                await client.send(queue, body, session_id=session, message_id=id_, scheduled_at=at)
        except (sqlite3.Error, client.NoHost, client.Refused) as error:
            raise Unavailable(f"the queue {queue} cannot be written: {error}") from error
