"""The cells: each starts a host of its own and returns plain figures."""

import asyncio
import contextlib
import json
import random
import signal
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.chat.load import Load, Mark, closed_loop, failures, open_desks
from bench.chat.operations import History, per_chat, totals, watched
from bench.chat.server import Server, serving
from bench.chat.whole import Chats, Script, Seen
from bench.driver.http import Http

PROFILE_SECONDS_MAX = 10.0
PAUSE_SECONDS = 0.05
LONG_SECONDS_MAX = 60.0


@dataclass(frozen=True)
class Sizes:
    """How much is measured."""

    agents: int
    capacity: int  # of each
    throughput: Load
    open: Load  # latency, with people who think and answer so long
    think_seconds: float
    answer_seconds: float
    profiled: Load
    floor_seconds: float
    long: Script


@dataclass
class Throughput:
    """Whole chats of a window."""

    per_second: float
    cpu_ms: float
    loop_cpu_ms: float
    loop_share: float
    starved_share: float
    driver_cpu_ms: float
    requests: float
    failures: str
    operations: dict[str, float] = field(default_factory=dict)


@dataclass
class Cached:
    """What is measured on one host in `cached`."""

    floor: float  # requests/s to GET /api/health
    one: History
    throughput: Throughput
    long: History
    long_seconds: float
    long_failures: str


@dataclass
class Open:
    """Latency with many open chats."""

    seen: Seen
    per_second: float
    messages_per_second: float
    cpu_share: float
    starved_share: float
    driver_cpu_share: float
    failures: str


@contextlib.asynccontextmanager
async def centre(folder: Path, mode: str, sizes: Sizes, **options: str) -> AsyncIterator[tuple[Server, Http, Chats]]:
    """A host, a connection to it and its agents at their desks."""
    async with (
        serving(folder, sizes.agents, sizes.capacity, mode, **options) as server,
        Http(server.origin) as http,
        open_desks(http, sizes.agents) as chats,
    ):
        yield server, http, chats


async def cached(folder: Path, sizes: Sizes) -> Cached:
    """The floor, one chat alone, throughput, and a very long chat."""
    async with centre(folder, "cached", sizes) as (server, http, chats):
        bare = await floor(http, sizes.throughput.in_flight, sizes.floor_seconds)
        one = await watched(server, chats, Script(), LONG_SECONDS_MAX)
        measured = await _throughput(server, http, chats, sizes.throughput)
        chats.failures.clear()
        begin = time.perf_counter()
        history = await watched(server, chats, sizes.long, LONG_SECONDS_MAX)
        return Cached(bare, one, measured, history, time.perf_counter() - begin, failures(chats))


async def throughput(folder: Path, sizes: Sizes, mode: str) -> Throughput:
    """Throughput alone."""
    async with centre(folder, mode, sizes) as (server, http, chats):
        return await _throughput(server, http, chats, sizes.throughput)


async def restart(folder: Path, sizes: Sizes) -> float:
    """Seconds until a host answers again, in a new process, that was killed under load."""
    async with centre(folder, "cached", sizes) as (server, http, chats):
        await closed_loop(server, http, chats, sizes.profiled, lambda _: Script(), drains=False)
    begin = time.perf_counter()
    async with serving(folder, sizes.agents, sizes.capacity, "cached") as server, Http(server.origin) as http:
        await http.call("health", "GET", "/api/health/ready")
        return time.perf_counter() - begin


async def latency(folder: Path, sizes: Sizes, mode: str) -> Open:
    """Chats of people who think; the first ones are at any point of their talk."""
    chance = random.Random(1)
    load, pauses = sizes.open, (sizes.think_seconds, sizes.answer_seconds)

    def script(number: int) -> Script:
        full = Script()
        if number >= load.in_flight:
            return Script(full.bot, full.agent, full.answers, *pauses)
        left = chance.randint(1, full.bot + full.agent)
        return Script(max(1, left - full.agent), min(left, full.agent), full.answers, *pauses)

    async with centre(folder, mode, sizes) as (server, http, chats):
        first, last = await closed_loop(server, http, chats, load, script, drains=False)
        seconds = last.at - first.at
        written = len(chats.seen.acknowledged) + len(chats.seen.to_customer) + len(chats.seen.bot_answer)
        return Open(
            chats.seen,
            (last.done - first.done) / seconds,
            written / seconds,
            (last.cpu.total - first.cpu.total) / seconds,
            (last.cpu.starved - first.cpu.starved) / seconds,
            (last.driver_cpu_seconds - first.driver_cpu_seconds) / seconds,
            failures(chats),
        )


async def profiled(folder: Path, sizes: Sizes) -> dict[str, Any]:
    """Where the event loop's CPU time goes: what bench.chat.profiled writes, and `chats` of its window."""
    output, load = folder / "profile.json", sizes.profiled
    options = {"module": "bench.chat.profiled", "CHAT_PROFILE": str(output)}
    async with centre(folder, "cached", sizes, **options) as (server, http, chats):
        loop = asyncio.create_task(closed_loop(server, http, chats, load, lambda _: Script(), drains=False))
        await asyncio.sleep(load.ramp_seconds + load.warm_up_seconds)
        server.signal(signal.SIGUSR1)
        first, last = await loop
        server.signal(signal.SIGUSR1)
        async with asyncio.timeout(PROFILE_SECONDS_MAX):
            while not output.exists():
                await asyncio.sleep(PAUSE_SECONDS)
        found: dict[str, Any] = json.loads(output.read_text())
        return {**found, "chats": last.done - first.done}


async def floor(http: Http, in_flight: int, seconds: float) -> float:
    """Requests per second of the same driver to the same host, which does nothing for them."""
    done, end = 0, time.perf_counter() + seconds

    async def ask() -> None:
        nonlocal done
        while time.perf_counter() < end:
            await http.call("health", "GET", "/api/health")
            done += 1

    await asyncio.gather(*(ask() for _ in range(in_flight)))
    return done / seconds


async def _throughput(server: Server, http: Http, chats: Chats, load: Load) -> Throughput:
    before, done = await totals(server, http), chats.done
    first, last = await closed_loop(server, http, chats, load, lambda _: Script())
    measured = _between(first, last, failures(chats))
    measured.operations = per_chat(before, await totals(server, http), chats.done - done)
    return measured


def _between(first: Mark, last: Mark, failed: str) -> Throughput:
    seconds, done = last.at - first.at, last.done - first.done
    each = 1000 / max(done, 1)
    loop = last.cpu.loop - first.cpu.loop
    return Throughput(
        done / seconds,
        (last.cpu.total - first.cpu.total) * each,
        loop * each,
        loop / seconds,
        (last.cpu.starved - first.cpu.starved) / seconds,
        (last.driver_cpu_seconds - first.driver_cpu_seconds) * each,
        (last.requests - first.requests) / max(done, 1),
        failed,
    )
