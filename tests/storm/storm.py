"""Players on a host, until everything has come to its end; then all checks."""

import asyncio
import os
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.storm.agents import Desk
from tests.storm.centre import AGENTS, SUPERVISOR
from tests.storm.customers import PLANS, Customer
from tests.storm.journal import Chat, Journal, Line, session
from tests.storm.nursery import ChatNursery, Killer
from tests.storm.stores import check_stores
from tests.storm.transcripts import check_transcript

SEED = int(os.environ.get("STORM_SEED", "20261123"))
QUIET_SECONDS = 150.0  # what only the sweep finds is found within two minutes


class Storm:
    """Players, and a host that is killed while they play. `pace` stretches the pauses that people make."""

    def __init__(self, nursery: ChatNursery, journal: Journal, line: Line, seed: int, pace: float = 1.0) -> None:
        self.nursery, self.journal, self.line, self._seed, self._pace = nursery, journal, line, seed, pace
        self._chance = random.Random(f"storm/{seed}")
        self.tokens: dict[str, str] = {}
        self.desks: list[Desk] = []

    async def sign_in(self) -> None:
        """Tokens for everybody."""
        for name in (*AGENTS, SUPERVISOR):
            _, answer = await self.line.call("token", "POST", "/dev/token", None, {"user": name})
            self.tokens[name] = answer["token"]
        self.desks = [Desk(self.line, self.journal, name, self.tokens[name], self._seed, self._pace) for name in AGENTS]

    async def play(self, kills: int, lanes: int, chats_min: int) -> None:
        """Chats, at most so many at a time, until there were enough kills and chats; then all come to their end."""
        plans = [plan for plan in PLANS for _ in range(1 + chats_min // len(PLANS))]
        head, rest = plans[: lanes // 2], plans[lanes // 2 :]
        self._chance.shuffle(rest)
        upcoming = head + rest
        killing = asyncio.create_task(Killer(self.nursery, self.journal, self._seed).run(kills))

        async def killing_ends() -> None:
            await killing

        async def lane() -> None:
            while not killing.done() or len(self.journal.chats) < chats_min:
                number = len(self.journal.chats)
                await self.chat(upcoming[number] if number < len(upcoming) else self._chance.choice(PLANS[4:]))

        async with self.at_work(), asyncio.TaskGroup() as customers:
            for _ in range(lanes):
                customers.create_task(lane())
            customers.create_task(killing_ends())

    async def chat(self, plan: str) -> None:
        """One conversation."""
        number = len(self.journal.chats)
        chat = self.journal.chats[number] = Chat(plan, number)
        await Customer(self.line, self.journal, chat, self._seed, self._pace).play()

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        """Agents work as long as the context lasts, and then until all is over."""
        async with asyncio.TaskGroup() as group:
            working = [group.create_task(desk.run()) for desk in self.desks]
            yield
            await self._until("all is over", self._is_over)
            for desk, task in zip(self.desks, working, strict=True):
                desk.stopping = True
                task.cancel()

    async def check(self) -> None:
        """Everything that can be seen from outside."""
        await self._until("the queues are empty", self._is_idle)
        complaints = [*self.journal.faults]
        for chat in self.journal.chats.values():
            view = await self._get(f"/api/conversations/{chat.id}?limit=200")
            complaints += [f"{chat.plan} {chat.id}: {text}" for text in check_transcript(self.journal, chat, view)]
        complaints += await self._check_desks()
        complaints += check_stores(self.nursery.data, self.journal)
        dead = await self._get("/api/manage/dead-letters")
        if dead["items"]:
            complaints.append(f"I8: {dead}")
        assert not complaints, "\n".join([f"seed {self._seed}", *complaints])

    async def _check_desks(self) -> list[str]:
        complaints = []
        for desk in self.desks:
            while await desk.catch_up(0):
                pass
            fresh = await desk.snapshot()
            if desk.screen.shown() != fresh.shown() or desk.screen.position != fresh.position:
                complaints.append(f"{desk.name}'s screen shows {desk.screen.shown()}, should be {fresh.shown()}")
            if fresh.agent["presence"]["chosen"] != self.journal.presence[desk.name]:
                complaints.append(f"I7: {fresh.agent['presence']} was not chosen")
        queues = (await self._get("/api/directory?kind=queue"))["items"]
        return complaints + [f"I8: {queue}" for queue in queues if queue["waiting"]]

    async def _is_over(self) -> bool:
        """Closed, or set aside by plan; and nobody holds capacity."""
        for chat in self.journal.chats.values():
            if not chat.is_over:
                head = (await self._get(f"/api/conversations/{chat.id}"))["conversation"]
                chat.is_over = head["status"] in ("closed", "waiting" if chat.plan == "aside-stay" else "closed")
            if not chat.is_over:
                return False
        return not any(desk.screen.agent["capacity"]["used"] for desk in self.desks)

    async def _is_idle(self) -> bool:
        status = await self._get("/admin/host/status")
        return not (status["queues"].keys() - {"bus/work"}) and not status["running"]  # doorbells come all the time

    async def _until(self, what: str, is_so: Callable[[], Awaitable[bool]]) -> None:
        deadline = asyncio.get_running_loop().time() + QUIET_SECONDS
        while not await is_so():
            assert asyncio.get_running_loop().time() < deadline, f"not within {QUIET_SECONDS} s: {what}"
            await asyncio.sleep(0.05)

    async def _get(self, path: str) -> Any:
        return (await self.line.call("view", "GET", path, self.tokens[SUPERVISOR]))[1]

    def report(self) -> str:
        """The figures."""
        nursery, journal = self.nursery, self.journal
        return (
            f"\nseed {self._seed}: {nursery.kills} kills, {len(journal.chats)} conversations,"
            f" dearest restart {nursery.slowest:.2f} s of a processor, {nursery.tasks_cut} activities cut off,"
            f" {journal.retries} requests repeated;\nkills by stage {dict(nursery.hit)};\n"
            f"acknowledged {dict(journal.kinds)}"
        )


@asynccontextmanager
async def storm(nursery: ChatNursery, data: Path, seed: int = SEED, pace: float = 1.0) -> AsyncIterator[Storm]:
    """A host on a data folder, yet to be started; nobody is signed in."""
    journal = Journal()
    nursery.move(data)
    async with session(nursery.url) as http:
        yield Storm(nursery, journal, Line(http, journal), seed, pace)
    nursery.kill()
