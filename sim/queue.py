"""The port `WorkQueue` in memory: one process's way to the broker."""

import asyncio
from datetime import datetime

from shared.ports import InboundEvent
from shared.records.events import event_to_json
from sim.broker import CHANNEL_EVENTS, WORK, Broker
from sim.link import Link

DOORBELL_SECONDS = 5.0
"""A doorbell that nobody has taken for so long is not counted on any more."""


class MemoryQueue:
    """The port `WorkQueue`. `is_alone` says that nobody else takes doorbells: then those that wait serve all."""

    def __init__(self, broker: Broker, link: Link, *, is_alone: bool = True) -> None:
        self._broker, self._link, self._is_alone = broker, link, is_alone
        self._waiting: dict[str, tuple[float, asyncio.Task[None]]] = {}

    async def publish(self, event: InboundEvent, *, again: str = "") -> None:
        """See the port."""
        id_ = "/".join((event.channel, event.address, event.source_id, again))
        await self._send(CHANNEL_EVENTS, event_to_json(event), event.address, id_)

    async def ring(self, pool: str, at: datetime | None = None) -> None:
        """See the port."""
        if at is not None:
            await self._send(WORK, pool.encode(), pool, f"{pool}@{at.isoformat()}", at)
            return
        if not self._is_alone:
            await self._send(WORK, pool.encode(), pool, None)
            return
        rung_at, sending = self._waiting.get(pool, (0.0, None))
        if sending is None or asyncio.get_running_loop().time() - rung_at >= DOORBELL_SECONDS:
            sending = self._ring_now(pool)
        await asyncio.shield(sending)

    def taken(self, pool: str) -> None:
        """See the port."""
        self._waiting.pop(pool, None)

    def _ring_now(self, pool: str) -> asyncio.Task[None]:
        sending = asyncio.create_task(self._send(WORK, pool.encode(), pool, None))
        self._waiting[pool] = (asyncio.get_running_loop().time(), sending)

        def forget_failure(sent: asyncio.Task[None]) -> None:
            failed = sent.cancelled() or sent.exception()
            if failed and self._waiting.get(pool, (0.0, None))[1] is sent:
                del self._waiting[pool]

        sending.add_done_callback(forget_failure)
        return sending

    async def _send(self, queue: str, body: bytes, session: str, id_: str | None, at: datetime | None = None) -> None:
        await self._link.write(
            "queue",
            lambda: self._broker.send(queue, session, body, id_, at),
            lambda: f"{queue}/{session} {id_ or 'ring'}",
        )
