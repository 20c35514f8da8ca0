"""One activity per stage: load, decide, save, tell.

The input is `{"conversationId", "token"}`, the output `{"stage", "token", "until"}`: see shared/usecases/stages.py.
"""

from collections.abc import Awaitable, Callable
from typing import Any

import azure.durable_functions as df

from shared.app import fresh
from shared.usecases import stages
from shared.usecases.bot_stage import bot_turn as take_bot_turn
from shared.usecases.services import Services
from shared.usecases.stages import Turn

bp = df.Blueprint()


@bp.activity_trigger(input_name="asked")
async def bot_turn(asked: dict[str, Any]) -> dict[str, Any]:
    """Greet, answer, hand over."""
    return await _take(take_bot_turn, asked)


@bp.activity_trigger(input_name="asked")
async def queue_turn(asked: dict[str, Any]) -> dict[str, Any]:
    """Have routing look for an agent."""
    return await _take(stages.queue_turn, asked)


@bp.activity_trigger(input_name="asked")
async def agent_turn(asked: dict[str, Any]) -> dict[str, Any]:
    """Hold the agent's capacity."""
    return await _take(stages.agent_turn, asked)


@bp.activity_trigger(input_name="asked")
async def transfer_turn(asked: dict[str, Any]) -> dict[str, Any]:
    """Have routing ask the other agent."""
    return await _take(stages.transfer_turn, asked)


@bp.activity_trigger(input_name="asked")
async def set_aside_turn(asked: dict[str, Any]) -> dict[str, Any]:
    """Give back the capacity."""
    return await _take(stages.set_aside_turn, asked)


@bp.activity_trigger(input_name="asked")
async def wrap_up_turn(asked: dict[str, Any]) -> dict[str, Any]:
    """Hold the capacity for filing."""
    return await _take(stages.wrap_up_turn, asked)


@bp.activity_trigger(input_name="asked")
async def close_turn(asked: dict[str, Any]) -> dict[str, Any]:
    """Let go of everything."""
    return await _take(stages.close_turn, asked)


async def _take(turn: Callable[[Services, str, int], Awaitable[Turn]], asked: dict[str, Any]) -> dict[str, Any]:
    taken = await turn((await fresh()).services, asked["conversationId"], asked["token"])
    until = taken.until.isoformat() if taken.until else None
    return {"stage": taken.stage, "token": taken.token, "until": until}
