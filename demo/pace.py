"""How fast the people of a demo are, and when they hurry because it ends."""

import asyncio
import random


class Pace:
    """`seconds` are what a pause takes at speed 1; once hurried, nobody pauses any more."""

    def __init__(self, speed: float, chance: random.Random) -> None:
        self._speed, self.chance = speed, chance
        self._hurry = asyncio.Event()

    def hurry(self) -> None:
        """From now on without pauses."""
        self._hurry.set()

    @property
    def is_hurried(self) -> bool:
        """Whether the demo is about to end."""
        return self._hurry.is_set()

    async def pause(self, least: float, most: float) -> None:
        """Think, read or type."""
        await self.wait(self.chance.uniform(least, most))

    async def wait(self, seconds: float) -> None:
        """Let so much time pass."""
        try:
            async with asyncio.timeout(seconds / self._speed):
                await self._hurry.wait()
        except TimeoutError:
            pass

    def happens(self, share: float) -> bool:
        """True in this share of all cases."""
        return self.chance.random() < share
