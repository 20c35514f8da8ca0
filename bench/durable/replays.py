"""What one full replay costs per history event, with timestamps parsed as the SDK ships it and as the host does."""

import importlib
import time
from pathlib import Path
from typing import Any

import orjson

SIZES = (125, 250, 500, 1000)
EVENTS_MEASURED = 30_000
"""At each size: many replays of a short history, few of a long one."""


def measure(
    _: Path, sizes: tuple[int, ...] = SIZES, events_measured: int = EVENTS_MEASURED
) -> dict[str, dict[str, float]]:
    """Least µs of CPU (the least disturbed) per history event, by parser and history size."""
    from devhost.durable.execution import Start, replay
    from devhost.durable.history import tune_sdk
    from devhost.loader import index

    events = importlib.import_module("azure.durable_functions.models.history.HistoryEvent")
    app = importlib.import_module("bench.durable.app").app
    spec = next(spec for spec in index(app) if spec.name == "many_steps")
    start = Start("replayed", "first", f'"{max(sizes)}"', None)  # the SDK's client encodes inputs twice
    recorded = _record(spec, start, max(sizes))
    events.dt_parse = importlib.import_module("dateutil.parser").parse  # type: ignore[attr-defined]  # the SDK is untyped; the host has replaced it if imported
    result: dict[str, dict[str, float]] = {}
    for parser in ("shipped", "fast"):
        if parser == "fast":
            tune_sdk()
        result[parser] = {}
        for size in sizes:
            history = [orjson.dumps(recorded[:size])[1:-1]]
            replay(spec, start, history)
            spent = []
            for _repeat in range(max(1, events_measured // size)):
                begin = time.process_time()
                replay(spec, start, history)
                spent.append(time.process_time() - begin)
            result[parser][str(size)] = min(spent) / size * 1e6
    return result


def _record(spec: Any, start: Any, size: int) -> list[dict[str, Any]]:
    """A history of at least that many events, made by the engine's own ticks."""
    from devhost.durable.episode import Parcel, episode
    from devhost.durable.execution import Execution
    from devhost.durable.history import Status
    from devhost.durable.store import Record

    record = Record(
        1, start.instance_id, spec.name, start.execution, Status.PENDING, start.input, None, None, "", None, 0.0, 0.0
    )
    execution = Execution(spec.name, spec, start, "cached")
    recorded: list[dict[str, Any]] = []
    parcels: list[Parcel] = []
    ticks = 0
    while len(recorded) < size:
        done = episode(record, execution, ticks, parcels, time.time())
        if not done.change.tasks:
            raise RuntimeError(f"the orchestrator stopped: {done.change.after.output}")
        recorded += orjson.loads(b"[" + done.change.chunk + b"]")
        parcels = [Parcel("task", (start.execution, task, True, "1")) for task, _, _ in done.change.tasks]
        record, ticks = done.change.after, ticks + 1
    return recorded
