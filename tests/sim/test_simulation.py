"""Whole simulations: the same for the same seed, no invariant broken, failures made small."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from sim.faults import Mishap, WayFault
from sim.run import report, run_plan, run_seed, shrink, trace_of
from sim.scenario import BUSY, CHAOS, FAULTY, PRESETS, QUIET, Scenario, plan_of
from sim.world import World
from tests.sim.test_mutants import no_bell_is_rung

ROOT = Path(__file__).parents[2]
CHUNK = 25
CHUNKS = ((QUIET, 8), (BUSY, 6), (FAULTY, 14), (CHAOS, 12))
"""A thousand seeds, in pieces that several workers share."""


@pytest.mark.parametrize("scenario", PRESETS.values(), ids=lambda scenario: str(scenario.name))
def test_a_few_seeds_hold(scenario: Scenario) -> None:
    _hold(scenario, range(100_000, 100_002))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("scenario", "chunk"), [pytest.param(s, n, id=f"{s.name}-{n}") for s, count in CHUNKS for n in range(count)]
)
def test_a_thousand_seeds_hold(scenario: Scenario, chunk: int) -> None:
    _hold(scenario, range(chunk * CHUNK, (chunk + 1) * CHUNK))


def test_the_same_seed_is_the_same_run_to_the_byte() -> None:
    plan = plan_of(7, CHAOS)
    first = trace_of(plan)
    assert first == trace_of(plan)
    assert "CRASH" in first and first != trace_of(plan_of(8, CHAOS))


@pytest.mark.slow
def test_it_is_the_same_in_another_process_with_other_hashes() -> None:
    traces = {
        subprocess.run(
            [sys.executable, "-m", "sim", "--scenario", "chaos", "--seed", "3", "--trace", "-"],
            cwd=ROOT, env={**os.environ, "PYTHONHASHSEED": hashes}, capture_output=True, check=True,
        ).stdout
        for hashes in ("1", "2", "3")
    }  # fmt: skip
    assert len(traces) == 1


def test_faults_have_their_way() -> None:
    """What the plan has in store happens: else the seeds above say nothing."""
    world = World(plan_of(3, CHAOS), traces=True)
    assert world.run() is None
    text = world.story.text()
    for what in ("CRASH", "answer lost", "!Lost", "is away", "!Conflict"):
        assert what in text, what


def test_a_failure_is_made_small(monkeypatch: pytest.MonkeyPatch) -> None:
    no_bell_is_rung(monkeypatch)
    failed = run_seed(0, replace(QUIET, mishaps={Mishap.DUPLICATE: 3, Mishap.LOST_REPLY: 3}))
    assert failed.failure and failed.failure.invariant == "I5"
    smallest = shrink(failed)
    assert len(smallest.plan.customers) == 1 and not smallest.plan.faults
    text = report(smallest)
    assert "seed 0" in text and "--seed 0" in text and "CHECK" in text


def test_the_shrunk_plan_is_a_plan_like_others() -> None:
    plan = plan_of(1, FAULTY)
    smaller = plan.without(frozenset({0, 1}), frozenset(range(5)))
    assert len(smaller.customers) == len(plan.customers) - 2 and len(smaller.faults) == len(plan.faults) - 5
    assert run_plan(smaller).failure is None
    assert any(isinstance(fault, WayFault) for fault in plan.faults)


def _hold(scenario: Scenario, seeds: range) -> None:
    for seed in seeds:
        result = run_seed(seed, scenario)
        if result.failure:
            pytest.fail(report(result))
        assert result.conversations
