"""A supervisor, who is also the administrator: gives away, closes, sets presences, publishes; by a plan."""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from datetime import timedelta
from random import Random
from typing import Any

from shared.contracts import supervisor as wire
from shared.contracts.manage import PublishPolicy
from shared.domain.centre import AgentProfile
from shared.errors import ProblemError, forbidden
from shared.usecases import closures, publishing, steering
from sim.acts import Act, Assign, CloseQueue, ForceClose, Publish, SetPresence
from sim.centre import SUPERVISOR
from sim.outside import EPOCH
from sim.people.line import Line, Surroundings
from sim.process import Process

PROMISES_KEPT_SECONDS = 120.0
"""Whom nobody calls back within this is called by the supervisor, and the conversation closed."""
LOOK_EVERY = 10.0

Do = Callable[[Process, AgentProfile], Coroutine[Any, Any, Any]]


class Supervisor:
    """Whatever is refused, somebody else was faster."""

    def __init__(self, world: Surroundings, acts: tuple[Act, ...]) -> None:
        self._world, self._acts = world, acts
        self._chance = Random(f"{SUPERVISOR}/{world.seed}")
        self._line = Line(world, SUPERVISOR, self._chance)

    async def run(self) -> None:
        """All acts in their order, then what was promised."""
        for act in self._acts:
            await asyncio.sleep(max(act.at - self._world.time(), 0.0))
            await self._do(act)
        while True:
            await asyncio.sleep(LOOK_EVERY)
            for id_ in self._overdue():
                await self._close(id_)

    async def _do(self, act: Act) -> None:
        match act:
            case Publish(edition=edition):
                body = PublishPolicy(files=dict(self._world.files(edition)))
                await self._ask(
                    f"publish {edition}", lambda p, me: publishing.publish(p.services, p.policies, body, me.id)
                )
            case CloseQueue(queue=queue):
                await self._close_queue(act, queue)
            case Assign(agent=agent):
                for id_ in self._some_conversation():
                    await self._assign(id_, agent)
            case ForceClose():
                for id_ in self._some_conversation():
                    await self._close(id_)
            case SetPresence(agent=agent, presence=presence):
                await self._ask(
                    f"has {agent} {presence}", lambda p, me: steering.set_presence(p.services, agent, presence, me.id)
                )

    async def _close_queue(self, act: CloseQueue, queue: str) -> None:
        until = EPOCH + timedelta(seconds=round(self._world.time() + act.seconds, 3))
        body = wire.Override(closed_until=until, message="We had to close.")
        await self._ask(f"close {queue}", lambda p, me: closures.override(p.services, queue, body, me.id))
        if act.opens:
            await asyncio.sleep(act.seconds / 2)
            opened = wire.Override(closed_until=None)
            await self._ask(f"open {queue}", lambda p, me: closures.override(p.services, queue, opened, me.id))

    async def _close(self, id_: str) -> None:
        await self._ask(f"close {id_}", lambda p, me: steering.close(p.services, p.bells, me, id_, None))

    async def _assign(self, id_: str, agent: str) -> None:
        await self._ask(f"assign {id_} to {agent}", lambda p, me: steering.assign(p.services, p.bells, me, id_, agent))

    def _some_conversation(self) -> list[str]:
        """One of the supervisor's list, if there is one."""
        found = sorted(self._world.watch.conversations.open)
        return [self._chance.choice(found)] if found else []

    def _overdue(self) -> list[str]:
        """Promises to call back that nobody has kept."""
        before = (EPOCH + timedelta(seconds=self._world.time() - PROMISES_KEPT_SECONDS)).isoformat()
        watch = self._world.watch.conversations
        return [id_ for id_ in sorted(watch.open) if (watch.heads[id_]["callback_at"] or "~") < before]

    async def _ask(self, what: str, do: Do) -> None:
        async def ask(process: Process) -> Any:
            profile = process.services.profile(SUPERVISOR)
            if profile is None:
                raise forbidden("you do not work here, or not any more")
            return await do(process, profile)

        with contextlib.suppress(ProblemError):
            await self._line.ask(what, ask)
