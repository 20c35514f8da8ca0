"""Random orchestrations against random worlds: walker and SDK agree on every task id, and a rebuild repeats all."""

# mypy: disable-error-code="no-untyped-def, no-untyped-call, untyped-decorator, no-any-return, misc"
from datetime import UTC, datetime, timedelta
from typing import Any

import azure.durable_functions as df
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devhost.durable.execution import Execution, NonDeterminism, Outcome, Start
from devhost.durable.history import Command, Event, Kind, event, execution_started, stamp
from devhost.loader import index

pytestmark = pytest.mark.filterwarnings("ignore:Potential duplicate Task completion")

app = df.DFApp()
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
POLICY = df.RetryOptions(1000, 2)


@app.orchestration_trigger(context_name="context")
def program(context):
    """Interprets its input: each step is one yield."""
    results = []
    for step in context.get_input():
        try:
            results.append(repr((yield _task(context, step))))
        except Exception as error:
            results.append(f"failed: {str(error)[:9]}")
    return len(results)


def _task(context, step):
    kind, argument = step
    if kind == "activity":
        return context.call_activity("work", argument)
    if kind == "retry":
        return context.call_activity_with_retry("work", POLICY, argument)
    if kind == "child":
        return context.call_sub_orchestrator("program", argument)
    if kind == "timer":
        return context.create_timer(context.current_utc_datetime + timedelta(seconds=argument))
    if kind == "event":
        return context.wait_for_external_event(f"e{argument}")
    members = [_task(context, member) for member in argument]
    return context.task_any(members) if kind == "any" else context.task_all(members)


leaf = st.one_of(
    st.tuples(st.sampled_from(["activity", "retry", "child", "timer"]), st.integers(1, 9)),
    st.tuples(st.just("event"), st.integers(0, 3)),
)
step = st.one_of(leaf, st.tuples(st.sampled_from(["any", "all"]), st.lists(leaf, min_size=1, max_size=4)))
programs = st.lists(step, min_size=1, max_size=6)


class World:
    """Completes what the execution has asked for, in an order and with results that the choices say."""

    def __init__(self, choices: Any) -> None:
        self._choices = choices
        self._open: list[Command] = []
        self.now = BEGIN

    def take(self, commands: list[Command]) -> None:
        """Work that was scheduled."""
        self._open += commands

    def episode(self, first: Event | None = None) -> list[Event]:
        """What happens next: a few completions, or an event."""
        self.now += timedelta(seconds=1)
        at = stamp(self.now)
        events = [event(Kind.ORCHESTRATOR_STARTED, at)]
        if first:
            return [*events, first]
        for _ in range(self._choices.draw(st.integers(1, 3))):
            if self._open and self._choices.draw(st.booleans()):
                command = self._open.pop(self._choices.draw(st.integers(0, len(self._open) - 1)))
                events.append(self._completion(command, at))
            else:
                name = f"e{self._choices.draw(st.integers(0, 3))}"
                events.append(event(Kind.EVENT_RAISED, at, Name=name, Input="1"))
        return events

    def _completion(self, command: Command, at: str) -> Event:
        if command.kind is Kind.TIMER_CREATED:
            return event(Kind.TIMER_FIRED, at, TimerId=command.id)
        is_task = command.kind is Kind.TASK_SCHEDULED
        if self._choices.draw(st.booleans()):
            kind = Kind.TASK_COMPLETED if is_task else Kind.SUB_ORCHESTRATION_INSTANCE_COMPLETED
            return event(kind, at, TaskScheduledId=command.id, Result="1")
        kind = Kind.TASK_FAILED if is_task else Kind.SUB_ORCHESTRATION_INSTANCE_FAILED
        return event(kind, at, TaskScheduledId=command.id, Reason="no", Details="")


def begin(steps: Any, mode: Any) -> tuple[Execution, Event]:
    """A fresh execution of a program, and its first event."""
    (spec,) = index(app)
    given_input = orjson.dumps(orjson.dumps(steps).decode()).decode()
    started = execution_started(stamp(BEGIN), "program", "i", "x", given_input, "")
    return Execution("program", spec, Start("i", "x", given_input, None), mode), started


def leaves_a_retry_behind(steps: Any) -> bool:
    """Whether a program can run into the SDK's trap: going on while a retried member still draws ids."""
    return any(kind in ("any", "all") and len(of) > 1 and "retry" in dict(of) for kind, of in steps)


def chunk(events: list[Event], commands: list[Command], at: str) -> bytes:
    """An episode as it is stored."""
    stored = [*events, *(command.event(at) for command in commands), event(Kind.ORCHESTRATOR_COMPLETED, at)]
    return orjson.dumps([{**item, "IsPlayed": True} for item in stored])[1:-1]


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(programs, st.data())
def test_walker_and_sdk_agree_and_a_rebuild_repeats_everything(steps: Any, choices: Any) -> None:
    execution, started = begin(steps, "verify")
    world = World(choices)
    chunks: list[bytes] = []
    asked: list[Command] = []
    outcome: Outcome | None = None
    for number in range(25):
        events = world.episode(started if number == 0 else None)
        try:
            outcome, commands = execution.advance(events)
        except NonDeterminism as error:
            assert "number their tasks differently" in str(error) and leaves_a_retry_behind(steps)
            return
        world.take(commands)
        asked += commands
        chunks.append(chunk(events, commands, stamp(world.now)))
        execution.record(chunks[-1])
        if outcome.done:
            break
        # The walker may lag behind the SDK after a failure inside task_all (it awaits the siblings), never lead.
        assert execution._live and execution.walker.open <= execution._live.open
        assert [c.id for c in asked] == list(range(len(asked)))
    again, _ = begin(steps, "cached")
    again.rebuild(chunks)
    assert again._deviated is None
    assert again.walker._next_id == execution.walker._next_id
    assert again.walker.open == execution.walker.open


def test_a_changed_program_is_noticed_when_it_is_rebuilt() -> None:
    execution, started = begin([["activity", 1], ["activity", 2]], "cached")
    events = World(None).episode(started)
    _, commands = execution.advance(events)
    changed, _ = begin([["child", 1]], "cached")
    changed.rebuild([chunk(events, commands, stamp(BEGIN))])
    with pytest.raises(NonDeterminism, match="TASK_SCHEDULED work #0 <> SUB_ORCHESTRATION_INSTANCE_CREATED program #0"):
        changed.advance([])
