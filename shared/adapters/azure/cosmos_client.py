"""The way to a Cosmos DB account: connections, how long is tried again, and what errors mean."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from azure.core.exceptions import AzureError, HttpResponseError
from azure.cosmos.aio import ContainerProxy, CosmosClient
from azure.cosmos.exceptions import CosmosHttpResponseError

from shared.adapters.azure.containers import DATABASE
from shared.adapters.azure.credentials import credential
from shared.ports import Unavailable

OPERATION_SECONDS_MAX = 15.0
"""With everything that is tried again in between."""
THROTTLED_SECONDS_MAX = 5
"""How long in all Retry-After is heeded before the caller is told."""
CONNECT_SECONDS_MAX = 3
READ_SECONDS_MAX = 10
_WRONG = (400, 413)
"""The service would refuse the same again. Every other error may pass."""


class CosmosConnection:
    """One client for one event loop; it is opened by the first call, and again if that failed."""

    def __init__(self, setting: str) -> None:
        self._setting = setting
        self._client: CosmosClient | None = None
        self._containers: dict[str, ContainerProxy] = {}
        self._opening = asyncio.Lock()
        self._is_closed = False

    async def container(self, name: str) -> ContainerProxy:
        """A container that is there. Raises Unavailable; to be called within `answering`."""
        if known := self._containers.get(name):
            return known
        container = (await self.client()).get_database_client(DATABASE).get_container_client(name)
        try:
            await container.read()
        except CosmosHttpResponseError as error:
            if error.status_code != 404:
                raise
            raise Unavailable(
                f"the account has no container {DATABASE}/{name}: `atende cosmos create` makes it"
            ) from None
        return self._containers.setdefault(name, container)

    async def client(self) -> CosmosClient:
        """The open client; to be called within `answering`."""
        async with self._opening:
            if self._is_closed:
                raise Unavailable("the store is closed")
            if self._client is None:
                client = self._made()
                try:
                    await client.__aenter__()
                except BaseException:
                    await client.close()
                    raise
                self._client = client
            return self._client

    async def close(self) -> None:
        """Let go of the connections."""
        async with self._opening:
            self._is_closed = True
            self._containers.clear()
            client, self._client = self._client, None
        if client:
            await client.close()

    def _made(self) -> CosmosClient:
        """What the SDK repeats is bounded here. It repeats writes too, though they may have been done: see `commit`."""
        options: dict[str, Any] = {
            "retry_throttle_total": 20, "retry_throttle_backoff_max": THROTTLED_SECONDS_MAX, "retry_connect": 1,
            "retry_read": 0, "retry_backoff_factor": 0.2, "connection_timeout": CONNECT_SECONDS_MAX,
            "read_timeout": READ_SECONDS_MAX, "enable_compact_utf8_item_writes": True, "user_agent_suffix": "atende",
        }  # fmt: skip
        if self._setting.startswith("https://"):
            return CosmosClient(self._setting, credential(), **options)
        return CosmosClient.from_connection_string(self._setting, **options)


@asynccontextmanager
async def answering(what: str) -> AsyncIterator[None]:
    """Turns what goes wrong into Unavailable, or into ValueError if it would go wrong again."""
    try:
        async with asyncio.timeout(OPERATION_SECONDS_MAX):
            yield
    except HttpResponseError as error:
        if error.status_code in _WRONG:
            raise ValueError(f"{what}: Cosmos DB refuses it: {error.message}") from error
        raise Unavailable(f"{what}: Cosmos DB answers {error.status_code}") from error
    except (AzureError, TimeoutError) as error:
        raise Unavailable(f"{what}: Cosmos DB does not answer: {error}") from error
