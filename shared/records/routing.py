"""Routing: work items, agents and offers of a pool in one partition, changed together by compare-and-set."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from shared.domain.presence import AgentState
from shared.domain.routing import Assignment, Offer, OfferState, Pool, WorkItem, WorkState
from shared.ports import Conflict, Container, Document, Documents, Write
from shared.records.codec import Codec, Reader, Versioned

KEPT_AFTER_END = timedelta(days=2)
DECIDER = "decider"

_codecs: dict[str, Codec[Any]] = {"work": Codec(WorkItem), "agent": Codec(AgentState), "offer": Codec(Offer)}
_over = (WorkState.DONE, WorkState.FAILED)

Etags = dict[str, str | None]
"""By document id; None for documents that must not exist yet."""


class RoutingStore:
    """The container `routing`."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents
        self._readers = {type_: Reader(codec) for type_, codec in _codecs.items()}

    async def agent(self, pool: str, agent_id: str, now: datetime) -> Versioned[AgentState]:
        """An agent's state; one who never signed in is offline."""
        found: Versioned[AgentState] | None = await self._read(pool, "agent", agent_id)
        return found or Versioned(AgentState(agent_id, since=now, idle_since=now), None)

    async def item(self, pool: str, item_id: str) -> Versioned[WorkItem] | None:
        """A work item."""
        found: Versioned[WorkItem] | None = await self._read(pool, "work", item_id)
        return found

    async def offer(self, pool: str, offer_id: str) -> Versioned[Offer] | None:
        """An offer."""
        found: Versioned[Offer] | None = await self._read(pool, "offer", offer_id)
        return found

    async def assignment(self, pool: str, item: Versioned[WorkItem]) -> tuple[Assignment, Etags]:
        """A work item with the agent and the offer that it names."""
        value = item.value
        etags: Etags = {f"work:{value.id}": item.etag}
        agent = await self._read(pool, "agent", value.agent_id) if value.agent_id else None
        offer = await self._read(pool, "offer", value.offer_id) if value.offer_id else None
        if agent:
            etags[f"agent:{value.agent_id}"] = agent.etag
        if offer:
            etags[f"offer:{value.offer_id}"] = offer.etag
        return Assignment(value, agent.value if agent else None, offer.value if offer else None), etags

    async def commit(self, pool: str, changes: Sequence[Assignment], etags: Etags) -> bool:
        """Write all or nothing; False if anything has changed since it was read."""
        writes: dict[str, Write] = {}
        for change in changes:
            for write in _writes(change, etags):
                writes[write.id] = write
        decider = etags.get(DECIDER, "")
        if decider != "":
            writes[DECIDER] = Write(DECIDER, DECIDER, {"decisions": len(changes)}, decider)
        return await self._write(pool, list(writes.values()))

    async def create_item(self, pool: str, item: WorkItem) -> bool:
        """Enqueue; False if the item exists."""
        return await self._write(pool, [_write("work", item.id, item, None)])

    async def save_agent(self, pool: str, agent: AgentState, etag: str | None) -> bool:
        """Compare and set; False if the agent has changed."""
        return await self._write(pool, [_write("agent", agent.id, agent, etag)])

    async def changes(self, pool: str, since: str | None) -> tuple[list[Document], str | None]:
        """For a follower of the pool."""
        return await self._documents.changes(Container.ROUTING, pool, since)

    async def _read(self, pool: str, type_: str, id_: str) -> Any:
        document = await self._documents.read(Container.ROUTING, pool, f"{type_}:{id_}")
        return Versioned(self.value(document), document.etag) if document else None

    def value(self, document: Document) -> Any:
        """The WorkItem, AgentState or Offer that a document holds."""
        return self._readers[document.type].read(document)

    async def _write(self, pool: str, writes: list[Write]) -> bool:
        try:
            await self._documents.commit(Container.ROUTING, pool, writes)
        except Conflict:
            return False
        return True


class PoolFollower:
    """A pool in memory, kept up with its partition's changes."""

    def __init__(self, store: RoutingStore, pool: str) -> None:
        self._store, self._pool = store, pool
        self._turn = asyncio.Lock()
        self._since: str | None = None
        self.etags: Etags = {DECIDER: None}
        self.state = Pool()

    async def catch_up(self) -> None:
        """Read what has changed."""
        async with self._turn:
            while True:
                documents, self._since = await self._store.changes(self._pool, self._since)
                if not documents:
                    return
                for document in documents:
                    self._take(document)

    def _take(self, document: Document) -> None:
        self.etags[document.id] = document.etag
        if document.type == DECIDER:
            return
        value = self._store.value(document)
        state = self.state
        by_type: dict[str, dict[str, Any]] = {"work": state.items, "agent": state.agents, "offer": state.offers}
        kept = by_type[document.type]
        if _is_over(value):
            kept.pop(value.id, None)
            self.etags.pop(document.id, None)
        else:
            kept[value.id] = value


def record_of(document: Document) -> Any:
    """The WorkItem, AgentState or Offer that a document holds."""
    return _codecs[document.type].load(document.body)


def _writes(change: Assignment, etags: Etags) -> list[Write]:
    writes = [_write("work", change.item.id, change.item, etags.get(f"work:{change.item.id}"))]
    if change.agent:
        writes.append(_write("agent", change.agent.id, change.agent, etags.get(f"agent:{change.agent.id}")))
    if change.offer:
        writes.append(_write("offer", change.offer.id, change.offer, etags.get(f"offer:{change.offer.id}")))
    return writes


def _write(type_: str, id_: str, value: Any, etag: str | None) -> Write:
    lives = KEPT_AFTER_END if _is_over(value) else None
    return Write(f"{type_}:{id_}", type_, _codecs[type_].dump(value), etag, lives=lives)


def _is_over(value: Any) -> bool:
    if isinstance(value, WorkItem):
        return value.state in _over
    return isinstance(value, Offer) and value.state is not OfferState.PENDING
