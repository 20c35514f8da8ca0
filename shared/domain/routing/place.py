"""Where items wait, and about how long: the router's order per queue, kept as records change.

A place is looked up; the waits of all are worked out together and kept until something has changed or, where that takes
long, for a moment: estimates may take about a hundredth of a processor, however large the pool.
"""

from bisect import bisect_left, insort
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.domain.centre import ContactCentre
from shared.domain.presence import AgentState
from shared.domain.routing.learning import IN_LINE
from shared.domain.routing.order import Rank, micros, rank_of
from shared.domain.routing.outlook import Asking, FlowOf, Outlook, Rulebook, outlook
from shared.domain.routing.work import Offer, Pool, WorkItem, WorkState

EFFORT_KEEPS = timedelta(microseconds=50)
"""An estimate is kept for so long per look that it took, a look being about half a microsecond."""
KEPT_MAX = timedelta(seconds=5)
KEPT_UNCHANGED = timedelta(seconds=10)
"""What nothing but time has changed, which relaxes what work asks for."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an item waits: how many there are up to it, and about how long that takes (None: nobody works)."""

    position: int
    estimated_wait_seconds: int | None


@dataclass(frozen=True, slots=True)
class _Known:
    """An outlook, and what it was made of."""

    outlook: Outlook
    at: datetime
    changes: int

    def holds(self, now: datetime, changes: int) -> bool:
        """Whether it is good enough still."""
        age = abs(now - self.at)
        if changes == self.changes:
            return age < KEPT_UNCHANGED
        return age < min(self.outlook.effort * EFFORT_KEEPS, KEPT_MAX)


class Places:
    """Of one pool; `pool` is what its follower holds, and `take` is told of each change of that."""

    def __init__(self, pool: Pool, centre: ContactCentre, flow_of: FlowOf) -> None:
        self._pool, self._flow_of = pool, flow_of
        self._changes = 0
        self._rank(centre)

    def _rank(self, centre: ContactCentre) -> None:
        self._book = Rulebook(centre)
        self._known: _Known | None = None
        self._in_line: dict[str, tuple[str, Rank]] = {}
        self._queues: dict[str, list[Rank]] = {}
        for item in self._pool.items.values():
            self._enter(item)

    def take(self, record: WorkItem | AgentState | Offer) -> None:
        """The newest version of a record."""
        self._changes += 1
        if isinstance(record, WorkItem):
            before = self._in_line.pop(record.id, None)
            if before:
                ranks = self._queues[before[0]]
                del ranks[bisect_left(ranks, before[1])]
            self._enter(record)

    def configure(self, centre: ContactCentre) -> None:
        """Go by a policy."""
        if centre is not self._book.centre:
            self._rank(centre)

    def waiting(self, queue: str) -> int:
        """How many wait in a queue."""
        return len(self._queues.get(queue, ()))

    def place(self, item: WorkItem, now: datetime) -> Place:
        """Of an item that waits, or of one that would come now."""
        rank = rank_of(item, self._book.ageing)
        position = 1 + bisect_left(self._queues.get(item.queue, []), rank)
        seconds = 0.0 if item.state is WorkState.OFFERED else self._wait(item, rank, now)
        if seconds is None:
            return Place(position, None)
        return Place(position, round(seconds + self._flow_of(item.queue).answer_seconds))

    def _wait(self, item: WorkItem, rank: Rank, now: datetime) -> float | None:
        asking = self._book.asking(item, micros(now))
        known = self._known
        if known is None or not known.holds(now, self._changes):
            known = self._known = self._look(self._lines(now), now)
        if asking not in known.outlook.lines:
            lines = self._lines(now)
            is_new = asking not in lines
            if is_new:  # somebody who comes now, and whom the next one is not to wait for
                lines[asking] = [rank]
            known = self._look(lines, now)
            if not is_new:
                self._known = known
        return known.outlook.wait(asking, rank)

    def _look(self, lines: dict[Asking, list[Rank]], now: datetime) -> _Known:
        return _Known(outlook(self._pool, lines, self._book, self._flow_of, now), now, self._changes)

    def _lines(self, now: datetime) -> dict[Asking, list[Rank]]:
        at, lines = micros(now), dict[Asking, list[Rank]]()
        for ranks in self._queues.values():
            for rank in ranks:
                item = self._pool.items[rank[3]]
                if item.state is WorkState.WAITING:
                    lines.setdefault(self._book.asking(item, at), []).append(rank)
        return lines

    def _enter(self, item: WorkItem) -> None:
        """Transfers are in no line."""
        if item.state in IN_LINE and item.target_agent is None:
            rank = rank_of(item, self._book.ageing)
            self._in_line[item.id] = (item.queue, rank)
            insort(self._queues.setdefault(item.queue, []), rank)


def place(pool: Pool, item: WorkItem, centre: ContactCentre, flow_of: FlowOf, now: datetime) -> Place:
    """The same, of a pool that is not followed."""
    return Places(pool, centre, flow_of).place(item, now)
