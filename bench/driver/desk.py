"""An agent's desk: one inbox loop, whose events go to the coroutine that works on their conversation."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

from bench.driver.customer import Sent
from bench.driver.http import Http, Refused

WAIT_SECONDS = 20
Event = dict[str, Any]


class Case:
    """A conversation at a desk, from the offer on."""

    def __init__(self, desk: "AgentDesk", offer: dict[str, Any], at: float) -> None:
        self.desk, self.offer, self.offered_at = desk, offer, at
        self.id = str(offer["conversationId"])
        self.events: asyncio.Queue[tuple[Event, float]] = asyncio.Queue()
        """Events about the conversation, each with the time.perf_counter of the poll that brought it."""
        self.sent: dict[str, Sent] = {}

    async def accept(self) -> bool:
        """Take it; False if it is gone."""
        return await self._answer("acceptOffer", "accept")

    async def decline(self) -> bool:
        """Leave it to others; False if it is gone."""
        return await self._answer("declineOffer", "decline")

    async def say(self, text: str) -> Sent:
        """Write to the customer; returns with the acknowledgement."""
        id_ = f"{self.desk.user}-{self.offer['offerId'][-8:]}-{len(self.sent) + 1}"
        sent = self.sent[id_] = Sent(text, time.perf_counter())
        await self._do("sendMessage", "messages", {"text": text, "clientMessageId": id_})
        sent.acknowledged = time.perf_counter()
        return sent

    async def end(self) -> None:
        """Say good-bye."""
        await self._do("end", "end")

    async def wrap_up(self, disposition: str) -> str:
        """File it; the status that it has then."""
        answer = await self._do("wrapUp", "wrap-up", {"disposition": disposition})
        return str(answer["conversation"]["status"])

    async def transfer(self, kind: str, id_: str, note: str = "") -> None:
        """Hand it over, blind, to a "queue" or an "agent"; `transfer.ended` or `conversation.removed` follows."""
        body = {"to": {"kind": kind, "id": id_}, "note": note or None}
        await self._do("transfer", "transfer", body, key=f"{self.offer['offerId']}-{len(self.sent)}-{id_}")

    async def set_aside(self) -> None:
        """Wait for the customer without holding capacity."""
        await self._do("setAside", "set-aside")

    async def _answer(self, operation: str, verb: str) -> bool:
        path = f"/api/offers/{self.offer['offerId']}/{verb}"
        try:
            await self.desk.call(operation, "POST", path)
        except Refused as refused:
            if refused.code != "offer-gone":
                raise
            return False
        return True

    async def _do(self, operation: str, verb: str, body: Any = None, key: str = "") -> Any:
        return await self.desk.call(operation, "POST", f"/api/conversations/{self.id}/{verb}", body, key)


Work = Callable[[Case], Awaitable[None]]


class AgentDesk:
    """An agent of the configuration. Each offer begins a coroutine `work(case)`; its errors are kept in `errors`."""

    def __init__(self, http: Http, user: str, work: Work) -> None:
        self._http, self._work = http, work
        self.user, self.token = user, ""
        self.errors: list[BaseException] = []
        self.resets = 0
        """How often the host no longer knew the inbox's position: events may have come twice or not at all."""
        self._after: str | None = None
        self._cases: dict[str, Case] = {}
        self._offers: set[str] = set()
        self._working: set[asyncio.Task[None]] = set()

    async def sign_in(self) -> None:
        """With a development token. Raises Refused: 404 if the host issues none, or knows no such user."""
        answer = await self._http.call("devToken", "POST", "/dev/token", body={"user": self.user})
        self.token = answer["token"]

    async def be(self, presence: str) -> None:
        """Choose a presence."""
        await self.call("setPresence", "PUT", "/api/agents/me/presence", {"presence": presence})

    async def run(self) -> None:
        """Follow the inbox for ever; what is worked on ends with it."""
        try:
            while True:
                await self._poll()
        finally:
            for task in self._working:
                task.cancel()
            await asyncio.gather(*self._working, return_exceptions=True)

    async def call(self, operation: str, method: str, path: str, body: Any = None, key: str = "") -> Any:
        """Any call as this agent."""
        return await self._http.call(operation, method, path, token=self.token, body=body, key=key)

    async def _poll(self) -> None:
        if self._after is None:
            inbox = await self.call("readInbox", "GET", "/api/agents/me/inbox")
            for offer in inbox["offers"]:
                self._begin(offer, time.perf_counter())
        else:
            path = f"/api/agents/me/inbox?after={self._after}&wait={WAIT_SECONDS}"
            try:
                inbox = await self.call("readInbox", "GET", path)
            except Refused as refused:
                if refused.code != "cursor-expired":
                    raise
                self._after = None
                self.resets += 1
                return
            now = time.perf_counter()
            for event in inbox["events"]:
                self._take(event, now)
        self._after = inbox["eventId"]

    def _take(self, event: Event, now: float) -> None:
        data = event["data"]
        if event["type"] == "offer.created":
            self._begin(data["offer"], now)
            return
        id_ = data.get("conversationId") or data.get("conversation", {}).get("id")
        if case := self._cases.get(id_):
            case.events.put_nowait((event, now))

    def _begin(self, offer: dict[str, Any], now: float) -> None:
        if offer["offerId"] in self._offers:
            return
        self._offers.add(offer["offerId"])
        case = self._cases[offer["conversationId"]] = Case(self, offer, now)
        task = asyncio.create_task(self._attend(case))
        self._working.add(task)
        task.add_done_callback(self._working.discard)

    async def _attend(self, case: Case) -> None:
        try:
            await self._work(case)
        except Exception as error:
            self.errors.append(error)
        finally:
            if self._cases.get(case.id) is case:
                del self._cases[case.id]
