"""What agents' screens are told, in one order per agent; and when each agent was last heard of."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from shared.domain.presence import Connection
from shared.ports import Clock, Conflict, Container, Documents, Unavailable, Write
from shared.records.codec import Codec, Reader, Versioned

EVENTS_LIVE = timedelta(hours=12)
PARTS_MAX = 30  # told in one transaction,
PART_MAX = 3  # of so many notices each: below the store's limit
ATTEMPTS_MAX = 20
REMEMBERED_MAX = 20_000


@dataclass(frozen=True, slots=True)
class Notice:
    """Something to tell an agent's screen. The same key is told once."""

    key: str
    type: str
    data: Mapping[str, Any]


Make = Callable[[], Awaitable[Sequence[Notice]]]
"""Makes at most PART_MAX notices of what is in the store when it is asked."""


@dataclass(frozen=True, slots=True)
class StoredNotice:
    """A notice at its place in an agent's inbox."""

    sequence: int
    type: str
    at: datetime
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """When an agent was last heard of (None: given up); `stage` is what the silence has led to so far."""

    agent_id: str
    seen_at: datetime | None
    stage: Connection = Connection.THERE


_notices, _heartbeats = Codec(StoredNotice), Codec(Heartbeat)


class Inboxes:
    """The container `inbox`. Notices that come while another batch is being written go with the next one."""

    def __init__(self, documents: Documents, clock: Clock) -> None:
        self._documents, self._clock = documents, clock
        self._heads: dict[str, Versioned[int]] = {}
        self._notices = Reader(_notices)
        self._waiting: dict[str, list[tuple[Make, asyncio.Future[None] | None]]] = {}
        self._writers: dict[str, asyncio.Task[None]] = {}
        self._told: OrderedDict[str, None] = OrderedDict()

    async def tell(self, agent_id: str, what: Sequence[Notice] | Make) -> None:
        """Append what has not been told yet; on disk when this returns. Raises Unavailable.

        A function is asked for its notices once their place in the inbox is known: what it reads then is not older than
        anything told before, so that an old state is never told after a newer one.
        """
        written: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waiting = self._waiting.setdefault(agent_id, [])
        if callable(what):
            waiting.append((what, written))
        else:
            fresh = [notice for notice in what if f"{agent_id}/{notice.key}" not in self._told]
            if not fresh:
                return
            parts = [fresh[start : start + PART_MAX] for start in range(0, len(fresh), PART_MAX)]
            waiting += [(_constant(part), None) for part in parts[:-1]] + [(_constant(parts[-1]), written)]
        if agent_id not in self._writers:
            self._writers[agent_id] = asyncio.create_task(self._write(agent_id))
        await written

    async def has_told(self, agent_ids: Sequence[str], key: str) -> bool:
        """Whether all of them have been told, by this process or by one before.

        For who repeats: a read is cheap, a write that is refused is not, and after a crash there is much to repeat.
        """
        for agent_id in agent_ids:
            if f"{agent_id}/{key}" in self._told:
                continue
            if await self._documents.read(Container.INBOX, agent_id, f"notice:{key}") is None:
                return False
            self._remember(agent_id, key)
        return True

    async def head(self, agent_id: str) -> int:
        """The sequence of the last notice."""
        document = await self._documents.read(Container.INBOX, agent_id, "head")
        return int(document.body["sequence"]) if document else 0

    async def after(self, agent_id: str, sequence: int, limit: int = 200) -> list[StoredNotice]:
        """Notices after a sequence, in order."""
        found = await self._documents.page(Container.INBOX, agent_id, "notice", after=sequence, limit=limit)
        return [self._notices.read(document) for document in found]

    async def heartbeat(self, agent_id: str) -> Versioned[Heartbeat] | None:
        """The stored heartbeat of an agent."""
        document = await self._documents.read(Container.INBOX, agent_id, "heartbeat")
        return Versioned(_heartbeats.load(document.body), document.etag) if document else None

    async def beat(self, heartbeat: Heartbeat, etag: str | None) -> bool:
        """Compare and set; False if somebody was faster."""
        write = Write("heartbeat", "heartbeat", _heartbeats.dump(heartbeat), etag)
        try:
            await self._documents.commit(Container.INBOX, heartbeat.agent_id, [write])
        except Conflict:
            return False
        return True

    async def silent_since(self, moment: datetime, limit: int = 1000) -> list[Heartbeat]:
        """Heartbeats older than this."""
        found = await self._documents.search(
            Container.INBOX, "heartbeat", {}, below=("seen_at", moment.isoformat().replace("+00:00", "Z")), limit=limit
        )
        return [_heartbeats.load(document.body) for document in found]

    async def _write(self, agent_id: str) -> None:
        """Write what waits until nothing does, letting those go on who waited for it."""
        try:
            while waiting := self._waiting.get(agent_id):
                batch, self._waiting[agent_id] = waiting[:PARTS_MAX], waiting[PARTS_MAX:]
                error: Exception | None = None
                try:
                    await self._append(agent_id, [make for make, _ in batch])
                except Exception as raised:
                    error = raised
                for _, written in batch:
                    if written is None or written.done():  # its caller was cancelled
                        continue
                    if error:
                        written.set_exception(error)
                    else:
                        written.set_result(None)
        finally:
            self._waiting.pop(agent_id, None)
            del self._writers[agent_id]

    async def _append(self, agent_id: str, makes: Sequence[Make]) -> None:
        tries_left, told_before = ATTEMPTS_MAX, set[str]()
        while tries_left > 0:
            head = self._heads.get(agent_id) or await self._read_head(agent_id)
            notices = [notice for notice in await self._fresh(agent_id, makes) if notice.key not in told_before]
            if not notices:
                return
            stored = self._placed(notices, head.value)
            sequence = stored[-1].sequence
            writes = [Write("head", "head", {"sequence": sequence}, head.etag)]
            for notice, placed in zip(notices, stored, strict=True):
                key, body = f"notice:{notice.key}", _notices.dump(placed)
                writes.append(Write(key, "notice", body, None, placed.sequence, EVENTS_LIVE))
            try:
                etags = await self._documents.commit(Container.INBOX, agent_id, writes)
            except Conflict as conflict:
                self._heads.pop(agent_id, None)
                if conflict.index > 0:  # told before a restart
                    told_before.add(notices[conflict.index - 1].key)
                    self._remember(agent_id, notices[conflict.index - 1].key)
                else:
                    tries_left -= 1
                continue
            self._heads[agent_id] = Versioned(sequence, etags[0])
            for notice, write, etag, placed in zip(notices, writes[1:], etags[1:], stored, strict=True):
                self._remember(agent_id, notice.key)
                self._notices.remember(agent_id, write.id, etag, placed)
            return
        raise Unavailable(f"the inbox of {agent_id} changes too fast")

    def _placed(self, notices: Sequence[Notice], last: int) -> list[StoredNotice]:
        now = self._clock()
        return [StoredNotice(place, notice.type, now, notice.data) for place, notice in enumerate(notices, last + 1)]

    async def _fresh(self, agent_id: str, makes: Sequence[Make]) -> list[Notice]:
        """What there is to tell now and has not been told, each key once."""
        made = [notice for make in makes for notice in await make()]
        by_key = {notice.key: notice for notice in made if f"{agent_id}/{notice.key}" not in self._told}
        return list(by_key.values())

    async def _read_head(self, agent_id: str) -> Versioned[int]:
        document = await self._documents.read(Container.INBOX, agent_id, "head")
        return Versioned(int(document.body["sequence"]), document.etag) if document else Versioned(0, None)

    def _remember(self, agent_id: str, key: str) -> None:
        self._told[f"{agent_id}/{key}"] = None
        if len(self._told) > REMEMBERED_MAX:
            self._told.popitem(last=False)


def _constant(notices: Sequence[Notice]) -> Make:
    async def make() -> Sequence[Notice]:
        return notices

    return make
