"""The agent waits for the customer and holds no capacity meanwhile.

1. The customer returns: the conversation is queued again; or the agent takes it up again.
2. A customer who does not return in time is not waited for any longer.
"""

import azure.durable_functions as df

from orchestrations.stages import Stage, turns


def set_aside_stage(context: df.DurableOrchestrationContext, token: int) -> Stage:
    """The stage `set_aside`."""
    return (yield from turns(context, token, "set_aside", "set_aside_turn"))
