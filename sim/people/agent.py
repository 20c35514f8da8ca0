"""Agents: they sign in, answer offers, talk, hand over, file, take breaks, and lose their connection."""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from datetime import datetime
from random import Random
from typing import Any, Literal, TypeVar

from shared.contracts import agents as wire
from shared.domain.centre import AgentProfile
from shared.errors import ProblemError, forbidden
from shared.usecases import agents, desk, inbox, offers, views
from shared.usecases.services import inbox_topic
from sim.outside import seconds_at
from sim.people.line import Line, Surroundings
from sim.people.screen import Screen
from sim.process import Process
from sim.scenario import Shift

T = TypeVar("T")
Json = dict[str, Any]
LOOK_EVERY = 5.0


class Agent:
    """One agent at a desk."""

    def __init__(self, world: Surroundings, name: str) -> None:
        self._world, self.name = world, name
        self._scenario, self._shift = world.scenario, world.shifts.get(name)
        self._chance = Random(f"{self.name}/{world.seed}")
        self._line = Line(world, self.name, self._chance)
        self._begun: set[tuple[str, str, int]] = set()
        self._tasks: dict[asyncio.Task[None], None] = {}
        self._reading = asyncio.Lock()
        self.screen: Screen
        self.is_ready = self.is_resting = self._is_home = False

    async def run(self) -> None:
        """Work for ever."""
        begin = self._shift.begin if self._shift else self._chance.uniform(0, 8)
        await asyncio.sleep(begin)
        while not await self._sign_in():
            await asyncio.sleep(LOOK_EVERY)
        self._spawn(self._take_breaks())
        if self._shift:
            self._spawn(self._go_home(self._shift))
        while True:
            async with self._world.realtime.listen(inbox_topic(self.name)) as news:
                if self.is_ready:
                    await self._follow()
                else:
                    await self._sign_in()
                await news.wait(LOOK_EVERY)
                await asyncio.sleep(0.02)

    async def _sign_in(self) -> bool:
        """Be there with a fresh screen; False if they do not work here, or not any more."""
        with contextlib.suppress(ProblemError):
            if not self._is_home:
                await self._choose("available")
            await self._open()
            self.is_ready = True
        return self.is_ready

    async def _follow(self) -> None:
        """Who is refused is out, until somebody lets them in again."""
        try:
            await self.catch_up()
        except ProblemError:
            self.is_ready = False

    def rest(self) -> None:
        """Begin nothing more."""
        self.is_resting = True
        for task in list(self._tasks):
            task.cancel()

    async def catch_up(self) -> int:
        """Take what has come in; how much that was."""
        async with self._reading:
            position = str(self.screen.position)
            shown = await self._ask("inbox", lambda p, me: inbox.read(p.services, me, position, 0.0))
            for event in shown.events or []:
                self.screen.apply(int(event.event_id), event.type, event.data)
                if not self.is_resting:
                    self._react(event.type, event.data)
        return len(shown.events or [])

    async def snapshot(self) -> Screen:
        """A fresh screen."""
        shown = await self._ask("snapshot", lambda p, me: inbox.read(p.services, me, None, 0.0))
        return Screen(views.as_json(shown), self._world.watch.fail)

    async def _open(self) -> None:
        self.screen = await self.snapshot()
        for offer in list(self.screen.offers.values()):
            self._begin("offer", offer["offerId"], 0, self._answer(offer))
        for head in list(self.screen.conversations.values()):
            self._look(head)

    def _react(self, type_: str, data: Json) -> None:
        if type_ == "offer.created":
            self._begin("offer", data["offer"]["offerId"], 0, self._answer(data["offer"]))
        elif type_ == "conversation.upserted":
            self._look(data["conversation"])
        elif type_ == "agent.updated" and data["agent"]["presence"]["reason"] in ("missed-offer", "declined-offer"):
            self._begin("penalty", "", self.screen.position, self._come_back())

    def _look(self, head: Json) -> None:
        if head["owner"] is None or head["owner"]["id"] != self.name:
            return
        if head["status"] == "active":
            self._begin("work", head["id"], head["epoch"], self._work(head["id"], head["epoch"]))
        elif head["status"] == "wrapUp" and self._chance.random() >= self._scenario.leaves_it:
            self._begin("file", head["id"], head["epoch"], self._file(head["id"]))

    def _begin(self, what: str, id_: str, number: int, work: Coroutine[Any, Any, None]) -> None:
        if (what, id_, number) in self._begun:
            work.close()
            return
        self._begun.add((what, id_, number))
        self._spawn(work)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks[task] = None
        task.add_done_callback(lambda done: self._tasks.pop(done, None))

    async def _answer(self, offer: Json) -> None:
        """Accept, decline, miss, or accept at the very moment at which the offer ends."""
        id_, scenario, chance = offer["offerId"], self._scenario, self._chance.random()
        expires_at = seconds_at(datetime.fromisoformat(offer["expiresAt"]))
        if chance < scenario.misses:
            return
        if chance < scenario.misses + scenario.last_moment:
            await asyncio.sleep(max(expires_at - self._world.time(), 0))
        else:
            await self._pause(scenario.think)
        if scenario.misses + scenario.last_moment < chance < scenario.misses + scenario.last_moment + scenario.declines:
            with contextlib.suppress(ProblemError):
                await self._ask(f"decline {id_}", lambda p, me: offers.decline(p.services, p.bells, me, id_))
            return
        asked_at = self._world.time()
        with contextlib.suppress(ProblemError):
            head = await self._ask(f"accept {id_}", lambda p, me: offers.accept(p.services, p.bells, me, id_))
            watch = self._world.watch
            watch.promises.accepted(self.name, id_, head.id, asked_at, expires_at, watch.conversations)

    async def _work(self, id_: str, epoch: int) -> None:
        """Talk, then do something with it; whatever is refused, somebody else was faster."""
        chance, scenario = self._chance.random(), self._scenario
        with contextlib.suppress(ProblemError):
            for number in range(self._chance.randrange(1, 3)):
                await self._pause(scenario.pause)
                await self._say(id_, f"{epoch}-{number}")
            await self._pause(scenario.pause)
            if chance < scenario.leaves_it:
                return
            if chance < scenario.leaves_it + scenario.transfers:
                await self._transfer(id_, epoch)
            elif chance < scenario.leaves_it + scenario.transfers + scenario.sets_aside:
                await self._set_aside(id_)
            else:
                await self._step("end", id_, desk.end, ("wrapUp", "closed"))

    async def _transfer(self, id_: str, epoch: int) -> None:
        if self._chance.random() < 0.5:
            queue = "billing" if self._chance.random() < 0.5 else "general"
            to = wire.TransferTarget(kind="queue", id=queue)
        else:
            others = self._scenario.agents
            number = (int(self.name.split("-")[1]) + self._chance.randrange(1, others)) % others if others > 1 else 0
            to = wire.TransferTarget(kind="agent", id=f"agent-{number}")
        body = wire.Transfer(to=to, note="please" if self._chance.random() < 0.3 else None)
        key = f"{id_}-{epoch}"
        asked = await self._ask(
            f"transfer {id_} to {to.id}", lambda p, me: desk.transfer(p.services, p.bells, me, id_, body, key)
        )
        if to.kind == "queue":
            return
        for _ in range(60):
            await asyncio.sleep(0.5)
            if asked.transfer_id in self.screen.transfers:
                break
        if self.screen.transfers.get(asked.transfer_id) == "failed":
            await self._step("end", id_, desk.end, ("wrapUp", "closed"))

    async def _set_aside(self, id_: str) -> None:
        await self._ask(f"set aside {id_}", lambda p, me: desk.set_aside(p.services, p.bells, me, id_))
        if self._chance.random() < 0.5:
            return
        await self._pause(self._scenario.pause * 2)
        for _ in range(10):
            try:
                await self._ask(f"reopen {id_}", lambda p, me: desk.reopen(p.services, p.bells, me, id_))
                return
            except ProblemError as problem:
                if "no free capacity" not in str(problem):
                    return
            await asyncio.sleep(1.0)

    async def _file(self, id_: str) -> None:
        await self._pause(self._scenario.file)
        body = wire.WrapUp(disposition=self._chance.choice(("resolved", "spam")))
        with contextlib.suppress(ProblemError):
            await self._ask(f"file {id_}", lambda p, me: desk.wrap_up(p.services, p.bells, me, id_, body))
            self._reached(id_, ("closed",))

    async def _say(self, id_: str, number: str) -> None:
        message = f"{self.name}-{number}"
        visibility: Literal["public", "internal"] = "internal" if self._chance.random() < 0.1 else "public"
        body = wire.AgentMessage(text=f"I am {message}", client_message_id=message, visibility=visibility)
        await self._ask(f"say {id_} {message}", lambda p, me: desk.send(p.services, me, id_, body))
        watch = self._world.watch
        watch.promises.agent_spoke(self.name, id_, message, watch.conversations)

    async def _step(self, what: str, id_: str, step: Callable[..., Any], statuses: tuple[str, ...]) -> None:
        await self._ask(f"{what} {id_}", lambda p, me: step(p.services, p.bells, me, id_))
        self._reached(id_, statuses)

    def _reached(self, id_: str, statuses: tuple[str, ...]) -> None:
        watch = self._world.watch
        watch.promises.reached(self.name, id_, statuses, watch.conversations)

    async def _take_breaks(self) -> None:
        while True:
            await self._pause(self._scenario.breaks_every)
            if self._chance.random() < self._scenario.drains:
                await self._set(wire.SetPresence(next=self._chance.choice(("away", "doNotDisturb"))))
                await self._pause(10.0)
            else:
                await self._choose(self._chance.choice(("away", "busy", "doNotDisturb")))
            await self._pause(5.0)
            await self._come_back()

    async def _go_home(self, shift: Shift) -> None:
        """At the end of the shift: at once, or when everything is done. What was accepted is talked to its end."""
        await asyncio.sleep(max(shift.end - self._world.time(), 0.0))
        self._is_home = True
        await self._set(wire.SetPresence(next="offline") if shift.drains else wire.SetPresence(presence="offline"))

    async def _come_back(self) -> None:
        await self._pause(1.0)
        if not self._is_home:
            await self._choose("available")

    async def _choose(self, presence: Literal["available", "busy", "doNotDisturb", "away", "offline"]) -> None:
        await self._set(wire.SetPresence(presence=presence))

    async def _set(self, body: wire.SetPresence) -> None:
        what = f"is {body.presence}" if body.presence else f"becomes {body.next}"
        await self._ask(what, lambda p, me: agents.set_presence(p.services, me, body))

    async def _pause(self, mean: float) -> None:
        await asyncio.sleep(self._chance.expovariate(1 / mean))

    async def _ask(self, what: str, do: Callable[[Process, AgentProfile], Coroutine[Any, Any, T]]) -> T:
        """Every call counts as a heartbeat; who does not work here any more is refused, as identity does it."""

        async def heard(process: Process) -> T:
            me = process.services.profile(self.name)
            if me is None or not me.enabled:
                raise forbidden("you do not work here, or not any more")
            if not self._world.plan.is_mute(self.name):
                await agents.seen(process.services, self.name)
            return await do(process, me)

        return await self._line.ask(what, heard)
