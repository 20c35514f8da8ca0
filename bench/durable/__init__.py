"""The embedded Durable engine beside durabletask's in-memory backend and DBOS on SQLite.

Every cell runs in a process of its own. Our engine is driven through the SDK's client in process and commits with
synchronous=FULL; durabletask keeps nothing; DBOS runs on SQLite with its own settings.
"""

import importlib.util
from typing import Any

from bench.durable.child import DATA_DIR, ChildFailed, call, filesystem
from bench.report import Report
from devhost.config import Mode

SHAPES = {
    "five_steps": "Five activities, one after the other",
    "conversation": "A conversation: 10 events racing one timer, an activity after each, the timer cancelled",
}
MODES: tuple[Mode, ...] = ("cached", "replay", "verify")
SECONDS = 5.0
IN_FLIGHT = 32
PEERS = {
    "durabletask": ("durabletask, in memory", "durabletask_peer", {}),
    # Its best: on SQLite, waiting workflows poll.
    "dbos": ("DBOS, SQLite", "dbos_peer", {"five_steps": 64, "conversation": 8}),
}
WORK_ITEMS_GOAL = 1400
EVENTS_GOAL = 1500

Cell = dict[str, float] | None


def run(report: Report) -> None:
    """All of it, in about two minutes."""
    print(f"Durable engine: data on {filesystem(DATA_DIR)}, {IN_FLIGHT} orchestrations in flight unless noted")
    for shape, title in SHAPES.items():
        _shape(report, shape, title)
    _events(report)
    _replays(report)
    _profile(report)


def _shape(report: Report, shape: str, title: str) -> None:
    load = {"in_flight": IN_FLIGHT, "seconds": SECONDS}
    ours = {mode: call("ours", "measure", shape=shape, load=load, mode=mode) for mode in MODES}
    peers = {name: _peer(name, shape) for name in PEERS}
    base, dbos = peers["durabletask"], peers["dbos"]
    rows = [[f"devhost, {mode}", *_columns(cell, base, dbos)] for mode, cell in ours.items()]
    rows += [[PEERS[name][0], *_columns(cell, base, dbos)] for name, cell in peers.items()]
    report.table(title, ["engine", "per second", "CPU ms each", "x durabletask", "x DBOS"], rows, _note(shape, peers))
    for mode, cell in ours.items():
        name = f"durable.{shape}.{mode}"
        report.figure(name, cell["per_second"], "1/s", _value(base, "per_second"))
        report.figure(f"{name}.dbos", cell["per_second"], "1/s", _value(dbos, "per_second"))
        report.figure(f"{name}.cpu", cell["cpu_ms"], "ms", _value(base, "cpu_ms"))
    if shape == "five_steps":
        items = ours["cached"]["work_items_per_second"]
        report.figure("durable.work_items", items, "1/s")
        report.table(
            "Work items (ticks and activities)",
            ["", "per second", "goal"],
            [["devhost, cached", items, WORK_ITEMS_GOAL]],
        )


def _peer(name: str, shape: str) -> Cell:
    if importlib.util.find_spec(name) is None:
        return None
    _, module, in_flight = PEERS[name]
    try:
        result: Cell = call(
            module, "measure", shape=shape, load={"in_flight": in_flight.get(shape, IN_FLIGHT), "seconds": SECONDS}
        )
    except ChildFailed as error:
        print(f"  {name}: {error}")
        return None
    return result


def _columns(cell: Cell, *peers: Cell) -> list[Any]:
    if cell is None:
        return [None, None, *(None for _ in peers)]
    ratios = [cell["per_second"] / peer["per_second"] if peer and peer["per_second"] else None for peer in peers]
    return [cell["per_second"], cell["cpu_ms"], *ratios]


def _value(cell: Cell, name: str) -> float | None:
    return cell[name] if cell else None


def _note(shape: str, peers: dict[str, Cell]) -> str:
    notes = [f"{PEERS[name][0]}: not installed or failed" for name, cell in peers.items() if cell is None]
    notes += [f"{label}: {sizes[shape]} in flight" for label, _, sizes in PEERS.values() if shape in sizes]
    return "; ".join(notes)


def _events(report: Report) -> None:
    rate = call("events", "measure")["per_second"]
    report.figure("durable.events_one_instance", rate, "1/s")
    report.table("Events to one instance", ["", "per second", "goal"], [["devhost, cached", rate, EVENTS_GOAL]])


def _replays(report: Report) -> None:
    found = call("replays", "measure")
    rows = [
        [f"{size} events", fast, shipped, shipped / fast]
        for (size, fast), shipped in zip(found["fast"].items(), found["shipped"].values(), strict=True)
    ]
    report.table("One replay, µs of CPU per history event", ["history", "devhost", "SDK as shipped", "x"], rows)
    for size, fast in found["fast"].items():
        report.figure(f"durable.replay_us_per_event.{size}", fast, "us", found["shipped"][size])


def _profile(report: Report) -> None:
    found = call("profile", "measure", load={"in_flight": IN_FLIGHT, "warm_up_seconds": 0.0, "seconds": 3.0})
    total = sum(found["loop"].values())
    rows = [[area, spent, f"{spent / total:.0%}"] for area, spent in found["loop"].items()]
    rows += [[area, spent, ""] for area, spent in found["writer"].items()]
    report.table(
        "Five activities, cached: where the event loop's CPU time goes (under cProfile)",
        ["area", "ms each", "share"],
        rows,
    )
