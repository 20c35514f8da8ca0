"""The adapters of the port `Documents`, each with what its contract needs to control: time, faults, restarts."""

import contextlib
import functools
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any, Protocol

from devhost.database import connect
from shared.adapters.embedded.documents import SqliteDocuments
from shared.ports import Container, Documents
from sim.documents import MemoryDocuments
from sim.link import GoodLink
from sim.store import MemoryStore
from tests.contracts.clock import HandClock
from tests.contracts.cosmos_store import cosmos_store
from tests.devhost.conftest import Disk


class Store(Protocol):
    """One adapter under test."""

    clock: HandClock

    @property
    def documents(self) -> Documents:
        """The adapter, after `reopen` another one."""

    async def reopen(self) -> None:
        """Let go of the store and open it again, as a new process would."""

    async def purge(self) -> int:
        """Remove what has expired now, not some day; how many documents."""

    def fill_disk(self, is_full: bool) -> None:
        """Have writes fail, or succeed again."""

    def feed(self, container: Container) -> list[tuple[int, dict[str, Any]]]:
        """What the change feed shows of a container from its beginning: positions and documents."""


class SqliteStore:
    """The embedded adapter on a file of its own."""

    def __init__(self, path: Path, is_exclusive: bool) -> None:
        self.clock = HandClock()
        self._path, self._disk, self._is_exclusive = path, Disk(), is_exclusive
        self._documents = self._opened()

    @property
    def documents(self) -> SqliteDocuments:
        return self._documents

    async def reopen(self) -> None:
        await self._documents.close()
        self._documents = self._opened()

    async def purge(self) -> int:
        return await self._documents.purge()

    def fill_disk(self, is_full: bool) -> None:
        self._disk.is_full = is_full

    def feed(self, container: Container) -> list[tuple[int, dict[str, Any]]]:
        with contextlib.closing(connect(self._path, readonly=True)) as reader:
            rows = reader.execute(f'SELECT lsn, document FROM "{container}" ORDER BY lsn').fetchall()
        return [(lsn, json.loads(document)) for lsn, document in rows]

    async def close(self) -> None:
        await self._documents.close()

    def _opened(self) -> SqliteDocuments:
        return SqliteDocuments(self._path, self.clock, self._disk, is_exclusive=self._is_exclusive)


@contextlib.asynccontextmanager
async def sqlite_store(folder: Path, is_exclusive: bool = False) -> AsyncIterator[Store]:
    """A fresh file in the folder."""
    store = SqliteStore(folder / "app.db", is_exclusive)
    try:
        yield store
    finally:
        await store.close()


class MemoryStoreBench:
    """The simulator's adapter; what it holds outlives `reopen`, as a file does."""

    def __init__(self) -> None:
        self.clock = HandClock()
        self._store, self._link = MemoryStore(), GoodLink()
        self._documents = self._opened()

    @property
    def documents(self) -> MemoryDocuments:
        return self._documents

    async def reopen(self) -> None:
        self._documents.close()
        self._documents = self._opened()

    async def purge(self) -> int:
        return await self._documents.purge()

    def fill_disk(self, is_full: bool) -> None:
        self._link.is_full = is_full

    def feed(self, container: Container) -> list[tuple[int, dict[str, Any]]]:
        now = self.clock().timestamp()
        found = self._store.since(container, None, 0, 1_000_000, now)
        members = ("id", "partition", "type", "sequence", "body")
        return [(int(document.etag), {name: getattr(document, name) for name in members}) for document in found]

    def _opened(self) -> MemoryDocuments:
        return MemoryDocuments(self._store, self.clock, self._link)


@contextlib.asynccontextmanager
async def memory_store(folder: Path) -> AsyncIterator[Store]:
    """Nothing on disk."""
    yield MemoryStoreBench()


STORES: Mapping[str, Callable[[Path], AbstractAsyncContextManager[Store]]] = {
    "sqlite": sqlite_store,
    "sqlite-exclusive": functools.partial(sqlite_store, is_exclusive=True),
    "memory": memory_store,
    "cosmos": cosmos_store,
}
"""A new adapter is entered here; the whole suite then runs over it."""
OVER_THE_WIRE = frozenset({"cosmos"})
"""These take their time: what asks often is left out of `make check`."""
