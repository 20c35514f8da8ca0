"""Instances that run while a new version is deployed must go on: their histories have to replay on the new code."""

import json
from pathlib import Path
from typing import Any

import orjson
import pytest

from devhost.durable.execution import NonDeterminism
from orchestrations.conversation import STAGES
from tests.orchestrations.record import HISTORIES, STORIES, begun

pytestmark = pytest.mark.filterwarnings("ignore:Potential duplicate Task completion")

WHAT_TO_DO = """
The orchestrations no longer do what running instances have behind them: deployed like this, those instances would fail.
Either keep what they did and branch by version, or drain them first: docs/contributing.md, "Changing an orchestration".
"""


def events_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


@pytest.mark.parametrize("path", sorted(HISTORIES.glob("*.jsonl")), ids=lambda path: str(path.stem))
def test_recorded_histories_replay(path: Path) -> None:
    events = events_of(path)
    execution = begun(events)
    execution.rebuild([orjson.dumps(events)[1:-1]])
    try:
        execution.advance([{**event, "IsPlayed": False} for event in events[-1:]])
    except NonDeterminism as error:
        pytest.fail(f"{path.name}: {error}\n{WHAT_TO_DO}")


@pytest.mark.parametrize("change", ["activity", "order"])
def test_a_history_of_other_code_does_not(change: str) -> None:
    events = events_of(HISTORIES / "agent-talks.jsonl")
    if change == "activity":
        scheduled = next(event for event in events if event.get("Name") == "agent_turn")
        scheduled["Name"] = "agent_turn_2"
    else:
        timer = next(event for event in events if event["EventType"] == 10)
        timer["EventId"] += 1
    execution = begun(events)
    execution.rebuild([orjson.dumps(events)[1:-1]])
    with pytest.raises(NonDeterminism, match="differs from its history"):
        execution.advance(events[-1:])


def test_every_stage_has_a_history_and_every_story_one() -> None:
    stages = {json.loads(events_of(path)[1]["Input"])["stage"] for path in HISTORIES.glob("*.jsonl")}
    assert stages == set(STAGES)
    assert {path.stem for path in HISTORIES.glob("*.jsonl")} >= set(STORIES)
