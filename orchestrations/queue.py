"""The conversation waits for an agent.

1. A work item tells routing what is needed; its place in line is that of the first enqueueing.
2. Routing offers it to one agent after another, until one accepts.
3. The customer may leave; when nobody could take the work for too long, the contact centre apologises and closes.
"""

import azure.durable_functions as df

from orchestrations.stages import Stage, turns


def queue_stage(context: df.DurableOrchestrationContext, token: int) -> Stage:
    """The stage `queue`."""
    return (yield from turns(context, token, "queue", "queue_turn"))
