"""Estimated waits are nearer to the truth than moving averages are; virtual time, so always the same figures."""

import pytest

from sim.estimates import DYNAMICS, ESTIMATORS, OURS, RUNNING, SCENES, Told, errors, told

SEEDS = range(2)


def test_errors_are_what_they_are_called() -> None:
    found = [Told({OURS: 60.0}, 30.0), Told({OURS: 30.0}, 40.0), Told({OURS: 100.0}, 100.0)]
    off = errors(found, OURS)
    assert (off.count, off.relative) == (3, 0.25)
    assert off.mean_absolute == pytest.approx(40 / 3)
    assert off.root_mean_square == pytest.approx((1000 / 3) ** 0.5)


def test_a_day_is_always_the_same() -> None:
    assert told(SCENES["few agents"], 7) == told(SCENES["few agents"], 7)


@pytest.mark.slow
@pytest.mark.parametrize("name", SCENES)
def test_ours_is_nearer_to_the_truth(name: str) -> None:
    found = [it for seed in SEEDS for it in told(SCENES[name], seed)]
    assert len(found) > 40
    off = {estimator: errors(found, estimator).mean_absolute for estimator in ESTIMATORS}
    assert off[OURS] < 0.8 * off[DYNAMICS]
    assert off[OURS] < off[RUNNING]
