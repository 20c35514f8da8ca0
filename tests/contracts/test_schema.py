"""The SQLite store's tables: an older file is brought to today's shape, and searches go by an index."""

import asyncio
import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from devhost.database import connect
from shared.adapters.embedded.documents import SqliteDocuments
from shared.adapters.embedded.schema import SCHEMA, member
from shared.ports import Container, Write

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
OLD = """
CREATE TABLE "{name}" (
    lsn INTEGER PRIMARY KEY AUTOINCREMENT, partition TEXT NOT NULL, id TEXT NOT NULL, type TEXT NOT NULL,
    sequence INTEGER, expires REAL, document TEXT NOT NULL, UNIQUE (partition, id));
CREATE INDEX "{name}_by_type" ON "{name}" (type, id);
"""


def indexes(path: Path) -> set[str]:
    with closing(connect(path, readonly=True)) as connection:
        rows = connection.execute("SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL").fetchall()
    return {name for (name,) in rows}


async def test_a_file_from_before_the_key_columns_is_searched_as_a_new_one(tmp_path: Path) -> None:
    path = tmp_path / "app.db"
    body = {"status": "active", "owner": {"id": "alice"}, "wait": {"until": "2026-03-02T08:00:00Z"}}
    document = {"id": "c1", "partition": "c1", "type": "conversation", "sequence": None, "body": body}
    with closing(connect(path)) as connection:
        connection.executescript("".join(OLD.format(name=container) for container in Container))
        connection.execute(
            "INSERT INTO conversations (partition, id, type, document) VALUES ('c1', 'c1', 'conversation', ?)",
            (json.dumps(document),),
        )
    for _ in range(2):  # the second time there is nothing left to do
        store = SqliteDocuments(path, lambda: NOW)
        try:
            found = await store.search(
                Container.CONVERSATIONS, "conversation", {"owner.id": "alice", "status": "active"}
            )
            assert [document.body for document in found] == [body]
            late = await store.search(
                Container.CONVERSATIONS, "conversation", {}, below=("wait.until", NOW.isoformat())
            )
            assert [document.id for document in late] == ["c1"]
        finally:
            await store.close()
        assert "conversations_by_type" not in indexes(path)


@pytest.mark.parametrize(
    ("table", "type_", "path", "operator"),
    [
        ("conversations", "conversation", "wait.until", "<"),
        ("conversations", "conversation", "owner.id", "="),
        ("conversations", "conversation", "status", "="),
        ("inbox", "heartbeat", "seen_at", "<"),
    ],
)
def test_a_search_by_a_key_goes_by_an_index(table: str, type_: str, path: str, operator: str) -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript(SCHEMA)
        query = f"SELECT lsn FROM {table} WHERE type = '{type_}' AND {member(type_, path)} {operator} ?"
        plan = " ".join(str(row[-1]) for row in connection.execute(f"EXPLAIN QUERY PLAN {query}", ("x",)))
    assert f"SEARCH {table} USING" in plan and "INDEX" in plan


async def test_a_long_sequence_is_followed_from_any_place(tmp_path: Path) -> None:
    """What is kept in memory ends somewhere; readers from before that place see the same."""
    store = SqliteDocuments(tmp_path / "app.db", lambda: NOW, is_exclusive=True)

    async def follow(after: int) -> list[int]:
        found = await store.page(Container.INBOX, "alice", "notice", after=after, limit=2000)
        return [document.sequence or 0 for document in found]

    try:
        assert await follow(0) == []
        for number in range(1, 1001):
            written = store.commit(Container.INBOX, "alice", [Write(f"n{number}", "notice", {}, sequence=number)])
            if number % 100:
                await written
                continue
            writing = asyncio.ensure_future(written)
            assert await follow(number - 2) in ([number - 1], [number - 1, number])
            await writing
            assert await follow(number - 50) == list(range(number - 49, number + 1))
        for after in (0, 1, 599, 600, 601, 799, 800, 801, 999, 1000):
            assert await follow(after) == list(range(after + 1, 1001))
    finally:
        await store.close()
