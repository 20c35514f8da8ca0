"""The conversation is being handed to another agent, blind.

1. The agent asked for gets an offer; the sender goes on owning the conversation.
2. Accepted, it has a new owner, and the sender's capacity is free; otherwise nothing has changed.
3. The end of the conversation ends the transfer, too.
"""

import azure.durable_functions as df

from orchestrations.stages import Stage, turns


def transfer_stage(context: df.DurableOrchestrationContext, token: int) -> Stage:
    """The stage `transfer`."""
    return (yield from turns(context, token, "transfer", "transfer_turn"))
