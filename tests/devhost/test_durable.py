"""Durable Functions through the SDK's own client, in all three modes."""

import asyncio
import contextlib
import json
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from azure.durable_functions import DurableOrchestrationClient

from devhost.config import HostConfig, HostJson, Mode
from devhost.database import Database
from devhost.durable import engine as engine_module
from devhost.durable import store
from devhost.durable.history import Kind
from devhost.host import Host
from tests.devhost import durable_app
from tests.devhost.conftest import Disk, eventually, free_port

MODES: list[Mode] = ["cached", "replay", "verify"]
OPEN = ("Pending", "Running", "Suspended")

# The SDK says so whenever an event has come before its wait, which these tests do all the time.
pytestmark = pytest.mark.filterwarnings("ignore:Potential duplicate Task completion")


class Durable:
    """A host with the corner-case app, and the SDK's client of it."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self.client: Any = DurableOrchestrationClient(host.durable.client_binding())

    async def run(self, name: str, given: Any = None, instance: str | None = None) -> Any:
        """Start an orchestration and wait for its end; (status, output)."""
        return await self.ended(await self.client.start_new(name, instance, given))

    async def ended(self, instance: str) -> tuple[str, Any]:
        """Wait for an instance's end."""

        async def check() -> Any:
            state = await self.client.get_status(instance)
            return state if state.runtime_status.value not in OPEN else None

        state = await eventually(check)
        return state.runtime_status.value, state.output

    async def status(self, instance: str) -> str:
        """The runtime status."""
        state = await self.client.get_status(instance)
        return str(state.runtime_status.value)

    async def history(self, instance: str) -> list[dict[str, Any]]:
        """The stored history."""
        record = await self.record(instance)
        assert record
        _, chunks = await self.host.database.read(lambda c: store.load(c, record.key))
        return list(json.loads(b"[" + b",".join(chunks) + b"]"))

    async def record(self, instance: str) -> store.Record | None:
        """The stored state."""
        return await self.host.database.read(lambda c: store.find(c, instance))


def configured(data: Path, mode: Mode) -> HostConfig:
    """No files, no port: just a host."""
    return HostConfig(Path(__file__).parent, data, HostJson(version="2.0"), {}, port=free_port(), mode=mode)


@contextlib.asynccontextmanager
async def durable_host(data: Path, mode: Mode, **options: Any) -> AsyncIterator[Durable]:
    """A started host of the corner-case app, without HTTP."""
    host = Host(configured(data, mode), durable_app.app, http=False, **options)
    await host.start()
    try:
        yield Durable(host)
    finally:
        await host.stop(drain_seconds=1)


@pytest.fixture(params=MODES)
async def durable(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Durable]:
    """In each mode."""
    durable_app.attempts.clear()
    async with durable_host(tmp_path, request.param) as started:
        yield started


async def test_events_of_one_name_raised_early_are_lost_and_doubled_by_the_sdk(durable: Durable) -> None:
    instance = await durable.client.start_new("same_name")
    await durable.client.suspend(instance, "so that all three come in one tick")
    for number in range(3):
        await durable.client.raise_event(instance, "m", f"m{number}")
    await durable.client.resume(instance, "")
    assert await durable.ended(instance) == ("Completed", ['"m0"', '"m2"', '"m2"'])


async def test_an_event_after_the_timer_won_goes_to_the_abandoned_wait(durable: Durable) -> None:
    instance = await durable.client.start_new("late_event")
    await asyncio.sleep(0.15)
    await durable.client.raise_event(instance, "m", "late")
    assert await durable.ended(instance) == ("Completed", "lost")


async def test_events_not_awaited_die_when_continuing_as_new(durable: Durable) -> None:
    instance = await durable.client.start_new("loses_on_continue", None, 0)
    await durable.client.raise_event(instance, "extra", 1)
    await durable.client.raise_event(instance, "go", 1)
    assert await durable.ended(instance) == ("Completed", "lost")


async def test_what_was_begun_together_is_awaited_even_after_a_failure(durable: Durable) -> None:
    started = asyncio.get_running_loop().time()
    status, output = await durable.run("all_with_failure")
    assert (status, output) == ("Completed", "Activity function 'fail' failed: ValueError: boom")
    assert asyncio.get_running_loop().time() - started >= 0.2


@pytest.mark.parametrize(("failures", "expected"), [(0, [1, 8, 42]), (2, [3, 8, 42])])
async def test_retry_policy(durable: Durable, failures: int, expected: list[int]) -> None:
    assert await durable.run("retries", failures) == ("Completed", expected)


async def test_retries_end_after_the_last_attempt_and_one_more_timer(durable: Durable) -> None:
    instance = await durable.client.start_new("retries", None, 9)
    status, output = await durable.ended(instance)
    assert status == "Failed" and "failure 3" in output
    kinds = [event["EventType"] for event in await durable.history(instance)]
    assert kinds.count(6) == 3 and kinds.count(10) == 3  # failures, retry timers


async def test_a_child_is_retried(durable: Durable) -> None:
    assert await durable.run("retried_child", 2) == ("Completed", 3)


async def test_results_that_cannot_be_kept_and_functions_that_are_not_there_fail_the_instance(durable: Durable) -> None:
    for name, words in [
        ("unserialisable", "not JSON serializable"),
        ("unknown_activity", "'nobody' was not found"),
        ("unknown_child", "'nobody' doesn't exist"),
        ("raises", "at once"),
        ("calls_http", "call_http is not supported"),
    ]:
        status, output = await durable.run(name)
        assert status == "Failed" and words in output, (name, output)


async def test_a_cancellation_that_escapes_is_a_failure_and_costs_no_worker(tmp_path: Path) -> None:
    async with durable_host(tmp_path, "cached") as durable:
        for _ in range(durable.host.config.host_json.extensions.durable_task.max_concurrent_activity_functions + 1):
            status, output = await durable.run("calls_one_that_gives_up")
            assert status == "Completed" and "let a cancellation escape" in output


async def test_a_child_under_a_running_id_is_refused(durable: Durable) -> None:
    instance = await durable.client.start_new("same_child_twice")

    async def child_runs() -> bool:
        return bool(await durable.record(f"{instance}-child"))

    await eventually(child_runs)
    await durable.client.raise_event(f"{instance}-child", "go", 1)
    status, output = await durable.ended(instance)
    assert status == "Completed" and "already exists" in output


async def test_continue_as_new_keeps_the_history_short(durable: Durable) -> None:
    instance = await durable.client.start_new("countdown", None, 12)
    assert await durable.ended(instance) == ("Completed", "zero")
    assert len(await durable.history(instance)) < 8


async def test_ids_and_times_are_the_same_on_replay(durable: Durable) -> None:
    status, output = await durable.run("identity", instance="one")
    assert status == "Completed"
    assert output[:2] == ["one", None] and len(set(output[2:6])) == 4 and output[6] is True


async def test_functions_that_are_no_generators(durable: Durable) -> None:
    assert await durable.run("not_a_generator", {"a": 1}) == ("Completed", {"got": {"a": 1}})


async def test_running_ids_are_refused_and_finished_ones_replaced(durable: Durable) -> None:
    await durable.client.start_new("patient", "p")
    with pytest.raises(Exception, match="already exists"):
        await durable.client.start_new("patient", "p")
    await durable.client.raise_event("p", "go", 1)
    assert await durable.ended("p") == ("Completed", 1)
    await durable.client.start_new("patient", "p")
    await durable.client.raise_event("p", "go", 2)
    assert await durable.ended("p") == ("Completed", 2)


async def test_what_is_not_there_is_said(durable: Durable) -> None:
    with pytest.raises(Exception, match="doesn't exist"):
        await durable.client.start_new("nobody")
    with pytest.raises(Exception, match="No instance with ID"):
        await durable.client.raise_event("nobody", "go")
    assert not await durable.client.get_status("nobody")
    await durable.run("not_a_generator", None, "ended")
    with pytest.raises(Exception, match="is gone"):
        await durable.client.raise_event("ended", "go")


async def test_terminate_suspend_resume_restart_purge(durable: Durable) -> None:
    client = durable.client
    await client.start_new("patient", "t")
    await client.terminate("t", "enough")
    assert await durable.ended("t") == ("Terminated", "enough")
    await client.start_new("patient", "s")
    await client.suspend("s", "wait")

    async def suspended() -> bool:
        return await durable.status("s") == "Suspended"

    await eventually(suspended)
    await client.raise_event("s", "go", 5)
    await asyncio.sleep(0.05)
    assert await durable.status("s") == "Suspended"
    await client.resume("s", "go on")
    assert await durable.ended("s") == ("Completed", 5)
    again = await client.restart("s", restart_with_new_instance_id=False)
    assert again and await durable.status("s") in OPEN
    await client.terminate("s", "")
    await durable.ended("s")
    assert (await client.purge_instance_history("s")).instances_deleted == 1
    assert not await client.get_status("s")
    assert (await client.purge_instance_history("s")).instances_deleted == 0


async def test_listing_pages_through_everything_once(durable: Durable) -> None:
    for number in range(7):
        await durable.client.start_new("patient", f"list-{number}")
    seen: list[str] = []
    token = ""
    while True:
        query = {"top": "3", "instanceIdPrefix": "list-", "runtimeStatus": "Running,Pending"}
        reply = await durable.host.durable.handle("GET", "/instances", query, token=token)
        seen += [item["instanceId"] for item in reply.body]
        token = reply.headers["x-ms-continuation-token"]
        if not token:
            break
    assert seen == [f"list-{number}" for number in range(7)]
    assert len(await durable.client.get_status_by(instance_id_prefix="list-1")) == 1


async def test_custom_status_and_history_are_shown(durable: Durable) -> None:
    await durable.client.start_new("patient", "c")

    async def shown() -> Any:
        return (await durable.client.get_status("c")).custom_status

    assert await eventually(shown) == {"waiting": True}
    reply = await durable.host.durable.handle("GET", "/instances/c", {"showHistory": "True"})
    first = reply.body["historyEvents"][1]
    assert reply.status == 202 and (first["EventType"], first["Name"]) == (Kind.EXECUTION_STARTED, "patient")
    assert json.loads(json.dumps(reply.body))["runtimeStatus"] == "Running"


async def test_non_determinism_is_named_in_verify_mode(tmp_path: Path) -> None:
    async with durable_host(tmp_path, "verify") as durable:
        status, output = await durable.run("drifting", None, "d")
    assert status == "Failed"
    for word in (
        "Non-deterministic orchestrator 'drifting'",
        "instance 'd'",
        "event EXECUTION_STARTED",
        "double",
        "slow",
    ):
        assert word in output


@pytest.mark.parametrize("mode", MODES)
async def test_other_code_over_an_old_history_is_noticed(tmp_path: Path, mode: Mode) -> None:
    durable_app.drift["name"] = "double"
    async with durable_host(tmp_path, mode) as durable:
        await durable.client.start_new("changing", "c")
        await eventually(lambda: durable.host.engine.stats()["activities"] == 1)
        await asyncio.sleep(0.05)
    durable_app.drift["name"] = "slow"
    async with durable_host(tmp_path, mode) as durable:
        await durable.client.raise_event("c", "go", 1)
        status, output = await durable.ended("c")
    assert status == "Failed"
    assert "TASK_SCHEDULED double #0 <> TASK_SCHEDULED slow #0" in output or "'double'" in output


@pytest.mark.parametrize("mode", MODES)
async def test_a_restart_takes_up_everything_where_it_was(tmp_path: Path, mode: Mode) -> None:
    async with durable_host(tmp_path, mode) as durable:
        await durable.client.start_new("patient", "event")
        await durable.client.start_new("late_event", "timer")
        await durable.client.start_new("listener", "many", 5)
        for number in range(3):
            await durable.client.raise_event("many", f"e-{number}", number)
    async with durable_host(tmp_path, mode) as durable:
        await durable.client.raise_event("event", "go", {"deep": [1]})
        for number in (4, 3):
            await durable.client.raise_event("many", f"e-{number}", number)
        assert await durable.ended("event") == ("Completed", {"deep": [1]})
        assert await durable.ended("many") == ("Completed", 5)
        assert await durable.ended("timer") == ("Completed", "lost")


async def test_idle_instances_are_let_go_and_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_module, "LOADED_MAX", 2)
    async with durable_host(tmp_path, "cached") as durable:
        names = [await durable.client.start_new("patient", f"p{number}") for number in range(8)]
        await eventually(lambda: durable.host.engine.stats()["loadedInstances"] <= 3)
        for name in names:
            await durable.client.raise_event(name, "go", name)
        for name in names:
            assert await durable.ended(name) == ("Completed", name)


async def test_a_store_that_refuses_for_a_while_delays_but_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_module, "RETRY_SECONDS", 0.05)
    disk = Disk()
    async with durable_host(tmp_path, "cached", hook=disk) as durable:
        names = [await durable.client.start_new("retries", f"r{number}", 0) for number in range(5)]
        waiting = await durable.client.start_new("patient", "w")
        disk.is_full = True
        with pytest.raises(sqlite3.OperationalError):
            await durable.client.raise_event(waiting, "go", 1)
        await asyncio.sleep(0.2)
        disk.is_full = False
        await durable.client.raise_event(waiting, "go", 1)
        for name in names:
            status, output = await durable.ended(name)
            assert (status, output[1:]) == ("Completed", [8, 42])
        assert await durable.ended(waiting) == ("Completed", 1)


async def test_a_disk_that_is_really_full_refuses_and_recovers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_module, "RETRY_SECONDS", 0.05)
    async with durable_host(tmp_path, "cached") as durable:
        waiting = await durable.client.start_new("patient", "w")
        running = [await durable.client.start_new("countdown", f"c{number}", 5) for number in range(5)]
        pages = (await durable.host.database.write(lambda c: c.execute("PRAGMA page_count").fetchone()))[0]
        await durable.host.database.write(lambda c: c.execute(f"PRAGMA max_page_count = {pages}").fetchone())
        with pytest.raises(sqlite3.OperationalError, match="full"):
            await durable.client.raise_event(waiting, "go", "x" * 1_000_000)
        assert await durable.status(waiting) == "Running"  # reading goes on
        await durable.host.database.write(lambda c: c.execute("PRAGMA max_page_count = 1000000").fetchone())
        await durable.client.raise_event(waiting, "go", "y" * 1_000_000)
        assert await durable.ended(waiting) == ("Completed", "y" * 1_000_000)
        for name in running:
            assert await durable.ended(name) == ("Completed", "zero")


async def test_timers_never_fire_early(durable: Durable) -> None:
    late = await asyncio.gather(*(durable.run("punctual", 1 + number * 0.37) for number in range(60)))
    assert all(status == "Completed" and seconds >= 0 for status, seconds in late), late


async def test_an_instance_that_ends_leaves_no_timer_armed(durable: Durable) -> None:
    for name, words in (("going", "go"), ("failing", "fail"), ("stopped", None)):
        await durable.client.start_new("guarded", name)
        await eventually(lambda: durable.host.engine.stats()["armedTimers"] == 1)
        if words:
            await durable.client.raise_event(name, "go", words)
        else:
            await durable.client.terminate(name, "enough")
        await durable.ended(name)
        await eventually(lambda: durable.host.engine.stats()["armedTimers"] == 0)


async def test_a_timer_armed_again_after_a_refused_commit_fires_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_module, "RETRY_SECONDS", 0.02)
    troubles: list[Any] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: troubles.append(context))
    disk = Disk()
    async with durable_host(tmp_path, "cached", hook=disk) as durable:
        await durable.client.start_new("late_event", "l")
        await durable.client.start_new("guarded", "g")
        await eventually(lambda: durable.host.engine.stats()["armedTimers"] == 2)
        disk.is_full = True
        await asyncio.sleep(0.15)  # late_event's timer fires, its ticks fail and its timer is armed again and again
        disk.is_full = False
        assert await durable.ended("l") == ("Completed", "lost")
        await durable.client.raise_event("g", "go", "go")
        assert await durable.ended("g") == ("Completed", "went")
    assert troubles == []


async def test_a_callback_that_fails_strands_nobody_else_of_its_group(tmp_path: Path) -> None:
    def fail(_: Any) -> None:
        raise ValueError("after the commit")

    database = Database(tmp_path / "x.db", asyncio.get_running_loop())
    first, second = database.write(lambda _: 1, fail), database.write(lambda _: 2)
    assert await second == 2
    with pytest.raises(ValueError, match="after the commit"):
        await first
    await database.close()


async def test_many_events_to_one_instance_in_any_order(durable: Durable) -> None:
    instance = await durable.client.start_new("listener", None, 300)
    order = [(number * 7) % 300 for number in range(300)]
    await asyncio.gather(*(durable.client.raise_event(instance, f"e-{number}", number) for number in order))
    assert await durable.ended(instance) == ("Completed", 300)
