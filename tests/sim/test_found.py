"""Bugs that the simulator has found and that are not mended yet, each with a seed: who mends one is told so here."""

from dataclasses import replace

import pytest

from sim.faults import Mishap
from sim.run import run_seed
from sim.scenario import QUIET


@pytest.mark.xfail(strict=True, reason="a turn that runs again issues a token that the orchestration never hears of")
def test_a_turn_may_run_again_after_its_result_was_reported() -> None:
    """The late run raises `wait.token`; the orchestration goes on waiting for the bell of the token before.

    Writers ring the new one. Nobody looks at the conversation until the old wait's deadline, and capacity that it has
    let go of is held until then.
    """
    scenario = replace(QUIET, mishaps={Mishap.AGAIN: 12})
    assert [run_seed(seed, scenario).failure for seed in range(3)] == [None] * 3
