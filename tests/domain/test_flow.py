"""What is seen of a queue, and how it fades."""

import itertools

import pytest

from shared.domain.flow import HALF_LIFE_SECONDS, PRIOR_COUNT, Fading, Mean, Observed

BEGAN = 1_000_000.0


def test_what_happened_fades_by_half_in_whatever_order_it_is_told() -> None:
    told = [(BEGAN, 1.0), (BEGAN + HALF_LIFE_SECONDS, 2.0), (BEGAN + 2 * HALF_LIFE_SECONDS, 4.0)]
    for order in itertools.permutations(told):
        fading = Fading()
        for at, amount in order:
            fading.add(at, amount)
        assert fading.total(BEGAN + 2 * HALF_LIFE_SECONDS) == pytest.approx(0.25 + 1 + 4)
        assert fading.total(BEGAN + 3 * HALF_LIFE_SECONDS) == pytest.approx(5.25 / 2)


def test_a_mean_begins_with_what_is_known_otherwise() -> None:
    mean = Mean()
    assert mean.value(300) == 300
    mean.add(60)
    assert mean.value(300) == pytest.approx((60 + PRIOR_COUNT * 300) / (1 + PRIOR_COUNT))
    for _ in range(2_000):
        mean.add(60)
    assert mean.value(300) == pytest.approx(60, rel=0.2)
    mean.add_time(60)
    assert mean.value(300) > 60


@pytest.mark.parametrize("seconds", [300, 4 * HALF_LIFE_SECONDS])
def test_rates_are_learnt_from_the_first_minutes_on(seconds: float) -> None:
    queue = Observed()
    for second in range(0, int(seconds), 10):
        queue.arrived(BEGAN + second, 5)
    assert queue.coming(BEGAN + seconds) == {5: pytest.approx(0.1, rel=0.05)}
    assert queue.coming(BEGAN + seconds + 20 * HALF_LIFE_SECONDS) == {}


def test_impatience_is_those_who_give_up_per_time_waited() -> None:
    queue = Observed()
    queue.wait_changed(BEGAN, 5)
    for second in range(50, 8 * int(HALF_LIFE_SECONDS), 50):
        queue.gave_up(BEGAN + second)
        queue.wait_changed(BEGAN + second, -1)
        queue.wait_changed(BEGAN + second, 1)
    assert queue.impatience(BEGAN + 8 * HALF_LIFE_SECONDS) == pytest.approx(0.02 / 5, rel=0.15)
    assert queue.waiting == 5


def test_nobody_seen_giving_up_is_patience() -> None:
    queue = Observed()
    assert queue.impatience(BEGAN) == 0 and queue.coming(BEGAN) == {}
