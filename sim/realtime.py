"""The port `Realtime` in memory. Whoever listens outlives a crash of the process that publishes, as a browser does."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class MemorySubscription:
    """The port `Subscription`."""

    def __init__(self) -> None:
        self._news = asyncio.Event()

    def wake(self) -> None:
        """There is news."""
        self._news.set()

    async def wait(self, seconds: float) -> bool:
        """See the port."""
        if not self._news.is_set():
            try:
                async with asyncio.timeout(seconds):
                    await self._news.wait()
            except TimeoutError:
                return False
        self._news.clear()
        return True


class MemoryRealtime:
    """The port `Realtime`."""

    def __init__(self) -> None:
        self._listening: dict[str, dict[int, MemorySubscription]] = {}
        self._number = 0

    def publish(self, topic: str) -> None:
        """See the port."""
        for subscription in list(self._listening.get(topic, {}).values()):
            subscription.wake()

    @asynccontextmanager
    async def listen(self, topic: str) -> AsyncIterator[MemorySubscription]:
        """See the port."""
        self._number += 1
        number, subscription = self._number, MemorySubscription()
        self._listening.setdefault(topic, {})[number] = subscription
        try:
            yield subscription
        finally:
            listening = self._listening[topic]
            del listening[number]
            if not listening:
                del self._listening[topic]
