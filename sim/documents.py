"""The port `Documents` in memory."""

from collections.abc import Mapping, Sequence
from typing import Any

from shared.ports import BATCH_OPERATIONS_MAX, Clock, Container, Document, Unavailable, Write
from sim.link import GoodLink, Link
from sim.store import MemoryStore, as_json


class MemoryDocuments:
    """One process's way to a store."""

    def __init__(self, store: MemoryStore, clock: Clock, link: Link) -> None:
        self._store, self._clock = store, clock
        self._link: Link = link
        self._is_closed = False

    async def read(self, container: Container, partition: str, id_: str) -> Document | None:
        """See the port."""
        await self._reading()
        return self._store.read(container, partition, id_, self._now())

    async def page(
        self, container: Container, partition: str, type_: str, *, after: int = 0, limit: int = 200
    ) -> list[Document]:  # fmt: skip
        """See the port."""
        await self._reading()
        return self._store.page(container, partition, type_, after, limit, self._now())

    async def last(self, container: Container, partition: str, type_: str, upto: int) -> Document | None:
        """See the port."""
        await self._reading()
        return self._store.last(container, partition, type_, upto, self._now())

    async def changes(
        self, container: Container, partition: str, since: str | None, limit: int = 1000, *, unsequenced: bool = False
    ) -> tuple[list[Document], str | None]:  # fmt: skip
        """See the port."""
        await self._reading()
        found = self._store.since(container, partition, int(since or 0), limit, self._now(), unsequenced=unsequenced)
        return found, found[-1].etag if found else since

    async def search(
        self, container: Container, type_: str, where: Mapping[str, str | bool], *,
        below: tuple[str, str] | None = None, before: str | None = None, limit: int = 50,
    ) -> list[Document]:  # fmt: skip
        """See the port."""
        for path in [*where, *([below[0]] if below else [])]:
            if not all(part.isidentifier() for part in path.split(".")):
                raise ValueError(f"{path!r} is not a member's path")
        await self._reading()
        found = [
            document
            for document in self._store.of_type(container, type_, self._now())
            if all(_member(document.body, path) == value for path, value in where.items())
            and (before is None or document.id < before)
            and (below is None or _is_below(_member(document.body, below[0]), below[1]))
        ]
        if below:
            found.sort(key=lambda document: str(_member(document.body, below[0])))
        else:
            found.sort(key=lambda document: document.id, reverse=True)
        return found[:limit]

    async def commit(self, container: Container, partition: str, writes: Sequence[Write]) -> tuple[str, ...]:
        """See the port."""
        if not 0 < len(writes) <= BATCH_OPERATIONS_MAX:
            raise ValueError(f"a batch has 1 to {BATCH_OPERATIONS_MAX} writes, not {len(writes)}")
        bodies = [as_json(write.body) for write in writes]
        self._check_open()

        def apply() -> tuple[str, ...]:
            if self._link.is_overtaken():
                self._store.touch(container, partition, [write.id for write in writes if write.etag is not None])
            return self._store.commit(container, partition, writes, bodies, self._now())

        return await self._link.write(
            "store", apply, lambda: f"{container}/{partition} {' '.join(write.id for write in writes)}"
        )

    async def ping(self) -> None:
        """See the port."""
        await self._reading()

    async def feed(self, container: Container, after: int, limit: int) -> tuple[list[Document], int]:
        """The latest versions of documents written after a position, in order, and the position to go on from."""
        await self._reading()
        found = self._store.since(container, None, after, limit, self._now())
        return found, int(found[-1].etag) if found else after

    async def position(self, sink: str) -> int:
        """How far a sink has come."""
        await self._reading()
        return self._store.position(sink)

    async def keep_position(self, sink: str, position: int) -> None:
        """A sink has come so far."""
        self._check_open()
        await self._link.write("store", lambda: self._store.keep_position(sink, position), lambda: f"lease {sink}")

    async def purge(self) -> int:
        """Forget what has expired; how many documents."""
        return self._store.purge(self._now())

    def close(self) -> None:
        """Answer nobody any more, and let go of what is behind this."""
        self._is_closed = True
        self._store, self._link = MemoryStore(), GoodLink()

    async def _reading(self) -> None:
        self._check_open()
        await self._link.read("store")

    def _check_open(self) -> None:
        if self._is_closed:
            raise Unavailable("the store is closed")

    def _now(self) -> float:
        return self._clock().timestamp()


def _member(body: Mapping[str, Any], path: str) -> Any:
    value: Any = body
    for part in path.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def _is_below(value: Any, limit: str) -> bool:
    return isinstance(value, str) and value < limit
