"""The protocol between host and SDK, held to recorded histories and actions.

`recorded/*.json` hold, for one run each: the history as the store keeps it, and the actions that the SDK returned
for it, with times, ids and stack traces replaced. They were recorded with this host and read against the extension's
sources; a change of either side of the protocol shows here. `python -m tests.devhost.test_protocol` records anew.
"""

import asyncio
import json
import re
import tempfile
from pathlib import Path
from typing import Any

import orjson
import pytest

from devhost.config import Mode
from devhost.durable.execution import Execution, Start, replay
from devhost.durable.history import SCHEDULING, Kind
from tests.devhost import durable_app
from tests.devhost.test_durable import MODES, Durable, durable_host

RECORDED = Path(__file__).with_name("recorded")
pytestmark = pytest.mark.filterwarnings("ignore:Potential duplicate Task completion")

RUNS: dict[str, tuple[Any, list[tuple[str, Any]]]] = {
    "retries": (2, []),
    "retried_child": (1, []),
    "same_name": (None, [("m", 0), ("m", 1), ("m", 2)]),
    "late_event": (None, []),
    "all_with_failure": (None, []),
    "listener": (2, [("e-0", {"a": 1}), ("e-1", "text")]),
    "unknown_activity": (None, []),
    "not_a_generator": ({"a": 1}, []),
}


async def record(durable: Durable, name: str) -> dict[str, Any]:
    """Run one and return its history and actions, normalised."""
    durable_app.attempts.clear()
    given, events = RUNS[name]
    instance = f"recorded-{name}"
    await durable.client.start_new(name, instance, given)
    if events:
        await durable.client.suspend(instance, "all events in one tick")
        for event, value in events:
            await durable.client.raise_event(instance, event, value)
        await durable.client.resume(instance, "")
    await durable.ended(instance)
    history = await durable.history(instance)
    return {"history": normalised(history), "actions": normalised(sdk_actions(durable, name, history))}


def sdk_actions(durable: Durable, name: str, history: list[dict[str, Any]]) -> list[Any]:
    """The actions that the SDK returns for a whole history."""
    spec = next(function for function in durable.host.functions if function.name == name)
    started = history[1]
    start = Start(started["OrchestrationInstance"]["InstanceId"], "x", started["Input"], None)
    outcome = replay(spec, start, [orjson.dumps(history)[1:-1]])
    return list(outcome.actions)


def normalised(value: Any) -> Any:
    """Without what differs from run to run."""
    if isinstance(value, dict):
        return {key: normalised(item) for key, item in value.items()}
    if isinstance(value, list):
        return [normalised(item) for item in value]
    if not isinstance(value, str):
        return value
    text = re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", "<time>", value)
    text = re.sub(r"[0-9a-f]{32}", "<id>", text)
    return re.sub(r"Traceback \(most recent call last\).*", "<traceback>", text, flags=re.DOTALL)


def scheduling(history: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    """What was scheduled, in order."""
    kinds = {int(kind) for kind in SCHEDULING}
    return [(e["EventType"], e["EventId"], e.get("Name"), e.get("Input")) for e in history if e["EventType"] in kinds]


def completions(history: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    """What was completed, apart from the order of what runs side by side."""
    keys = ("EventType", "TaskScheduledId", "TimerId", "Name", "Result", "Reason", "Input")
    ignored = {Kind.ORCHESTRATOR_STARTED, Kind.ORCHESTRATOR_COMPLETED}
    rows = [tuple(e.get(key) for key in keys) for e in history if e["EventType"] not in ignored]
    return sorted(rows, key=repr)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", RUNS)
async def test_histories_and_actions_are_the_recorded_ones(tmp_path: Path, name: str, mode: Mode) -> None:
    recorded = json.loads((RECORDED / f"{name}.json").read_text())
    async with durable_host(tmp_path, mode) as durable:
        found = await record(durable, name)
    assert found["actions"] == recorded["actions"]
    assert sorted(scheduling(found["history"])) == sorted(scheduling(recorded["history"]))
    assert completions(found["history"]) == completions(recorded["history"])
    assert [set(e) for e in found["history"][:2]] == [set(e) for e in recorded["history"][:2]]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", RUNS)
async def test_recorded_histories_replay_to_the_recorded_work(tmp_path: Path, name: str, mode: Mode) -> None:
    """Each recorded history is rebuilt episode by episode; the host must ask for exactly the work recorded in it."""
    recorded = json.loads((RECORDED / f"{name}.json").read_text().replace("<time>", "2026-01-01T00:00:00.000000Z"))
    async with durable_host(tmp_path, mode) as durable:
        spec = next(function for function in durable.host.functions if function.name == name)
    started = recorded["history"][1]
    execution = Execution(name, spec, Start(f"recorded-{name}", "x", started["Input"], None), mode)
    asked: list[tuple[Any, ...]] = []
    for episode in episodes(recorded["history"]):
        work = [event for event in episode if event["EventType"] not in SCHEDULING]
        _, commands = execution.advance([{**event, "IsPlayed": False} for event in work])
        asked += [(c.kind, c.id, c.name or None, c.input) for c in commands]
        execution.record(orjson.dumps([{**event, "IsPlayed": True} for event in episode])[1:-1])
    assert asked == [(k, i, name, given) for k, i, name, given in scheduling(recorded["history"])]


def episodes(history: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """The history cut at each OrchestratorStarted."""
    cut: list[list[dict[str, Any]]] = []
    for event in history:
        if event["EventType"] == Kind.ORCHESTRATOR_STARTED:
            cut.append([])
        cut[-1].append(event)
    return cut


async def main() -> None:
    """Record all runs anew."""
    RECORDED.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as data:
        async with durable_host(Path(data), "replay") as durable:
            for name in RUNS:
                found = json.dumps(await record(durable, name), indent=1, sort_keys=True)
                (RECORDED / f"{name}.json").write_text(found + "\n")


if __name__ == "__main__":
    asyncio.run(main())
