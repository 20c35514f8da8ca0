"""A pool that is played with the real router and logged as the store logs it."""

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from heapq import heappop, heappush
from typing import Any

from shared.domain.backtest.recording import Entry, Record
from shared.domain.centre import ContactCentre
from shared.domain.presence import AgentState, Presence
from shared.domain.routing import Assignment, Offer, OfferState, Pool, WorkItem, WorkKind, accept, finish
from shared.domain.routing.router import Router
from tests.domain.cast import NOW

BATCH = 15


@dataclass
class Play:
    """What is played: arrivals and patience are exponential; times in seconds."""

    centre: ContactCentre
    seed: int = 1
    customers: int = 60
    between: float = 20.0
    patience: float = 90.0
    handling: float = 120.0
    accept: float = 4.0


class Recorder:
    """Plays until all customers have come and nobody waits or is served any more; `entries` is the log."""

    def __init__(self, play: Play) -> None:
        self.entries: list[Entry] = []
        self._play, self._chance = play, random.Random(play.seed)
        self.now, self._position, self._numbers = NOW, 0, 0
        self._router = Router(play.centre, NOW, Pool())
        self._coming: list[tuple[datetime, int, Callable[[], None]]] = []
        self._work()

    def _work(self) -> None:
        for profile in self._play.centre.agents.values():
            self._log(AgentState(profile.id, since=NOW, idle_since=NOW, chosen=Presence.AVAILABLE))
        at = NOW
        for number in range(self._play.customers):
            at += timedelta(seconds=round(self._chance.expovariate(1 / self._play.between), 3))
            self._after(at, lambda n=number: self._arrive(n))
        while self._coming:
            self.now = self._coming[0][0]
            while self._coming and self._coming[0][0] == self.now:
                heappop(self._coming)[2]()
            self._decide()

    def _after(self, at: datetime, happening: Any) -> None:
        self._numbers += 1
        heappush(self._coming, (at, self._numbers, happening))

    def _log(self, record: Record) -> None:
        self._position += 1
        self.entries.append(Entry(self._position, self.now, record))
        self._router.apply(record)

    def _apply(self, change: Assignment) -> None:
        for record in (change.item, change.agent, change.offer):
            if record is not None:
                self._log(record)

    def _arrive(self, number: int) -> None:
        skills = self._chance.choice([(), (), ("pt",)])
        item = WorkItem(
            f"w{number:03}", f"c{number:03}", WorkKind.NEW, "chat", "sales", skills, self._chance.choice([3, 5]),
            self.now, 1, 1,
        )  # fmt: skip
        self._log(item)
        patience = timedelta(seconds=round(self._chance.expovariate(1 / self._play.patience), 3))
        self._after(self.now + patience, lambda: self._leave(item.id))

    def _leave(self, item_id: str) -> None:
        item = self._router.pool.items.get(item_id)
        if item and item.state in ("waiting", "offered"):
            self._apply(finish(self._current(item), 3, self.now))

    def _decide(self) -> None:
        while True:
            seen = self._position
            decisions = self._router.decide(self.now, BATCH, self._new_id)
            if not decisions:
                return
            for decision in decisions:
                self._commit(decision, seen)

    def _commit(self, decision: Assignment, seen: int) -> None:
        offer = decision.offer
        if offer and offer.state is OfferState.PENDING:
            offer = replace(offer, policy=self._play.centre.version, seen=seen)
            made = offer
            self._after(self.now + timedelta(seconds=self._play.accept), lambda: self._accept(made))
        self._apply(replace(decision, offer=offer))

    def _new_id(self) -> str:
        self._numbers += 1
        return f"o{self._numbers}"

    def _accept(self, offer: Offer) -> None:
        item = self._router.pool.items.get(offer.work_id)
        if item is None or item.offer_id != offer.id:
            return
        self._apply(accept(self._current(item), 3, self.now))
        handling = timedelta(seconds=round(self._chance.expovariate(1 / self._play.handling), 3))
        self._after(self.now + handling, lambda: self._apply(finish(self._current(self._item(item.id)), 3, self.now)))

    def _item(self, item_id: str) -> WorkItem:
        return self._router.pool.items[item_id]

    def _current(self, item: WorkItem) -> Assignment:
        pool = self._router.pool
        agent = pool.agents.get(item.agent_id) if item.agent_id else None
        return Assignment(item, agent, pool.offers.get(item.offer_id) if item.offer_id else None)
