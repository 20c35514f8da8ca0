"""Recorded decisions, made again: the router is given what the decider had seen, and must decide the same."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.domain.backtest.recording import Entry
from shared.domain.centre import ContactCentre
from shared.domain.routing import Offer, OfferState, Pool, WorkItem, WorkState
from shared.domain.routing.router import Record, Router

Batch = tuple[int, datetime, str]
"""What its decider had seen, when it decided, and by which policy."""


@dataclass(frozen=True, slots=True)
class Made:
    """Offers of one batch: who was offered which work, as recorded and as decided now."""

    at: datetime
    policy: str
    recorded: Mapping[str, str]  # the agent by the work item
    now: Mapping[str, str]

    @property
    def is_same(self) -> bool:
        """Whether the same was decided."""
        return self.recorded == self.now


def decide_again(entries: Sequence[Entry], policies: Mapping[str, ContactCentre], limit: int) -> list[Made]:
    """Every recorded batch whose policy is known, decided anew from the log; `limit` is that of the decider."""
    ordered = sorted(entries, key=lambda entry: entry.position)
    batches = _batches(ordered)
    waiting = sorted(batches, key=lambda batch: batch[:2])
    found: list[Made] = []
    routers: dict[str, Router] = {}
    pool, place = Pool(), 0
    for batch in waiting:
        while place < len(ordered) and ordered[place].position <= batch[0]:
            _keep(pool, ordered[place].record)
            for router in routers.values():
                router.apply(ordered[place].record)
            place += 1
        centre = policies.get(batch[2])
        if centre is None:
            continue
        if batch[2] not in routers:
            routers[batch[2]] = Router(centre, batch[1], _copy(pool))
        found.append(_made(routers[batch[2]], pool, batch, batches[batch], limit))
    return found


def _batches(entries: Sequence[Entry]) -> dict[Batch, dict[str, str]]:
    found: dict[Batch, dict[str, str]] = defaultdict(dict)
    for entry in entries:
        offer = entry.record
        if isinstance(offer, Offer) and offer.state is OfferState.PENDING and offer.policy:
            found[offer.seen, offer.created_at, offer.policy][offer.work_id] = offer.agent_id
    return found


def _made(router: Router, pool: Pool, batch: Batch, recorded: Mapping[str, str], limit: int) -> Made:
    names = iter(range(limit))
    decisions = router.decide(batch[1], limit, lambda: f"again-{next(names)}")
    offered = {
        decision.offer.work_id: decision.offer.agent_id
        for decision in decisions
        if decision.offer and decision.offer.state is OfferState.PENDING
    }
    router.restore(decisions, pool)
    return Made(batch[1], batch[2], recorded, offered)


def _keep(pool: Pool, record: Record) -> None:
    """As a follower of the pool keeps it: what is over is gone."""
    if isinstance(record, WorkItem):
        _put(pool.items, record, is_over=record.state in (WorkState.DONE, WorkState.FAILED))
    elif isinstance(record, Offer):
        _put(pool.offers, record, is_over=record.state is not OfferState.PENDING)
    else:
        _put(pool.agents, record, is_over=False)


def _put(kept: dict[str, Any], record: Record, *, is_over: bool) -> None:
    if is_over:
        kept.pop(record.id, None)
    else:
        kept[record.id] = record


def _copy(pool: Pool) -> Pool:
    return Pool(dict(pool.items), dict(pool.agents), dict(pool.offers))
