"""What the engine keeps, and the one transaction that ends each tick. All functions are operations on a connection."""

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import orjson

from devhost.durable.history import Status

_COLUMNS = "key, id, name, execution, status, input, output, custom_status, version, parent, created, updated"
_OPEN = "('Pending', 'Running', 'Suspended')"


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


def new_record(
    id_: str, name: str, execution: str, input_: str | None, version: str, parent: str | None, at: float
) -> Record:
    """An instance to be started; it gets its key from the store."""
    return Record(0, id_, name, execution, Status.PENDING, input_, None, None, version, parent, at, at)


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
    children: list[tuple[int, Record]] = field(default_factory=list)
    ends: bool = False
    report: tuple[int, bytes] | None = None


class TickResult(NamedTuple):
    """What the commit has found: children started, own messages about refused ones, the parent's message."""

    started: list[Record]
    refused: list[tuple[int, bytes]]
    report_seq: int | None


class Unfinished(NamedTuple):
    """What is to be done: rows of tasks, timers and inbox, and the keys of instances not begun."""

    tasks: list[tuple[int, str, int, str, str | None]]
    timers: list[tuple[int, str, int, float]]
    inbox: list[tuple[int, int, str, bytes]]
    unbegun: list[int]


class AlreadyRunning(Exception):
    """An instance of that id is still open."""


@dataclass(frozen=True)
class Filter:
    """Which instances a listing or purge is about; times are Unix seconds."""

    created_from: float = 0.0
    created_to: float = float("inf")
    statuses: tuple[str, ...] = ()
    id_prefix: str = ""
    after_key: int = 0


def instances(connection: sqlite3.Connection, condition: str, *arguments: Any) -> list[Record]:
    """The instances that an SQL condition selects."""
    rows = connection.execute(f"SELECT {_COLUMNS} FROM instances WHERE {condition}", arguments)  # noqa: S608  # ours
    return [Record._make([*row[:4], Status(row[4]), *row[5:]]) for row in rows]


def find(connection: sqlite3.Connection, instance_id: str) -> Record | None:
    """The instance of that id."""
    return next(iter(instances(connection, "id = ?", instance_id)), None)


def load(connection: sqlite3.Connection, key: int) -> tuple[Record | None, list[bytes]]:
    """An instance with the chunks of its history."""
    chunks = connection.execute("SELECT events FROM history WHERE instance = ? ORDER BY seq", (key,))
    return next(iter(instances(connection, "key = ?", key)), None), [chunk for (chunk,) in chunks]


def select(connection: sqlite3.Connection, wanted: Filter, size: int) -> list[Record]:
    """A page of instances, in the order of their creation."""
    return instances(
        connection,
        "key > ? AND created BETWEEN ? AND ? AND substr(id, 1, ?) = ? "
        "AND (? OR status IN (SELECT value FROM json_each(?))) ORDER BY key LIMIT ?",
        wanted.after_key, wanted.created_from, wanted.created_to, len(wanted.id_prefix), wanted.id_prefix,
        not wanted.statuses, orjson.dumps(wanted.statuses).decode(), size,
    )  # fmt: skip


def purge(connection: sqlite3.Connection, found: Iterable[Record]) -> int:
    """Remove those instances that have ended, with all that belongs to them; how many there were."""
    rows = [(record.key,) for record in found if not record.status.is_open]
    connection.executemany("DELETE FROM instances WHERE key = ?", rows)
    for table in ("history", "timers", "inbox"):
        connection.executemany(f"DELETE FROM {table} WHERE instance = ?", rows)  # noqa: S608
    return len(rows)


def unfinished(connection: sqlite3.Connection, key: int | None) -> Unfinished:
    """What is to be done: for one instance, or (None) for all."""

    def rows(columns: str, table: str, order: str) -> list[Any]:
        query = f"SELECT {columns} FROM {table} WHERE :key IS NULL OR instance = :key ORDER BY {order}"  # noqa: S608
        return connection.execute(query, {"key": key}).fetchall()

    begun = "EXISTS (SELECT 1 FROM history WHERE instance = instances.key)"
    unbegun = instances(connection, f"status IN {_OPEN} AND (?1 IS NULL OR key = ?1) AND NOT {begun}", key)
    return Unfinished(
        rows("instance, execution, task, name, input", "tasks", "instance, task"),
        rows("instance, execution, timer, fire_at", "timers", "fire_at"),
        rows("instance, seq, kind, body", "inbox", "seq"),
        [record.key for record in unbegun],
    )


def tidy(connection: sqlite3.Connection) -> None:
    """Drop messages that came too late for their instance."""
    connection.execute(f"DELETE FROM inbox WHERE instance NOT IN (SELECT key FROM instances WHERE status IN {_OPEN})")  # noqa: S608


def start(connection: sqlite3.Connection, new: Record) -> Record:
    """Insert an instance, replacing a finished one of the same id; AlreadyRunning if that one is open."""
    existing = find(connection, new.id)
    if existing and existing.status.is_open:
        raise AlreadyRunning(f"An Orchestration instance with the status {existing.status} already exists.")
    if existing:
        purge(connection, [existing])
    marks = ",".join("?" * (len(Record._fields) - 1))
    cursor = connection.execute(f"INSERT INTO instances ({_COLUMNS[5:]}) VALUES ({marks})", new[1:])  # noqa: S608
    return new._replace(key=cursor.lastrowid or 0)


def post(connection: sqlite3.Connection, key: int, kind: str, body: bytes) -> int | None:
    """Put a message into an open instance's inbox; its sequence number, None if the instance is not open."""
    cursor = connection.execute(
        f"""INSERT INTO inbox (instance, kind, body)
            SELECT key, ?, ? FROM instances WHERE key = ? AND status IN {_OPEN}""",  # noqa: S608
        (kind, body, key),
    )
    return cursor.lastrowid if cursor.rowcount else None


def post_to(connection: sqlite3.Connection, instance_id: str, kind: str, body: bytes) -> tuple[int, int | None] | None:
    """The same by id: the instance's key and the sequence number; None if there is no such instance."""
    row = connection.execute("SELECT key FROM instances WHERE id = ?", (instance_id,)).fetchone()
    return (row[0], post(connection, row[0], kind, body)) if row else None


def finish_task(connection: sqlite3.Connection, key: int, execution: str, task: int) -> None:
    """Forget a task."""
    connection.execute("DELETE FROM tasks WHERE (instance, execution, task) = (?, ?, ?)", (key, execution, task))


def child_report(execution: str, task: int, succeeded: bool, value: str | None) -> bytes:
    """The message that tells a parent how its child ended; `value` is JSON if it succeeded, else the reason."""
    return orjson.dumps([execution, task, succeeded, value])


def apply(connection: sqlite3.Connection, change: TickChange) -> TickResult:
    """Write a tick. Tasks outlive their execution: what was scheduled runs, even if nobody waits for it any more."""
    key, execution = change.before.key, change.before.execution
    if change.consumed:
        connection.executemany("DELETE FROM inbox WHERE seq = ?", [(seq,) for seq in change.consumed])
    for task in change.finished_tasks:
        finish_task(connection, key, execution, task)
    if change.tasks:
        connection.executemany("INSERT INTO tasks VALUES (?,?,?,?,?)", [(key, execution, *t) for t in change.tasks])
    for timer in change.finished_timers:
        connection.execute(
            "DELETE FROM timers WHERE instance = ? AND execution = ? AND timer = ?", (key, execution, timer)
        )
    if change.ends:
        connection.execute("DELETE FROM timers WHERE instance = ?", (key,))
    elif change.timers:
        connection.executemany("INSERT INTO timers VALUES (?,?,?,?)", [(key, execution, *t) for t in change.timers])
    if change.after.execution != execution:
        connection.execute("DELETE FROM history WHERE instance = ?", (key,))
    else:
        connection.execute("INSERT INTO history VALUES (?,?,?)", (key, change.chunk_seq, change.chunk))
    if change.after._replace(updated=change.before.updated) == change.before:
        connection.execute("UPDATE instances SET updated = ? WHERE key = ?", (change.after.updated, key))
    else:
        _update(connection, change.after)
    started, refused = _start_children(connection, change)
    report_seq = post(connection, change.report[0], "child", change.report[1]) if change.report else None
    return TickResult(started, refused, report_seq)


def _update(connection: sqlite3.Connection, row: Record) -> None:
    connection.execute(
        "UPDATE instances SET (execution, status, input, output, custom_status, updated) = (?,?,?,?,?,?) WHERE key = ?",
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
