"""Seed after seed of every scenario, over several processes, until so many conversations were simulated."""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, field
from itertools import count

from sim.run import Result, report, run_seed
from sim.scenario import Scenario

FAILURES_MAX = 20
"""After so many it ends before its time."""
SEEDS_EACH = 5
"""Of each scenario, in one piece of work: some seconds."""
TOLD_MAX = 3
"""So many failures are shown with their traces; the others are counted."""


@dataclass(slots=True)
class Tally:
    """What it has come to so far."""

    conversations: int = 0
    seeds: int = 0
    virtual_seconds: float = 0.0
    checks: int = 0
    failures: list[tuple[str, int]] = field(default_factory=list)  # scenario and seed
    reports: list[str] = field(default_factory=list)

    def add(self, result: Result) -> None:
        """One run more."""
        self.conversations += result.conversations
        self.seeds += 1
        self.virtual_seconds += result.virtual_seconds
        self.checks += result.checks
        if result.failure:
            self.failures.append((result.plan.scenario.name, result.plan.seed))
            if len(self.failures) == 1:
                self.reports.append(report(result))

    def is_over(self, wanted: int) -> bool:
        """Whether that was enough."""
        return self.conversations >= wanted or len(self.failures) >= FAILURES_MAX

    def take(self, other: "Tally") -> None:
        """A piece of work is done."""
        self.conversations += other.conversations
        self.seeds += other.seeds
        self.virtual_seconds += other.virtual_seconds
        self.checks += other.checks
        self.failures += other.failures
        self.reports += other.reports[: TOLD_MAX - len(self.reports)]


def soak(scenarios: list[Scenario], first: int, wanted: int, processes: int) -> Iterator[tuple[int, Tally]]:
    """Go on from a seed until the conversations are enough: after each piece, the seed to resume from, and the sum.

    Pieces are taken in the order of their seeds, and each process is replaced now and then: memory stays as it is.
    """
    total, starts = Tally(), count(first, SEEDS_EACH)
    if processes == 1:
        while not total.is_over(wanted):
            begin = next(starts)
            total.take(piece(scenarios, begin))
            yield begin + SEEDS_EACH, total
        return
    with ProcessPoolExecutor(processes, max_tasks_per_child=20) as pool:
        waiting: deque[tuple[int, Future[Tally]]] = deque()
        while not total.is_over(wanted):
            while len(waiting) <= processes:
                begin = next(starts)
                waiting.append((begin, pool.submit(piece, scenarios, begin)))
            begin, done = waiting.popleft()
            total.take(done.result())
            yield begin + SEEDS_EACH, total
        pool.shutdown(cancel_futures=True)


def piece(scenarios: list[Scenario], begin: int) -> Tally:
    """A few seeds of each scenario."""
    tally = Tally()
    for seed in range(begin, begin + SEEDS_EACH):
        for scenario in scenarios:
            tally.add(run_seed(seed, scenario))
    return tally
