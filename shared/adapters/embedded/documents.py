"""Documents in SQLite: a table per container, in the shape the embedded host's change feed reads.

Reads run on the event loop's thread: a point read of a page in memory takes 20-30 microseconds, handing it to a thread
takes longer. Writes go through devhost.database, which commits in groups.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson

from devhost.database import Database, connect
from shared.adapters.embedded.latest import LatestDocuments
from shared.adapters.embedded.schema import SCHEMA, keys_of, member, migrate
from shared.adapters.embedded.tails import Tails
from shared.ports import BATCH_OPERATIONS_MAX, Clock, Conflict, Container, Document, Unavailable, Write

_COLUMNS = "id, partition, type, document, lsn, sequence"
PURGE_ROWS_MAX = 5_000
LATEST_MAX = 20_000
TAILS_MAX = 2_000


class SqliteDocuments:
    """The port `Documents` on one file. To be made and used on one event loop.

    `is_exclusive` says that nobody else writes to the file: then what is read again and again comes from memory.
    """

    def __init__(
        self, path: Path, clock: Clock, hook: Callable[[str], None] | None = None, *, is_exclusive: bool = False
    ) -> None:  # fmt: skip
        self._clock = clock
        migrate(path)
        self._latest = LatestDocuments(LATEST_MAX if is_exclusive else 0)
        self._tails = Tails(TAILS_MAX if is_exclusive else 0)
        self._database = Database(path, asyncio.get_running_loop(), hook, SCHEMA)
        self._reader = connect(path, readonly=True)

    async def read(self, container: Container, partition: str, id_: str) -> Document | None:
        """See the port."""
        if known := self._latest.get(container, partition, id_):
            return known
        query = f'SELECT {_COLUMNS} FROM "{container}" WHERE partition = ? AND id = ? AND {_ALIVE}'  # noqa: S608
        rows = self._query(query, partition, id_, self._now())
        return rows[0] if rows else None

    async def page(
        self, container: Container, partition: str, type_: str, *, after: int = 0, limit: int = 200
    ) -> list[Document]:  # fmt: skip
        """See the port."""
        now = self._now()
        known = self._tails.page(container, partition, type_, after, limit, now)
        if known is not None:
            return known
        query = (
            f'SELECT {_COLUMNS}, expires FROM "{container}" WHERE partition = ? AND type = ? AND sequence > ?'  # noqa: S608
            f" AND {_ALIVE} ORDER BY sequence LIMIT ?"
        )
        rows = self._rows(query, partition, type_, after, now, limit)
        found = [(_document(row), row[6]) for row in rows]
        if len(found) < limit:
            self._tails.keep(container, partition, type_, after, found)
        return [document for document, _ in found]

    async def last(self, container: Container, partition: str, type_: str, upto: int) -> Document | None:
        """See the port."""
        query = (
            f'SELECT {_COLUMNS} FROM "{container}" WHERE partition = ? AND type = ? AND sequence <= ? AND {_ALIVE}'  # noqa: S608
            " ORDER BY sequence DESC, lsn DESC LIMIT 1"
        )
        rows = self._query(query, partition, type_, upto, self._now())
        return rows[0] if rows else None

    async def changes(
        self, container: Container, partition: str, since: str | None, limit: int = 1000, *, unsequenced: bool = False
    ) -> tuple[list[Document], str | None]:  # fmt: skip
        """See the port."""
        only = "AND sequence IS NULL" if unsequenced else ""
        query = (
            f'SELECT {_COLUMNS} FROM "{container}" WHERE partition = ? {only} AND lsn > ? AND {_ALIVE}'  # noqa: S608
            " ORDER BY lsn LIMIT ?"
        )
        found = self._query(query, partition, int(since or 0), self._now(), limit)
        return found, found[-1].etag if found else since

    async def search(
        self, container: Container, type_: str, where: Mapping[str, str | bool], *,
        below: tuple[str, str] | None = None, before: str | None = None, limit: int = 50,
    ) -> list[Document]:  # fmt: skip
        """See the port."""
        if not type_.isidentifier():
            raise ValueError(f"{type_!r} is not a type of documents")
        # The type stands in the text, or the partial indexes that are declared with it would not be used.
        conditions = [f"type = '{type_}'", _ALIVE]
        values: list[Any] = [self._now()]
        for name, value in where.items():
            conditions.append(f"{member(type_, name)} = ?")
            values.append(value)
        if below:
            conditions.append(f"{member(type_, below[0])} < ?")
            values.append(below[1])
        if before is not None:
            conditions.append("id < ?")
            values.append(before)
        order = member(type_, below[0]) if below else "id DESC"
        query = f'SELECT {_COLUMNS} FROM "{container}" WHERE {" AND ".join(conditions)} ORDER BY {order} LIMIT ?'  # noqa: S608
        return self._query(query, *values, limit)

    async def commit(self, container: Container, partition: str, writes: Sequence[Write]) -> tuple[str, ...]:
        """See the port."""
        if not 0 < len(writes) <= BATCH_OPERATIONS_MAX:
            raise ValueError(f"a batch has 1 to {BATCH_OPERATIONS_MAX} writes, not {len(writes)}")
        now = self._now()
        rows = [_row(partition, write, now) for write in writes]
        etags = [write.etag for write in writes]

        # Until the commit is told, what comes from memory must not lag behind searches, which see it at once.
        self._latest.begin(container, partition, writes)
        self._tails.begin(container, partition)

        def end(result: tuple[str, ...] | Conflict | None) -> None:
            done = None if isinstance(result, Conflict) else result
            self._latest.end(container, partition, writes, done)
            expiries = [row[4] for row in rows]
            self._tails.end(container, partition, list(zip(writes, done, expiries, strict=True)) if done else [])

        try:
            written = await self._database.write(lambda c: _write(c, container, rows, etags, now), end)
        except sqlite3.Error as error:
            end(None)
            raise Unavailable(f"the store cannot write: {error}") from error
        if isinstance(written, Conflict):
            raise written
        return written

    async def ping(self) -> None:
        """See the port."""
        self._query(f'SELECT {_COLUMNS} FROM "{Container.CONVERSATIONS}" LIMIT 1')  # noqa: S608

    def feed(self, container: Container, after: int, limit: int) -> tuple[list[Document], int]:
        """The latest versions of documents written after a position, in order, and the position to go on from."""
        query = f'SELECT {_COLUMNS} FROM "{container}" WHERE lsn > ? AND {_ALIVE} ORDER BY lsn LIMIT ?'  # noqa: S608
        found = self._query(query, after, self._now(), limit)
        return found, int(found[-1].etag) if found else after

    async def position(self, sink: str) -> int:
        """How far a sink has come."""
        rows = self._reader.execute("SELECT position FROM leases WHERE sink = ?", (sink,)).fetchall()
        return int(rows[0][0]) if rows else 0

    async def keep_position(self, sink: str, position: int) -> None:
        """A sink has come so far."""
        row = (sink, position)
        await self._database.write(lambda c: c.execute("INSERT OR REPLACE INTO leases VALUES (?,?)", row))

    async def purge(self) -> int:
        """Remove what has outlived its time; how many documents that were."""
        now = self._now()

        def operation(connection: sqlite3.Connection) -> int:
            removed = 0
            for container in Container:
                query = (
                    f'DELETE FROM "{container}" WHERE lsn IN'  # noqa: S608
                    f' (SELECT lsn FROM "{container}" WHERE expires <= ? LIMIT {PURGE_ROWS_MAX})'
                )
                removed += connection.execute(query, (now,)).rowcount
            return removed

        return await self._database.write(operation, is_long=True)

    async def close(self) -> None:
        """Commit what is queued, then close."""
        await self._database.close()
        self._reader.close()

    def _now(self) -> float:
        return self._clock().timestamp()

    def _query(self, query: str, *values: Any) -> list[Document]:
        return [_document(row) for row in self._rows(query, *values)]

    def _rows(self, query: str, *values: Any) -> list[Any]:
        try:
            return self._reader.execute(query, values).fetchall()
        except sqlite3.Error as error:
            raise Unavailable(f"the store cannot read: {error}") from error


def _document(row: Sequence[Any]) -> Document:
    id_, partition, type_, document, lsn, sequence = row[:6]
    return Document(id_, partition, type_, orjson.loads(document)["body"], str(lsn), sequence, lsn)


_ALIVE = "(expires IS NULL OR expires > ?)"
Row = tuple[str, str, str, int | None, float | None, str, str | None, str | None, str | None]


def _row(partition: str, write: Write, now: float) -> Row:
    whole = {"id": write.id, "partition": partition, "type": write.type, "sequence": write.sequence, "body": write.body}
    expires = now + write.lives.total_seconds() if write.lives else None
    document = orjson.dumps(whole).decode()
    return partition, write.id, write.type, write.sequence, expires, document, *keys_of(write.type, write.body)


def _write(
    connection: sqlite3.Connection, container: Container, rows: Sequence[Row], etags: Sequence[str | None], now: float
) -> tuple[str, ...] | Conflict:  # fmt: skip
    """All rows or, with a conflict, none.

    The conflict is returned, not raised: an operation that fails makes the others of its group commit one by one.
    """
    is_batch = len(rows) > 1
    if is_batch:
        connection.execute("SAVEPOINT batch")
    written = []
    for index, (row, etag) in enumerate(zip(rows, etags, strict=True)):
        if etag is None:
            lsn = _create(connection, container, row, now)
        else:
            lsn = _replace(connection, container, row, etag, now)
        if lsn is None:
            if is_batch:
                connection.execute("ROLLBACK TO batch")
                connection.execute("RELEASE batch")
            return Conflict(index, exists=etag is None)
        written.append(str(lsn))
    if is_batch:
        connection.execute("RELEASE batch")
    return tuple(written)


_INSERT = """INSERT OR IGNORE INTO "{}" (partition, id, type, sequence, expires, document, key0, key1, key2)
    VALUES (?,?,?,?,?,?,?,?,?)"""


def _create(connection: sqlite3.Connection, container: Container, row: Row, now: float) -> int | None:
    insert = _INSERT.format(container)
    written = connection.execute(insert, row)
    if written.rowcount == 1:
        return written.lastrowid
    query = f'DELETE FROM "{container}" WHERE partition = ? AND id = ? AND NOT {_ALIVE}'  # noqa: S608
    if connection.execute(query, (*row[:2], now)).rowcount != 1:
        return None
    return connection.execute(insert, row).lastrowid


def _replace(connection: sqlite3.Connection, container: Container, row: Row, etag: str, now: float) -> int | None:
    """A replaced row gets a new lsn: that is what the change feed goes by."""
    query = f'DELETE FROM "{container}" WHERE lsn = ? AND partition = ? AND id = ? AND {_ALIVE}'  # noqa: S608
    if connection.execute(query, (int(etag), *row[:2], now)).rowcount != 1:
        return None
    return connection.execute(_INSERT.format(container), row).lastrowid
