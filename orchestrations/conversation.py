"""One conversation, from its first word until it is closed.

1. The bot serves first (channels without one begin in the queue).
2. The conversation waits in a queue until an agent accepts it.
3. The agent talks with the customer, sets the conversation aside, or transfers it to a queue or a colleague.
4. The agent wraps it up.
5. What it held is let go of.

The state is in the store; each stage follows it and returns the name of the next one. Between stages the orchestration
continues as new: an event that nobody has awaited is lost then, but what it announced is in the store. The instance id
is the conversation's id; an instance can be begun again at any time and finds its stage by itself.
"""

from collections.abc import Callable, Generator, Mapping
from typing import Any

import azure.durable_functions as df

from orchestrations.agent import agent_stage
from orchestrations.bot import bot_stage
from orchestrations.close import close_stage
from orchestrations.queue import queue_stage
from orchestrations.set_aside import set_aside_stage
from orchestrations.stages import Stage
from orchestrations.transfer import transfer_stage
from orchestrations.wrap_up import wrap_up_stage

bp = df.Blueprint()

STAGES: Mapping[str, Callable[[df.DurableOrchestrationContext, int], Stage]] = {
    "bot": bot_stage,
    "queue": queue_stage,
    "agent": agent_stage,
    "transfer": transfer_stage,
    "set_aside": set_aside_stage,
    "wrap_up": wrap_up_stage,
    "close": close_stage,
}


@bp.orchestration_trigger(context_name="context")
def conversation(context: df.DurableOrchestrationContext) -> Generator[Any, Any, str]:
    """One stage of a life; the next one begins with a history of its own."""
    given = context.get_input()
    following = yield from STAGES[given["stage"]](context, given.get("token", 0))
    if following.stage != "closed":
        context.continue_as_new(
            {"conversationId": context.instance_id, "stage": following.stage, "token": following.token}
        )
    return following.stage
