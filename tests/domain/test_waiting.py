"""The estimated wait: against what queueing theory and simulated lines say."""

import heapq
import math
import random
from datetime import timedelta

import pytest

from shared.domain.waiting import (
    HANDLE_SECONDS_DEFAULT,
    RATE_SECONDS,
    Flow,
    Line,
    counted,
    expected_wait,
    handled,
    overlap,
)
from tests.domain.cast import NOW, at


def test_nobody_serves() -> None:
    assert expected_wait(Line(ahead=3, servers=0, free=0), Flow()) is None


def test_a_free_server_takes_it_at_once() -> None:
    assert expected_wait(Line(ahead=0, servers=4, free=1), Flow()) == 0
    assert expected_wait(Line(ahead=2, servers=4, free=3), Flow()) == 0


def test_patient_people_wait_for_one_completion_per_place() -> None:
    """With exponential handling the servers together complete at servers / handle; each place waits for one."""
    flow = Flow(handle_seconds=120)
    for ahead in range(6):
        assert expected_wait(Line(ahead, 4, 0), flow) == pytest.approx((ahead + 1) * 120 / 4)


def test_more_servers_less_ahead_more_impatience_and_fewer_overtaking_shorten_it() -> None:
    flow = Flow(handle_seconds=120)
    base = expected_wait(Line(8, 4, 0, 0.01), flow)
    impatient = Flow(handle_seconds=120, abandonments=0.02, waiting=4)
    assert base is not None
    for line, seen in [
        (Line(8, 5, 0, 0.01), flow), (Line(7, 4, 0, 0.01), flow), (Line(7.5, 4, 0, 0.01), flow),
        (Line(8, 4, 0, 0.0), flow), (Line(8, 4, 0, 0.01), impatient),
    ]:  # fmt: skip
        shorter = expected_wait(line, seen)
        assert shorter is not None and shorter < base


def test_however_many_overtake_the_estimate_stays_finite() -> None:
    found = expected_wait(Line(3, 2, 0, overtaking=1e9), Flow(handle_seconds=60))
    assert found is not None and math.isfinite(found)


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
    handle, patience = 120.0, 300.0
    flow = Flow(handle_seconds=handle, abandonments=1.0, waiting=patience)  # one of `patience` who wait, per second
    estimated = expected_wait(Line(ahead, servers, 0), flow)
    assert estimated == pytest.approx(_simulated(7, ahead, servers, handle, patience, 20_000), rel=0.03)


def test_handling_times_are_learnt() -> None:
    flow = Flow()
    assert flow.handle_seconds == HANDLE_SECONDS_DEFAULT
    for _ in range(300):
        flow = handled(flow, 60)
    assert flow.handle_seconds == pytest.approx(60, rel=0.01)


def test_rates_are_learnt_and_forgotten() -> None:
    flow = Flow()
    for second in range(0, 4 * int(RATE_SECONDS), 10):
        flow = counted(flow, at(second), 5, arrivals=1, abandonments=int(second % 50 == 0))
    assert flow.arrivals == pytest.approx(0.1, rel=0.1)
    assert flow.abandonments == pytest.approx(0.02, rel=0.15)
    assert flow.waiting == pytest.approx(5, rel=0.1)
    assert flow.impatience == pytest.approx(0.004, rel=0.2)
    later = counted(flow, flow.at + timedelta(seconds=10 * RATE_SECONDS), 0) if flow.at else flow
    assert later.arrivals < flow.arrivals / 500


def test_a_clock_that_steps_back_breaks_nothing() -> None:
    flow = counted(counted(Flow(), at(10), 1, arrivals=1), NOW, 1, arrivals=1)
    assert flow.at == at(10)
    assert flow.arrivals > 0


def test_work_of_other_queues_counts_by_the_share_of_its_servers_who_serve_this_one() -> None:
    servers = {
        "sales": frozenset({"alice", "bob"}), "care": frozenset({"bob", "carla"}), "night": frozenset({"dora"}),
    }  # fmt: skip
    found = overlap("sales", servers)
    assert (found.of("sales"), found.of("care"), found.of("night"), found.of("nothing")) == (1.0, 0.5, 0.0, 0.0)
