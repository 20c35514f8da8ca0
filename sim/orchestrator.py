"""The product's orchestration and its activities, by their names."""

import functools
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import azure.durable_functions as df

from orchestrations.conversation import bp
from shared.usecases import stages
from shared.usecases.bot_stage import bot_turn
from shared.usecases.services import Services
from shared.usecases.stages import Turn
from sim.durable.execution import Orchestrator

TURNS: Mapping[str, Callable[[Services, str, int], Awaitable[Turn]]] = {
    "bot_turn": bot_turn,
    "queue_turn": stages.queue_turn,
    "agent_turn": stages.agent_turn,
    "transfer_turn": stages.transfer_turn,
    "set_aside_turn": stages.set_aside_turn,
    "wrap_up_turn": stages.wrap_up_turn,
    "close_turn": stages.close_turn,
}
"""What `activities/turns.py` registers; a test compares the two."""


@functools.cache
def orchestrator_of(blueprint: Any, name: str) -> Orchestrator:
    """The generator function behind a registered orchestrator."""
    app = df.DFApp()
    app.register_functions(blueprint)
    logging.disable(logging.WARNING)  # the SDK complains that orchestrators have no HTTP authorisation
    try:
        functions = {function.get_function_name(): function.get_user_function() for function in app.get_functions()}
    finally:
        logging.disable(logging.NOTSET)
    found: Orchestrator = functions[name].orchestrator_function
    return found


CONVERSATION = orchestrator_of(bp, "conversation")


async def take_turn(services: Services, name: str, asked: Mapping[str, Any]) -> dict[str, Any]:
    """An activity, as `activities/turns.py` runs it."""
    taken = await TURNS[name](services, asked["conversationId"], asked["token"])
    until = taken.until.isoformat() if taken.until else None
    return {"stage": taken.stage, "token": taken.token, "until": until}
