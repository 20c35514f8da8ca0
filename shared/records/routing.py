"""Routing: work items, agents and offers of a pool in one partition, changed together by compare-and-set."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from shared.domain.centre import ContactCentre
from shared.domain.presence import AgentState
from shared.domain.routing import Assignment, NewId, Offer, OfferState, Pool, WorkItem, WorkState
from shared.ports import Clock, Conflict, Container, Document, Documents, Write
from shared.records.codec import Codec, Reader, Versioned
from shared.records.flows import PoolWaits
from shared.records.history import Past, microseconds, moment_of, past_of

if TYPE_CHECKING:
    from shared.domain.routing.router import Router

KEPT_AFTER_END = timedelta(days=2)
DECIDER = "decider"

_codecs: dict[str, Codec[Any]] = {"work": Codec(WorkItem), "agent": Codec(AgentState), "offer": Codec(Offer)}
RECORDS = frozenset(_codecs)
_FOLLOWED = RECORDS | {DECIDER}
_over = (WorkState.DONE, WorkState.FAILED)

Etags = dict[str, str | None]
"""By document id; None for documents that must not exist yet."""


class RoutingStore:
    """The container `routing`. Beside each record its version is kept for good, in the same transaction."""

    def __init__(self, documents: Documents, clock: Clock) -> None:
        self._documents, self._clock = documents, clock
        self._last_past = 0
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
        """Write all or nothing; False if anything has changed since it was read.

        Several changes of one agent follow from each other: the last one holds them all and is written.
        """
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
        return await self._documents.changes(Container.ROUTING, pool, since, unsequenced=True)

    async def _read(self, pool: str, type_: str, id_: str) -> Any:
        document = await self._documents.read(Container.ROUTING, pool, f"{type_}:{id_}")
        return Versioned(self.value(document), document.etag) if document else None

    def value(self, document: Document) -> Any:
        """The WorkItem, AgentState or Offer that a document holds."""
        return self._readers[document.type].read(document)

    def past_value(self, past: Past) -> Any:
        """The WorkItem, AgentState or Offer of a version that was kept."""
        return _codecs[past.id.partition(":")[0]].load(past.body)

    async def _write(self, pool: str, writes: list[Write]) -> bool:
        kept = [past_of(write, self._moment()) for write in writes if write.type in _codecs]
        try:
            # What was is written first: who has seen a record has seen all up to it.
            await self._documents.commit(Container.ROUTING, pool, kept + writes)
        except Conflict:
            return False
        return True

    def _moment(self) -> datetime:
        """Now, as no version of this process was kept before: so each has its place among those of its record."""
        self._last_past = max(self._last_past + 1, microseconds(self._clock()))
        return moment_of(self._last_past)


class PoolFollower:
    """A pool in memory, kept up with its partition's changes. `state` is what is stored, as far as it was read.

    The router is ahead of `state` by decisions that are being committed. If they are refused, or nobody knows, it goes
    back to `state`: what has changed in the store comes to both by the next `catch_up`.
    """

    def __init__(self, store: RoutingStore, pool: str) -> None:
        self._store, self._pool = store, pool
        self._turn = asyncio.Lock()
        self._deciding = asyncio.Lock()
        self._since: str | None = None
        self._router: Router | None = None
        self._seen = 0  # the position of the newest document that was read
        self.etags: Etags = {DECIDER: None}
        self.state = Pool()
        self.waits = PoolWaits(self.state)

    async def catch_up(self) -> None:
        """Read what has changed."""
        async with self._turn:
            while True:
                documents, self._since = await self._store.changes(self._pool, self._since)
                if not documents:
                    return
                for document in documents:
                    self._take(document)

    def router(self, centre: ContactCentre, now: datetime) -> "Router":
        """The pool's router, which goes by that policy."""
        if self._router is None:
            from shared.domain.routing.router import Router  # numpy is loaded by who routes, not by every start

            self._router = Router(centre, now, self.state)
        self._router.configure(centre, now)
        return self._router

    async def decide(
        self, centre: ContactCentre, now: datetime, limit: int, new_id: NewId
    ) -> list[Assignment] | None:  # fmt: skip
        """Make and commit the next decisions; None if they were refused: catch up and decide again."""
        async with self._deciding:  # nobody decides on what may be refused
            router = self.router(centre, now)
            decisions = [self._signed(it, centre) for it in router.decide(now, limit, new_id)]
            is_stored = False
            try:
                is_stored = not decisions or await self._store.commit(self._pool, decisions, self.etags)
            finally:
                if not is_stored:
                    router.restore(decisions, self.state)
            return decisions if is_stored else None

    def _signed(self, decision: Assignment, centre: ContactCentre) -> Assignment:
        """With what it was decided by and on, if it is a new offer."""
        offer = decision.offer
        if offer is None or offer.state is not OfferState.PENDING:
            return decision
        return replace(decision, offer=replace(offer, policy=centre.version, seen=self._seen))

    def _take(self, document: Document) -> None:
        self._seen = max(self._seen, document.position)
        if document.type not in _FOLLOWED:
            return
        self.etags[document.id] = document.etag
        if document.type == DECIDER:
            return
        value = self._store.value(document)
        state = self.state
        by_type: dict[str, dict[str, Any]] = {"work": state.items, "agent": state.agents, "offer": state.offers}
        kept = by_type[document.type]
        before = kept.get(value.id)
        if _is_over(value):
            kept.pop(value.id, None)
            self.etags.pop(document.id, None)
        else:
            kept[value.id] = value
        self.waits.see(before, value)
        if self._router:
            self._router.apply(value)


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
