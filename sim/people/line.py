"""A person's connection to the contact centre: it breaks, is tried again, and answers may be lost on it."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from random import Random
from typing import Any, Protocol, TypeVar

from shared.errors import ProblemError
from shared.ports import Realtime, Unavailable
from sim.faults import FaultPlan, Mishap
from sim.invariants.watch import Watch
from sim.process import Lost, Process
from sim.scenario import Scenario, Shift

T = TypeVar("T")


class Surroundings(Protocol):
    """What people see of the world."""

    plan: FaultPlan
    watch: Watch
    scenario: Scenario
    seed: int

    @property
    def realtime(self) -> Realtime:
        """News of conversations and inboxes."""

    shifts: Mapping[str, Shift]

    def files(self, edition: str) -> Mapping[str, str]:
        """The configuration's files of an edition."""

    def time(self) -> float:
        """Virtual seconds."""

    def front(self, chance: Random) -> Process | None:
        """A process that takes requests now."""

    def trace(self, who: str, what: str) -> None:
        """Something to be told."""

    def unexpected(self, what: str, error: BaseException) -> None:
        """An error that nobody should see."""


class Line:
    """Of one person."""

    def __init__(self, world: Surroundings, name: str, chance: Random) -> None:
        self._world, self._name, self._chance = world, name, chance

    async def ask(self, what: str, do: Callable[[Process], Coroutine[Any, Any, T]]) -> T:
        """A request, again and again until it is answered. Raises ProblemError."""
        world, chance = self._world, self._chance
        while True:
            process = None if world.plan.is_cut(self._name) else world.front(chance)
            if process is not None:
                try:
                    answer = await process.call(do)
                    if world.plan.hits(Mishap.LOST_REPLY):
                        raise Lost("the answer")
                    world.trace(self._name, what)
                    return answer
                except ProblemError as problem:
                    world.trace(self._name, f"{what} !{problem.code}")
                    raise
                except (Lost, Unavailable) as error:
                    world.trace(self._name, f"{what} !{error!r}")
                except Exception as error:
                    world.unexpected(f"{self._name}: {what}", error)
                    raise
            await asyncio.sleep(chance.uniform(0.2, 1.0))
