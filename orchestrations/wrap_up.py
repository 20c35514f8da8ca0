"""The conversation is over for the customer; the agent files it.

1. Capacity is held while the agent chooses a disposition.
2. When that takes too long, the conversation is closed without one.
"""

import azure.durable_functions as df

from orchestrations.stages import Stage, turns


def wrap_up_stage(context: df.DurableOrchestrationContext, token: int) -> Stage:
    """The stage `wrap_up`."""
    return (yield from turns(context, token, "wrap_up", "wrap_up_turn"))
