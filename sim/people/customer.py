"""Customers: each has a story, and plays it whatever the contact centre does."""

import asyncio
from collections.abc import Callable
from random import Random
from typing import Any

from shared.contracts import chat as wire
from shared.errors import ProblemError
from shared.ports import Inbound, InboundEvent
from shared.usecases import chat
from shared.usecases.services import conversation_topic
from sim.people.line import Line, Surroundings
from sim.process import Process
from sim.scenario import CustomerPlan

OVER = ("wrapUp", "closed")
WITH_PEOPLE = ("queued", "offered", "active", "waiting", *OVER)
FOREVER = 600.0
LOOK_EVERY = 6.0
FLOOD = 150
"""So many messages need more turns than one history holds."""
APART = 0.01
"""A person's two messages are not of one moment."""


class Customer:
    """One customer, on the web chat or on a channel that knows addresses only."""

    def __init__(self, world: Surroundings, plan: CustomerPlan) -> None:
        self._world, self._plan = world, plan
        self.name = f"customer-{plan.number}"
        self._chance = Random(f"{self.name}/{world.seed}")
        self._line = Line(world, self.name, self._chance)
        self._id = ""
        self._after = self._count = 0
        self._status = "new"

    async def play(self) -> None:
        """The whole story."""
        await asyncio.sleep(self._plan.at - self._world.time())
        story = self._plan.story
        if story.startswith("direct"):
            await self._direct(again=story == "direct-again")
            return
        await self._start(None)
        await self._tell(story)
        if story == "comes-again":
            await self._until(lambda: self._status == "closed", FOREVER)
            await self._start(self._id)
            await self._tell("person")

    async def _tell(self, story: str) -> None:
        if story in ("bot-idle", "bot-left", "bot-ends", "bot-flood"):
            await self._with_bot(story)
            return
        if story == "chatty":
            for _ in range(4):
                await self._say("what?")
        asked = {"billing": "my invoice, please", "vacant": "the vacant one"}.get(story, "a person, please")
        await self._say(asked)
        if story == "queue-left":
            await self._until(lambda: self._status in WITH_PEOPLE, 30.0)
            await self._pause()
            await self._leave()
            return
        await self._until(lambda: self._status in ("active", *OVER), self._plan.patience)
        if self._status in ("active", "waiting"):
            await self._talk(story)
        elif self._status not in OVER:
            await self._leave()

    async def _with_bot(self, story: str) -> None:
        if story == "bot-idle":
            await self._until(lambda: self._status == "closed", FOREVER)
        elif story == "bot-flood":
            for _ in range(FLOOD):
                await self._say("opening hours?")
                await asyncio.sleep(self._chance.uniform(0.0, 1.0))
            await self._leave()
        elif story == "bot-left":
            await self._say("hello?")
            await self._leave()
        else:
            await self._say("opening hours?")
            await self._pause()
            await self._say("goodbye")
            await self._until(lambda: self._status in WITH_PEOPLE, 30.0)

    async def _talk(self, story: str) -> None:
        """Until it is over, or until they have had enough; who is set aside comes back, mostly."""
        for number in range(self._chance.randrange(1, 4)):
            await self._say("I have a question")
            await self._pause()
            if story == "person-left" and number:
                await self._leave()
                return
            await self._until(lambda: self._status not in ("active",), 4.0)
            if self._status in OVER:
                return
        while not await self._until(lambda: self._status in (*OVER, "waiting"), self._plan.patience + 30.0):
            await self._leave()
            return
        if self._status == "waiting" and self._chance.random() < 0.7:
            await self._pause()
            await self._say("I am back")
            await self._until(lambda: self._status in OVER, FOREVER)

    async def _start(self, previous: str | None) -> None:
        self._after, self._status = 0, "new"
        text = self._text("hello") if self._chance.random() < 0.5 else None
        body = wire.StartChat(
            locale=self._chance.choice(("en", "pt-BR", "de")), customer=wire.ChatCustomer(name=self.name),
            context=self._context(), message=text, previous_conversation_id=previous,
        )  # fmt: skip
        key = f"{self.name}-{self._count}"

        async def start(process: Process) -> str:
            return await chat.start(process.services, body, key)

        promises = self._world.watch.promises
        if text:
            promises.speaks(self.name, text)
        self._id = await self._line.ask("start", start)
        promises.started.add(self._id)
        await asyncio.sleep(APART)
        if text:
            promises.heard(self.name, text)

    def _context(self) -> dict[str, Any]:
        """What the page hands over: rules of the policy may go by it."""
        story = self._plan.story
        return {"story": story, **({"wants": f"agent-{self._plan.number % 3}"} if story == "wants" else {})}

    async def _say(self, words: str) -> None:
        text = self._text(words)
        body = wire.CustomerMessage(text=text, client_message_id=f"m{self._count}")

        async def write(process: Process) -> None:
            await chat.write(process.services, self._id, body)

        promises = self._world.watch.promises
        promises.speaks(self.name, text)
        try:
            await self._line.ask(f"say {text}", write)
        except ProblemError:
            self._status = "closed"
            return
        promises.heard(self.name, text)
        await asyncio.sleep(APART)

    async def _leave(self) -> None:
        async def leave(process: Process) -> None:
            await chat.leave(process.services, self._id)

        await self._line.ask("leave", leave)

    async def _until(self, holds: Callable[[], bool], seconds: float) -> bool:
        """Look until it holds of what the page shows, at most so long."""
        deadline = self._world.time() + seconds
        async with self._world.realtime.listen(conversation_topic(self._id)) as news:
            while True:
                await self._look()
                if holds() or self._status == "closed":
                    return holds()
                left = deadline - self._world.time()
                if left <= 0:
                    return False
                await news.wait(min(left, LOOK_EVERY))
                await asyncio.sleep(0.02)

    async def _look(self) -> None:
        async def read(process: Process) -> wire.ChatMessages:
            return await chat.read(process.services, self._id, self._after, 0.0)

        shown = await self._line.ask("look", read)
        for message in shown.messages:
            if message.sequence <= self._after:
                self._world.watch.fail("I1", f"{self.name} was shown message {message.sequence} twice")
            self._after = message.sequence
        self._status = shown.status

    async def _pause(self) -> None:
        await asyncio.sleep(self._chance.expovariate(1 / self._world.scenario.pause))

    def _text(self, words: str) -> str:
        self._count += 1
        return f"{words} ({self.name}.{self._count})"

    async def _direct(self, *, again: bool) -> None:
        """On a channel without sessions: ingress publishes events by address; it reads nothing."""
        for _ in range(self._chance.randrange(2, 5)):
            await self._send(Inbound.MESSAGE, self._text("on another channel"))
            await self._pause()
        if again:
            await asyncio.sleep(self._chance.uniform(0, 60))
            await self._send(Inbound.MESSAGE, self._text("it is me again"))
            await asyncio.sleep(self._chance.uniform(0, 60))
        await self._send(Inbound.ENDED, "")

    async def _send(self, kind: Inbound, text: str) -> None:
        self._count += 1
        source = f"s{self._count}"
        at = None

        async def publish(process: Process) -> None:
            nonlocal at
            services = process.services
            at = at or services.clock()
            address = services.address_key("direct", self.name)
            await services.queue.publish(InboundEvent("direct", source, address, kind, at, services.clock(), text))

        promises = self._world.watch.promises
        if text:
            promises.speaks(self.name, text)
        await self._line.ask(f"publish {kind} {text}", publish)
        if text:
            promises.heard(self.name, text)
        await asyncio.sleep(APART)
