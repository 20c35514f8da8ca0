"""One SQLite file, one connection that writes, group commit.

Every change is an operation `fn(connection) -> result`. Operations that wait at the same time share one
transaction and one fsync (WAL, synchronous=FULL); a caller is answered only after the commit. An operation may
run twice (if another one of its group fails, each is repeated alone), so it must not touch anything but the
connection.

Operations run on the event loop's thread, the commit on a thread of its own. A statement takes microseconds; on
another thread it would cost more than that to pass the interpreter lock there and back. Only the disk is waited for.
"""

import asyncio
import logging
import queue
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")
Operation = Callable[[sqlite3.Connection], T]
CommitHook = Callable[[str], None]

GROUP_SIZE_MAX = 128  # so that the event loop is not held up for long
BUSY_TIMEOUT_SECONDS = 10

log = logging.getLogger("devhost.database")

SCHEMA = """
CREATE TABLE IF NOT EXISTS instances (
    key INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, name TEXT NOT NULL, execution TEXT NOT NULL,
    status TEXT NOT NULL, input TEXT, output TEXT, custom_status TEXT, version TEXT NOT NULL DEFAULT '',
    parent TEXT, created REAL NOT NULL, updated REAL NOT NULL);
CREATE INDEX IF NOT EXISTS instances_by_status ON instances (status, key);
CREATE TABLE IF NOT EXISTS history (
    instance INTEGER NOT NULL, seq INTEGER NOT NULL, events BLOB NOT NULL, PRIMARY KEY (instance, seq)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS tasks (
    instance INTEGER NOT NULL, execution TEXT NOT NULL, task INTEGER NOT NULL, name TEXT NOT NULL, input TEXT,
    PRIMARY KEY (instance, execution, task)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS timers (
    instance INTEGER NOT NULL, execution TEXT NOT NULL, timer INTEGER NOT NULL, fire_at REAL NOT NULL,
    PRIMARY KEY (instance, execution, timer)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS inbox (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, instance INTEGER NOT NULL, kind TEXT NOT NULL, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS messages (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, queue TEXT NOT NULL, session TEXT, body BLOB NOT NULL,
    properties BLOB NOT NULL, enqueued REAL NOT NULL, visible REAL NOT NULL, expires REAL,
    deliveries INTEGER NOT NULL DEFAULT 0);
CREATE INDEX IF NOT EXISTS messages_by_queue ON messages (queue, seq);
CREATE TABLE IF NOT EXISTS seen_messages (
    queue TEXT NOT NULL, id TEXT NOT NULL, expires REAL NOT NULL, PRIMARY KEY (queue, id)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS seen_messages_by_time ON seen_messages (expires);
CREATE TABLE IF NOT EXISTS positions (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
"""


def connect(path: Path, *, readonly: bool = False) -> sqlite3.Connection:
    """A connection as every part of the host uses it: explicit transactions, WAL, full synchronisation."""
    uri = f"{path.absolute().as_uri()}{'?mode=ro' if readonly else ''}"
    connection = sqlite3.connect(
        uri,
        uri=True,
        isolation_level=None,
        check_same_thread=False,
        timeout=BUSY_TIMEOUT_SECONDS,
        cached_statements=256,
    )
    if not readonly:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
    return connection


@dataclass(slots=True)
class _Write:
    operation: Operation[Any]
    is_long: bool = False
    future: asyncio.Future[Any] | None = None
    then: Callable[[Any], None] | None = None
    value: Any = None
    error: Exception | None = None


class Database:
    """The host's store. `write` and `read` are for the event loop; `post` is a write nobody waits for."""

    def __init__(
        self, path: Path, loop: asyncio.AbstractEventLoop, hook: CommitHook | None = None, schema: str = SCHEMA
    ) -> None:  # fmt: skip
        """`hook` is called with "before" and "after" around each commit (fault injection in tests)."""
        self._loop = loop
        self._hook = hook
        self._handed_over: queue.SimpleQueue[tuple[list[_Write], bool] | None] = queue.SimpleQueue()
        self._waiting: list[_Write] = []
        self._is_committing = False
        self._closed = False
        self.commits = 0
        self.operations = 0
        self._writer = connect(path)
        self._writer.executescript(schema)
        _be_patient(self._writer, False)
        self._reader = connect(path, readonly=True)
        self._read_pool = ThreadPoolExecutor(1, thread_name_prefix="devhost-reader")
        self._thread = threading.Thread(target=self._run, name="devhost-writer", daemon=True)
        self._thread.start()

    def write(
        self, operation: Operation[T], then: Callable[[T], None] | None = None, *, is_long: bool = False
    ) -> "asyncio.Future[T]":  # fmt: skip
        """Run the operation in the next group; the future ends after its commit.

        `then` is called with the result on the event loop, right after the commit, even if the caller has been
        cancelled in the meantime: what follows from a commit must not be forgotten with whoever asked for it.
        `is_long` keeps an operation of more than some milliseconds off the event loop's thread.
        """
        future: asyncio.Future[T] = self._loop.create_future()
        self._put(_Write(operation, is_long, future, then))
        return future

    def post(self, operation: Operation[Any]) -> None:
        """Run the operation in the next group without waiting; a failure is logged."""
        self._put(_Write(operation))

    async def read(self, operation: Operation[T]) -> T:
        """Run a query on the latest committed state, off the event loop."""
        return await self._loop.run_in_executor(self._read_pool, operation, self._reader)

    async def close(self) -> None:
        """Commit what is queued, then close."""
        last = self.write(lambda _: None)
        self._closed = True
        await asyncio.wait([last])
        self._handed_over.put(None)
        await self._loop.run_in_executor(None, self._thread.join)
        self._read_pool.shutdown()
        self._writer.close()
        self._reader.close()

    def _put(self, write: _Write) -> None:
        if self._closed:
            raise sqlite3.ProgrammingError("the database is closed")
        if not self._waiting and not self._is_committing:
            self._loop.call_soon(self._begin_group)  # what this turn of the event loop writes goes together
        self._waiting.append(write)

    def _begin_group(self) -> None:
        group, self._waiting = self._waiting[:GROUP_SIZE_MAX], self._waiting[GROUP_SIZE_MAX:]
        self._is_committing = True
        self._handed_over.put((group, self._try_here(group)))

    def _end_group(self, group: list[_Write]) -> None:
        _resolve(group)
        self._is_committing = False
        if self._waiting:
            self._loop.call_soon(self._begin_group)  # after those who have just been answered: they may write again

    def _try_here(self, group: list[_Write]) -> bool:
        """Run the operations of a group in a new transaction; False if the thread has to do it, with patience."""
        if any(write.is_long for write in group):
            return False
        try:
            self._begin(group)
        except Exception:
            return False
        return True

    def _run(self) -> None:
        """The thread: it has the connection whenever a group has been handed over."""
        while handed_over := self._handed_over.get():
            group, is_begun = handed_over
            if not (is_begun and self._try_to_end(len(group))):
                _be_patient(self._writer, True)
                self._commit(group)
                _be_patient(self._writer, False)
            self._loop.call_soon_threadsafe(self._end_group, group)

    def _try_to_end(self, size: int) -> bool:
        try:
            self._end(size)
        except Exception:
            return False
        return True

    def _commit(self, group: list[_Write]) -> None:
        """One transaction for the group; if any operation fails, one transaction for each."""
        try:
            self._transaction(group)
        except Exception as error:
            if len(group) == 1:
                group[0].error = error
                return
            for write in group:
                self._commit([write])

    def _transaction(self, group: list[_Write]) -> None:
        self._begin(group)
        self._end(len(group))

    def _begin(self, group: list[_Write]) -> None:
        self._writer.execute("BEGIN IMMEDIATE")
        try:
            for write in group:
                write.value = write.operation(self._writer)
        except BaseException:
            self._roll_back()
            raise

    def _end(self, size: int) -> None:
        try:
            if self._hook:
                self._hook("before")
            self._writer.execute("COMMIT")
        except BaseException:
            self._roll_back()
            raise
        self.commits += 1
        self.operations += size
        if self._hook:
            self._hook("after")

    def _roll_back(self) -> None:
        if self._writer.in_transaction:
            self._writer.execute("ROLLBACK")


def _be_patient(connection: sqlite3.Connection, is_patient: bool) -> None:
    """Whether to wait for another process that writes. The event loop never does."""
    connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_SECONDS * 1000 if is_patient else 0}")


def _resolve(group: list[_Write]) -> None:
    for write in group:
        if write.error is None and write.then:
            try:
                write.then(write.value)
            except Exception as error:  # the others of the group must still hear of their commit
                write.error = error
        if write.future is None:
            if write.error:
                log.error("a posted write failed", exc_info=write.error)
        elif not write.future.done():
            if write.error:
                write.future.set_exception(write.error)
            else:
                write.future.set_result(write.value)
