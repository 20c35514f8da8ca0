"""What the engine keeps, and the one transaction that ends each tick."""

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import orjson

from devhost.durable.history import Status

COLUMNS = "key, id, name, execution, status, input, output, custom_status, version, parent, created, updated"
OPEN = tuple(str(status) for status in Status if status.is_open)
_OPEN_MARKS = ",".join("?" * len(OPEN))
PAGE_SIZE_DEFAULT = 100


class Record(NamedTuple):
    """A row of `instances`; input, output, custom status and parent are JSON texts, times are Unix seconds."""

    key: int
    id: str
    name: str
    execution: str
    status: Status
    input: str | None
    output: str | None
    custom_status: str | None
    version: str
    parent: str | None
    created: float
    updated: float


@dataclass(frozen=True)
class NewInstance:
    """An instance to start."""

    id: str
    name: str
    execution: str
    input: str | None
    version: str
    parent: str | None
    at: float


@dataclass
class TickChange:
    """All that one tick changes. `before` is the instance that ticked; `chunk` its new episode as JSON events."""

    before: Record
    after: Record
    chunk_seq: int
    chunk: bytes = b""
    consumed: list[int] = field(default_factory=list)
    finished_tasks: list[int] = field(default_factory=list)
    finished_timers: list[int] = field(default_factory=list)
    tasks: list[tuple[int, str, str | None]] = field(default_factory=list)
    timers: list[tuple[int, float]] = field(default_factory=list)
    children: list[tuple[int, NewInstance]] = field(default_factory=list)
    ends: bool = False
    report: tuple[int, bytes] | None = None


@dataclass(frozen=True)
class TickResult:
    """What the commit has found: children started, own messages about refused ones, the parent's message."""

    started: list[Record]
    refused: list[tuple[int, bytes]]
    report_seq: int | None


class AlreadyRunning(Exception):
    """An instance of that id is still open."""


def record(row: Sequence[Any]) -> Record:
    """A row as a record."""
    return Record._make([*row[:4], Status(row[4]), *row[5:]])


def find(instance_id: str) -> Callable[[sqlite3.Connection], Record | None]:
    """The instance of that id."""

    def query(connection: sqlite3.Connection) -> Record | None:
        row = connection.execute(f"SELECT {COLUMNS} FROM instances WHERE id = ?", (instance_id,)).fetchone()  # noqa: S608
        return record(row) if row else None

    return query


def load(key: int) -> Callable[[sqlite3.Connection], tuple[Record | None, list[bytes]]]:
    """An instance with its history."""

    def query(connection: sqlite3.Connection) -> tuple[Record | None, list[bytes]]:
        row = connection.execute(f"SELECT {COLUMNS} FROM instances WHERE key = ?", (key,)).fetchone()  # noqa: S608
        chunks = connection.execute("SELECT events FROM history WHERE instance = ? ORDER BY seq", (key,)).fetchall()
        return (record(row) if row else None), [chunk for (chunk,) in chunks]

    return query


class Unfinished(NamedTuple):
    """What the store holds as to be done: rows of tasks, timers and inbox, and the keys of instances not begun."""

    tasks: list[tuple[int, str, int, str, str | None]]
    timers: list[tuple[int, str, int, float]]
    inbox: list[tuple[int, int, str, bytes]]
    unbegun: list[int]


def unfinished(key: int | None) -> Callable[[sqlite3.Connection], Unfinished]:
    """What is to be done: for one instance, or (None) for all."""

    def query(connection: sqlite3.Connection) -> Unfinished:
        def rows(columns: str, table: str, order: str) -> list[Any]:
            return connection.execute(
                f"SELECT {columns} FROM {table} WHERE :key IS NULL OR instance = :key ORDER BY {order}",  # noqa: S608
                {"key": key},
            ).fetchall()

        unbegun = connection.execute(
            f"SELECT key FROM instances i WHERE status IN ({_OPEN_MARKS}) AND (? IS NULL OR key = ?) "  # noqa: S608
            "AND NOT EXISTS (SELECT 1 FROM history WHERE instance = i.key)",
            (*OPEN, key, key),
        )
        return Unfinished(
            rows("instance, execution, task, name, input", "tasks", "instance, task"),
            rows("instance, execution, timer, fire_at", "timers", "fire_at"),
            rows("instance, seq, kind, body", "inbox", "seq"),
            [row[0] for row in unbegun],
        )

    return query


def tidy(connection: sqlite3.Connection) -> None:
    """Drop messages that came too late for their instance."""
    connection.execute(
        f"DELETE FROM inbox WHERE instance NOT IN (SELECT key FROM instances WHERE status IN ({_OPEN_MARKS}))",  # noqa: S608
        OPEN,
    )


def start(connection: sqlite3.Connection, new: NewInstance) -> Record:
    """Insert an instance, replacing a finished one of the same id; AlreadyRunning if that one is open."""
    existing = find(new.id)(connection)
    if existing:
        if existing.status.is_open:
            raise AlreadyRunning(f"An Orchestration instance with the status {existing.status} already exists.")
        delete(connection, [existing.key])
    cursor = connection.execute(
        "INSERT INTO instances (id, name, execution, status, input, version, parent, created, updated) "
        "VALUES (?,?,?,?,?,?,?,?,?)",
        (new.id, new.name, new.execution, Status.PENDING, new.input, new.version, new.parent, new.at, new.at),
    )
    return Record(
        cursor.lastrowid or 0, new.id, new.name, new.execution, Status.PENDING, new.input, None, None, new.version,
        new.parent, new.at, new.at,
    )  # fmt: skip


def delete(connection: sqlite3.Connection, keys: Iterable[int]) -> None:
    """Remove instances and all that belongs to them."""
    rows = [(key,) for key in keys]
    connection.executemany("DELETE FROM instances WHERE key = ?", rows)
    for table in ("history", "tasks", "timers", "inbox"):
        connection.executemany(f"DELETE FROM {table} WHERE instance = ?", rows)  # noqa: S608


def post(connection: sqlite3.Connection, key: int, kind: str, body: bytes) -> int | None:
    """Put a message into an open instance's inbox; its sequence number, None if the instance is not open."""
    cursor = connection.execute(
        f"""INSERT INTO inbox (instance, kind, body)
            SELECT key, ?, ? FROM instances WHERE key = ? AND status IN ({_OPEN_MARKS})""",  # noqa: S608
        (kind, body, key, *OPEN),
    )
    return cursor.lastrowid if cursor.rowcount else None


def finish_task(connection: sqlite3.Connection, key: int, execution: str, task: int) -> None:
    """Forget a task whose execution has ended before it."""
    connection.execute("DELETE FROM tasks WHERE instance = ? AND execution = ? AND task = ?", (key, execution, task))


def child_report(execution: str, task: int, succeeded: bool, value: str | None) -> bytes:
    """The message that tells a parent how its child ended; `value` is JSON if it succeeded, else the reason."""
    return bytes(orjson.dumps([execution, task, succeeded, value]))


def apply(connection: sqlite3.Connection, change: TickChange) -> TickResult:
    """Write a tick."""
    key, execution = change.before.key, change.before.execution
    if change.consumed:
        connection.executemany("DELETE FROM inbox WHERE seq = ?", [(seq,) for seq in change.consumed])
    for task in change.finished_tasks:
        finish_task(connection, key, execution, task)
    if change.tasks:
        connection.executemany(
            "INSERT INTO tasks VALUES (?,?,?,?,?)", [(key, execution, *task) for task in change.tasks]
        )
    for timer in change.finished_timers:
        connection.execute(
            "DELETE FROM timers WHERE instance = ? AND execution = ? AND timer = ?", (key, execution, timer)
        )
    if change.ends:
        connection.execute("DELETE FROM timers WHERE instance = ?", (key,))
    elif change.timers:
        connection.executemany(
            "INSERT INTO timers VALUES (?,?,?,?)", [(key, execution, *timer) for timer in change.timers]
        )
    if change.after.execution != execution:
        connection.execute("DELETE FROM history WHERE instance = ?", (key,))
    else:
        connection.execute("INSERT INTO history VALUES (?,?,?)", (key, change.chunk_seq, change.chunk))
    _update(connection, change.after)
    started, refused = _start_children(connection, change)
    report_seq = post(connection, change.report[0], "child", change.report[1]) if change.report else None
    return TickResult(started, refused, report_seq)


def _update(connection: sqlite3.Connection, row: Record) -> None:
    connection.execute(
        "UPDATE instances SET execution = ?, status = ?, input = ?, output = ?, custom_status = ?, updated = ? "
        "WHERE key = ?",
        (row.execution, row.status, row.input, row.output, row.custom_status, row.updated, row.key),
    )
    if not row.status.is_open:
        connection.execute("DELETE FROM inbox WHERE instance = ?", (row.key,))


def _start_children(connection: sqlite3.Connection, change: TickChange) -> tuple[list[Record], list[tuple[int, bytes]]]:
    started: list[Record] = []
    refused: list[tuple[int, bytes]] = []
    for task, child in change.children:
        try:
            started.append(start(connection, child))
        except AlreadyRunning as error:
            body = child_report(change.before.execution, task, False, str(error))
            if seq := post(connection, change.before.key, "child", body):
                refused.append((seq, body))
    return started, refused


@dataclass(frozen=True)
class Filter:
    """Which instances a listing or purge is about; times are Unix seconds."""

    created_from: float | None = None
    created_to: float | None = None
    statuses: tuple[str, ...] = ()
    id_prefix: str = ""
    after_key: int = 0
    key: int | None = None

    def where(self) -> tuple[str, list[Any]]:
        """The SQL condition and its arguments."""
        terms, arguments = ["key > ?"], [self.after_key]
        values: list[Any] = arguments
        if self.created_from is not None:
            terms.append("created >= ?")
            values.append(self.created_from)
        if self.created_to is not None:
            terms.append("created <= ?")
            values.append(self.created_to)
        if self.statuses:
            terms.append(f"status IN ({','.join('?' * len(self.statuses))})")
            values.extend(self.statuses)
        if self.key is not None:
            terms.append("key = ?")
            values.append(self.key)
        if self.id_prefix:
            terms.append("substr(id, 1, ?) = ?")
            values.extend([len(self.id_prefix), self.id_prefix])
        return " AND ".join(terms), values


def listing(wanted: Filter, size: int) -> Callable[[sqlite3.Connection], list[Record]]:
    """A page of instances in the order of their creation."""
    condition, arguments = wanted.where()

    def query(connection: sqlite3.Connection) -> list[Record]:
        rows = connection.execute(
            f"SELECT {COLUMNS} FROM instances WHERE {condition} ORDER BY key LIMIT ?",  # noqa: S608
            (*arguments, size),
        )
        return [record(row) for row in rows]

    return query


def purge(wanted: Filter) -> Callable[[sqlite3.Connection], int]:
    """Delete the finished instances among the wanted ones; how many there were."""
    condition, arguments = wanted.where()

    def operation(connection: sqlite3.Connection) -> int:
        rows = connection.execute(
            f"SELECT key FROM instances WHERE {condition} AND status NOT IN ({_OPEN_MARKS})",  # noqa: S608
            (*arguments, *OPEN),
        ).fetchall()
        delete(connection, [key for (key,) in rows])
        return len(rows)

    return operation
