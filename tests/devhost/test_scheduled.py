"""Timers with a clock that the test moves, and change feeds over real SQLite files."""

import asyncio
import contextlib
import functools
import json
import operator
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import azure.durable_functions as df
import azure.functions as func
import pytest

from devhost import listeners, scheduled
from devhost.config import HostConfig, HostJson
from devhost.database import Database
from devhost.errors import HostError
from devhost.host import Host
from devhost.invoker import Invoker
from devhost.loader import index
from devhost.queues import Message, QueueStore
from devhost.scheduled import TimerTrigger, retry_delay
from tests.devhost.conftest import Disk, eventually, running

HOURLY = "0 0 * * * *"


def config(tmp_path: Path, feed: str = "devhost:feed.db") -> HostConfig:
    return HostConfig(
        app_dir=tmp_path, data_dir=tmp_path, host_json=HostJson.model_validate({"version": "2.0"}),
        settings={"Feed": feed, "Bus": "devhost:", "AzureWebJobsStorage": "devhost:"},
    )  # fmt: skip


class Clock:
    """A clock that goes on by itself and can be moved."""

    def __init__(self, start: str) -> None:
        self._ahead = datetime.fromisoformat(start).replace(tzinfo=UTC) - datetime.now(UTC)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self._ahead

    def move(self, **by: float) -> None:
        self._ahead += timedelta(**by)


def timer_app(handler: Callable[..., Any], schedule: str, retry: dict[str, str] | None = None, **trigger: Any) -> Any:
    app = func.FunctionApp()
    function = app.timer_trigger(arg_name="timer", schedule=schedule, **trigger)(handler)
    if retry:
        app.retry(**retry)(function)
    return app


@contextlib.asynccontextmanager
async def ticking(tmp_path: Path, app: Any, clock: Clock, disk: Disk | None = None) -> AsyncIterator[Database]:
    """The timer of an app, running by the given clock; leaving and entering again is a restart."""
    database = Database(tmp_path / "host.db", asyncio.get_running_loop(), disk)
    queues, invoker = QueueStore(database, {}), Invoker(str(tmp_path), None)
    timer = TimerTrigger(config(tmp_path), database, queues, invoker, index(app)[0], clock=clock)
    timer.start()
    try:
        yield database
    finally:
        await timer.stop(2)
        invoker.close()
        await database.close()


async def positions(database: Database) -> dict[str, str]:
    return dict(await database.read(lambda c: c.execute("SELECT name, value FROM positions").fetchall()))


async def begun(database: Database) -> None:
    """When it has stored where it begins."""
    await eventually(lambda: positions(database))


async def next_run(database: Database) -> Any:
    return json.loads((await positions(database))["timer/tick"])["next"]


@pytest.fixture
def seen() -> list[Any]:
    """What the functions of a test noted."""
    return []


@pytest.fixture
def on_timer(seen: list[Any]) -> Callable[..., Any]:
    """A timer function that notes whether it was past due."""

    async def tick(timer: func.TimerRequest) -> None:
        seen.append(timer.past_due)

    return tick


# Timers


@pytest.fixture(autouse=True)
def _timers_look_at_the_clock_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scheduled, "TIMER_SECONDS_MAX", 0.02)


async def test_a_timer_runs_at_its_time_once(tmp_path: Path, seen: list[Any]) -> None:
    clock = Clock("2025-03-01 12:00:00")

    async def tick(timer: func.TimerRequest) -> None:
        seen.append((timer.past_due, clock().replace(microsecond=0), timer.schedule_status))
        clock.move(minutes=-10)

    async with ticking(tmp_path, timer_app(tick, HOURLY), clock) as database:
        await begun(database)
        clock.move(minutes=59)
        await asyncio.sleep(0.05)
        assert seen == []
        clock.move(minutes=1)
        await eventually(lambda: seen)
        await asyncio.sleep(0.05)
        following = await next_run(database)
    [(past_due, at, status)] = seen
    assert (past_due, at) == (False, datetime(2025, 3, 1, 13, tzinfo=UTC))
    assert status["Next"] == "2025-03-01T13:00:00+00:00"
    assert following == "2025-03-01T14:00:00+00:00"


async def test_a_run_missed_while_the_host_was_down_is_made_up_once(
    tmp_path: Path, seen: list[Any], on_timer: Callable[..., Any]
) -> None:
    clock = Clock("2025-03-01 12:00:00")
    app = timer_app(on_timer, HOURLY, run_on_startup=True)
    async with ticking(tmp_path, app, clock):
        await eventually(lambda: seen == [False])
    clock.move(hours=5, minutes=30)
    async with ticking(tmp_path, app, clock) as database:
        await eventually(lambda: seen == [False, True])
        await asyncio.sleep(0.05)
        assert await next_run(database) == "2025-03-01T18:00:00+00:00"
    async with ticking(tmp_path, app, clock):
        await eventually(lambda: seen == [False, True, False])


async def test_nothing_is_made_up_when_nothing_was_missed(
    tmp_path: Path, seen: list[Any], on_timer: Callable[..., Any]
) -> None:
    clock = Clock("2025-03-01 12:00:00")
    app = timer_app(on_timer, HOURLY)
    async with ticking(tmp_path, app, clock) as database:
        await begun(database)
        clock.move(hours=1)
        await eventually(lambda: seen == [False])
    clock.move(minutes=5)
    async with ticking(tmp_path, app, clock):
        await asyncio.sleep(0.05)
    assert seen == [False]


async def test_a_timer_without_monitor_makes_nothing_up(
    tmp_path: Path, seen: list[Any], on_timer: Callable[..., Any]
) -> None:
    clock = Clock("2025-03-01 12:00:00")
    app = timer_app(on_timer, HOURLY, use_monitor=False)
    async with ticking(tmp_path, app, clock) as database:
        await begun(database)
    clock.move(hours=5)
    async with ticking(tmp_path, app, clock):
        await asyncio.sleep(0.05)
    assert seen == []


async def test_a_changed_schedule_is_followed_at_once(
    tmp_path: Path, seen: list[Any], on_timer: Callable[..., Any]
) -> None:
    clock = Clock("2025-03-01 12:00:00")
    async with ticking(tmp_path, timer_app(on_timer, "0 0 0 1 1 *"), clock) as database:
        await begun(database)
    async with ticking(tmp_path, timer_app(on_timer, "00:00:00.1"), clock):
        await eventually(lambda: seen == [False])


async def test_runs_do_not_overlap_and_are_not_caught_up(tmp_path: Path, seen: list[Any]) -> None:
    running_now = 0

    async def tick(timer: func.TimerRequest) -> None:
        nonlocal running_now
        running_now += 1
        await asyncio.sleep(0.25)
        seen.append(running_now)
        running_now -= 1

    started = asyncio.get_running_loop().time()
    async with ticking(tmp_path, timer_app(tick, "00:00:00.1"), Clock("2025-03-01 12:00:00")):
        await eventually(lambda: len(seen) == 2)
        assert asyncio.get_running_loop().time() - started >= 0.69
    assert set(seen) == {1}


async def test_a_failed_run_is_repeated_as_its_retry_policy_says(tmp_path: Path, seen: list[Any]) -> None:
    async def tick(timer: func.TimerRequest) -> None:
        seen.append(asyncio.get_running_loop().time())
        if len(seen) < 3:
            raise ValueError("not yet")

    retry = {"strategy": "fixed_delay", "max_retry_count": "5", "delay_interval": "00:00:00.1"}
    app = timer_app(tick, HOURLY, retry, run_on_startup=True)
    async with ticking(tmp_path, app, Clock("2025-03-01 12:00:00")):
        await eventually(lambda: len(seen) == 3)
        await asyncio.sleep(0.15)
    assert len(seen) == 3
    assert seen[2] - seen[0] >= 0.19


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        (None, [None]),
        ({"strategy": "fixed_delay", "max_retry_count": "2", "delay_interval": "00:00:05"}, [5, 5, None]),
        ({"strategy": "fixed_delay", "max_retry_count": "-1", "delay_interval": "00:00:05"}, [5] * 1000),
        (
            {"strategy": "exponential_backoff", "max_retry_count": "-1", "minimum_interval": "00:00:01",
             "maximum_interval": "00:01:00"},
            [1, 2, 4, 8, 16, 32, *[60] * 1000],
        ),
    ],
)  # fmt: skip
def test_the_delays_of_a_retry_policy(policy: Any, expected: list[float | None]) -> None:
    assert [retry_delay(policy, attempt) for attempt in range(len(expected))] == expected


async def test_a_timer_goes_on_when_its_position_cannot_be_stored(
    tmp_path: Path, seen: list[Any], on_timer: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    disk = Disk()
    disk.is_full = True
    async with ticking(tmp_path, timer_app(on_timer, "00:00:00.05"), Clock("2025-03-01 12:00:00"), disk):
        await eventually(lambda: len(seen) == 3)
    assert "its position could not be stored" in caplog.text


async def test_stopping_lets_a_run_end_and_keeps_its_position(tmp_path: Path, seen: list[Any]) -> None:
    async def tick(timer: func.TimerRequest) -> None:
        seen.append("begun")
        await asyncio.sleep(0.1)
        seen.append("ended")

    clock = Clock("2025-03-01 12:00:00")
    async with ticking(tmp_path, timer_app(tick, HOURLY), clock) as database:
        await begun(database)
        clock.move(hours=1)
        await eventually(lambda: seen)
    assert seen == ["begun", "ended"]
    clock.move(minutes=1)
    async with ticking(tmp_path, timer_app(tick, HOURLY), clock):
        await asyncio.sleep(0.05)
    assert seen == ["begun", "ended"]


async def test_a_cancellation_that_a_timer_lets_escape_is_a_failure(tmp_path: Path, seen: list[Any]) -> None:
    async def tick(timer: func.TimerRequest) -> None:
        seen.append("run")
        raise asyncio.CancelledError

    async with ticking(tmp_path, timer_app(tick, "00:00:00.02"), Clock("2025-03-01 12:00:00")):
        await eventually(lambda: len(seen) == 3)


async def test_what_is_no_schedule_is_refused_at_start(tmp_path: Path, on_timer: Callable[..., Any]) -> None:
    host = Host(config(tmp_path), timer_app(on_timer, "whenever"), http=False)
    with pytest.raises(HostError, match="function tick: "):
        await host.start()
    await host.stop(0)


# Change feeds


class Catalogue:
    """What a product's store must offer: one row per document, its `lsn` rising with each write."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._lsn = 0

    def create(self) -> "Catalogue":
        self._connection.execute("CREATE TABLE items (id TEXT PRIMARY KEY, lsn INTEGER UNIQUE, document TEXT)")
        return self

    def write(self, *ids: str, version: int = 1) -> None:
        for name in ids:
            self._lsn += 1
            document = json.dumps({"id": name, "version": version})
            self._connection.execute("INSERT OR REPLACE INTO items VALUES (?,?,?)", (name, self._lsn, document))

    def run(self, statement: str) -> None:
        self._connection.execute(statement)

    def close(self) -> None:
        self._connection.close()


@pytest.fixture
def catalogue(tmp_path: Path) -> Iterator[Catalogue]:
    """A store whose table is not made yet."""
    found = Catalogue(tmp_path / "feed.db")
    yield found
    found.close()


def add_feed(app: Any, handler: Callable[..., Any], retry: dict[str, str] | None = None, **trigger: Any) -> Any:
    """A change-feed function, whose parameter is `documents`; it polls often."""
    given = {"start_from_beginning": True, "feed_poll_delay": 20} | trigger
    function = app.cosmos_db_trigger(
        arg_name="documents", connection="Feed", database_name="db", container_name="items", **given
    )(handler)  # fmt: skip
    if retry:
        app.retry(**retry)(function)
    return app


@pytest.fixture
def on_change(seen: list[Any]) -> Callable[..., Any]:
    """A change-feed function that notes ids."""

    async def change(documents: func.DocumentList) -> None:
        seen.append([document["id"] for document in documents])

    return change


async def test_changes_come_in_order_in_bounded_batches(
    tmp_path: Path, catalogue: Catalogue, seen: list[Any], on_change: Callable[..., Any]
) -> None:
    catalogue.create().write("a", "b", "c", "d", "e")
    app = add_feed(func.FunctionApp(), on_change, max_items_per_invocation=2)
    async with running(config(tmp_path), app, http=False):
        await eventually(lambda: len(seen) == 3)
        assert seen == [["a", "b"], ["c", "d"], ["e"]]
        catalogue.write("f")
        await eventually(lambda: seen[3:] == [["f"]])


async def test_only_the_latest_version_of_a_document_comes(
    tmp_path: Path, catalogue: Catalogue, seen: list[Any]
) -> None:
    async def change(documents: func.DocumentList) -> None:
        seen.extend((document["id"], document["version"]) for document in documents)

    catalogue.create().write("a", "b")
    catalogue.write("a", version=2)
    async with running(config(tmp_path), add_feed(func.FunctionApp(), change), http=False):
        await eventually(lambda: len(seen) == 2)
        catalogue.write("b", version=2)
        await eventually(lambda: len(seen) == 3)
    assert seen == [("b", 1), ("a", 2), ("b", 2)]


async def test_a_position_survives_a_restart(
    tmp_path: Path, catalogue: Catalogue, seen: list[Any], on_change: Callable[..., Any]
) -> None:
    catalogue.create().write("a")
    app = add_feed(func.FunctionApp(), on_change)
    async with running(config(tmp_path), app, http=False):
        await eventually(lambda: seen == [["a"]])
    catalogue.write("b")
    async with running(config(tmp_path), app, http=False):
        await eventually(lambda: seen == [["a"], ["b"]])


async def test_a_function_may_begin_with_what_is_written_from_now_on(
    tmp_path: Path, catalogue: Catalogue, seen: list[Any], on_change: Callable[..., Any]
) -> None:
    catalogue.create().write("before")
    app = add_feed(func.FunctionApp(), on_change, start_from_beginning=False)
    async with running(config(tmp_path), app, http=False) as host:
        await begun(host.database)
        catalogue.write("after")
        await eventually(lambda: seen == [["after"]])


@pytest.mark.parametrize("from_beginning", [True, False])
@pytest.mark.parametrize("has_file", [True, False])
async def test_the_store_and_its_table_may_be_made_later(
    tmp_path: Path, seen: list[Any], on_change: Callable[..., Any], from_beginning: bool, has_file: bool
) -> None:
    if has_file:
        Catalogue(tmp_path / "feed.db").close()
    app = add_feed(func.FunctionApp(), on_change, start_from_beginning=from_beginning)
    async with running(config(tmp_path), app, http=False) as host:
        await begun(host.database)
        catalogue = Catalogue(tmp_path / "feed.db")
        await asyncio.sleep(0.05)
        catalogue.create().write("a")
        await eventually(lambda: seen == [["a"]])
        catalogue.close()


async def test_a_locked_store_is_waited_for(
    tmp_path: Path, catalogue: Catalogue, seen: list[Any], on_change: Callable[..., Any]
) -> None:
    catalogue.create().write("a")
    catalogue.run("PRAGMA journal_mode=DELETE")
    catalogue.run("BEGIN EXCLUSIVE")
    async with running(config(tmp_path), add_feed(func.FunctionApp(), on_change), http=False):
        await asyncio.sleep(0.1)
        assert seen == []
        catalogue.run("COMMIT")
        await eventually(lambda: seen == [["a"]])


async def test_a_slow_or_failing_function_harms_no_other(
    tmp_path: Path, catalogue: Catalogue, seen: list[Any], on_change: Callable[..., Any]
) -> None:
    may_end = asyncio.Event()

    async def failing(documents: func.DocumentList) -> None:
        raise ValueError("never")

    async def slow(documents: func.DocumentList) -> None:
        await may_end.wait()

    app = add_feed(func.FunctionApp(), on_change)
    forever = {"strategy": "fixed_delay", "max_retry_count": "-1", "delay_interval": "00:00:00"}
    add_feed(app, failing, forever)
    add_feed(app, slow)
    catalogue.create()
    async with running(config(tmp_path), app, http=False) as host:
        for name in "abc":
            catalogue.write(name)
            await eventually(functools.partial(operator.contains, seen, [name]))
        assert [name for name, value in (await positions(host.database)).items() if value != "0"] == [
            "feed//change/items"
        ]
        may_end.set()


async def test_a_failed_batch_is_repeated_when_there_is_a_retry_policy(
    tmp_path: Path, catalogue: Catalogue, seen: list[Any]
) -> None:
    async def change(documents: func.DocumentList) -> None:
        seen.append([document["id"] for document in documents])
        if len(seen) < 3:
            raise ValueError("not yet")

    catalogue.create().write("a")
    forever = {"strategy": "fixed_delay", "max_retry_count": "-1", "delay_interval": "00:00:00.05"}
    async with running(config(tmp_path), add_feed(func.FunctionApp(), change, forever), http=False):
        await eventually(lambda: len(seen) == 3)
        catalogue.write("b")
        await eventually(lambda: seen == [["a"], ["a"], ["a"], ["b"]])


async def test_a_failed_batch_without_a_retry_policy_is_given_up(
    tmp_path: Path, catalogue: Catalogue, seen: list[Any], caplog: pytest.LogCaptureFixture
) -> None:
    async def change(documents: func.DocumentList) -> None:
        seen.append([document["id"] for document in documents])
        if len(seen) == 1:
            raise ValueError("not now")

    catalogue.create().write("a")
    async with running(config(tmp_path), add_feed(func.FunctionApp(), change), http=False):
        await eventually(lambda: seen)
        catalogue.write("b")
        await eventually(lambda: seen == [["a"], ["b"]])
    assert "change: 1 documents were given up" in caplog.text


async def test_a_batch_in_hand_comes_again_when_the_host_cannot_wait_for_it(
    tmp_path: Path, catalogue: Catalogue, seen: list[Any]
) -> None:
    async def change(documents: func.DocumentList) -> None:
        seen.append([document["id"] for document in documents])
        if len(seen) == 1:
            await asyncio.Event().wait()

    catalogue.create().write("a")
    app = add_feed(func.FunctionApp(), change)
    host = Host(config(tmp_path), app, http=False)
    await host.start()
    await eventually(lambda: seen)
    await host.stop(0.05)
    async with running(config(tmp_path), app, http=False):
        await eventually(lambda: seen == [["a"], ["a"]])


async def test_a_feed_that_breaks_says_so_and_begins_again(
    tmp_path: Path, seen: list[Any], on_change: Callable[..., Any], monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    monkeypatch.setattr(listeners, "RESTART_SECONDS", 0.02)
    (tmp_path / "feed.db").write_bytes(b"this is not a database" * 100)
    async with running(config(tmp_path), add_feed(func.FunctionApp(), on_change), http=False):
        await eventually(lambda: "its trigger failed and begins again" in caplog.text)
        (tmp_path / "feed.db").unlink()
        catalogue = Catalogue(tmp_path / "feed.db").create()
        catalogue.write("a")
        await eventually(lambda: seen == [["a"]])
        catalogue.close()


async def test_the_outputs_of_pollers_are_sent(tmp_path: Path, catalogue: Catalogue, seen: list[Any]) -> None:
    async def change(documents: func.DocumentList, out: func.Out[str]) -> None:
        out.set(documents[0]["id"])

    catalogue.create().write("a")
    app = func.FunctionApp()
    function = app.service_bus_queue_output(arg_name="out", connection="Bus", queue_name="out")(change)
    add_feed(app, function)
    async with running(config(tmp_path), app, http=False) as host:
        await eventually(lambda: host.queues.counts() == {"bus/out": 1})


@pytest.mark.parametrize("feed", ["", "AccountEndpoint=https://elsewhere/"])
async def test_a_store_elsewhere_is_refused_at_start(tmp_path: Path, on_change: Callable[..., Any], feed: str) -> None:
    host = Host(config(tmp_path, feed), add_feed(func.FunctionApp(), on_change), http=False)
    with pytest.raises(HostError, match="set Feed to 'devhost:"):
        await host.start()
    await host.stop(0)


async def test_a_container_whose_name_is_no_identifier_is_refused_at_start(
    tmp_path: Path, on_change: Callable[..., Any]
) -> None:
    app = func.FunctionApp()
    app.cosmos_db_trigger(
        arg_name="documents", connection="Feed", database_name="db", container_name='x"; DROP'
    )(on_change)  # fmt: skip
    host = Host(config(tmp_path), app, http=False)
    with pytest.raises(HostError, match="container name"):
        await host.start()
    await host.stop(0)


# The durable client


async def test_every_pulling_trigger_can_have_a_durable_client(
    tmp_path: Path, catalogue: Catalogue, seen: list[Any]
) -> None:
    def handler(name: str) -> Callable[[Any], None]:
        return lambda client: seen.append((name, isinstance(client, df.DurableOrchestrationClient)))

    async def on_timer(timer: func.TimerRequest, client: str) -> None:
        handler("timer")(client)

    async def on_event(event: func.EventGridEvent, client: str) -> None:
        handler("event")(client)

    async def change(documents: func.DocumentList, client: str) -> None:
        handler("feed")(client)

    async def on_queue(message: func.QueueMessage, client: str) -> None:
        handler("queue")(client)

    app = df.DFApp()
    client = app.durable_client_input(client_name="client")
    app.timer_trigger(arg_name="timer", schedule=HOURLY, run_on_startup=True)(client(on_timer))
    app.event_grid_trigger(arg_name="event")(client(on_event))
    app.queue_trigger(arg_name="message", connection="AzureWebJobsStorage", queue_name="q")(client(on_queue))
    add_feed(app, client(change))
    catalogue.create().write("a")
    async with running(config(tmp_path), app, http=False) as host:
        event = {"id": "1", "subject": "s", "eventType": "t", "eventTime": "2025-03-01T00:00:00Z", "dataVersion": "1"}
        await host.queues.send([Message("events/on_event", json.dumps(event).encode()), Message("storage/q", b"x")])
        await eventually(lambda: len(seen) == 4)
    assert sorted(seen) == [("event", True), ("feed", True), ("queue", True), ("timer", True)]
