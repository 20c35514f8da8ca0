"""Runs plans, and makes a plan that fails smaller as long as it fails."""

import time
from dataclasses import dataclass
from itertools import count

from sim.scenario import PARTS, Plan, Scenario, plan_of
from sim.world import Failure, World

RUNS_MAX = 60
"""Shrinking takes so many runs at most."""


@dataclass(frozen=True, slots=True)
class Result:
    """What a run has come to."""

    plan: Plan
    failure: Failure | None
    conversations: int
    virtual_seconds: float
    seconds: float
    writes: int
    checks: int
    """How often the invariants were looked at: with each batch that was written, and before time moved on."""


def run_plan(plan: Plan) -> Result:
    """One run."""
    begin = time.perf_counter()
    world = World(plan)
    failure = world.run()
    seconds = time.perf_counter() - begin
    return Result(plan, failure, world.conversations, world.time(), seconds, world.plan.writes, world.watch.checks)


def run_seed(seed: int, scenario: Scenario) -> Result:
    """One run of a scenario."""
    return run_plan(plan_of(seed, scenario))


def trace_of(plan: Plan) -> str:
    """The same run again, line by line."""
    world = World(plan, traces=True)
    world.run()
    return world.story.text()


def shrink(failed: Result, runs_max: int = RUNS_MAX) -> Result:
    """Leave out faults, acts, shifts and customers while the same invariant fails: halves first, then single ones."""
    best, runs = failed, count()
    for part in PARTS:
        size = max(1, len(getattr(best.plan, part)) // 2)
        while size >= 1:
            place = 0
            while place < len(getattr(best.plan, part)):
                if next(runs) >= runs_max:
                    return best
                smaller = run_plan(best.plan.without(part, place, place + size))
                if smaller.failure and failed.failure and smaller.failure.invariant == failed.failure.invariant:
                    best = smaller
                else:
                    place += size
            size //= 2
    return best


def report(failed: Result) -> str:
    """What has failed, in which run, and how it comes about with as little else as possible."""
    smallest = shrink(failed)
    plan = smallest.plan
    return "\n".join(
        [
            f"seed {plan.seed}, scenario {plan.scenario.name}: {failed.failure}",
            f"again: python -m sim --scenario {plan.scenario.name} --seed {plan.seed} --trace -",
            f"smallest plan that fails ({smallest.failure}):",
            *(f"  {each}" for part in reversed(PARTS) for each in getattr(plan, part)),
            "trace:",
            trace_of(plan),
        ]
    )
