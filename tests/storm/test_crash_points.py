"""The host dies before each commit of app.db and of host.db while one chat goes through every stage."""

import asyncio
from pathlib import Path

import pytest

from tests.storm.nursery import ChatNursery
from tests.storm.storm import Storm, storm

AT_A_TIME = 4
COMMITS_MAX = 400


@pytest.mark.slow
@pytest.mark.parametrize("database", ["app", "host"])
async def test_a_crash_before_each_commit(tmp_path: Path, database: str) -> None:
    """Until a chat ends without reaching its crash point. Several hosts at a time, as they wait for the most part."""

    async def each(first: int) -> int:
        async with ChatNursery(tmp_path / f"from-{first}") as nursery:
            for number in range(first, COMMITS_MAX, AT_A_TIME):
                if not await _dies(nursery, tmp_path / f"data-{number}", f"{database} before", number):
                    return number
        pytest.fail("the chat never ended before its crash point")

    ends = await asyncio.gather(*(each(first) for first in range(1, AT_A_TIME + 1)))
    print(f"{database}.db: up to {max(ends)} commits")
    assert min(ends) > 30, "the chat is expected to commit more often"


async def _dies(nursery: ChatNursery, data: Path, phase: str, number: int) -> bool:
    async with storm(nursery, data, pace=0) as played:
        await nursery.start((phase, number))
        playing = asyncio.create_task(_play(played))
        while nursery.is_alive and not playing.done():
            await asyncio.sleep(0.005)
        has_died = not nursery.is_alive
        if has_died:
            await nursery.restart()
        await playing
        return has_died


async def _play(played: Storm) -> None:
    await played.sign_in()
    async with played.at_work():
        await played.chat("whole")
    await played.check()
