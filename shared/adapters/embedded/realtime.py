"""News within this process."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class LocalSubscription:
    """The port `Subscription`. One waiter at a time: then a timer and a future are enough, and cost little."""

    def __init__(self) -> None:
        self._has_news = False
        self._waiter: asyncio.Future[None] | None = None

    def wake(self) -> None:
        """There is news."""
        self._has_news = True
        self._release()

    async def wait(self, seconds: float) -> bool:
        """See the port."""
        if not self._has_news:
            loop = asyncio.get_running_loop()
            self._waiter = loop.create_future()
            timer = loop.call_later(seconds, self._release)
            try:
                await self._waiter
            finally:
                timer.cancel()
                self._waiter = None
        had_news, self._has_news = self._has_news, False
        return had_news

    def _release(self) -> None:
        if self._waiter and not self._waiter.done():
            self._waiter.set_result(None)


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
