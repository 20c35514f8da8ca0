"""Waiting items, what they ask for, and their lines: heaps from which items are removed lazily."""

from heapq import heapify, heappop, heappush

from shared.domain.routing.board import Board
from shared.domain.routing.order import NEVER, Rank
from shared.domain.routing.roster import Ints, Rows
from shared.domain.routing.rules import QueueRules
from shared.domain.routing.work import WorkItem

DEAD_MIN = 64


class Waiting:
    """An item that waits. Each time it is placed it gets a new `serial`; entries with an older one are dead."""

    __slots__ = ("is_reserved", "item", "key", "rank", "serial", "signature")

    def __init__(self, item: WorkItem, rank: Rank, key: int) -> None:
        self.item, self.rank, self.key = item, rank, key
        self.serial = 0
        self.is_reserved = False
        self.signature: Signature


Entry = tuple[int, Rank, int, Waiting]
"""Packed key, rank, serial, item; the serial is unique, so that items are never compared."""


class Line:
    """Entries in order. `key` is the head's, NEVER if nobody is in line."""

    __slots__ = ("_entries", "key", "live")

    def __init__(self) -> None:
        self._entries: list[Entry] = []
        self.key, self.live = NEVER, 0

    def push(self, entry: Entry) -> bool:
        """True if the head has changed."""
        heappush(self._entries, entry)
        self.live += 1
        if entry[0] >= self.key:
            return False
        self.key = entry[0]
        return True

    def left(self, key: int) -> bool:
        """An entry with that key has died; True if the head has changed."""
        self.live -= 1
        entries = self._entries
        if key == self.key:
            while entries and entries[0][3].serial != entries[0][2]:
                heappop(entries)
            self.key = entries[0][0] if entries else NEVER
            return self.key != key
        if len(entries) > 2 * self.live + DEAD_MIN:
            entries[:] = [entry for entry in entries if entry[3].serial == entry[2]]
            heapify(entries)
        return False

    def first(self, agent_id: str, refusals_max: int, best: Entry | None = None) -> Entry | None:
        """The first live entry that the agent is not barred from by refusals, if it comes before `best`."""
        entries = self._entries
        skipped: list[Entry] = []
        while entries:
            entry = entries[0]
            if best is not None and best < entry:
                break
            waiting = entry[3]
            if waiting.serial == entry[2]:
                refusals = waiting.item.refusals
                if not refusals or refusals.get(agent_id, 0) < refusals_max:
                    best = entry
                    break
                skipped.append(entry)
            heappop(entries)
        for entry in skipped:
            heappush(entries, entry)
        return best


class Signature:
    """What some items ask for in common, their line, and who may take them (as of the roster's edit `edits`).

    `slot` is the line's place in the demand's columns, `born` counts the signatures that have been given one.
    """

    __slots__ = (
        "asks", "born", "class_", "edits", "eligible", "is_closest", "key", "lacking", "line", "matching", "method",
        "nobody", "places", "queue", "queues", "rows", "short", "slot",
    )  # fmt: skip

    def __init__(self, key: object, rules: QueueRules, queues: frozenset[str], rows: Rows, class_: int) -> None:
        self.key, self.queue, self.method, self.is_closest = key, rules.queue, rules.method, rules.is_closest
        self.queues, self.rows, self.class_ = queues, rows, class_
        self.asks: Rows = () if rules.is_closest else rows  # what eligibility takes
        self.edits, self.nobody = -1, -1
        self.line = Line()
        self.slot, self.born = 0, 0
        self.places: dict[Board, int] = {}
        self.short: list[object] = []  # how work that asks for this may be written
        self.eligible: Ints
        self.lacking: Ints | None = None
        self.matching: Ints | None = None
