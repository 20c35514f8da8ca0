"""Whole chats over HTTP against the app under the embedded host: throughput, latency, operations, long histories.

The host runs in a process of its own on fresh data, with 60 agents; customers and agents are one driver process that
shares the machine's cores with it. A chat counts once it is closed and its customer has seen every message exactly
once and in order. There is no other contact centre to run here: the peer is the bare HTTP floor, the same driver with
as many requests to GET /api/health of the same host.
"""

import asyncio
import tempfile
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any

import uvloop

from bench.chat import cells
from bench.chat.cells import Cached, Open, Sizes, Throughput
from bench.chat.load import Load
from bench.chat.whole import Script
from bench.report import Report

DATA_DIR = Path(".data")
"""Where the host keeps its data too: the same disk."""
FULL = Sizes(
    agents=50,
    capacity=4,
    throughput=Load(in_flight=48, seconds=20.0),
    open=Load(in_flight=200, ramp_seconds=8.0, warm_up_seconds=2.0, seconds=12.0),
    think_seconds=3.0,
    answer_seconds=1.0,
    profiled=Load(in_flight=16, seconds=8.0),
    floor_seconds=3.0,
    long=Script(bot=250, agent=750, answers=1, waits=False),
)
MODES = ("cached", "replay")
THROUGHPUT_GOALS = {"cached": 25, "replay": 10}
ACKNOWLEDGED_GOAL_MS = 250
DELIVERY_GOAL_MS = 500
HISTORY_GOAL = 1000
RESTART_GOAL_SECONDS = 5
AREAS_SHOWN = 14
FUNCTIONS_SHOWN = 12
QUANTILES = {"p50": 0.5, "p95": 0.95, "p99": 0.99, "max": 1.0}
LATENCIES = {
    "acknowledged": ("a message of the customer is acknowledged", ACKNOWLEDGED_GOAL_MS),
    "to_agent": ("… is in the agent's inbox", DELIVERY_GOAL_MS),
    "to_customer": ("a message of the agent is with the customer", DELIVERY_GOAL_MS),
    "bot_answer": ("the bot's answer is with the customer", None),
    "to_offer": ("an agent has the offer", None),
}


def run(report: Report, sizes: Sizes = FULL) -> None:
    """All of it, in about three minutes."""
    script = Script()
    print(
        f"Whole chats: {script.bot} messages to the bot and {script.agent} to the agent, {script.answers} answers to "
        f"each of these, {script.messages} in all; "
        f"{sizes.agents} agents, {sizes.throughput.in_flight} chats in flight"
    )
    found = _measure(cells.cached, sizes)
    replay = _measure(cells.throughput, sizes, "replay")
    _throughput(report, {"cached": found.throughput, "replay": replay}, found.floor)
    _operations(report, found)
    _long(report, found, sizes.long.messages)
    _latency(report, {mode: _measure(cells.latency, sizes, mode) for mode in MODES}, sizes.open.in_flight)
    _restart(report, _measure(cells.restart, sizes))
    _profile(report, _measure(cells.profiled, sizes))


def _measure(cell: Callable[..., Coroutine[Any, Any, Any]], *options: Any) -> Any:
    """Run one cell in a folder of its own, on the event loop that the host runs on, too."""
    DATA_DIR.mkdir(exist_ok=True)
    with (
        tempfile.TemporaryDirectory(dir=DATA_DIR, prefix="bench-", ignore_cleanup_errors=True) as folder,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        return runner.run(cell(Path(folder).absolute(), *options))


def _throughput(report: Report, found: dict[str, Throughput], floor: float) -> None:
    rows = []
    for mode, cell in found.items():
        bare = floor / cell.requests if cell.requests else None
        report.figure(f"chat.throughput.{mode}", cell.per_second, "1/s", bare)
        report.figure(f"chat.cpu.{mode}", cell.cpu_ms, "ms")
        report.figure(f"chat.driver_cpu.{mode}", cell.driver_cpu_ms, "ms")
        share = cell.per_second / bare if bare else None
        rows.append(
            [mode, cell.per_second, THROUGHPUT_GOALS[mode], bare, share, cell.cpu_ms, cell.loop_cpu_ms,
             f"{cell.loop_share:.0%}", f"{cell.starved_share:.0%}", cell.driver_cpu_ms]
        )  # fmt: skip
    header = [
        "mode", "chats/s", "goal", "HTTP floor", "share", "server CPU ms", "… of its loop", "loop busy", "loop starved",
        "driver CPU ms",
    ]  # fmt: skip
    note = (
        f"HTTP floor: {floor:,.0f} GET /api/health per second by the same driver, divided by the requests per chat.\n"
        "  Loop starved: the share of the time in which the host's event loop could run but had no core"
    )
    report.figure("chat.http_floor", floor, "1/s")
    report.table(
        "Whole chats", header, rows, _noted(note, *(f"{m}: {c.failures}" for m, c in found.items() if c.failures))
    )


def _operations(report: Report, found: Cached) -> None:
    counts = {**found.throughput.operations, "durable.history_events": float(found.one.total)}
    for name, count in counts.items():
        report.figure(f"chat.operations.{name}", count, "")
    rows = [[name, count] for name, count in counts.items()]
    note = "History events: those stored of one chat alone; a stage's last tick stores none."
    report.table("Operations of a chat (cached)", ["", "each"], rows, note)


def _long(report: Report, found: Cached, messages: int) -> None:
    report.figure("chat.long.history_max", found.long.largest, "events")
    report.figure("chat.long.seconds", found.long_seconds, "s")
    rows = [[f"{messages:,} messages", found.long.largest, HISTORY_GOAL, len(found.long.events), found.long_seconds]]
    header = ["one chat", "largest history", "at most", "histories", "seconds"]
    report.table("A very long chat", header, rows, found.long_failures)


def _restart(report: Report, seconds: float) -> None:
    report.figure("chat.restart", seconds, "s")
    rows = [["from its start to GET /api/health/ready", seconds, RESTART_GOAL_SECONDS]]
    report.table("A host that was killed under load", ["a new process", "seconds", "at most"], rows, "")


def _latency(report: Report, found: dict[str, Open], chats: int) -> None:
    rows: list[list[Any]] = []
    for mode, cell in found.items():
        for name, (title, goal) in LATENCIES.items():
            values: list[float] = getattr(cell.seen, name)
            quantiles = {quantile: _ms(values, share) for quantile, share in QUANTILES.items()}
            for quantile, value in quantiles.items():
                report.figure(f"chat.latency.{name}.{quantile}.{mode}", value, "ms")
            rows.append([f"{mode}: {title}", len(values), *quantiles.values(), goal])
    notes = [
        f"{mode}: {cell.messages_per_second:.0f} messages/s, {cell.per_second:.1f} chats/s closed, "
        f"server {cell.cpu_share:.0%} and driver {cell.driver_cpu_share:.0%} of a core, "
        f"loop starved {cell.starved_share:.0%}" for mode, cell in found.items()
    ]  # fmt: skip
    notes += [f"{mode}: {cell.failures}" for mode, cell in found.items() if cell.failures]
    title = f"Latency with {chats} open chats, ms"
    report.table(title, ["", "number", *QUANTILES, "p99 goal"], rows, _noted(*notes))


def _profile(report: Report, found: dict[str, Any]) -> None:
    total, chats = sum(found["areas"].values()), max(found["chats"], 1)
    rows = [[area, spent / chats * 1000, f"{spent / total:.0%}"] for area, spent in found["areas"].items()]
    for area, spent in list(found["areas"].items())[:AREAS_SHOWN]:
        report.figure(f"chat.profile.{area}", spent / total, "share")
    header = ["area", "CPU ms each", "share"]
    report.table("Whole chats, cached: where the event loop's CPU time goes (under cProfile)", header, rows)
    dearest = [
        [name, spent / chats * 1000, count / chats] for name, spent, count in found["functions"][:FUNCTIONS_SHOWN]
    ]
    report.table("… the dearest functions, without what they call", ["function", "CPU ms each", "calls each"], dearest)


def _ms(values: Sequence[float], share: float) -> float:
    """The quantile in ms, 0 without values."""
    if not values:
        return 0.0
    return sorted(values)[min(int(len(values) * share), len(values) - 1)] * 1000


def _noted(*notes: str) -> str:
    return "\n  ".join(note for note in notes if note)
