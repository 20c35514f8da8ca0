"""An agent and the customer talk.

1. The agent's capacity is held as long as they do.
2. The agent ends it, sets it aside or transfers it; the customer leaves; a lost agent's conversation is requeued.
3. When both have been silent for too long, wrap-up begins.
"""

import azure.durable_functions as df

from orchestrations.stages import Stage, turns


def agent_stage(context: df.DurableOrchestrationContext, token: int) -> Stage:
    """The stage `agent`."""
    return (yield from turns(context, token, "agent", "agent_turn"))
