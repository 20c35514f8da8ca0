"""kill -9, again and again, while customers and agents talk; what they were promised is compared with what is kept.

STORM_SEED chooses another run. How soon a killed host answers again is asserted in processor time: by the clock it
depends on what else the machine does, and `make bench ONLY=chat` measures it.
"""

from pathlib import Path

import pytest

from tests.storm.nursery import ChatNursery
from tests.storm.storm import storm

READY_PROCESSOR_SECONDS_MAX = 5.0
STAGES = {"new", "bot", "queued", "offered", "active", "transfer", "waiting", "wrapUp"}


@pytest.mark.slow
async def test_a_hundred_kills_under_chats(tmp_path: Path) -> None:
    """Kills in every stage; nothing promised is lost, nothing is done twice, everything comes to its end."""
    async with ChatNursery(tmp_path) as nursery, storm(nursery, tmp_path / "data") as played:
        await nursery.restart()
        await played.sign_in()
        await played.play(kills=100, lanes=12, chats_min=56)
        print(played.report())
        await played.check()
        assert set(nursery.hit) >= STAGES
        assert nursery.slowest < READY_PROCESSOR_SECONDS_MAX


@pytest.mark.slow
async def test_kills_while_every_replay_is_verified(tmp_path: Path) -> None:
    """In `verify` mode each orchestrator is run again from its history at every step and compared."""
    async with ChatNursery(tmp_path, "verify") as nursery, storm(nursery, tmp_path / "data") as played:
        await nursery.restart()
        await played.sign_in()
        await played.play(kills=20, lanes=8, chats_min=22)
        print(played.report())
        await played.check()
        assert nursery.slowest < READY_PROCESSOR_SECONDS_MAX
