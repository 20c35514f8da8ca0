"""python -m sim: seeds of a scenario as a table, or one seed as a trace."""

import argparse
import sys
import time
from pathlib import Path

from sim.run import report, run_seed, trace_of
from sim.scenario import PRESETS, Scenario, plan_of


def main() -> int:
    """Run what the command line asks for; 1 if an invariant did not hold."""
    parser = argparse.ArgumentParser(prog="python -m sim", description=__doc__)
    parser.add_argument("--scenario", choices=[*PRESETS, "all"], default="all")
    parser.add_argument("--seed", type=int, help="one seed only")
    parser.add_argument("--seeds", type=int, default=20, help="how many seeds of each scenario")
    parser.add_argument("--from", type=int, default=0, dest="first", help="the first seed")
    parser.add_argument("--trace", help="write what happens to a file, or - to the output")
    parser.add_argument("--soak", type=int, help="go on until so many conversations were simulated")
    options = parser.parse_args()
    scenarios = list(PRESETS.values()) if options.scenario == "all" else [PRESETS[options.scenario]]
    if options.soak:
        return _soak(scenarios, options.first, options.soak)
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


def _soak(scenarios: list[Scenario], first: int, wanted: int) -> int:
    """Seed after seed, of each scenario in turn."""
    begin, done, seed = time.perf_counter(), 0, first
    while done < wanted:
        for scenario in scenarios:
            result = run_seed(seed, scenario)
            done += result.conversations
            if result.failure:
                print(report(result))
                return 1
        seed += 1
        if (seed - first) % 25 == 0:
            seconds = time.perf_counter() - begin
            print(f"{done} of {wanted} conversations, seed {seed}, {done / seconds:.0f} a second", flush=True)
    print(f"{done} conversations in {time.perf_counter() - begin:.0f} s: every invariant has held")
    return 0


def _write_trace(where: str, text: str) -> None:
    if where == "-":
        sys.stdout.write(text)
    else:
        Path(where).write_text(text, "utf-8")


if __name__ == "__main__":
    sys.exit(main())
