"""The orchestrations, through the durable client that a function was given."""

from collections import OrderedDict
from typing import Any

from shared.ports import Unavailable

REMEMBERED_MAX = 20_000
ORCHESTRATOR = "conversation"
_RUNNING = ("Pending", "Running", "ContinuedAsNew", "Suspended")

_done: OrderedDict[tuple[str, int], None] = OrderedDict()
"""What this process has started and rung: doing it again is harmless, but costs an event."""


class DurableBells:
    """The port `Bells`."""

    def __init__(self, client: Any) -> None:
        self._client = client

    async def start(self, conversation_id: str) -> None:
        """See the port."""
        if (conversation_id, 0) in _done:
            return
        await self.restart(conversation_id)
        _remember(conversation_id, 0)

    async def restart(self, conversation_id: str) -> None:
        """Begin the orchestration unless it runs, whatever this process has started before."""
        given = {"conversationId": conversation_id, "stage": "bot"}
        try:
            await self._client.start_new(ORCHESTRATOR, conversation_id, given)
        except Exception as error:  # the SDK raises nothing more special, also for an instance that runs
            if not await self.is_running(conversation_id):
                raise Unavailable(f"the orchestration cannot be started: {error}") from error

    async def ring(self, conversation_id: str, token: int) -> None:
        """See the port."""
        if (conversation_id, token) in _done:
            return
        try:
            await self._client.raise_event(conversation_id, f"bell-{token}", token)
        except Exception as error:
            if await self.is_running(conversation_id):
                raise Unavailable(f"the orchestration cannot be rung: {error}") from error
            return  # over, or not begun: whoever begins it has it look at everything
        _remember(conversation_id, token)

    async def is_running(self, conversation_id: str) -> bool:
        """Whether the orchestration lives."""
        try:
            found = await self._client.get_status(conversation_id)
        except Exception as error:
            raise Unavailable(f"the orchestrations do not answer: {error}") from error
        return bool(found and found.runtime_status and found.runtime_status.value in _RUNNING)


def _remember(conversation_id: str, token: int) -> None:
    _done[conversation_id, token] = None
    if len(_done) > REMEMBERED_MAX:
        _done.popitem(last=False)
