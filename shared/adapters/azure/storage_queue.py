"""Storage queues, where Core Tools run the app with Azurite.

Written after the SDK's documentation and its sources; not yet run against Azurite.
"""

import base64
import contextlib
from datetime import UTC, datetime, timedelta

from azure.core.exceptions import AzureError, ResourceExistsError
from azure.storage.queue.aio import QueueClient

from shared.adapters.queues import CHANNEL_EVENTS, WORK, RecentKeys
from shared.ports import InboundEvent, Unavailable
from shared.records.events import event_to_json

VISIBILITY_MAX = timedelta(days=7)


class StorageQueues:
    """The port `WorkQueue`. Bodies are base64, as the queue trigger expects them."""

    def __init__(self, connection: str) -> None:
        self._connection = connection
        self._clients: dict[str, QueueClient] = {}
        self._doorbells = RecentKeys()

    async def publish(self, event: InboundEvent, *, again: str = "") -> None:
        """See the port."""
        await self._send(CHANNEL_EVENTS, event_to_json(event), timedelta())

    async def ring(self, pool: str, at: datetime | None = None) -> None:
        """See the port. Doorbells for one moment are one."""
        key = f"{pool}@{at.isoformat()}" if at else None
        if key is not None and not self._doorbells.is_new(key):
            return
        delay = min(max(at - datetime.now(UTC), timedelta()), VISIBILITY_MAX) if at else timedelta()
        await self._send(WORK, pool.encode(), delay)
        self._doorbells.remember(key)

    def taken(self, pool: str) -> None:
        """See the port. Other processes may take doorbells of this one, so each ring sends one."""

    async def close(self) -> None:
        """Let go of the connections."""
        for client in self._clients.values():
            await client.close()

    async def _send(self, queue: str, body: bytes, delay: timedelta) -> None:
        try:
            client = self._clients.get(queue) or await self._open(queue)
            content = base64.b64encode(body).decode()
            await client.send_message(content, visibility_timeout=int(delay.total_seconds()), time_to_live=-1)
        except AzureError as error:
            raise Unavailable(f"the queue {queue} cannot be written: {error}") from error

    async def _open(self, queue: str) -> QueueClient:
        client = QueueClient.from_connection_string(self._connection, queue)
        with contextlib.suppress(ResourceExistsError):
            await client.create_queue()
        self._clients[queue] = client
        return client
