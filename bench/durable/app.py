"""The app under test: the two shapes, and waits in a row."""

from collections.abc import Generator
from datetime import timedelta
from typing import Any

import azure.durable_functions as df

from bench.durable.load import TURNS
from bench.durable.turns import partner

app = df.DFApp()
Steps = Generator[Any, Any, Any]


@app.orchestration_trigger(context_name="context")
def five_steps(context: df.DurableOrchestrationContext) -> Steps:
    """Five activities, one after the other."""
    value = context.get_input()
    for _ in range(5):
        value = yield context.call_activity("add_one", value)
    return value


@app.orchestration_trigger(context_name="context")
def conversation(context: df.DurableOrchestrationContext) -> Steps:
    """Ten events, each with an activity, each wait racing one timer that is cancelled at the end."""
    timer = context.create_timer(context.current_utc_datetime + timedelta(hours=1))
    for turn in range(TURNS):
        bell = context.wait_for_external_event(f"bell-{turn}")
        yield context.task_any([bell, timer])
        yield context.call_activity("reply", [context.instance_id, turn])
    timer.cancel()
    return TURNS


@app.orchestration_trigger(context_name="context")
def many_bells(context: df.DurableOrchestrationContext) -> Steps:
    """As many events as the input says, one after the other."""
    for number in range(context.get_input()):
        yield context.wait_for_external_event(f"bell-{number}")
    return "done"


@app.orchestration_trigger(context_name="context")
def many_steps(context: df.DurableOrchestrationContext) -> Steps:
    """As many activities as the input says, one after the other."""
    for number in range(context.get_input()):
        yield context.call_activity("add_one", number)
    return "done"


@app.activity_trigger(input_name="number")
async def add_one(number: int) -> int:
    """One more."""
    return number + 1


@app.activity_trigger(input_name="turn")
async def reply(turn: list) -> str:  # type: ignore[type-arg]  # the worker refuses list[...]
    """Answers one turn."""
    partner.replied(turn[0], turn[1])
    return "answered"
