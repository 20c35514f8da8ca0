"""What all stages share: turns, and waits that race a bell against a timer."""

from collections.abc import Generator
from datetime import datetime
from typing import Any, NamedTuple

import azure.durable_functions as df

TURNS_MAX = 50
"""Turns of one stage before the orchestration continues as new, so that a history stays below 1,000 events."""
RETRIES = df.RetryOptions(first_retry_interval_in_milliseconds=3_000, max_number_of_attempts=100)
"""A turn is repeated while the store is away, for five minutes; after that the sweep begins the orchestration anew."""


class Following(NamedTuple):
    """The stage that comes next, and the newest token so far."""

    stage: str
    token: int


Stage = Generator[Any, Any, Following]
"""A stage of a conversation; it returns the one that follows."""


def turns(context: df.DurableOrchestrationContext, token: int, stage: str, activity: str) -> Stage:
    """Take turns, each with a token of its own, until the conversation is in another stage or TURNS_MAX are taken."""
    for _ in range(TURNS_MAX):
        token += 1
        asked = {"conversationId": context.instance_id, "token": token}
        turn = yield context.call_activity_with_retry(activity, RETRIES, asked)
        if turn["stage"] != stage:
            return Following(str(turn["stage"]), max(token, turn["token"]))
        if turn["until"] is not None:
            yield from bell_or_deadline(context, token, turn["until"])
        token = max(token, turn["token"])  # an instance that begins anew learns here which token was the last
    return Following(stage, token)


def bell_or_deadline(context: df.DurableOrchestrationContext, token: int, until: str) -> Generator[Any, Any, None]:
    """Wait until somebody rings with this token, at most until the deadline. A token is used once."""
    bell = context.wait_for_external_event(f"bell-{token}")
    deadline = context.create_timer(datetime.fromisoformat(until))
    winner = yield context.task_any([bell, deadline])
    if winner is bell:
        deadline.cancel()
