"""Bugs that the simulator has found, each with the seeds that showed it."""

from dataclasses import replace

from sim.faults import Mishap
from sim.run import run_seed
from sim.scenario import QUIET


def test_a_turn_may_run_again_after_its_result_was_reported() -> None:
    """The late run numbered another wait: writers rang that one, and the orchestration went on waiting for its own."""
    scenario = replace(QUIET, mishaps={Mishap.AGAIN: 12})
    assert [run_seed(seed, scenario).failure for seed in range(3)] == [None] * 3
