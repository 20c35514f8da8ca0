"""The bot serves first.

1. The bot takes over a new conversation and greets the customer.
2. It answers each message; slow or dead, it makes room for a person.
3. It hands the conversation over to people with what it has learnt, or ends it.
4. A customer who says nothing for too long is seen off.
"""

import azure.durable_functions as df

from orchestrations.stages import Stage, turns


def bot_stage(context: df.DurableOrchestrationContext, token: int) -> Stage:
    """The stage `bot`."""
    return (yield from turns(context, token, "bot", "bot_turn"))
