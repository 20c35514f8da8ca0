"""A simulated agent: accepts or declines, talks, transfers, sets aside, ends and files.

A person may be signed in as the same agent: what they do with a conversation is seen here as an event, and what they
were faster with is refused.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable
from dataclasses import dataclass, field
from typing import Any

from bench.driver.desk import AgentDesk, Case
from bench.driver.http import Http, Refused
from demo.pace import Pace
from demo.texts import LANGUAGES

DECLINE_SHARE = 0.06
TRANSFER_SHARE = 0.12
SET_ASIDE_SHARE = 0.04
USUAL_DISPOSITION = "resolved"
USUAL_DISPOSITION_SHARE = 0.7
SILENCE_SECONDS_MAX = 12.0
"""A customer who says nothing for so long is seen off."""
OVER = ("wrapUp", "closed")


@dataclass
class _Talk:
    """How a conversation will go."""

    case: Case
    answers_left: int
    turn: str  # what happens after the first answer: "transfer", "set aside" or ""
    locale: str = "en"
    name: str = ""
    status: str = "active"
    is_mine: bool = True
    words: int = field(default=0)


class Colleague:
    """One of the sample's agents."""

    def __init__(self, http: Http, user: str, others: tuple[str, ...], pace: Pace) -> None:
        self._pace, self._others = pace, others
        self.desk = AgentDesk(http, user, self._work)
        self.cases: list[Case] = []
        self.in_hand = 0
        self.heard = 0
        self.dispositions: tuple[str, ...] = ()
        self.queues: tuple[str, ...] = ()

    @contextlib.asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        """Signed in and available; at the end the presence is what it was before."""
        await self.desk.sign_in()
        before = (await self.desk.call("readMe", "GET", "/api/agents/me"))["presence"]["chosen"]
        await self.desk.be("available")
        self.dispositions, self.queues = await self._choices("disposition"), await self._choices("queue")
        inbox = asyncio.create_task(self.desk.run())
        try:
            yield
        finally:
            inbox.cancel()
            await asyncio.gather(inbox, return_exceptions=True)
            if before != "available":
                await self.desk.be(before)

    async def _choices(self, kind: str) -> tuple[str, ...]:
        found = await self.desk.call("readDirectory", "GET", f"/api/directory?kind={kind}")
        return tuple(entry["id"] for entry in found["items"])

    async def _work(self, case: Case) -> None:
        await self._pace.pause(0.3, 1.0)
        if self._pace.happens(DECLINE_SHARE) and not self._pace.is_hurried:
            await case.decline()
            await self._pace.pause(0.5, 1.0)
            await self.desk.be("available")  # declining has made the agent unavailable
            return
        if not await case.accept():
            return
        self.cases.append(case)
        self.in_hand += 1
        try:
            await self._talk(await self._begin(case))
        finally:
            self.in_hand -= 1

    async def _begin(self, case: Case) -> _Talk:
        view = await self.desk.call("readConversation", "GET", f"/api/conversations/{case.id}?limit=1")
        turn = ""
        if self._pace.happens(TRANSFER_SHARE):
            turn = "transfer"
        elif self._pace.happens(SET_ASIDE_SHARE):
            turn = "set aside"
        talk = _Talk(case, self._pace.chance.randint(2, 4), turn, status=view["conversation"]["status"])
        talk.locale = view["conversation"]["locale"] if view["conversation"]["locale"] in LANGUAGES else "en"
        talk.name = ((view["customer"] or {}).get("name") or "").split(" ")[0]
        return talk

    async def _talk(self, talk: _Talk) -> None:
        """Greet, answer what the customer says, until the conversation is over or somebody else's."""
        says = LANGUAGES[talk.locale]
        await self._say(talk, self._pace.chance.choice(says.greetings))
        while talk.is_mine and talk.status not in OVER:
            if not await self._customer_spoke(talk):
                continue
            await self._pace.pause(0.5, 1.5)
            if talk.turn and not self._pace.is_hurried:
                await self._take_turn(talk)
            elif talk.answers_left > 0 and not self._pace.is_hurried:
                talk.answers_left -= 1
                await self._say(talk, self._pace.chance.choice(says.answers))
            else:
                await self._end(talk)
        if talk.is_mine and talk.status == "wrapUp":
            await self._pace.pause(0.3, 1.0)
            await _unless_too_late(talk.case.wrap_up(self._disposition()))

    async def _customer_spoke(self, talk: _Talk) -> bool:
        """Take the next event; whether it asks for an answer. Long silence counts, too."""
        try:
            async with asyncio.timeout(SILENCE_SECONDS_MAX):
                event, _ = await talk.case.events.get()
        except TimeoutError:
            await self._end(talk)
            return False
        data: dict[str, Any] = event["data"]
        if event["type"] == "conversation.removed":
            talk.is_mine = False
        elif event["type"] == "conversation.upserted":
            talk.status = data["conversation"]["status"]
            talk.is_mine = talk.status != "waiting"
        elif event["type"] == "message.upserted" and data["message"]["sender"]["kind"] == "customer":
            self.heard += 1
            return talk.case.events.empty()  # one answer to everything that has come together
        return False

    async def _take_turn(self, talk: _Talk) -> None:
        """Transfer to a colleague or a queue, or set aside, once."""
        turn, talk.turn = talk.turn, ""
        if turn == "set aside":
            if await _unless_too_late(talk.case.set_aside()):
                talk.is_mine = False
            return
        kind = self._pace.chance.choice(("agent", "queue"))
        to = self._pace.chance.choice(self._others if kind == "agent" else self.queues)
        is_asked = await _unless_too_late(talk.case.transfer(kind, to, "Could you take over?"))
        if is_asked and kind == "queue":
            talk.is_mine = False

    def _disposition(self) -> str:
        if USUAL_DISPOSITION in self.dispositions and self._pace.happens(USUAL_DISPOSITION_SHARE):
            return USUAL_DISPOSITION
        return self._pace.chance.choice(self.dispositions)

    async def _say(self, talk: _Talk, text: str) -> None:
        talk.words += 1
        await _unless_too_late(talk.case.say(text.format(name=talk.name).replace(" ,", ",")))

    async def _end(self, talk: _Talk) -> None:
        await self._say(talk, LANGUAGES[talk.locale].farewell)
        if await _unless_too_late(talk.case.end()):
            talk.status = "wrapUp"


async def _unless_too_late(doing: Awaitable[object]) -> bool:
    """Do it; False if the conversation is elsewhere by now. The next event tells where."""
    try:
        await doing
    except Refused as refused:
        if refused.status != 409:
            raise
        return False
    return True
