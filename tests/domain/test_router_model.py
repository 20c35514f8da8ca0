"""Whatever happens in whatever order, the router decides as the reference does from scratch."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.routing import board, deadlines, demand, line
from tests.domain.router_world import World

SIZES = (4, 10, 25)


@pytest.fixture(params=[False, True], ids=["usual", "eager"])
def eager(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """With thresholds so low that what happens rarely happens all the time: slots change hands, heaps are cleaned."""
    if request.param:
        monkeypatch.setattr(demand, "SPARE_LINES", 1)
        monkeypatch.setattr(demand, "YOUNG_MAX", 1)
        monkeypatch.setattr(board, "GONE_MIN", 1)
        monkeypatch.setattr(line, "DEAD_MIN", 1)
        monkeypatch.setattr(deadlines, "SIZE_MIN", 4)
    return bool(request.param)


def live(seed: int, steps: int) -> int:
    """A world's life; how many decisions were compared."""
    world = World(seed, SIZES[seed % len(SIZES)])
    for _ in range(steps):
        world.step()
    return world.decisions


@pytest.mark.parametrize("seed", range(6))
def test_the_router_decides_as_the_reference(seed: int, eager: bool) -> None:
    assert live(seed, 150) > 0


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 150))
def test_the_router_decides_as_the_reference_for_long(seed: int, eager: bool) -> None:
    assert live(seed, 1000) > 0


@given(seed=st.integers(0, 2**32))
@settings(max_examples=25, deadline=None)
def test_the_router_decides_as_the_reference_from_any_beginning(seed: int) -> None:
    live(seed, 40)
