"""Whole simulations: the same for the same seed, no invariant broken, failures made small."""

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from sim.centre import SUPERVISOR
from sim.faults import Mishap, MuteHeart, Storm, Throttle, WayFault
from sim.run import report, run_plan, run_seed, shrink, trace_of
from sim.scenario import BUSY, CHANGING, CHAOS, FAULTY, POLICY, PRESETS, QUIET, CustomerPlan, Scenario, plan_of
from sim.soak import SEEDS_EACH, soak
from sim.world import World
from tests.sim.test_mutants import no_bell_is_rung

ROOT = Path(__file__).parents[2]
CHUNK = 25
CHUNKS = ((QUIET, 8), (BUSY, 4), (FAULTY, 11), (CHAOS, 8), (POLICY, 3), (CHANGING, 6))
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


def test_troubles_have_their_way() -> None:
    """A throttled store, a storm of conflicts, heartbeats that are lost."""
    faults = (Throttle(10, 20, 5), Storm(35, 20, 0.9), MuteHeart("agent-0", 20, 45))
    world = World(replace(plan_of(1, QUIET), faults=faults), traces=True)
    assert world.run() is None
    text = world.story.text()
    for what in ("the store is throttled", "!Conflict operation 0: the document has changed"):
        assert what in text, what
    beats = [line for line in text.splitlines() if "inbox/agent-0 heartbeat" in line]
    assert not [line for line in beats if 21 < float(line.split()[0]) < 30]


def test_a_history_never_grows_too_long() -> None:
    """Whoever floods the bot: more turns are taken than one history holds, and nothing is lost in between."""
    faults = (*(WayFault(at, Mishap.TWICE) for at in (20, 40, 60)), *(WayFault(at, Mishap.AGAIN) for at in (30, 50)))
    plan = replace(plan_of(1, QUIET), customers=(CustomerPlan(0, 1.0, "bot-flood", 60.0),), faults=faults)
    world = World(plan)
    assert world.run() is None
    assert 200 < world.hub.longest < 1_000


@pytest.mark.slow
def test_policies_have_their_way() -> None:
    """Every rule is carried out in some seed, and every act is done."""
    found: Counter[str] = Counter()
    for seed in range(12):
        for scenario in (POLICY, CHANGING):
            world = World(plan_of(seed, scenario), traces=True)
            assert world.run() is None
            found.update(_what_has_happened(world))
    wanted = {
        "overflow full", "overflow closed", "overflow closure", "overflow call", "overflow late", "overflow long",
        "callback", "preferred", "forced", "agent-lost", "supervisor", "publish skills", "publish rules",
        "publish disabled", "publish without-spare", "becomes offline", "close general", "open general", "forbidden",
    }  # fmt: skip
    assert not wanted - found.keys()


def test_a_soak_is_taken_up_where_it_was_left() -> None:
    scenario = replace(QUIET, customers=2)
    following, total = next(soak([scenario], 3, 1, processes=1))
    assert following == 3 + SEEDS_EACH and total.seeds == SEEDS_EACH
    assert total.conversations and total.checks and total.virtual_seconds and not total.failures


@pytest.mark.slow
def test_a_soak_shares_its_seeds_among_processes() -> None:
    scenario = replace(QUIET, customers=2)
    alone, shared = ([total for _, total in soak([scenario], 0, 30, processes)][-1] for processes in (1, 2))
    assert alone == shared


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
    smaller = plan.without("customers", 0, 2).without("faults", 0, 5)
    assert len(smaller.customers) == len(plan.customers) - 2 and len(smaller.faults) == len(plan.faults) - 5
    assert run_plan(smaller).failure is None
    assert any(isinstance(fault, WayFault) for fault in plan.faults)


def _what_has_happened(world: World) -> Iterator[str]:
    """Rules of overflow, callbacks, preferred agents, and what supervisors and agents did."""
    for event in world.events():
        data = event["data"]
        rules = data.get("overflow") or ([data["rule"]] if "rule" in data else [])
        yield from (f"overflow {rule}" for rule in rules)
        yield from (str(data[name]) for name in ("by", "reason") if name in data)
        yield from {"callbackPromised": ["callback"]}.get(event["type"], [])
        yield from ["forced"] if "assignedBy" in data else []
    yield from ("preferred" for item in world.watch.routing.items.values() if item["agent_id"] in item["preferred"])
    for line in world.story.lines:
        words = line.split()
        if words[1].startswith(("agent-", SUPERVISOR)):
            yield " ".join(words[2:4])
        yield from ["forbidden"] if line.endswith("!forbidden") else []


def _hold(scenario: Scenario, seeds: range) -> None:
    for seed in seeds:
        result = run_seed(seed, scenario)
        if result.failure:
            pytest.fail(report(result))
        assert result.conversations
