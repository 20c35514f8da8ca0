"""Routing one event: latencies of the router under the full policy, beside the usual ways under a simple one.

Times are CPU time of the thread, so that neighbours on the machine count as little as possible.
"""

import gc
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from bench.report import Report
from bench.routing import events, race
from bench.routing.peers import PEERS
from bench.routing.workload import Size, Workload

LABELS = {
    "agent_free": "an agent becomes free", "work_arrives": "work arrives", "item_removed": "a waiting item is removed",
    "presence": "a presence changes", "skill_edit": "skills are edited", "new_set": "a new requirement set arrives",
    "relaxation": "a relaxation step is due",
}  # fmt: skip
PEER_LABELS = {"scan": "a scan", "numpy": "a numpy scan", "heaps": "a heap per requirement set"}
P50_GOAL, P99_GOAL = 8.0, 25.0
CLOCK_SAMPLES = 2000


@dataclass(frozen=True)
class Sizes:
    """How much is measured."""

    full: Size = field(default_factory=Size)
    events: int = 2000  # of each kind
    simple: Size = field(default_factory=lambda: Size(is_simple=True))
    raced: int = 3000
    peer_events: dict[str, int] = field(default_factory=lambda: {"scan": 150, "numpy": 400, "heaps": 600})
    growth: tuple[int, ...] = (1_000, 10_000, 100_000, 1_000_000)
    growth_events: int = 2000


def run(report: Report, sizes: Sizes | None = None) -> None:
    """All of it, in about two minutes."""
    sizes = sizes or Sizes()
    gc.collect()
    gc.disable()  # while the pools are made; what lives long is frozen then
    try:
        _latencies(report, sizes)
        _race(report, sizes)
        _growth(report, sizes)
    finally:
        gc.enable()


def quantile(values: Sequence[float], share: float) -> float:
    """The value that this share of them does not exceed."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def clock_cost() -> float:
    """Microseconds that reading the clock adds to each measurement."""
    spent = []
    for _ in range(CLOCK_SAMPLES):
        begin = time.thread_time_ns()
        spent.append((time.thread_time_ns() - begin) / 1000)
    return statistics.median(spent)


def _latencies(report: Report, sizes: Sizes) -> None:
    floor = events.Floor(Workload(sizes.full))
    found = events.measure(floor, sizes.events, clock_cost())
    labels = {**LABELS, "any": "any of them but the last"}
    for times in (found.events, found.choosing):
        times["any"] = [value for name in events.KINDS for value in times[name]]
    rows = []
    for name, label in labels.items():
        figures = [
            max(0.0, quantile(times[name], share))
            for times in (found.events, found.choosing) for share in (0.5, 0.99)
        ]  # fmt: skip
        rows.append([label, *figures])
        for what, value in zip(("p50", "p99", "choosing.p50", "choosing.p99"), figures, strict=True):
            report.figure(f"routing.{name}.{what}", value, "us")
    every = found.events["any"]
    throughput = 1e6 / statistics.mean(every)
    report.figure("routing.throughput", throughput, "1/s")
    size = sizes.full
    report.table(
        f"Router, full policy: {size.agents} agents, {size.waiting} items at first, {size.skills} skills",
        ["event", "p50 us", "p99 us", "choosing p50", "p99"], rows,
        f"with all records that decisions make; choosing: without records and the index taking them in; "
        f"{throughput:,.0f} events/s; goals: p50 {P50_GOAL:.0f}, p99 {P99_GOAL:.0f}",
    )  # fmt: skip


def _race(report: Report, sizes: Sizes) -> None:
    floor = race.prepare(sizes.simple)
    idle, waiting = race.beginning(floor)
    cost = clock_cost()
    gc.freeze()
    ours, script = race.ours(floor, sizes.raced)
    rows = [["the router", *_columns(ours, cost)]]
    for name, engine in PEERS.items():
        part = script[: sizes.peer_events[name]]
        times = race.peer(engine(floor.workload.profiles, idle, waiting), part)
        if times.decisions != ours.decisions[: len(part)]:
            raise RuntimeError(f"{PEER_LABELS[name]} decides otherwise")
        rows.append([PEER_LABELS[name], *_columns(times, cost)])
        for kind in ("free", "arrives"):
            value, peer = (quantile(getattr(each, kind), 0.5) - cost for each in (ours, times))
            report.figure(f"routing.simple.{kind}.p50.{name}", value, "us", peer)
    gc.unfreeze()
    report.table(
        "Simple policy, the same decisions", ["engine", "free p50", "p99", "arrives p50", "p99"], rows,
        "us; the router's with all records, the peers' without",
    )  # fmt: skip


def _columns(times: race.Times, cost: float) -> list[float]:
    return [quantile(spent, share) - cost for spent in (times.free, times.arrives) for share in (0.5, 0.99)]


def _growth(report: Report, sizes: Sizes) -> None:
    rows = []
    for waiting in sizes.growth:
        size = replace(sizes.simple, waiting=waiting, agents=min(sizes.simple.agents, 1000))
        floor = race.prepare(size)
        cost = clock_cost()
        gc.freeze()
        times, _ = race.ours(floor, sizes.growth_events)
        gc.unfreeze()
        rows.append([f"{waiting:,}", *_columns(times, cost)])
        report.figure(f"routing.growth.{waiting}.free.p50", quantile(times.free, 0.5) - cost, "us")
        report.figure(f"routing.growth.{waiting}.free.p99", quantile(times.free, 0.99) - cost, "us")
    report.table("Simple policy, by waiting items", ["waiting", "free p50", "p99", "arrives p50", "p99"], rows, "us")
