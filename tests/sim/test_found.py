"""Bugs that the simulator has found, each with the seeds that showed it; what is not mended yet is expected to fail."""

from dataclasses import replace

import pytest

from sim.faults import Mishap, Outage
from sim.run import run_plan, run_seed
from sim.scenario import CHANGING, QUIET, Scenario, plan_of


def test_a_turn_may_run_again_after_its_result_was_reported() -> None:
    """The late run numbered another wait: writers rang that one, and the orchestration went on waiting for its own."""
    _holds(replace(QUIET, mishaps={Mishap.AGAIN: 12}), 0, 1, 2)


@pytest.mark.xfail(strict=True, reason="nobody looks after conversations of an agent whom the policy has lost")
def test_who_talks_with_an_agent_that_is_removed_gets_another_one() -> None:
    """`agents.sweep` acts only on those whom the policy knows: the customer waits until `activeIdle` is over."""
    early = replace(CHANGING, patience=300.0, arrivals_every=1.5, interventions=0, closures=0, shifts=0)
    _holds(replace(early, editions=("removed",), publishes=1), 0, 18, 19)


@pytest.mark.xfail(strict=True, reason="capacity that wrap-up has given back is taken again without asking for room")
def test_wrap_up_that_holds_capacity_again_asks_for_room() -> None:
    """A policy by which wrap-up holds capacity follows one by which it did not: `hold_as` takes it for a repair."""
    long = replace(CHANGING, file=15.0, arrivals_every=1.5, shifts=0, interventions=0)
    _holds(replace(long, editions=("wrap-up", "base"), publishes=8), 0, 3, 6)


@pytest.mark.xfail(strict=True, reason="consumers ask for the policy outside of the time in which they try again")
def test_no_message_is_given_up_because_the_store_is_away() -> None:
    """While it is away for longer, `fresh()` fails at once: the queue's deliveries are used up within seconds."""
    plans = [replace(plan_of(seed, QUIET), faults=(Outage("store", 20.0, 25.0),)) for seed in (1, 2, 3)]
    assert [run_plan(plan).failure for plan in plans] == [None] * 3


def _holds(scenario: Scenario, *seeds: int) -> None:
    assert [run_seed(seed, scenario).failure for seed in seeds] == [None] * len(seeds)
