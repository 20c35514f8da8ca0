"""Which item is decided on next, and who gets it. No decision scans the pool.

What has changed since the last decision is kept in mind: items that are new at their place (`_fresh`) and agents who
may take more than before (`_seekers`). Nobody else can have become a match, so that the first item in order is the
first of the fresh ones or the best one for a seeking agent.
"""

from heapq import heappop, heappush

from shared.domain.routing.choice import best_agent
from shared.domain.routing.demand import Demand
from shared.domain.routing.line import Entry, Waiting
from shared.domain.routing.roster import Roster


class Matching:
    """Told of what is new, asked for the next match; whoever takes it says so."""

    def __init__(self, roster: Roster, demand: Demand, refusals_max: int) -> None:
        self._roster, self._demand, self._refusals_max = roster, demand, refusals_max
        self._gains = 0  # times that somebody could take more than before
        self._fresh: list[Entry] = []
        self._seekers: set[int] = set()  # agents who may be a match for work that is not fresh
        self._unasked: set[int] = set()  # those of them whose best item is not in `_finds`
        self._finds: list[tuple[Entry, int, int]] = []  # with the agent and their stamp
        self._stamps = [0] * roster.size

    def placed(self, waiting: Waiting) -> None:
        """An item is new at its place."""
        heappush(self._fresh, (waiting.key, waiting.rank, waiting.serial, waiting))

    def gained(self, index: int) -> None:
        """An agent may take more than before."""
        self._gains += 1
        self._seekers.add(index)
        self._ask(index)

    def lost(self, index: int) -> None:
        """An agent may take less than before, or is known to take no more."""
        if index in self._seekers:
            self._ask(index)

    def next(self, decided: set[str]) -> tuple[Waiting, int | None] | None:
        """The first item in order that somebody may take, with whom it suits best; with nobody: a transfer that fails.

        None if there is no such item, or it is one of those that were decided on already.
        """
        while True:
            find = self._first_find() if self._seekers else None
            fresh = self._first_fresh()
            if find is not None and (fresh is None or find[0] < fresh):
                waiting = find[0][3]
                return None if waiting.item.id in decided else (waiting, self._best_of(waiting, find[1]))
            if fresh is None:
                return None
            waiting = fresh[3]
            found = self._somebody(waiting)
            if found is None and not waiting.item.target_agent:
                heappop(self._fresh)
                continue
            if waiting.item.id in decided:
                return None
            heappop(self._fresh)
            return waiting, found

    def _ask(self, index: int) -> None:
        self._stamps[index] += 1
        self._unasked.add(index)

    def _first_fresh(self) -> Entry | None:
        fresh = self._fresh
        while fresh and fresh[0][3].serial != fresh[0][2]:
            heappop(fresh)
        return fresh[0] if fresh else None

    def _first_find(self) -> tuple[Entry, int, int] | None:
        """The first of the best items of those who seek."""
        finds, unasked = self._finds, self._unasked
        while True:
            for index in unasked:
                mask = self._roster.masks[index]
                best = self._demand.best_for(index, mask, self._refusals_max) if mask else None
                if best:
                    heappush(finds, (best, index, self._stamps[index]))
                else:
                    self._seekers.discard(index)
            unasked.clear()
            while finds and finds[0][2] != self._stamps[finds[0][1]]:
                heappop(finds)
            if not finds or finds[0][0][3].serial == finds[0][0][2]:
                return finds[0] if finds else None
            unasked.add(heappop(finds)[1])  # somebody else got that

    def _best_of(self, waiting: Waiting, index: int) -> int:
        """Of several who seek, the item may suit another one better."""
        if len(self._finds) == 1:
            return index
        found = best_agent(self._roster, self._demand, waiting, waiting.signature, self._refusals_max)
        return index if found is None else found

    def _somebody(self, waiting: Waiting) -> int | None:
        """Who gets a fresh item. Where nobody could take one like it a moment ago, nobody is looked for."""
        signature = waiting.signature
        is_ordinary = not waiting.is_reserved and not waiting.item.target_agent
        if is_ordinary and signature.nobody == self._gains:
            return None
        found = best_agent(self._roster, self._demand, waiting, signature, self._refusals_max)
        if found is None and is_ordinary and not waiting.item.refusals:
            signature.nobody = self._gains
        return found
