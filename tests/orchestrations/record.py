"""Records what running instances of the orchestrations have behind them, for `test_histories.py` to replay.

`python -m tests.orchestrations.record` writes `histories/` anew. Do that only for a new history, or once no instance
begun by the code before is running any more: docs/contributing.md, "Changing an orchestration".
"""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import azure.durable_functions as df
import orjson

from devhost.durable import history
from devhost.durable.execution import Execution, Start
from devhost.durable.history import Command, Event, Kind
from devhost.loader import FunctionSpec, index
from orchestrations.conversation import bp
from orchestrations.stages import TURNS_MAX

HISTORIES = Path(__file__).with_name("histories")
BEGIN = datetime(2026, 3, 2, 9, tzinfo=UTC)
WAIT = timedelta(minutes=5)

Step = dict[str, Any]
"""What happens next: a turn ends, an activity fails, a bell rings, or the time of the newest timer is up."""


def turn(stage: str, token: int, *, waits: bool = True) -> Step:
    """A turn ends; the conversation is in that stage and, if it waits, has something to wait for."""
    return {"turn": {"stage": stage, "token": token, "until": (BEGIN + WAIT).isoformat() if waits else None}}


def bell(token: int) -> Step:
    """Somebody rings."""
    return {"bell": token}


FAILS: Step = {"fails": True}
TIME_IS_UP: Step = {"timer": True}

STORIES: dict[str, tuple[str, int, Sequence[Step]]] = {
    "bot-answers-and-hands-over": ("bot", 0, [turn("bot", 1), bell(1), turn("bot", 2), bell(2), turn("queue", 2)]),
    "bot-sees-a-silent-customer-off": ("bot", 0, [turn("bot", 1), TIME_IS_UP, turn("close", 1)]),
    "bot-has-more-to-do-at-once": ("bot", 0, [turn("bot", 1, waits=False), turn("bot", 2), bell(2), turn("close", 2)]),
    "queue-until-accepted": ("queue", 4, [turn("queue", 5), bell(5), turn("queue", 6), bell(6), turn("agent", 6)]),
    "queue-while-the-store-is-away": ("queue", 4, [FAILS, TIME_IS_UP, FAILS, TIME_IS_UP, turn("queue", 5), bell(5)]),
    "queue-with-an-early-bell": ("queue", 4, [bell(5), turn("queue", 5), turn("agent", 5)]),
    "agent-talks": ("agent", 6, [turn("agent", 7), bell(7), turn("agent", 8), bell(8), turn("wrap_up", 8)]),
    "agent-talks-for-long": (
        "agent", 6, [step for n in range(7, 7 + TURNS_MAX) for step in (turn("agent", n), bell(n))]
    ),
    "agent-begun-anew": ("agent", 0, [turn("agent", 41, waits=False), turn("agent", 42), bell(42)]),
    "transfer-fails": ("transfer", 9, [turn("transfer", 10), bell(10), turn("agent", 10)]),
    "set-aside-until-time-is-up": ("set_aside", 9, [turn("set_aside", 10), TIME_IS_UP, turn("close", 10)]),
    "wrap-up-is-filed": ("wrap_up", 9, [turn("wrap_up", 10), bell(10), turn("close", 10)]),
    "close-lets-go": ("close", 9, [turn("close", 10, waits=False), turn("closed", 11)]),
}  # fmt: skip
"""By name: the stage, its newest token when it begins, and what happens."""


def orchestrator(name: str) -> FunctionSpec:
    """A registered orchestrator, as the host finds it."""
    app = df.DFApp()
    app.register_functions(bp)
    return next(spec for spec in index(app) if spec.name == name)


def begun(history_of: Sequence[Event]) -> Execution:
    """An execution that has nothing behind it yet, for a history."""
    name = history_of[1]["Name"]
    return Execution(name, orchestrator(name), Start("recorded", "x", history_of[1]["Input"], None), "replay")


def record(stage: str, token: int, steps: Sequence[Step]) -> list[Event]:
    """Play a story, one episode for each step; the history."""
    given = orjson.dumps({"conversationId": "recorded", "stage": stage, "token": token}).decode()
    at = history.stamp(BEGIN)
    first = history.execution_started(at, "conversation", "recorded", "x", given, "")
    execution = begun([{}, first])
    open_: dict[int, Command] = {}
    events: list[Event] = []
    for number, step in enumerate([None, *steps]):
        at = history.stamp(BEGIN + timedelta(seconds=number))
        what = first if step is None else _event(step, open_, at)
        episode = [history.event(Kind.ORCHESTRATOR_STARTED, at), what]
        _, commands = execution.advance(episode)
        episode += [command.event(at) for command in commands]
        episode.append(history.event(Kind.ORCHESTRATOR_COMPLETED, at))
        open_ |= {command.id: command for command in commands}
        events += [{**event, "IsPlayed": True} for event in episode]
        execution.record(orjson.dumps(episode)[1:-1])
    return events


def _event(step: Step, open_: dict[int, Command], at: str) -> Event:
    match step:
        case {"turn": result}:
            scheduled = open_.pop(_newest(open_, Kind.TASK_SCHEDULED))
            return history.event(Kind.TASK_COMPLETED, at, TaskScheduledId=scheduled.id, Result=json.dumps(result))
        case {"fails": _}:
            scheduled = open_.pop(_newest(open_, Kind.TASK_SCHEDULED))
            return history.event(Kind.TASK_FAILED, at, TaskScheduledId=scheduled.id, Reason="away", Details="")
        case {"bell": token}:
            return history.event(Kind.EVENT_RAISED, at, Name=f"bell-{token}", Input=str(token))
        case _:
            timer = open_.pop(_newest(open_, Kind.TIMER_CREATED))
            fire_at = history.stamp(timer.fire_at or BEGIN)
            return history.event(Kind.TIMER_FIRED, at, TimerId=timer.id, FireAt=fire_at)


def _newest(open_: dict[int, Command], kind: Kind) -> int:
    return max(id_ for id_, command in open_.items() if command.kind is kind)


def main() -> None:
    """Record all of them."""
    HISTORIES.mkdir(exist_ok=True)
    for name, story in STORIES.items():
        text = "\n".join(json.dumps(event, sort_keys=True) for event in record(*story))
        (HISTORIES / f"{name}.jsonl").write_text(text + "\n", "utf-8")


if __name__ == "__main__":
    main()
