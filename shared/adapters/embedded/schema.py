"""The tables of the SQLite store: one per container, in the shape that the embedded host's change feed reads."""

import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from devhost.database import connect
from shared.ports import Container

KEYS: Mapping[str, tuple[str, ...]] = {"conversation": ("wait.until", "owner.id", "status"), "heartbeat": ("seen_at",)}
"""Members by which documents of a type are searched. They lie in columns: an index over an expression would parse the
whole document each time."""

_TABLE = """
CREATE TABLE IF NOT EXISTS "{name}" (
    lsn INTEGER PRIMARY KEY AUTOINCREMENT, partition TEXT NOT NULL, id TEXT NOT NULL, type TEXT NOT NULL,
    sequence INTEGER, expires REAL, document TEXT NOT NULL, key0 TEXT, key1 TEXT, key2 TEXT, UNIQUE (partition, id));
CREATE INDEX IF NOT EXISTS "{name}_by_sequence" ON "{name}" (partition, type, sequence) WHERE sequence IS NOT NULL;
CREATE INDEX IF NOT EXISTS "{name}_by_expiry" ON "{name}" (expires) WHERE expires IS NOT NULL;
"""
# Only types that are searched have an index of their own: messages, events and notices are many and never are.
_OTHERS = """
CREATE TABLE IF NOT EXISTS leases (sink TEXT PRIMARY KEY, position INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS conversations_by_id ON conversations (id) WHERE type = 'conversation';
CREATE INDEX IF NOT EXISTS conversations_waiting ON conversations (key0) WHERE type = 'conversation';
CREATE INDEX IF NOT EXISTS conversations_owned ON conversations (key1, key2, id) WHERE type = 'conversation';
CREATE INDEX IF NOT EXISTS conversations_in_status ON conversations (key2, id) WHERE type = 'conversation';
CREATE INDEX IF NOT EXISTS routing_records ON routing (partition, lsn) WHERE sequence IS NULL;
CREATE INDEX IF NOT EXISTS inbox_heartbeats ON inbox (key0) WHERE type = 'heartbeat';
CREATE INDEX IF NOT EXISTS dead_letters_by_id ON "deadLetters" (id) WHERE type = 'deadLetter';
"""
SCHEMA = "".join(_TABLE.format(name=container) for container in Container) + _OTHERS
_INDEXES_BEFORE_KEYS = ("conversations_by_wait", "conversations_by_owner", "conversations_by_status",
                        "inbox_by_heartbeat", *(f"{container}_by_type" for container in Container))  # fmt: skip


def member(type_: str, path: str) -> str:
    """The expression that reads a member such as "wait.until" of documents of a type."""
    if not all(part.isidentifier() for part in path.split(".")):
        raise ValueError(f"{path!r} is not a member's path")
    keys = KEYS.get(type_, ())
    return f"key{keys.index(path)}" if path in keys else f"json_extract(document, '$.body.{path}')"


def keys_of(type_: str, body: Mapping[str, Any]) -> tuple[str | None, str | None, str | None]:
    """The values of the key columns."""
    paths = KEYS.get(type_)
    if paths is None:
        return None, None, None
    key0, key1, key2, *_ = (*(_key(body, path) for path in paths), None, None, None)
    return key0, key1, key2


def migrate(path: Path) -> None:
    """Bring a file that was written before there were key columns to today's shape, all or nothing."""
    if not path.exists():
        return
    connection = connect(path)
    try:
        tables = [container for container in Container if _lacks_keys(connection, container)]
        if tables:
            connection.execute("BEGIN IMMEDIATE")
            for container in tables:
                _add_keys(connection, container)
            for index in _INDEXES_BEFORE_KEYS:
                connection.execute(f'DROP INDEX IF EXISTS "{index}"')
            connection.execute("COMMIT")
    finally:
        connection.close()


def _lacks_keys(connection: sqlite3.Connection, container: Container) -> bool:
    columns = [row[1] for row in connection.execute(f'PRAGMA table_info("{container}")')]
    return bool(columns) and "key0" not in columns


def _add_keys(connection: sqlite3.Connection, container: Container) -> None:
    for number in range(3):
        connection.execute(f'ALTER TABLE "{container}" ADD COLUMN key{number} TEXT')
    for type_, paths in KEYS.items():
        for number, path in enumerate(paths):
            value = f"json_extract(document, '$.body.{path}')"
            connection.execute(f'UPDATE "{container}" SET key{number} = {value} WHERE type = ?', (type_,))  # noqa: S608


def _key(body: Mapping[str, Any], path: str) -> str | None:
    value: Any = body
    for part in path.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value if isinstance(value, str) else None
