"""The play of waiting lines: against queueing theory, simulated lines, and lines whose agents differ."""

import heapq
import random
from collections.abc import Sequence
from functools import partial
from itertools import pairwise

import pytest

from shared.domain.waiting import WAIT_SECONDS_MAX, Coming, Crew, Line, Rank, waits

HANDLE = 120.0


def line(count: int, first: int = 0, *, impatience: float = 0.0, priority: int = 5) -> Line:
    """So many who wait, one second after the other."""
    return Line([(1, priority, first + n, "") for n in range(count)], HANDLE, impatience)


def crew(*lines: int, slots: float = 1, free: float = 0) -> Crew:
    return Crew(dict.fromkeys(lines, 1.0), slots, free, HANDLE)


def played(crews: Sequence[Crew], *lines: Line) -> list[list[float]]:
    return waits(crews, lines)[0]


def test_who_is_free_takes_work_at_once() -> None:
    assert played([crew(0, slots=4, free=2)], line(3)) == [[0, 0, HANDLE / 4]]


def test_patient_people_wait_for_one_completion_per_place() -> None:
    assert played([crew(0, slots=4)], line(6)) == [[pytest.approx((n + 1) * HANDLE / 4) for n in range(6)]]


@pytest.mark.parametrize("servers", [1, 4, 8])
def test_it_is_whitts_formula_for_one_line_of_impatient_people(servers: int) -> None:
    impatience = 1 / 300
    (found,) = played([crew(0, slots=servers)], line(31, impatience=impatience))
    rates = [servers / HANDLE + place * impatience for place in range(31)]
    assert found == [pytest.approx(sum(1 / rate for rate in rates[: place + 1])) for place in range(31)]


def _simulated(seed: int, ahead: int, servers: int, handle: float, patience: float, runs: int) -> float:
    """The mean wait of somebody patient behind impatient people, all servers busy."""
    chance, total = random.Random(seed), 0.0
    for _ in range(runs):
        leaving = [chance.expovariate(1 / handle) for _ in range(servers)]
        heapq.heapify(leaving)
        for _ in range(ahead):
            gives_up = chance.expovariate(1 / patience)
            if gives_up < leaving[0]:
                continue  # gone before a server was free
            heapq.heapreplace(leaving, leaving[0] + chance.expovariate(1 / handle))
        total += leaving[0]
    return total / runs


@pytest.mark.parametrize(("ahead", "servers"), [(0, 1), (1, 3), (4, 2), (10, 5), (30, 8)])
def test_it_agrees_with_simulated_lines_of_impatient_people(ahead: int, servers: int) -> None:
    (found,) = played([crew(0, slots=servers)], line(ahead + 1, impatience=1 / 300))
    assert found[-1] == pytest.approx(_simulated(7, ahead, servers, HANDLE, 300.0, 20_000), rel=0.03)


def test_crews_after_the_same_work_are_as_fast_as_one() -> None:
    together = played([crew(0, slots=5)], line(9))
    apart = played([crew(0, slots=2), crew(0, slots=3)], line(9))
    assert apart[0] == pytest.approx(together[0])


def test_what_others_cannot_take_does_not_stand_in_their_way() -> None:
    """Two serve both lines, two only the second: work of the first, which is ahead, holds up the former alone."""
    first, second = played([crew(0, 1, slots=2), crew(1, slots=2)], line(10), line(10, first=100))
    assert first == [pytest.approx((n + 1) * 60) for n in range(10)]
    assert second == pytest.approx(first)
    (alone,) = played([crew(0, slots=4)], line(10))
    assert second[0] > alone[0]


def test_when_others_are_done_they_help() -> None:
    _, second = played([crew(0, 1, slots=2), crew(1, slots=2)], line(3), line(20, first=100))
    steps = [later - earlier for earlier, later in pairwise(second)]
    assert steps[0] == pytest.approx(60) and steps[-1] == pytest.approx(30)


def test_the_first_by_rank_goes_first() -> None:
    late_but_urgent = line(2, first=100, priority=1)
    ordinary, urgent = played([crew(0, 1, slots=1)], line(2), late_but_urgent)
    assert urgent == [HANDLE, 2 * HANDLE] and ordinary == [3 * HANDLE, 4 * HANDLE]


def _urgent(rate: float, priority: int = 1) -> Line:
    def rank_in(priority: int, seconds: float) -> Rank:
        return (1, priority, int(1_000 + seconds), "")

    return Line((), HANDLE, 0.0, Coming(rate, partial(rank_in, priority)))


def test_urgent_work_that_comes_meanwhile_goes_first() -> None:
    (alone,) = played([crew(0, slots=2)], line(8))
    overtaken, _ = played([crew(0, 1, slots=2)], line(8), _urgent(0.008))
    behind, _ = played([crew(0, 1, slots=2)], line(8), _urgent(0.008, priority=9))
    assert behind == pytest.approx(alone)
    assert all(later > earlier for later, earlier in zip(overtaken[3:], alone[3:], strict=True))


def test_however_much_overtakes_all_are_told_something() -> None:
    found, _ = played([crew(0, 1, slots=2)], line(3), _urgent(5.0))
    assert len(found) == 3 and max(found) <= WAIT_SECONDS_MAX


def test_more_slots_less_ahead_and_more_impatience_shorten_it() -> None:
    (base,) = played([crew(0, slots=4)], line(9))
    for crews, lines in [
        ([crew(0, slots=5)], line(9)), ([crew(0, slots=4, free=1)], line(9)),
        ([crew(0, slots=4)], line(9, impatience=0.01)),
    ]:  # fmt: skip
        assert played(crews, lines)[0][-1] < base[-1]


def test_work_that_takes_more_slots_is_taken_less_often() -> None:
    (found,) = played([Crew({0: 3.0}, 6, 0, HANDLE)], line(2))
    assert found == [pytest.approx(60), pytest.approx(120)]


def test_work_of_another_length_changes_the_pace() -> None:
    short = Line([(1, 5, n, "") for n in range(40)], 12.0)
    (found,) = played([crew(0, slots=2)], short)
    assert found[0] == pytest.approx(60)
    assert found[-1] - found[-2] == pytest.approx(6, rel=0.01)
