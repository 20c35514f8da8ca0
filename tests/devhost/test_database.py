"""Group commit: who runs operations, what a failing one does to the others, and who waits for whom."""

import asyncio
import functools
import sqlite3
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from devhost.database import GROUP_SIZE_MAX, Database, connect
from tests.devhost.conftest import Disk, eventually

SCHEMA = "CREATE TABLE IF NOT EXISTS notes (text TEXT PRIMARY KEY)"


@pytest.fixture
def disk() -> Disk:
    return Disk()


@pytest.fixture
async def database(tmp_path: Path, disk: Disk) -> AsyncIterator[Database]:
    database = Database(tmp_path / "x.db", asyncio.get_running_loop(), disk, SCHEMA)
    yield database
    await database.close()


def note(connection: sqlite3.Connection, text: str) -> str:
    connection.execute("INSERT INTO notes VALUES (?)", (text,))
    return text


def stored(path: Path) -> list[str]:
    connection = connect(path, readonly=True)
    try:
        return [text for (text,) in connection.execute("SELECT text FROM notes ORDER BY text")]
    finally:
        connection.close()


async def test_what_is_written_in_one_turn_is_committed_together(database: Database, tmp_path: Path) -> None:
    written = await asyncio.gather(*(database.write(functools.partial(note, text=f"{n:02}")) for n in range(20)))
    assert written == stored(tmp_path / "x.db") == [f"{n:02}" for n in range(20)]
    assert (database.commits, database.operations) == (1, 20)


async def test_a_group_is_bounded(database: Database, tmp_path: Path) -> None:
    count = 2 * GROUP_SIZE_MAX + 1
    await asyncio.gather(*(database.write(functools.partial(note, text=f"{n:04}")) for n in range(count)))
    assert len(stored(tmp_path / "x.db")) == count
    assert database.commits == 3


async def test_an_operation_that_fails_takes_no_other_with_it(database: Database, tmp_path: Path) -> None:
    texts = ["a", "b", "b", "c"]
    results = await asyncio.gather(
        *(database.write(functools.partial(note, text=text)) for text in texts), return_exceptions=True
    )
    assert [result for result in results if isinstance(result, str)] == ["a", "b", "c"]
    assert isinstance(results[2], sqlite3.IntegrityError)
    assert stored(tmp_path / "x.db") == ["a", "b", "c"]


async def test_a_commit_that_fails_is_told_and_leaves_nothing(database: Database, disk: Disk, tmp_path: Path) -> None:
    told: list[str] = []
    disk.is_full = True
    with pytest.raises(sqlite3.OperationalError, match="full"):
        await database.write(lambda c: note(c, "a"), told.append)
    assert stored(tmp_path / "x.db") == told == []
    disk.is_full = False
    await database.write(lambda c: note(c, "a"), told.append)
    assert stored(tmp_path / "x.db") == told == ["a"]


async def test_another_process_that_writes_is_waited_for_off_the_event_loop(
    database: Database, tmp_path: Path
) -> None:  # fmt: skip
    other = connect(tmp_path / "x.db")
    other.execute("BEGIN IMMEDIATE")
    writing = asyncio.ensure_future(database.write(lambda c: note(c, "a")))
    for _ in range(20):
        await asyncio.sleep(0.005)  # the event loop goes on meanwhile
    assert not writing.done()
    other.execute("ROLLBACK")
    other.close()
    assert await writing == "a"


async def test_a_long_operation_runs_on_the_other_thread(database: Database) -> None:
    here = threading.get_ident()
    assert await database.write(lambda _: threading.get_ident()) == here
    assert await database.write(lambda _: threading.get_ident(), is_long=True) != here


async def test_those_who_are_answered_may_write_at_once(database: Database, tmp_path: Path) -> None:
    """A callback after a commit writes; so does who waited for it, and who comes in between."""
    written: list[str] = []

    def then(text: str) -> None:
        database.write(lambda c: note(c, f"{text} then"), written.append)

    async def chain(text: str) -> None:
        for number in range(5):
            await database.write(functools.partial(note, text=f"{text}{number}"), then)

    await asyncio.gather(*(chain(text) for text in "abc"))
    await eventually(lambda: len(written) == 15)
    assert len(stored(tmp_path / "x.db")) == 30


async def test_closing_commits_what_waits_and_refuses_the_rest(tmp_path: Path) -> None:
    database = Database(tmp_path / "x.db", asyncio.get_running_loop(), None, SCHEMA)
    writing = [asyncio.ensure_future(database.write(functools.partial(note, text=str(n)))) for n in range(3)]
    closing = asyncio.create_task(database.close())
    await asyncio.sleep(0)
    with pytest.raises(sqlite3.ProgrammingError):
        database.write(lambda c: note(c, "late"))
    await closing
    assert await asyncio.gather(*writing) == stored(tmp_path / "x.db") == ["0", "1", "2"]
