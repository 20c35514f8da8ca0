"""What all stages share: turns, and waits that race a bell against a timer."""

from collections.abc import Generator
from datetime import datetime
from typing import Any

import azure.durable_functions as df

TURNS_MAX = 50
"""Turns of one stage before the orchestration continues as new, so that a history stays below 1,000 events."""
RETRIES = df.RetryOptions(first_retry_interval_in_milliseconds=3_000, max_number_of_attempts=100)
"""A turn is repeated while the store is away, for five minutes; after that the sweep begins the orchestration anew."""

Stage = Generator[Any, Any, str]
"""A stage of a conversation; it returns the name of the stage that follows."""


def turns(context: df.DurableOrchestrationContext, stage: str, activity: str) -> Stage:
    """Take turns until the conversation is in another stage; after TURNS_MAX the stage begins anew."""
    for _ in range(TURNS_MAX):
        turn = yield context.call_activity_with_retry(activity, RETRIES, context.instance_id)
        if turn["stage"] != stage:
            return str(turn["stage"])
        if turn["token"] is not None:
            yield from bell_or_deadline(context, turn["token"], turn["until"])
    return stage


def bell_or_deadline(context: df.DurableOrchestrationContext, token: int, until: str) -> Generator[Any, Any, None]:
    """Wait until somebody rings with this token, at most until the deadline. A token is used once."""
    bell = context.wait_for_external_event(f"bell-{token}")
    deadline = context.create_timer(datetime.fromisoformat(until))
    winner = yield context.task_any([bell, deadline])
    if winner is bell:
        deadline.cancel()
