"""Where the CPU time of five activities in a row goes, by area and thread.

cProfile makes small functions look dearer than they are, so read the shares. The time that the disk takes is
measured apart, around each commit.
"""

import cProfile
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

from bench.durable.load import drive
from bench.durable.ours import OurEngine, running

AREAS = {
    "/azure/": "SDK",
    "/devhost/durable/store.py": "SQL, writer thread",
    "/devhost/database.py": "SQL, writer thread",
    "/devhost/durable/": "devhost.durable",
    "/devhost/": "devhost: invoker, bindings",
    "/asyncio/": "event loop",
    "/json/": "json, orjson",
    "/bench/": "benchmark",
}
BUILTINS = {"json": "json, orjson", "sqlite3": "SQL, writer thread", "uvloop": "event loop", "_asyncio": "event loop"}
OTHER = "other standard library"


async def measure(data_dir: Path, load: dict[str, float]) -> dict[str, dict[str, float]]:
    """CPU ms per orchestration by area; under "writer", the writer thread's CPU and its wait for commits."""
    disk: list[float] = []
    async with running(data_dir, hook=lambda _: disk.append(time.perf_counter())) as host:
        engine = OurEngine(host, "five_steps")
        await drive(engine, {"in_flight": 4, "warm_up_seconds": 0.0, "seconds": 0.2})
        loop, writer = cProfile.Profile(), cProfile.Profile(time.thread_time)
        before, commits = engine.completed, len(disk)
        await host.database.write(lambda _: writer.enable())
        loop.enable()
        await drive(engine, load)
        loop.disable()
        await host.database.write(lambda _: writer.disable())
        done = engine.completed - before
        marks = disk[commits:]
    waited = sum(after - at for at, after in zip(marks[::2], marks[1::2], strict=False))
    return {
        "loop": {area: spent / done * 1000 for area, spent in _by_area(loop).items()},
        "writer": {
            "writer thread, CPU": sum(_by_area(writer).values()) / done * 1000,
            "commits with fsync, elapsed": waited / done * 1000,
        },
    }


def _by_area(profile: cProfile.Profile) -> dict[str, float]:
    """Seconds by area; a built-in function counts for its own area if it has one, else for its caller's."""
    spent: dict[str, float] = defaultdict(float)
    for entry in profile.getstats():
        if isinstance(entry.code, str):
            continue
        area = next((name for part, name in AREAS.items() if part in entry.code.co_filename), OTHER)
        spent[area] += entry.inlinetime
        for called in entry.calls or ():
            if isinstance(called.code, str):
                spent[_builtin(called.code) or area] += called.inlinetime
    return dict(sorted(spent.items(), key=lambda item: -item[1]))


def _builtin(name: Any) -> str | None:
    return next((area for part, area in BUILTINS.items() if part in name), None)
