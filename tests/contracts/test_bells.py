"""The contract of the port `Bells`; the Durable adapter on a real host, with the product's own wait."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import azure.durable_functions as df
import pytest
from azure.durable_functions import DurableOrchestrationClient

from devhost.config import HostConfig, HostJson
from devhost.host import Host
from orchestrations.stages import bell_or_deadline
from shared.adapters.durable import DurableBells, _done
from tests.devhost.conftest import eventually, free_port, running

app = df.DFApp()
woken: list[tuple[str, int]] = []
TURNS = 3


@app.orchestration_trigger(context_name="context")
def conversation(context: Any) -> Any:
    """Waits for bell 1, 2 and 3."""
    for token in range(1, TURNS + 1):
        until = context.current_utc_datetime + timedelta(hours=1)
        yield from bell_or_deadline(context, token, until.isoformat())
        yield context.call_activity("wake", [context.instance_id, token])


@app.activity_trigger(input_name="at")
def wake(at: list[Any]) -> str:
    """Notes who was woken by which bell."""
    woken.append((at[0], at[1]))
    return ""


class Bench:
    """The port, and the orchestrations behind it."""

    def __init__(self, host: Host) -> None:
        self.client: Any = DurableOrchestrationClient(host.durable.client_binding())
        self.bells = DurableBells(self.client)

    async def heard(self, *tokens: int, id_: str = "alice") -> None:
        expected = [(id_, token) for token in tokens]
        await eventually(lambda: [entry for entry in woken if entry[0] == id_] == expected)

    async def is_over(self, id_: str = "alice") -> bool:
        return not await self.bells.is_running(id_)


@contextlib.asynccontextmanager
async def running_bench(data_dir: Path) -> AsyncIterator[Bench]:
    config = HostConfig(Path(__file__).parent, data_dir, HostJson(version="2.0"), {}, port=free_port())
    async with running(config, app, http=False) as host:
        yield Bench(host)


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    forget()
    async with running_bench(tmp_path) as started:
        yield started


def forget() -> None:
    """As a new process."""
    woken.clear()
    _done.clear()


async def test_a_bell_wakes_who_waits_for_its_token(bench: Bench) -> None:
    await bench.bells.start("alice")
    await bench.bells.start("bob")
    for token in range(1, TURNS + 1):
        await bench.bells.ring("alice", token)
        await bench.heard(*range(1, token + 1))
    await eventually(bench.is_over)
    assert not await bench.is_over("bob")
    await bench.heard(id_="bob")


async def test_starting_what_runs_changes_nothing(bench: Bench) -> None:
    await bench.bells.start("alice")
    await bench.bells.ring("alice", 1)
    await bench.heard(1)
    _done.clear()
    await bench.bells.start("alice")
    await bench.bells.restart("alice")
    await bench.bells.ring("alice", 2)
    await bench.heard(1, 2)


async def test_of_many_who_start_it_one_does(bench: Bench) -> None:
    await asyncio.gather(*(bench.bells.restart("alice") for _ in range(20)))
    await bench.bells.ring("alice", 1)
    await bench.heard(1)


async def test_a_bell_rung_twice_wakes_once(bench: Bench) -> None:
    await bench.bells.start("alice")
    await bench.bells.ring("alice", 1)
    _done.clear()
    await bench.bells.ring("alice", 1)
    await bench.heard(1)
    await bench.bells.ring("alice", 2)
    await bench.heard(1, 2)
    assert not await bench.is_over()


async def test_a_bell_rung_before_the_wait_is_heard(bench: Bench) -> None:
    await bench.bells.start("alice")
    for token in range(1, TURNS + 1):
        await bench.bells.ring("alice", token)
    await eventually(bench.is_over)
    await bench.heard(1, 2, 3)


async def test_nobody_is_woken_by_the_bell_of_another_wait(bench: Bench) -> None:
    await bench.bells.start("alice")
    await bench.bells.ring("alice", 3)
    await bench.bells.ring("alice", 7)
    await bench.bells.ring("alice", 1)
    await bench.heard(1)
    await bench.bells.ring("alice", 2)
    await bench.heard(1, 2, 3)


async def test_ringing_what_is_not_there_or_over_is_nothing(bench: Bench) -> None:
    await bench.bells.ring("charlie", 1)
    await test_a_bell_rung_before_the_wait_is_heard(bench)
    await bench.bells.ring("alice", 4)
    assert woken == [("alice", 1), ("alice", 2), ("alice", 3)]


async def test_what_was_rung_for_nobody_is_rung_again_once_it_runs(bench: Bench) -> None:
    await bench.bells.ring("alice", 1)
    await bench.bells.start("alice")
    await bench.bells.ring("alice", 1)
    await bench.heard(1)


async def test_what_is_over_can_be_begun_anew(bench: Bench) -> None:
    await test_a_bell_rung_before_the_wait_is_heard(bench)
    forget()
    await bench.bells.restart("alice")
    await bench.bells.ring("alice", 1)
    await bench.heard(1)
    assert not await bench.is_over()


async def test_a_bell_survives_a_restart(tmp_path: Path) -> None:
    forget()
    async with running_bench(tmp_path) as bench:
        await bench.bells.start("alice")
        await bench.bells.ring("alice", 1)
        await bench.heard(1)
    async with running_bench(tmp_path) as bench:
        await bench.bells.ring("alice", 2)
        await bench.heard(1, 2)
