"""Customers who play their plan, whatever happens to the host."""

import asyncio
import random
from collections.abc import Callable
from typing import Any

from tests.storm.journal import Chat, Journal, Line

STUCK_SECONDS = 75.0
OVER = ("wrapUp", "closed")

PLANS = (
    "bot-idle", "vacant", "idle", "wrap-timeout", "aside-stay", "whole", "plain", "decline", "expire", "to-queue",
    "to-agent", "to-agent-declined", "to-agent-expired", "to-agent-left", "aside-return", "aside-reopen", "aside-race",
    "aside-left", "customer-left", "queue-left", "offer-left", "bot-left", "bot-ends",
)  # fmt: skip


class Customer:
    """One chat from the first word to the last."""

    def __init__(self, line: Line, journal: Journal, chat: Chat, seed: int, pace: float) -> None:
        self._line, self._journal, self.chat, self._pace = line, journal, chat, pace
        self._chance = random.Random(f"customer/{seed}/{chat.number}")
        self.status = "new"
        self.heard: dict[int, dict[str, Any]] = {}

    async def play(self) -> None:
        """The whole plan."""
        await self._start()
        await self._until(lambda: self._of("bot") > 0)
        match self.chat.plan:
            case "bot-idle":
                await self._until(lambda: False)
            case "vacant":
                await self._say("the vacant queue, please")
                await self._until(lambda: False)
            case "bot-left":
                await self._say("hello?")
                await self._leave()
            case "bot-ends":
                await self._ask("opening hours?")
                await self._say("goodbye")
                await self._until(lambda: False)
            case _:
                await self._with_people()
        if self.status in OVER:
            await self._rate()

    async def _with_people(self) -> None:
        plan = self.chat.plan
        if self._chance.random() < 0.5:
            await self._ask("opening hours?")
        await self._say("a person, please")
        if plan == "queue-left":
            await self._until(lambda: self.status in ("queued", "offered", "active"))
            await self._leave()
            return
        if plan == "offer-left":
            await self._until(lambda: self.status == "offered")
            await self._pause(0.5)
            await self._leave()
            return
        await self._until(lambda: self.status in ("active", "waiting"))
        for number in range(self._chance.randint(1, 3)):
            await self._say(f"this is my problem, part {number}")
            await self._pause(0.2)
        await self._end_of(plan)

    async def _end_of(self, plan: str) -> None:
        if plan == "customer-left":
            await self._leave()
        elif plan == "to-agent-left":
            async with asyncio.timeout(STUCK_SECONDS):
                await self.chat.transfer_pending.wait()
            await self._pause(1.5)
            await self._leave()
        elif plan.startswith("aside-") or plan == "whole":
            await self._until(lambda: self.status == "waiting")
            if plan in ("aside-return", "aside-race", "whole"):
                await self._say("I am back")
            elif plan == "aside-left":
                await self._leave()
            elif plan == "aside-stay":
                return
        await self._until(lambda: False)

    async def _pause(self, seconds_max: float) -> None:
        await asyncio.sleep(self._chance.uniform(0, seconds_max) * self._pace)

    async def _start(self) -> None:
        chat = self.chat
        body = {"customer": {"name": f"{chat.plan}/{chat.number}"}, "context": {"plan": chat.plan}}
        _, answer = await self._line.call(
            "start", "POST", "/api/chat/conversations", None, body, (201,), f"chat-{chat.number}"
        )
        chat.id, chat.token = answer["conversationId"], answer["token"]

    async def _ask(self, text: str) -> None:
        known = self._of("bot")
        await self._say(text)
        await self._until(lambda: self._of("bot") > known)

    async def _say(self, text: str) -> None:
        if self.status in OVER:
            return
        chat = self.chat
        id_ = f"m{len(chat.said)}"
        chat.said.append(id_)
        body = {"text": f"{text} ({id_})", "clientMessageId": id_}
        status, _ = await self._call("say", "POST", "messages", body, (202, 409))
        (chat.acknowledged if status == 202 else chat.refused).append(id_)

    async def _leave(self) -> None:
        await self._call("leave", "POST", "end", None, (202,))
        self.chat.has_left = True
        await self._until(lambda: False)

    async def _rate(self) -> None:
        score = self._chance.randint(1, 5)
        await self._call("rate", "POST", "survey", {"score": score}, (202, 409))
        # 409: rated already, by a request whose answer was lost.
        self.chat.score = score

    def _of(self, kind: str) -> int:
        return sum(message["sender"]["kind"] == kind for message in self.heard.values())

    async def _until(self, is_so: Callable[[], bool]) -> None:
        """Read until something is so, or the conversation is over."""
        deadline = asyncio.get_running_loop().time() + STUCK_SECONDS
        while True:
            await self._read(0 if not self.heard else 1)
            if is_so() or self.status in OVER:
                return
            assert asyncio.get_running_loop().time() < deadline, f"{self.chat} is stuck in {self.status}"

    async def _read(self, wait: int) -> None:
        last = max(self.heard, default=0)
        _, answer = await self._call("read", "GET", f"messages?after={last}&wait={wait}")
        self.status = answer["status"]
        for message in answer["messages"]:
            assert message["sequence"] not in self.heard, "a message was read twice"
            self.heard[message["sequence"]] = message

    async def _call(
        self, kind: str, method: str, what: str, body: Any = None, expect: tuple[int, ...] = (200,)
    ) -> tuple[int, Any]:
        path = f"/api/chat/conversations/{self.chat.id}/{what}"
        return await self._line.call(kind, method, path, self.chat.token, body, expect)
