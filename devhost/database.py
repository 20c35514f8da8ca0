"""One SQLite file, one writer thread, group commit.

Every change is an operation `fn(connection) -> result`. Operations that wait at the same time share one
transaction and one fsync (WAL, synchronous=FULL); a caller is answered only after the commit. An operation may
run twice (if another one of its group fails, each is repeated alone), so it must not touch anything but the
connection.
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

GROUP_SIZE_MAX = 512
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
        self._pending: queue.SimpleQueue[list[_Write] | None] = queue.SimpleQueue()
        self._turn: list[_Write] = []
        self._closed = False
        self.commits = 0
        self.operations = 0
        self._writer = connect(path)
        self._writer.executescript(schema)
        self._reader = connect(path, readonly=True)
        self._read_pool = ThreadPoolExecutor(1, thread_name_prefix="devhost-reader")
        self._thread = threading.Thread(target=self._run, name="devhost-writer", daemon=True)
        self._thread.start()

    def write(self, operation: Operation[T], then: Callable[[T], None] | None = None) -> "asyncio.Future[T]":
        """Run the operation in the next group; the future ends after its commit.

        `then` is called with the result on the event loop, right after the commit, even if the caller has been
        cancelled in the meantime: what follows from a commit must not be forgotten with whoever asked for it.
        """
        future: asyncio.Future[T] = self._loop.create_future()
        self._put(_Write(operation, future, then))
        return future

    def post(self, operation: Operation[Any]) -> None:
        """Run the operation in the next group without waiting; a failure is logged."""
        self._put(_Write(operation))

    async def read(self, operation: Operation[T]) -> T:
        """Run a query on the latest committed state, off the event loop."""
        return await self._loop.run_in_executor(self._read_pool, operation, self._reader)

    async def close(self) -> None:
        """Commit what is queued, then close."""
        self._closed = True
        self._hand_over()
        self._pending.put(None)
        await self._loop.run_in_executor(None, self._thread.join)
        self._read_pool.shutdown()
        self._writer.close()
        self._reader.close()

    def _put(self, write: _Write) -> None:
        if self._closed:
            raise sqlite3.ProgrammingError("the database is closed")
        if not self._turn:
            # Once per turn of the event loop: each wake-up of the writer costs both threads the interpreter lock.
            self._loop.call_soon(self._hand_over)
        self._turn.append(write)

    def _hand_over(self) -> None:
        if self._turn:
            self._pending.put(self._turn)
            self._turn = []

    def _run(self) -> None:
        while (group := self._pending.get()) is not None:
            while len(group) < GROUP_SIZE_MAX and not self._pending.empty():
                more = self._pending.get()
                if more is None:
                    self._pending.put(None)
                    break
                group += more
            self._commit(group)
            self._loop.call_soon_threadsafe(_resolve, group)

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
        self._writer.execute("BEGIN IMMEDIATE")
        try:
            for write in group:
                write.value = write.operation(self._writer)
            if self._hook:
                self._hook("before")
            self._writer.execute("COMMIT")
        except BaseException:
            if self._writer.in_transaction:
                self._writer.execute("ROLLBACK")
            raise
        self.commits += 1
        self.operations += len(group)
        if self._hook:
            self._hook("after")


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
