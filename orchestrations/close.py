"""The conversation is over.

Everything that it still holds is let go of: work items, offers, capacity.
"""

import azure.durable_functions as df

from orchestrations.stages import Stage, turns


def close_stage(context: df.DurableOrchestrationContext, token: int) -> Stage:
    """The stage `close`."""
    return (yield from turns(context, token, "close", "close_turn"))
