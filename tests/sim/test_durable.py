"""SimContext does what the SDK does under the embedded host in verify mode; the orchestrations use no more of it."""

# mypy: disable-error-code="no-untyped-def, no-untyped-call, untyped-decorator, no-any-return, misc"
import ast
import functools
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import azure.durable_functions as df
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from activities.turns import bp as activities_blueprint
from devhost.durable import execution as host
from devhost.durable import history
from devhost.loader import FunctionSpec, index
from orchestrations.conversation import bp as conversation_blueprint
from sim.durable.context import SimContext
from sim.durable.execution import Command, Event, Execution, Kind
from sim.orchestrator import TURNS, orchestrator_of

pytestmark = pytest.mark.filterwarnings("ignore:Potential duplicate Task completion")

ROOT = Path(__file__).parents[2]
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
RETRIES = df.RetryOptions(1_000, 3)
small = df.Blueprint()


@small.orchestration_trigger(context_name="context")
def program(context):
    """Interprets its input: each step is one yield, of what the orchestrations use; each event's name is used once."""
    results = []
    for place, (step, number) in enumerate(context.get_input()["steps"]):
        try:
            if step == "activity":
                results.append((yield context.call_activity_with_retry("work", RETRIES, number)))
                continue
            bell = context.wait_for_external_event(f"e{place}")
            deadline = context.create_timer(BEGIN + timedelta(minutes=number))
            winner = yield context.task_any([bell, deadline])
            if winner is bell:
                deadline.cancel()
            results.append("bell" if winner is bell else "deadline")
        except Exception:
            results.append("failed")
    if len(results) > 3:
        context.continue_as_new({"steps": [["activity", 1]]})
    return len(results)


@functools.cache
def _specs(blueprint: Any) -> list[FunctionSpec]:
    """The functions of a blueprint, as the host finds them."""
    app = df.DFApp()
    app.register_functions(blueprint)
    return index(app)


class Both:
    """One execution under the simulator and one under the host, fed alike."""

    def __init__(self, blueprint: Any, name: str, input_: Any) -> None:
        spec = next(spec for spec in _specs(blueprint) if spec.name == name)
        start = host.Start("i", "x", orjson.dumps(input_).decode(), None)
        self._host = host.Execution(name, spec, start, "verify")
        self._sim = Execution(orchestrator_of(blueprint, name), "i", input_)
        self._name, self._input = name, input_
        self.now = BEGIN
        self.open: dict[int, Command] = {}
        self.done = False
        self._seen: list[Event] = []
        self._asked: list[Command] = []

    def feed(self, event: Event) -> None:
        """An episode of one event; both ask for the same, and end alike."""
        at = history.stamp(self.now)
        events = [history.event(history.Kind.ORCHESTRATOR_STARTED, at), self._of_host(event, at)]
        outcome, commands = self._host.advance(events)
        cancelled = self._host.walker.cancelled(outcome.actions)
        self._host.record(orjson.dumps([*events, *(command.event(at) for command in commands)])[1:-1])
        mine = self._sim.feed([event])
        wanted = [Command(c.id, c.name, None, c.fire_at) for c in commands]
        wanted += [Command(id_, is_cancel=True) for id_ in cancelled]
        assert [Command(c.id, c.name, None, c.fire_at, c.is_cancel) for c in mine] == wanted
        assert [json.loads(c.input or "null") for c in commands if c.name] == [c.input for c in mine if c.name]
        assert self._sim.is_done == outcome.done
        if outcome.done:
            self.done = True
            continued = self._host.walker.continued
            assert (self._sim.continued is None) == (continued is None)
            assert self._sim.continued is not None or json.loads(outcome.output or "null") == self._sim.output
        self._remember(event, mine)

    def _remember(self, event: Event, commands: list[Command]) -> None:
        """A replay of the history asks for the same again."""
        self._seen.append(event)
        self._asked += commands
        for command in commands:
            if command.is_cancel:
                del self.open[command.id]
            else:
                self.open[command.id] = command

    def replays(self, orchestrator: Any) -> None:
        """As after a crash."""
        assert Execution(orchestrator, "i", self._input).feed(self._seen) == self._asked

    def _of_host(self, event: Event, at: str) -> history.Event:
        match event.kind:
            case Kind.STARTED:
                return history.execution_started(at, self._name, "i", "x", orjson.dumps(self._input).decode(), "")
            case Kind.RAISED:
                return history.event(history.Kind.EVENT_RAISED, at, Name=event.name, Input=json.dumps(event.data))
            case Kind.FIRED:
                fire_at = history.stamp(self.open[event.id].fire_at or BEGIN)
                return history.event(history.Kind.TIMER_FIRED, at, TimerId=event.id, FireAt=fire_at)
            case Kind.FAILED:
                return history.event(
                    history.Kind.TASK_FAILED, at, TaskScheduledId=event.id, Reason=str(event.data), Details=""
                )
            case _:
                result = json.dumps(event.data)
                return history.event(history.Kind.TASK_COMPLETED, at, TaskScheduledId=event.id, Result=result)


def _next(both: Both, choices: Any, result: Any) -> Event:
    """Something that may happen now: an external event, or the end of something that was asked for."""
    both.now += timedelta(seconds=1)
    ids = sorted(both.open)
    choice = choices.draw(st.integers(0, 9))
    if choice < 3 or not ids:
        return Event(Kind.RAISED, both.now, name=f"{result['event']}{choices.draw(st.integers(0, 4))}", data=1)
    command = both.open.pop(choices.draw(st.sampled_from(ids)))
    if command.fire_at:
        both.open[command.id] = command
        return Event(Kind.FIRED, both.now, command.id)
    if choice < 5:
        return Event(Kind.FAILED, both.now, command.id, data="broken")
    return Event(Kind.DONE, both.now, command.id, data=result["of"](choices))


STEPS = st.lists(st.tuples(st.sampled_from(["activity", "wait"]), st.integers(1, 4)).map(list), min_size=1, max_size=5)


@given(STEPS, st.data())
@settings(max_examples=60, deadline=None)
def test_small_orchestrations_run_alike(steps: list[Any], choices: Any) -> None:
    both = Both(small, "program", {"steps": steps})
    both.feed(Event(Kind.STARTED, both.now))
    for _ in range(30):
        if both.done:
            break
        event = _next(both, choices, {"event": "e", "of": lambda draw: draw.draw(st.integers(0, 9))})
        both.feed(event)
        both.open.pop(event.id, None)
    both.replays(orchestrator_of(small, "program"))


@given(st.sampled_from(["bot", "queue", "agent", "transfer", "set_aside", "wrap_up", "close"]), st.data())
@settings(max_examples=60, deadline=None)
def test_the_conversation_runs_alike(stage: str, choices: Any) -> None:
    both = Both(conversation_blueprint, "conversation", {"conversationId": "i", "stage": stage})
    both.feed(Event(Kind.STARTED, both.now))

    def turn(draw: Any) -> dict[str, Any]:
        following = draw.draw(st.sampled_from([stage, stage, stage, "closed", "agent"]))
        until = draw.draw(st.sampled_from([None, (both.now + timedelta(minutes=5)).isoformat()]))
        return {"stage": following, "token": draw.draw(st.integers(0, 2)), "until": until}

    for _ in range(30):
        if both.done:
            break
        event = _next(both, choices, {"event": "bell-", "of": turn})
        both.feed(event)
        both.open.pop(event.id, None)


def test_the_orchestrations_use_no_more_of_their_context_than_there_is() -> None:
    offered = {name for name in dir(SimContext) if not name.startswith("_")} | {"instance_id"}
    for path in (ROOT / "orchestrations").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "context":
                assert node.attr in offered, f"{path.name}:{node.lineno}: context.{node.attr}"


def test_the_activities_are_those_of_the_app() -> None:
    assert set(TURNS) == {spec.name for spec in _specs(activities_blueprint)}
