"""`python -m bench [--only NAME]`: run the benchmarks, print their tables, write `.data/bench.json`."""

import argparse
import importlib
import pkgutil
import sys
import time
from pathlib import Path
from types import ModuleType

import bench
from bench.report import Report, write

OUTPUT = Path(".data/bench.json")


def modules() -> dict[str, ModuleType]:
    """The benchmarks by name: modules and packages directly below `bench` that have a `run`."""
    names = sorted(info.name for info in pkgutil.iter_modules(bench.__path__) if not info.name.startswith("_"))
    found = {name: importlib.import_module(f"bench.{name}") for name in names}
    return {name: module for name, module in found.items() if hasattr(module, "run")}


def main(arguments: list[str] | None = None) -> int:
    """Run the command; the process's exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--only", default="", metavar="NAME", help="run one benchmark and keep the others' figures")
    parser.add_argument("--output", type=Path, default=OUTPUT, help="where the figures go")
    options = parser.parse_args(arguments)
    known = modules()
    if options.only and options.only not in known:
        print(f"bench: there is no benchmark {options.only!r}; there are {', '.join(known)}", file=sys.stderr)
        return 2
    report, started = Report(), time.perf_counter()
    for name in [options.only] if options.only else known:
        known[name].run(report)
    write(options.output, report.figures, merge=bool(options.only))
    print(f"\n{len(report.figures)} figures in {options.output}, {time.perf_counter() - started:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
