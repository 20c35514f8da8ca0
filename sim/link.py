"""The way from a process to a service (store, queue, durable, bot): it takes time, it fails, the process dies on it."""

import asyncio
from collections.abc import Callable
from random import Random
from typing import Protocol, TypeVar

from shared.ports import Unavailable
from sim.faults import Blow, FaultPlan

T = TypeVar("T")


class Link(Protocol):
    """Stands before every call of a service."""

    async def read(self, service: str) -> None:
        """About to read. Raises Unavailable."""

    async def write(self, service: str, apply: Callable[[], T], what: Callable[[], str]) -> T:
        """Apply a write, or raise Unavailable, with or without having applied it."""

    def is_overtaken(self) -> bool:
        """Whether somebody else is to write the same just before."""


class GoodLink:
    """Nothing goes wrong; others have their turn meanwhile."""

    def __init__(self) -> None:
        self.is_full = False

    async def read(self, service: str) -> None:
        """See Link."""
        await asyncio.sleep(0)

    async def write(self, service: str, apply: Callable[[], T], what: Callable[[], str]) -> T:
        """See Link."""
        await asyncio.sleep(0)
        if self.is_full:
            raise Unavailable("the disk is full")
        return apply()

    def is_overtaken(self) -> bool:
        """See Link."""
        return False


class FaultyLink:
    """The way of one process, with latency and the blows that a plan has in store for it."""

    def __init__(
        self, plan: FaultPlan, chance: Random, latency: float, die: Callable[[], None], trace: Callable[[str], None]
    ) -> None:  # fmt: skip
        self._plan, self._chance, self._latency, self._die, self._trace = plan, chance, latency, die, trace

    async def read(self, service: str) -> None:
        """See Link."""
        await self._takes_time()
        await self._may_throttle(service)
        self._may_refuse(service)

    async def write(self, service: str, apply: Callable[[], T], what: Callable[[], str]) -> T:
        """See Link. Half of the time the write is applied at once and its answer late, else the other way round."""
        blow = self._plan.next_write(service)
        if self._chance.random() < 0.5:
            await self._takes_time()
        await self._may_throttle(service)
        self._may_refuse(service)
        if service == "store":
            self._may_refuse("disk")
        if blow is Blow.CRASH_BEFORE:
            await self._dies(f"before {service} {what()}")
        try:
            result = apply()
        except Exception as error:
            self._trace(f"{service} {what()} !{type(error).__name__} {error}")
            raise
        self._trace(f"{service} {what()}")
        if blow is Blow.CRASH_AFTER:
            await self._dies(f"after {service} {what()}")
        if blow is Blow.LOST_ANSWER:
            self._trace(f"{service} answer lost")
            raise Unavailable(f"the answer of {service} is lost")
        if self._chance.random() < 0.5:
            await self._takes_time()
        return result

    async def _takes_time(self) -> None:
        """Mostly no time at all: that is fast to simulate, and others come in between often enough."""
        if self._latency and self._chance.random() < 0.5:
            await asyncio.sleep(self._chance.uniform(0, 2 * self._latency))

    def is_overtaken(self) -> bool:
        """See Link."""
        return self._plan.is_overtaken(self._chance)

    async def _may_throttle(self, service: str) -> None:
        """429: what is above the rate is refused, after the time in which the service's client has tried again."""
        is_above = self._plan.throttles() if service == "store" else None
        if is_above is None:
            return
        await asyncio.sleep(self._chance.uniform(0.3, 1.0) if is_above else self._chance.uniform(0, 0.05))
        if is_above:
            raise Unavailable("the store is throttled")

    def _may_refuse(self, service: str) -> None:
        if self._plan.refuses(service, self._chance):
            raise Unavailable(f"{service} is away")

    async def _dies(self, where: str) -> None:
        self._trace(f"CRASH {where}")
        self._die()
        await asyncio.get_running_loop().create_future()  # nobody ever runs on from here
