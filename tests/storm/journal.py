"""What players have done and been promised: the checks compare it with what the contact centre holds in the end."""

import asyncio
import contextlib
from collections import Counter, defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

import aiohttp

TIMEOUT_SECONDS = 6.0


@dataclass
class Chat:
    """One conversation as its customer knows it."""

    plan: str
    number: int
    id: str = ""
    token: str = ""
    said: list[str] = field(default_factory=list)  # message ids, in the order of sending
    acknowledged: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    has_left: bool = False
    is_over: bool = False
    score: int | None = None
    transfer_pending: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass
class AgentMessage:
    """A message that an agent sent; `status` is the answer."""

    agent: str
    conversation: str
    id: str
    status: int


@dataclass
class Command:
    """A step that an agent asked for; `what` as the timeline calls it."""

    agent: str
    conversation: str
    what: str
    status: int
    data: dict[str, Any] = field(default_factory=dict)


class Journal:
    """Everything that all players know."""

    def __init__(self) -> None:
        self.chats: dict[int, Chat] = {}
        self.messages: list[AgentMessage] = []
        self.commands: list[Command] = []
        self.winners: dict[str, set[str]] = defaultdict(set)
        self.declined: set[str] = set()
        self.presence: dict[str, str] = {}
        self.faults: list[str] = []
        self.kinds: Counter[str] = Counter()
        self.marks: set[tuple[str, str]] = set()
        self.retries = 0
        self._waiting: list[tuple[str, asyncio.Future[None]]] = []

    def chat(self, conversation_id: str) -> Chat:
        """The chat of a conversation."""
        return next(chat for chat in self.chats.values() if chat.id == conversation_id)

    def first(self, conversation_id: str, what: str) -> bool:
        """Whether this is asked for the first time."""
        is_new = (conversation_id, what) not in self.marks
        self.marks.add((conversation_id, what))
        return is_new

    def acked(self, kind: str) -> None:
        """Something was acknowledged."""
        self.kinds[kind] += 1
        for wanted, future in self._waiting:
            if wanted == kind and not future.done():
                future.set_result(None)

    async def next_ack(self, kind: str, seconds: float) -> None:
        """Until the next acknowledgement of a kind, at most so long."""
        entry = kind, asyncio.get_running_loop().create_future()
        self._waiting.append(entry)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await entry[1]
        self._waiting.remove(entry)


class Line:
    """Requests that are repeated until they are answered."""

    def __init__(self, http: aiohttp.ClientSession, journal: Journal) -> None:
        self._http, self._journal = http, journal

    async def call(
        self, kind: str, method: str, path: str, token: str | None = None, body: Any = None,
        expect: Collection[int] = (200,), key: str | None = None,
    ) -> tuple[int, Any]:  # fmt: skip
        """Status and answer. No connection, 429 and 503 are no answer; one not expected is noted as a fault."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        if key:
            headers["Idempotency-Key"] = key
        while True:
            with contextlib.suppress(aiohttp.ClientError, TimeoutError, ConnectionError):
                async with self._http.request(method, path, json=body, headers=headers) as answer:
                    status, text = answer.status, await answer.text()
                    if status not in (429, 503):
                        return self._answered(kind, f"{method} {path}", status, text, expect, await answer.json())
                    if status == 503:
                        self._journal.kinds["503"] += 1
            self._journal.retries += 1
            await asyncio.sleep(0.1)

    def _answered(
        self, kind: str, what: str, status: int, text: str, expect: Collection[int], answer: Any
    ) -> tuple[int, Any]:
        if status not in expect:
            self._journal.faults.append(f"{kind}: {what}: {status} {text[:300]}")
        elif status < 300 and not what.startswith("GET"):
            self._journal.acked(kind)
        return status, answer


def session(url: str) -> aiohttp.ClientSession:
    """A client of the contact centre."""
    connector = aiohttp.TCPConnector(limit=0)
    return aiohttp.ClientSession(url, connector=connector, timeout=aiohttp.ClientTimeout(TIMEOUT_SECONDS))
