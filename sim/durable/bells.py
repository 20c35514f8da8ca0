"""The port `Bells`, over the hub."""

from sim.durable.hub import Hub
from sim.link import Link


class SimBells:
    """One process's way to the orchestrations."""

    def __init__(self, hub: Hub, link: Link) -> None:
        self._hub, self._link = hub, link
        self._done: set[tuple[str, int]] = set()
        """What this process has started and rung: doing it again is harmless, but costs an event."""

    async def start(self, conversation_id: str) -> None:
        """See the port."""
        if (conversation_id, 0) not in self._done:
            await self.restart(conversation_id)
            self._done.add((conversation_id, 0))

    async def restart(self, conversation_id: str) -> None:
        """Begin it unless it runs, whatever this process has started before."""
        given = {"conversationId": conversation_id, "stage": "bot"}
        await self._link.write(
            "durable", lambda: self._hub.start(conversation_id, given), lambda: f"start {conversation_id}"
        )

    async def ring(self, conversation_id: str, token: int) -> None:
        """See the port."""
        if (conversation_id, token) in self._done:
            return
        is_there = await self._link.write(
            "durable",
            lambda: self._hub.raise_event(conversation_id, f"bell-{token}", token),
            lambda: f"bell-{token} {conversation_id}",
        )
        if is_there:
            self._done.add((conversation_id, token))

    async def is_running(self, conversation_id: str) -> bool:
        """Whether the orchestration lives."""
        await self._link.read("durable")
        return self._hub.is_running(conversation_id)
