"""The demo's course: agents come to work, customers come and go, at the end everything is read back and counted."""

import asyncio
import random
from collections import Counter, defaultdict
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

from bench.driver.http import Http, Refused
from demo.colleague import Colleague
from demo.outcome import Outcome, take_in
from demo.pace import Pace
from demo.visitor import Visitor

AGENTS = ("alice", "bob")
ARRIVALS_SHARE = 0.6
"""Customers come during this share of the time; the rest is for letting their conversations end."""
GRACE_SECONDS = 20.0
CLOSING_SECONDS_MAX = 10.0
READ_BACK_SECONDS_MAX = 10.0
POLL_SECONDS = 0.2
PAGE_MESSAGES = 200


@dataclass(frozen=True)
class Plan:
    """What the command line asks for. `service_levels` are seconds by queue."""

    chats: int
    seconds: float
    speed: float
    seed: int | None
    service_levels: dict[str, float]


class Demo:
    """One run. `stop` may be called at any time: everybody says good-bye, and the summary is that so far."""

    def __init__(self, http: Http, plan: Plan) -> None:
        self._http, self._plan = http, plan
        self._pace = Pace(plan.speed, random.Random(plan.seed))  # noqa: S311  # no secret
        self._is_stopping = False
        self._visits: set[asyncio.Task[None]] = set()
        self.visitors: list[Visitor] = []
        self.colleagues = [
            Colleague(http, user, tuple(other for other in AGENTS if other != user), self._pace) for user in AGENTS
        ]
        self.errors: Counter[str] = Counter()

    def stop(self) -> None:
        """End early."""
        self._is_stopping = True

    def statuses(self) -> Counter[str]:
        """Conversations by the status that their customers see."""
        return Counter(visitor.customer.status for visitor in self.visitors)

    def acknowledged(self) -> dict[str, list[str]]:
        """The ids of the messages that the host has taken, by conversation."""
        found: dict[str, list[str]] = defaultdict(list)
        writers = [(visitor.customer.id, visitor.customer.sent) for visitor in self.visitors]
        writers += [(case.id, case.sent) for colleague in self.colleagues for case in colleague.cases]
        for conversation_id, messages in writers:
            found[conversation_id] += [id_ for id_, sent in messages.items() if sent.acknowledged]
        return found

    async def run(self, show: Callable[[], None]) -> Outcome:
        """Play, calling `show` a few times a second. Raises Refused if an agent cannot sign in."""
        async with AsyncExitStack() as stack:
            for colleague in self.colleagues:
                await stack.enter_async_context(colleague.at_work())
            await self._play(show)
            await self._close(show)
            return await self._read_back()

    async def _play(self, show: Callable[[], None]) -> None:
        """Until everybody has gone, or time is up."""
        plan, loop = self._plan, asyncio.get_running_loop()
        begin = loop.time()
        arrivals = sorted(self._pace.chance.uniform(0, plan.seconds * ARRIVALS_SHARE) for _ in range(plan.chats))
        while not self._is_stopping and (arrivals or self._visits):
            now = loop.time() - begin
            while arrivals and arrivals[0] <= now:
                arrivals.pop(0)
                self._arrive()
            if now > plan.seconds:
                self._pace.hurry()
            if now > plan.seconds + GRACE_SECONDS:
                break
            show()
            await asyncio.sleep(POLL_SECONDS)

    def _arrive(self) -> None:
        visitor = Visitor(self._http, self._pace)
        self.visitors.append(visitor)
        visit = asyncio.create_task(self._visit(visitor))
        self._visits.add(visit)
        visit.add_done_callback(self._visits.discard)

    async def _visit(self, visitor: Visitor) -> None:
        try:
            await visitor.visit()
        except ExceptionGroup as group:
            self.errors[repr(group.exceptions[0])] += 1
        except Exception as error:
            self.errors[repr(error)] += 1

    async def _close(self, show: Callable[[], None]) -> None:
        """Who is still there leaves; the agents file what they have in hand."""
        self._pace.hurry()
        leaving = [v.leave() for v in self.visitors if v.customer.id and not v.customer.is_over]
        await asyncio.gather(*leaving, return_exceptions=True)
        deadline = asyncio.get_running_loop().time() + CLOSING_SECONDS_MAX
        while self._is_busy() and asyncio.get_running_loop().time() < deadline:
            show()
            await asyncio.sleep(POLL_SECONDS)
        for visit in list(self._visits):
            visit.cancel()
        await asyncio.gather(*self._visits, return_exceptions=True)
        for error in [error for colleague in self.colleagues for error in colleague.desk.errors]:
            self.errors[repr(error)] += 1
        show()

    def _is_busy(self) -> bool:
        return bool(self._visits) or any(colleague.in_hand for colleague in self.colleagues)

    async def _read_back(self) -> Outcome:
        """Count; what was acknowledged just now may take a moment to be in the transcript."""
        deadline = asyncio.get_running_loop().time() + READ_BACK_SECONDS_MAX
        while True:
            outcome = await self._count()
            is_complete = not outcome.lost and not outcome.by_end["still open"]
            if is_complete or asyncio.get_running_loop().time() > deadline:
                return outcome
            await asyncio.sleep(POLL_SECONDS)

    async def _count(self) -> Outcome:
        outcome, acknowledged = Outcome(), self.acknowledged()
        for customer in [visitor.customer for visitor in self.visitors if visitor.customer.id]:
            view, transcript = await self._view(customer.id)
            take_in(outcome, view, transcript, acknowledged[customer.id], self._plan.service_levels)
            outcome.received += len(customer.seen)
        outcome.received += sum(colleague.heard for colleague in self.colleagues)
        return outcome

    async def _view(self, id_: str) -> tuple[dict[str, Any], list[str]]:
        """A conversation as an agent sees it, and the ids of all its messages."""
        transcript: list[str] = []
        cursor = ""
        while True:
            view = await self._read(f"/api/conversations/{id_}?limit={PAGE_MESSAGES}{cursor}")
            transcript += [message["id"] for message in view["messages"]]
            if view["nextCursor"] is None:
                return view, transcript
            cursor = f"&cursor={view['nextCursor']}"

    async def _read(self, path: str) -> dict[str, Any]:
        """By whoever of the agents may see it."""
        for colleague in self.colleagues:
            try:
                view: dict[str, Any] = await colleague.desk.call("readConversation", "GET", path)
            except Refused as refused:
                if refused.status != 403 or colleague is self.colleagues[-1]:
                    raise
            else:
                return view
        raise LookupError(path)
