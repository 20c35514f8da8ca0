"""The real router, fed as queueing theory wants it, waits as the formulas say. Seeds are fixed: it never flakes."""

import math

import pytest

from sim.queueing import Model, Stream, Wait, interval, waits

MINUTE, HOUR = 60.0, 3600.0
pytestmark = pytest.mark.slow


def erlang_c(load: float, servers: int) -> float:
    """The probability of waiting in M/M/c."""
    terms = [load**k / math.factorial(k) for k in range(servers)]
    last = load**servers / math.factorial(servers) * servers / (servers - load)
    return last / (sum(terms) + last)


def erlang_a(rate: float, service: float, servers: int, patience: float) -> tuple[float, float, float]:
    """P(wait), P(abandon) and E[wait] of M/M/c+M; rates per second, from the chain of its states."""
    mu, theta = 1 / service, 1 / patience
    weights = [1.0]
    for state in range(1, servers * 12):
        weights.append(weights[-1] * rate / (min(state, servers) * mu + max(state - servers, 0) * theta))
    total = sum(weights)
    waiting = sum((state - servers) * weight for state, weight in enumerate(weights) if state > servers) / total
    return sum(weights[servers:]) / total, theta * waiting / rate, waiting / rate


def agrees(values: list[float], expected: float) -> None:
    """The formula lies in the confidence interval, and the interval says something."""
    mean, half = interval(values)
    assert abs(mean - expected) <= half, f"{mean} +- {half}, expected {expected}"
    assert half < max(0.75 * expected, 0.02), f"{mean} +- {half} says nothing about {expected}"


def test_the_formulas_give_the_published_values() -> None:
    load = 200 * 180 / HOUR
    assert erlang_c(load, 13) == pytest.approx(0.285270453, abs=1e-9)
    assert erlang_c(load, 13) * 180 / (13 - load) == pytest.approx(17.116227, abs=1e-6)
    assert erlang_c(load, 14) == pytest.approx(0.1741319336, abs=1e-9)
    assert erlang_c(load, 14) * 180 / (14 - load) == pytest.approx(7.835937, abs=1e-6)
    p_wait, p_leave, wait = erlang_a(48 / MINUTE, MINUTE, 50, 2 * MINUTE)
    assert p_wait == pytest.approx(0.46777, abs=1e-5)
    assert p_leave == pytest.approx(0.03091, abs=1e-5)
    assert wait == pytest.approx(3.709, abs=1e-3)


@pytest.mark.parametrize(("servers", "p_wait", "asa"), [(13, 0.285270453, 17.116227), (14, 0.1741319336, 7.835937)])
def test_without_patience_it_is_erlang_c(servers: int, p_wait: float, asa: float) -> None:
    found = waits(Model([Stream(200 / HOUR)], 180.0, servers, customers=9_000), seed=3)
    agrees([float(wait.seconds > 1e-9) for wait in found], p_wait)
    agrees([wait.seconds for wait in found], asa)


def test_with_patience_it_is_erlang_a() -> None:
    found = waits(Model([Stream(48 / MINUTE)], MINUTE, 50, 2 * MINUTE, customers=9_000), seed=1)
    agrees([float(wait.seconds > 1e-9) for wait in found], 0.46777)
    agrees([float(wait.has_left) for wait in found], 0.03091)
    agrees([wait.seconds for wait in found], 3.709)


def test_two_priorities_are_cobham_s() -> None:
    first, second, service, servers = 0.5 / MINUTE, 0.9 / MINUTE, MINUTE, 2
    found = waits(Model([Stream(first, 1), Stream(second, 2)], service, servers, customers=9_000), seed=2)
    load = (first + second) * service
    residual = erlang_c(load, servers) * service / servers
    sigma_first, sigma = first * service / servers, load / servers
    agrees(_of(found, 0), residual / (1 - sigma_first))
    agrees(_of(found, 1), residual / ((1 - sigma_first) * (1 - sigma)))


def _of(found: list[Wait], stream: int) -> list[float]:
    return [wait.seconds for wait in found if wait.stream == stream]
