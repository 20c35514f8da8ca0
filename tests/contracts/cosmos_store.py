"""The Cosmos DB adapter over the wire: the official SDK talks to the peer of tests/peers."""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from shared.adapters.azure import cosmos_setup
from shared.adapters.azure.containers import DATABASE
from shared.adapters.azure.cosmos import CosmosDocuments
from shared.ports import Container
from tests.contracts.clock import HandClock
from tests.peers.cosmos import CosmosPeer, Fault

ALWAYS = 1_000_000
PARTITION_IS_FULL = {"x-ms-substatus": "1014"}


class CosmosStore:
    """An account of its own."""

    def __init__(self, peer: CosmosPeer, clock: HandClock) -> None:
        self.clock, self.peer = clock, peer
        self._documents = CosmosDocuments(peer.connection)

    @property
    def documents(self) -> CosmosDocuments:
        return self._documents

    async def reopen(self) -> None:
        await self._documents.close()
        self._documents = CosmosDocuments(self.peer.connection)

    async def purge(self) -> int:
        """The account does it by itself; the adapter has nothing to do."""
        assert await self._documents.purge() == 0
        return sum(container.expire() for container in self.peer.account.database(DATABASE).values())

    def fill_disk(self, is_full: bool) -> None:
        full = Fault(403, ALWAYS, PARTITION_IS_FULL, is_write_only=True)
        self.peer.inject(full if is_full else None)

    def feed(self, container: Container) -> list[tuple[int, dict[str, Any]]]:
        items = self.peer.account.container(DATABASE, container).items()
        members = ("id", "partition", "type", "sequence", "body")
        return [(item.order, {name: item.content[name] for name in members}) for item in items]


@contextlib.asynccontextmanager
async def cosmos_store(folder: Path) -> AsyncIterator[CosmosStore]:
    """Nothing on disk."""
    clock = HandClock()
    async with CosmosPeer(clock).serving() as peer:
        await cosmos_setup.create(peer.connection)
        store = CosmosStore(peer, clock)
        try:
            yield store
        finally:
            await store.documents.close()
