"""kill -9, again and again, and at every commit point; an external ledger and the outputs prove the promises."""

import asyncio
import contextlib
import random
from pathlib import Path

import httpx
import pytest

from tests.devhost.storm import Nursery, Workload

KILLS = 200
READY_PROCESSOR_SECONDS_MAX = 5.0  # by the clock it depends on what else the machine does


@pytest.mark.slow
async def test_two_hundred_kills_lose_and_double_nothing(tmp_path: Path) -> None:
    """Random kills while conversations, relays, fans and sessions run, in rounds, until there were 200."""
    chance = random.Random(20261123)
    kills, slowest = 0, 0.0
    round_ = 0
    while kills < KILLS:
        round_ += 1
        async with Nursery(tmp_path / f"round-{round_}") as nursery:
            await nursery.start()
            workload = Workload(nursery.port, size=15)
            playing = asyncio.create_task(workload.run())
            while not playing.done() and kills + nursery.kills < KILLS:
                await asyncio.sleep(chance.uniform(0.002, 0.06))
                nursery.kill()
                await nursery.start()
                slowest = max(slowest, nursery.processor_seconds())
            await playing
            repeats = await workload.prove(nursery.data)
            kills += nursery.kills
        print(f"round {round_}: {kills} kills so far, {dict(repeats)}, dearest start {slowest:.2f} s of a processor")
    assert slowest < READY_PROCESSOR_SECONDS_MAX


@pytest.mark.slow
@pytest.mark.parametrize(("phase", "mode"), [("before", "verify"), ("after", "cached")])
async def test_a_crash_at_each_commit_point(tmp_path: Path, phase: str, mode: str) -> None:
    """The host dies before (after) its n-th commit, for each n until a run ends without dying."""
    for number in range(1, 200):
        data = tmp_path / f"{phase}-{number}"
        async with Nursery(data, mode) as nursery:
            await nursery.start((phase, number))
            workload = Workload(nursery.port, size=1)
            playing = asyncio.create_task(workload.run())
            died = await _dies(nursery, playing)
            nursery.kill()
            await nursery.start()
            await playing
            await workload.prove(data)
        if not died:
            assert number > 20, "the workload is expected to commit more often"
            return
    pytest.fail("the workload never ended before its crash point")


async def _dies(nursery: Nursery, playing: "asyncio.Task[None]") -> bool:
    """Whether the host dies before everything is acknowledged and settled."""
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{nursery.port}", timeout=5) as http:
        quiet = 0
        while quiet < 5:
            await asyncio.sleep(0.02)
            try:
                status = (await http.get("/admin/host/status")).json()
            except httpx.HTTPError:
                return True
            idle = playing.done() and not status["running"] and not status["queues"]
            quiet = quiet + 1 if idle else 0
    with contextlib.suppress(asyncio.InvalidStateError):
        playing.result()
    return False
