"""Orchestrators that walk into the corners of the protocol. Untyped, as users write them."""

# mypy: disable-error-code="no-untyped-def, untyped-decorator, no-any-return, misc"
import json
from datetime import timedelta
from typing import Any

import azure.durable_functions as df

app = df.DFApp()
drift: dict[str, Any] = {"name": "double", "calls": 0}
attempts: dict[str, int] = {}


@app.orchestration_trigger(context_name="context")
def same_name(context):
    """Waits three times for one event name, an activity after each."""
    heard = []
    for _ in range(3):
        heard.append((yield context.wait_for_external_event("m")))
        yield context.call_activity("double", 1)
    return heard


@app.orchestration_trigger(context_name="context")
def late_event(context):
    """A timer wins; the event that comes before the next wait goes to the one that was given up."""
    timer = context.create_timer(context.current_utc_datetime + timedelta(milliseconds=30))
    yield context.task_any([context.wait_for_external_event("m"), timer])
    yield context.call_activity("slow", 0.3)
    guard = context.create_timer(context.current_utc_datetime + timedelta(milliseconds=300))
    second = context.wait_for_external_event("m")
    winner = yield context.task_any([second, guard])
    if winner is guard:
        return "lost"
    guard.cancel()
    return "heard"


@app.orchestration_trigger(context_name="context")
def loses_on_continue(context):
    """Continues as new on the first event; what else has come in this execution is gone."""
    round_ = context.get_input()
    if round_ == 0:
        yield context.wait_for_external_event("go")
        context.continue_as_new(1)
        return None
    timer = context.create_timer(context.current_utc_datetime + timedelta(milliseconds=200))
    event = context.wait_for_external_event("extra")
    winner = yield context.task_any([event, timer])
    if winner is event:
        timer.cancel()
        return "kept"
    return "lost"


@app.orchestration_trigger(context_name="context")
def all_with_failure(context):
    """Goes on at once when a member fails, but is held until the slow one is done."""
    members = [context.call_activity("fail", "boom"), context.call_activity("slow", 0.2)]
    try:
        yield context.task_all(members)
    except Exception as error:
        context.set_custom_status("failed early")
        return str(error).splitlines()[0].strip()
    return "no failure"


@app.orchestration_trigger(context_name="context")
def retries(context):
    """An activity under a retry policy, another one beside it, and one after it."""
    policy = df.RetryOptions(5, 3)
    times = context.get_input()
    both = context.task_all(
        [
            context.call_activity_with_retry("flaky", policy, [context.instance_id, times]),
            context.call_activity("double", 4),
        ]
    )
    first = yield both
    last = yield context.call_activity("double", 21)
    return [*first, last]


@app.orchestration_trigger(context_name="context")
def retried_child(context):
    """A child under a retry policy."""
    return (yield context.call_sub_orchestrator_with_retry("flaky_child", df.RetryOptions(5, 3), context.get_input()))


@app.orchestration_trigger(context_name="context")
def flaky_child(context):
    """Fails the first N times."""
    return (yield context.call_activity("flaky", ["child", context.get_input()]))


@app.orchestration_trigger(context_name="context")
def drifting(context):
    """Does not do the same twice: the name of its activity changes with every run of the code."""
    drift["calls"] += 1
    yield context.call_activity(("double", "slow")[drift["calls"] % 2], 0.01)
    return "done"


@app.orchestration_trigger(context_name="context")
def changing(context):
    """Calls the activity that `drift` names now: what a deployment of other code looks like."""
    yield context.call_activity(drift["name"], 0.01)
    yield context.wait_for_external_event("go")
    return drift["name"]


@app.orchestration_trigger(context_name="context")
def not_a_generator(context):
    """Returns at once."""
    return {"got": context.get_input()}


@app.orchestration_trigger(context_name="context")
def raises(context):
    """Raises before the first yield."""
    raise RuntimeError("at once")


@app.orchestration_trigger(context_name="context")
def unserialisable(context):
    """Returns what JSON cannot hold."""
    yield context.call_activity("double", 1)
    return {1, 2}


@app.orchestration_trigger(context_name="context")
def unknown_activity(context):
    """Calls what is not there."""
    yield context.call_activity("nobody", 1)


@app.orchestration_trigger(context_name="context")
def unknown_child(context):
    """Starts what is not there."""
    yield context.call_sub_orchestrator("nobody", 1)


@app.orchestration_trigger(context_name="context")
def same_child_twice(context):
    """Starts a child under the id of one that still runs."""
    first = context.call_sub_orchestrator("patient", None, f"{context.instance_id}-child")
    second = context.call_sub_orchestrator("patient", None, f"{context.instance_id}-child")
    try:
        yield context.task_all([first, second])
    except Exception as error:
        return str(error).splitlines()[0].strip()
    return "both ran"


@app.orchestration_trigger(context_name="context")
def patient(context):
    """Waits for "go", reporting how often."""
    context.set_custom_status({"waiting": True})
    value = yield context.wait_for_external_event("go")
    return json.loads(value) if isinstance(value, str) else value


@app.orchestration_trigger(context_name="context")
def punctual(context):
    """How long after its deadline a timer fires, in seconds."""
    deadline = context.current_utc_datetime + timedelta(milliseconds=context.get_input())
    yield context.create_timer(deadline)
    return (context.current_utc_datetime - deadline).total_seconds()


@app.orchestration_trigger(context_name="context")
def guarded(context):
    """Waits for "go" for an hour at most, and forgets to cancel the timer when told to fail."""
    timer = context.create_timer(context.current_utc_datetime + timedelta(hours=1))
    go = context.wait_for_external_event("go")
    yield context.task_any([go, timer])
    if "fail" in str(go.result):
        raise ValueError("failed")
    timer.cancel()
    return "went"


@app.orchestration_trigger(context_name="context")
def countdown(context):
    """Continues as new until nothing is left."""
    left = context.get_input()
    if left == 0:
        return "zero"
    yield context.call_activity("double", left)
    context.continue_as_new(left - 1)
    return None


@app.orchestration_trigger(context_name="context")
def listener(context):
    """Waits for as many uniquely named events as the input says."""
    heard = 0
    for number in range(context.get_input()):
        yield context.wait_for_external_event(f"e-{number}")
        heard += 1
    return heard


@app.orchestration_trigger(context_name="context")
def calls_http(context):
    """Uses what the host leaves out."""
    return (yield context.call_http("GET", "http://127.0.0.1/"))


@app.orchestration_trigger(context_name="context")
def identity(context):
    """What the context says of itself, before and after a replay."""
    before = [str(context.new_guid()), context.new_uuid()]
    yield context.call_activity("double", 1)
    after = [str(context.new_guid()), context.new_uuid()]
    return [
        context.instance_id,
        context.parent_instance_id,
        *before,
        *after,
        context.current_utc_datetime.tzinfo is not None,
    ]


@app.activity_trigger(input_name="value")
async def double(value):
    """Twice the value."""
    return value * 2


@app.activity_trigger(input_name="seconds")
async def slow(seconds):
    """Takes its time."""
    import asyncio

    await asyncio.sleep(seconds)
    return "slow"


@app.activity_trigger(input_name="message")
def fail(message):
    """Always fails."""
    raise ValueError(message)


@app.activity_trigger(input_name="nothing")
async def gives_up(nothing):
    """Lets a cancellation escape."""
    import asyncio

    raise asyncio.CancelledError


@app.orchestration_trigger(context_name="context")
def calls_one_that_gives_up(context):
    """Catches it."""
    try:
        yield context.call_activity("gives_up", None)
    except Exception as error:
        return str(error).splitlines()[0].strip()
    return "no failure"


@app.activity_trigger(input_name="plan")
def flaky(plan):
    """Fails the first N times for a key."""
    key, times = plan
    attempts[key] = attempts.get(key, 0) + 1
    if attempts[key] <= times:
        raise ValueError(f"failure {attempts[key]}")
    return attempts[key]
