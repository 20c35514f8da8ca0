"""One activity per stage: load, decide, save, tell. The input is a conversation's id, the output a turn as JSON."""

from collections.abc import Awaitable, Callable
from typing import Any

import azure.durable_functions as df

from shared.app import fresh
from shared.usecases import stages
from shared.usecases.bot_stage import bot_turn as take_bot_turn
from shared.usecases.services import Services
from shared.usecases.stages import Turn

bp = df.Blueprint()


@bp.activity_trigger(input_name="conversation")
async def bot_turn(conversation: str) -> dict[str, Any]:
    """Greet, answer, hand over."""
    return await _take(take_bot_turn, conversation)


@bp.activity_trigger(input_name="conversation")
async def queue_turn(conversation: str) -> dict[str, Any]:
    """Have routing look for an agent."""
    return await _take(stages.queue_turn, conversation)


@bp.activity_trigger(input_name="conversation")
async def agent_turn(conversation: str) -> dict[str, Any]:
    """Hold the agent's capacity."""
    return await _take(stages.agent_turn, conversation)


@bp.activity_trigger(input_name="conversation")
async def transfer_turn(conversation: str) -> dict[str, Any]:
    """Have routing ask the other agent."""
    return await _take(stages.transfer_turn, conversation)


@bp.activity_trigger(input_name="conversation")
async def set_aside_turn(conversation: str) -> dict[str, Any]:
    """Give back the capacity."""
    return await _take(stages.set_aside_turn, conversation)


@bp.activity_trigger(input_name="conversation")
async def wrap_up_turn(conversation: str) -> dict[str, Any]:
    """Hold the capacity for filing."""
    return await _take(stages.wrap_up_turn, conversation)


@bp.activity_trigger(input_name="conversation")
async def close_turn(conversation: str) -> dict[str, Any]:
    """Let go of everything."""
    return await _take(stages.close_turn, conversation)


async def _take(turn: Callable[[Services, str], Awaitable[Turn]], conversation_id: str) -> dict[str, Any]:
    taken = await turn((await fresh()).services, conversation_id)
    until = taken.until.isoformat() if taken.until else None
    return {"stage": taken.stage, "token": taken.token, "until": until}
