"""The bot that is configured in config/bots/, run in this process."""

from collections.abc import Callable, Mapping

from shared.domain.bot import BotDefinition, BotReply
from shared.domain.scripted_bot import respond
from shared.ports import BotFailed, BotTurn


class ScriptedBot:
    """The port `Bot`."""

    def __init__(self, bots: Callable[[], Mapping[str, BotDefinition]], choose: Callable[[int], int]) -> None:
        self._bots, self._choose = bots, choose

    async def reply(self, turn: BotTurn) -> BotReply:
        """See the port."""
        definition = self._bots().get(turn.bot)
        if definition is None:
            raise BotFailed(f"there is no bot {turn.bot!r}")
        return respond(definition, turn.memory, turn.said, turn.locale, self._choose)
