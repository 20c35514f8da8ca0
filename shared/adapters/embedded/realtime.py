"""News within this process."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class LocalSubscription:
    """The port `Subscription`."""

    def __init__(self) -> None:
        self._news = asyncio.Event()

    def wake(self) -> None:
        """There is news."""
        self._news.set()

    async def wait(self, seconds: float) -> bool:
        """See the port."""
        try:
            async with asyncio.timeout(seconds):
                await self._news.wait()
        except TimeoutError:
            return False
        self._news.clear()
        return True


class LocalRealtime:
    """The port `Realtime`."""

    def __init__(self) -> None:
        self._listening: dict[str, set[LocalSubscription]] = defaultdict(set)

    def publish(self, topic: str) -> None:
        """See the port."""
        for subscription in self._listening.get(topic, ()):
            subscription.wake()

    @asynccontextmanager
    async def listen(self, topic: str) -> AsyncIterator[LocalSubscription]:
        """See the port."""
        subscription = LocalSubscription()
        self._listening[topic].add(subscription)
        try:
            yield subscription
        finally:
            self._listening[topic].discard(subscription)
            if not self._listening[topic]:
                del self._listening[topic]
