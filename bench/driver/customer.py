"""A customer of web chat: writes, and reads by long polls as the web page does."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bench.driver.http import Http, Refused

Message = dict[str, Any]
WAIT_SECONDS = 20
PAGE_MESSAGES = 200
OVER = ("wrapUp", "closed")


@dataclass(slots=True)
class Sent:
    """A message that was sent; times are those of time.perf_counter. `acknowledged` is None until it is."""

    text: str
    at: float
    acknowledged: float | None = None


class Customer:
    """One conversation. `heard` is called with each message that a poll has brought, and when."""

    def __init__(self, http: Http, heard: Callable[["Customer", Message, float], None] | None = None) -> None:
        self._http, self._heard = http, heard
        self._news = asyncio.Event()
        self.id = self.token = ""
        self.status = "new"
        self.seen: list[Message] = []
        self.kinds: Counter[str] = Counter()
        """Messages seen, by the sender's kind."""
        self.sent: dict[str, Sent] = {}

    @property
    def is_over(self) -> bool:
        """Whether the conversation has ended for the customer."""
        return self.status in OVER

    async def start(self, **about: Any) -> None:
        """Begin; `about` is the body of startChat."""
        started = await self._http.call("startChat", "POST", "/api/chat/conversations", body=about)
        self.id, self.token = started["conversationId"], started["token"]

    async def send(self, text: str) -> Sent:
        """Write; returns with the acknowledgement. Raises Refused (409 when the conversation is over)."""
        id_ = f"c{len(self.sent) + 1}"
        sent = self.sent[id_] = Sent(text, time.perf_counter())
        await self._call("sendChatMessage", "POST", "messages", {"text": text, "clientMessageId": id_})
        sent.acknowledged = time.perf_counter()
        return sent

    async def end(self) -> None:
        """Leave."""
        await self._call("endChat", "POST", "end", {})

    async def listen(self) -> None:
        """Read until the conversation is closed."""
        after = 0
        while True:
            answer = await self._call("readChatMessages", "GET", f"messages?after={after}&wait={WAIT_SECONDS}")
            now, messages = time.perf_counter(), answer["messages"]
            self.status = answer["status"]
            for message in messages:
                after = message["sequence"]
                self.seen.append(message)
                self.kinds[message["sender"]["kind"]] += 1
                if self._heard:
                    self._heard(self, message, now)
            self._news.set()
            if self.status == "closed" and len(messages) < PAGE_MESSAGES:
                return

    async def until(self, check: Callable[[], bool]) -> None:
        """Wait until the check holds; it is looked at after each poll of `listen`. For one waiter at a time."""
        while not check():
            self._news.clear()
            await self._news.wait()

    async def until_heard(self, kind: str, count: int) -> None:
        """Wait for so many messages of senders of a kind in all."""
        await self.until(lambda: self.kinds[kind] >= count)

    async def _call(self, operation: str, method: str, what: str, body: Any = None) -> Any:
        return await self._http.call(
            operation, method, f"/api/chat/conversations/{self.id}/{what}", token=self.token, body=body
        )


async def says_or_is_over(customer: Customer, text: str) -> bool:
    """Send, unless the conversation turns out to be over; whether it was sent."""
    try:
        await customer.send(text)
    except Refused as refused:
        if refused.code != "conversation-closed":
            raise
        return False
    return True
