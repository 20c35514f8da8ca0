"""python -m sim: seeds of a scenario as a table, or one seed as a trace."""

import argparse
import os
import sys
import time
from pathlib import Path

from sim.run import report, run_seed, trace_of
from sim.scenario import PRESETS, Scenario, plan_of
from sim.soak import Tally, soak

TELL_SECONDS = 10
"""A soak tells how it goes so often, at most."""


def main() -> int:
    """Run what the command line asks for; 1 if an invariant did not hold."""
    parser = argparse.ArgumentParser(prog="python -m sim", description=__doc__)
    parser.add_argument("--scenario", choices=[*PRESETS, "all"], default="all")
    parser.add_argument("--seed", type=int, help="one seed only")
    parser.add_argument("--seeds", type=int, default=20, help="how many seeds of each scenario")
    parser.add_argument("--from", type=int, default=0, dest="first", help="the first seed")
    parser.add_argument("--trace", help="write what happens to a file, or - to the output")
    parser.add_argument("--soak", type=int, help="go on until so many conversations were simulated")
    parser.add_argument("--processes", type=int, help="how many at a time with --soak; else one for each processor")
    options = parser.parse_args()
    scenarios = list(PRESETS.values()) if options.scenario == "all" else [PRESETS[options.scenario]]
    if options.soak:
        return _soak(scenarios, options.first, options.soak, options.processes or os.cpu_count() or 1)
    seeds = range(options.first, options.first + options.seeds) if options.seed is None else [options.seed]
    if options.trace:
        _write_trace(options.trace, "".join(trace_of(plan_of(seed, s)) for s in scenarios[:1] for seed in seeds))
        return 0
    print(f"{'scenario':<10}{'seeds':>7}{'failed':>8}{'conversations':>15}{'virtual h':>11}{'seconds':>9}{'each s':>8}")
    return max(_table_row(scenario, seeds) for scenario in scenarios)


def _table_row(scenario: Scenario, seeds: "range | list[int]") -> int:
    results = [run_seed(seed, scenario) for seed in seeds]
    failed = [result for result in results if result.failure]
    conversations, seconds = sum(r.conversations for r in results), sum(r.seconds for r in results)
    hours = sum(r.virtual_seconds for r in results) / 3600
    print(
        f"{scenario.name:<10}{len(results):>7}{len(failed):>8}{conversations:>15}{hours:>11.1f}{seconds:>9.1f}"
        f"{conversations / max(seconds, 0.001):>8.0f}"
    )
    for result in failed[:3]:
        print(report(result))
    return 1 if failed else 0


def _soak(scenarios: list[Scenario], first: int, wanted: int, processes: int) -> int:
    """Tell how it goes, and in the end what it has come to."""
    begun, told, total, following = time.perf_counter(), 0.0, Tally(), first
    for following, total in soak(scenarios, first, wanted, processes):
        seconds = time.perf_counter() - begun
        if seconds >= told:
            told = seconds + TELL_SECONDS
            print(
                f"{seconds:6.0f} s {total.conversations:>7} of {wanted} conversations, "
                f"{total.conversations / seconds:.0f} a second, {len(total.failures)} failures; "
                f"to go on from here: --from {following}",
                flush=True,
            )
    for text in total.reports:
        print(text)
    for name, seed in total.failures:
        print(f"FAILED: python -m sim --scenario {name} --seed {seed}")
    print(
        f"{total.conversations} conversations in {total.seeds} runs (seeds {first} to {following - 1} of "
        f"{', '.join(scenario.name for scenario in scenarios)}), {total.virtual_seconds / 3600:.1f} virtual hours, "
        f"invariants checked {total.checks} times, {len(total.failures)} failures, "
        f"{time.perf_counter() - begun:.0f} s"
    )
    return 1 if total.failures else 0


def _write_trace(where: str, text: str) -> None:
    if where == "-":
        sys.stdout.write(text)
    else:
        Path(where).write_text(text, "utf-8")


if __name__ == "__main__":
    sys.exit(main())
