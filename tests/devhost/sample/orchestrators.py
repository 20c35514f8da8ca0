"""Orchestrations of the sample: parcels that are labelled, tracked and delivered."""

import json
from datetime import timedelta
from typing import Any

import azure.durable_functions as df
import ledger

bp = df.Blueprint()
RETRY = df.RetryOptions(first_retry_interval_in_milliseconds=10, max_number_of_attempts=3)


def decoded(value: Any) -> Any:
    """An event's payload: raised by the SDK's client it arrives as a JSON string, by the webhook as an object."""
    return json.loads(value) if isinstance(value, str) else value


@bp.orchestration_trigger(context_name="context")
def five_steps(context: df.DurableOrchestrationContext):
    """Five activities, one after the other."""
    value = context.get_input() or 0
    for _ in range(5):
        value = yield context.call_activity("add_one", value)
    return value


@bp.orchestration_trigger(context_name="context")
def conversation(context: df.DurableOrchestrationContext):
    """Events, each with an activity, each wait racing one timer that is cancelled at the end."""
    given = context.get_input()
    timer = context.create_timer(context.current_utc_datetime + timedelta(hours=1))
    said = []
    for turn in range(given["turns"]):
        bell = context.wait_for_external_event(f"bell-{turn}")
        winner = yield context.task_any([bell, timer])
        if winner is timer:
            return "timed out"
        said.append((yield context.call_activity("note", [context.instance_id, turn, decoded(bell.result)])))
        context.set_custom_status({"turn": turn})
    timer.cancel()
    return said


@bp.orchestration_trigger(context_name="context")
def relay(context: df.DurableOrchestrationContext):
    """The same, but continuing as new after each turn."""
    state = context.get_input()
    turn = state["turn"]
    bell = context.wait_for_external_event(f"bell-{turn}")
    payload = yield bell
    said = yield context.call_activity("note", [context.instance_id, turn, decoded(payload)])
    state = {"turn": turn + 1, "turns": state["turns"], "said": [*state["said"], said]}
    if state["turn"] == state["turns"]:
        return state["said"]
    context.continue_as_new(state)
    return None


@bp.orchestration_trigger(context_name="context")
def fan_out(context: df.DurableOrchestrationContext):
    """Many activities at once, then a child for each result."""
    numbers = yield context.task_all([context.call_activity("add_one", n) for n in range(context.get_input())])
    children = yield context.task_all([context.call_sub_orchestrator("five_steps", n) for n in numbers])
    return sum(children)


@bp.orchestration_trigger(context_name="context")
def retrying(context: df.DurableOrchestrationContext):
    """An activity that fails as often as the input says, under a retry policy of three attempts."""
    return (yield context.call_activity_with_retry("flaky", RETRY, [context.instance_id, context.get_input()]))


@bp.orchestration_trigger(context_name="context")
def failing(context: df.DurableOrchestrationContext):
    """Fails with what its activity raised."""
    yield context.call_activity("flaky", [context.instance_id, 99])


@bp.orchestration_trigger(context_name="context")
def parent_of_failing(context: df.DurableOrchestrationContext):
    """Catches its child's failure."""
    try:
        yield context.call_sub_orchestrator("failing", None, f"{context.instance_id}-child")
    except Exception as error:
        return f"caught: {error}"
    return "no failure"


@bp.orchestration_trigger(context_name="context")
def sleeper(context: df.DurableOrchestrationContext):
    """Waits for as many seconds as the input says."""
    yield context.create_timer(context.current_utc_datetime + timedelta(seconds=context.get_input()))
    return "awake"


@bp.orchestration_trigger(context_name="context")
def forgetful(context: df.DurableOrchestrationContext):
    """Ends with a timer left open: the framework holds the instance until it fires."""
    timer = context.create_timer(context.current_utc_datetime + timedelta(seconds=context.get_input()))
    done = context.call_activity("add_one", 1)
    yield context.task_any([done, timer])
    return "done"


@bp.orchestration_trigger(context_name="context")
def wants_an_entity(context: df.DurableOrchestrationContext):
    """Uses what the host leaves out."""
    return (yield context.call_entity(df.EntityId("counter", "one"), "get"))


@bp.activity_trigger(input_name="number")
def add_one(number: int) -> int:
    """Synchronous: runs on a thread."""
    return number + 1


@bp.activity_trigger(input_name="said")
async def note(said: list) -> str:
    """Asynchronous; its effect is in the ledger."""
    ledger.write("note", said)
    return f"{said[1]}:{said[2]}"


_failures: dict[str, int] = {}


@bp.activity_trigger(input_name="plan")
def flaky(plan: list) -> str:
    """Fails the first N times for an instance."""
    key, times = plan
    _failures[key] = _failures.get(key, 0) + 1
    if _failures[key] <= times:
        raise ValueError(f"failure {_failures[key]}")
    return f"after {_failures[key]} attempts"
