"""What a chat costs in operations: requests, documents, queue messages, durable work, history events."""

import asyncio
from collections import defaultdict
from dataclasses import dataclass, field

import orjson

from bench.chat.server import Server, status
from bench.chat.whole import Chats, Script
from bench.driver.http import Http

HISTORY_POLL_SECONDS = 0.02
_HISTORY = (
    "SELECT i.id, i.execution, h.events FROM history h JOIN instances i ON i.key = h.instance "
    "WHERE i.status IN ('Pending', 'Running')"
)


@dataclass
class History:
    """The events that one orchestration keeps, by execution, as far as a poll has seen them."""

    events: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    @property
    def largest(self) -> int:
        """Events of the longest history that it has had."""
        return max(self.events.values(), default=0)

    @property
    def total(self) -> int:
        """Events of all its histories; each ends with its last commit before continuing as new."""
        return sum(self.events.values())


async def watched(server: Server, chats: Chats, script: Script, seconds_max: float) -> History:
    """Play one chat while no other is open, and watch its history."""
    history = History()

    async def watch() -> None:
        while True:
            found: dict[str, int] = defaultdict(int)
            for _, execution, events in server.query("host", _HISTORY):
                found[execution] += len(orjson.loads(b"[" + events + b"]"))
            for execution, count in found.items():
                history.events[execution] = max(history.events[execution], count)
            await asyncio.sleep(HISTORY_POLL_SECONDS)

    watching = asyncio.create_task(watch())
    try:
        await chats.play(script, seconds_max)
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
    return history


async def totals(server: Server, http: Http) -> dict[str, float]:
    """Everything that counts up, since the host began."""
    said = await status(http)
    written = dict(server.query("app", "SELECT name, seq FROM sqlite_sequence"))
    posted = dict(server.query("host", "SELECT name, seq FROM sqlite_sequence"))
    versions = "SELECT sum(json_extract(document, '$.body.version')) FROM conversations WHERE type = 'conversation'"
    bell = "SELECT count(*) FROM seen_messages WHERE queue = 'bus/work'"
    return {
        "requests": http.requests.total(),
        "requests.customer_polls": http.requests["readChatMessages"],
        "requests.agent_polls": http.requests["readInbox"],
        "documents": sum(written.values()),
        **{f"documents.{name}": written.get(name, 0) for name in ("conversations", "routing", "inbox", "customers")},
        "commits.conversation": server.query("app", versions)[0][0] or 0,
        "queue_messages": posted.get("messages", 0),
        "queue_messages.doorbells": server.query("host", bell)[0][0],
        "durable.events": posted.get("inbox", 0),
        "durable.ticks": said["durable"]["ticks"],
        "durable.activities": said["durable"]["activities"],
        "host_operations": said["database"]["operations"],
        "host_commits": said["database"]["commits"],
    }


def per_chat(before: dict[str, float], after: dict[str, float], chats: int) -> dict[str, float]:
    """The difference, for each chat."""
    return {name: (count - before[name]) / max(chats, 1) for name, count in after.items()}
