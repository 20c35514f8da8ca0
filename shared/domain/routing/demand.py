"""Waiting work, one line for all items that ask for the same; for each crew the lines that it may serve.

A line's slot is its place in the columns of numbers: `heads` holds the key of each line's first item, so that the best
item for an agent is the least of some of them.
"""

from array import array
from collections import OrderedDict
from collections.abc import Sequence

import numpy as np

from shared.domain.policy import Method
from shared.domain.routing.line import Entry, Line, Signature, Waiting
from shared.domain.routing.order import NEVER
from shared.domain.routing.roster import Crew, Ints, Roster
from shared.domain.routing.rules import QueueRules

SPARE_LINES = 1024
"""So many empty lines are kept for work that asks for the same again, or as many as there are others."""

YOUNG_MAX = 24
"""So many new lines are looked at one by one before a crew's columns take them in."""


class Demand:
    """Lines by signature, and which crew may serve which."""

    def __init__(self, roster: Roster) -> None:
        self._roster = roster
        self._known: dict[object, Signature] = {}
        self._short: dict[object, Signature] = {}
        self._empty: OrderedDict[int, Signature] = OrderedDict()  # the longest empty first, by slot
        self._lines: list[Line] = []
        self._buckets: dict[int, array[int]] = {}  # slots by their rarest skill; 0: of none
        self._births = 0
        self._queue_sets: dict[frozenset[str], int] = {}
        self._serves: dict[frozenset[str], np.ndarray[tuple[int], np.dtype[np.bool_]]] = {}
        self._reserved: dict[int, dict[int, Line]] = {}  # by agent, by class
        self._heads: Ints = np.full(256, NEVER, np.int64)
        self._classes: Ints = np.zeros(256, np.int64)
        self._sets: Ints = np.zeros(256, np.int64)
        self._born: Ints = np.zeros(256, np.int64)  # when each slot was given to its signature
        self._rows: Ints = np.zeros((256, 4), np.int64)
        self._levels = np.zeros((256, 4), np.uint8)

    def add(self, waiting: Waiting) -> None:
        """An item waits in its signature's line."""
        line = waiting.signature.line
        if line.push((waiting.key, waiting.rank, waiting.serial, waiting)):
            self._heads[line.slot] = line.key
        if line.live == 1:
            self._empty.pop(line.slot, None)

    def remove(self, waiting: Waiting) -> None:
        """Its serial is another by now."""
        signature = waiting.signature
        line = signature.line
        if line.left(waiting.key):
            self._heads[line.slot] = line.key
        if not line.live:
            self._empty[line.slot] = signature

    def reserve(self, waiting: Waiting, class_: int, agents: Sequence[int]) -> None:
        """An item waits for these agents alone."""
        entry = (waiting.key, waiting.rank, waiting.serial, waiting)
        for index in agents:
            self._reserved.setdefault(index, {}).setdefault(class_, Line(-1)).push(entry)

    def unreserve(self, waiting: Waiting, class_: int, agents: Sequence[int]) -> None:
        """It does no more."""
        for index in agents:
            line = self._reserved[index][class_]
            line.left(waiting.key)
            if not line.live:
                del self._reserved[index][class_]

    def best_for(self, index: int, mask: int, refusals_max: int) -> Entry | None:
        """The first item of all that an agent may take whose mask that is."""
        agent_id, crew = self._roster.profiles[index].id, self._roster.crews[index]
        best = self._best_in_lines(crew, index, mask, agent_id, refusals_max)
        for class_, line in self._reserved.get(index, _NO_LINES).items():
            if mask >> class_ & 1 and (best is None or line.key <= best[0]):
                entry = line.first(agent_id, refusals_max)
                if entry and (best is None or entry < best):
                    best = entry
        return best

    def _best_in_lines(self, crew: Crew, index: int, mask: int, agent_id: str, refusals_max: int) -> Entry | None:
        slots = self._slots(crew, index, mask)
        best: Entry | None = None
        for signature in crew.young:
            line = signature.line
            if line.live and mask >> signature.class_ & 1 and (best is None or line.key <= best[0]):
                entry = line.first(agent_id, refusals_max)
                if entry and (best is None or entry < best):
                    best = entry
        if not slots.size:
            return best
        keys = self._heads.take(slots)
        while True:
            key = keys[keys.argmin()]
            if key == NEVER or (best is not None and key > best[0]):
                return best
            for place in (keys == key).nonzero()[0].tolist():
                slot = slots[place]
                if self._born[slot] > crew.seen:  # the slot has changed hands
                    self._sync(crew, index)
                    return self._best_in_lines(crew, index, mask, agent_id, refusals_max)
                entry = self._lines[slot].first(agent_id, refusals_max)
                keys[place] = NEVER if entry is None or entry[0] == key else entry[0]
                if entry and (best is None or entry < best):
                    best = entry

    def signature(self, rules: QueueRules, skills: tuple[str, ...], steps: int, class_: int) -> Signature:
        """Of work of a queue with these skills of its own, after so many relaxation steps."""
        short = (rules.queue, skills, steps, class_)
        known = self._short.get(short)
        if known is not None:
            return known
        asked = rules.asked(skills, steps)
        rows = tuple((self._roster.skill(need.skill), need.level) for need in asked.needs)
        key = (rules.queue, asked.queues, rows, class_)
        signature = self._known.get(key)
        if signature is None:
            signature = self._known[key] = Signature(key, rules, asked.queues, rows, class_)
            self._settle(signature)
        signature.short.append(short)
        self._short[short] = signature
        return signature

    def eligible(self, signature: Signature) -> Ints:
        """The agents who may take such work as far as skills and queues go."""
        roster = self._roster
        if signature.edits != roster.edits:
            if signature.edits < roster.last_edit(signature.rows):
                found = signature.eligible = roster.skilled(signature.queues, signature.asks)
                levels = [(roster.levels(row, found), level) for row, level in signature.rows]
                if signature.is_closest:
                    lacking = (np.maximum(level - has, 0) for has, level in levels)
                    signature.lacking = sum(lacking, start=np.zeros(found.size, np.int64))
                if signature.method is Method.BEST_MATCH:
                    signature.matching = -sum((has for has, _ in levels), start=np.zeros(found.size, np.int64))
            signature.edits = roster.edits
        return signature.eligible

    def _settle(self, signature: Signature) -> None:
        """Give a new signature a slot, and let the crews concerned know of it."""
        if len(self._empty) > max(SPARE_LINES, len(self._lines) // 2):
            slot = self._retire()
            self._lines[slot] = signature.line
        else:
            slot = len(self._lines)
            self._lines.append(signature.line)
            if slot >= len(self._heads):
                self._grow()
        signature.line.slot = slot
        self._empty[slot] = signature
        self._describe(signature, slot)
        self._births += 1
        self._born[slot] = self._births
        crews = self._roster.crews
        for crew in {crews[index] for index in self.eligible(signature).tolist()}:
            if crew.slots is not None:
                crew.young.append(signature)

    def _describe(self, signature: Signature, slot: int) -> None:
        asks = signature.asks
        if len(asks) > self._rows.shape[1]:
            wider = ((0, 0), (0, len(asks) - self._rows.shape[1]))
            self._rows, self._levels = np.pad(self._rows, wider), np.pad(self._levels, wider)
        self._heads[slot] = NEVER
        self._classes[slot] = signature.class_
        self._sets[slot] = self._queue_sets.setdefault(signature.queues, len(self._queue_sets))
        self._rows[slot], self._levels[slot] = 0, 0
        if asks:
            self._rows[slot, : len(asks)], self._levels[slot, : len(asks)] = zip(*asks, strict=True)
        signature.bucket = min((row for row, _ in asks), key=self._roster.having.__getitem__, default=0)
        self._buckets.setdefault(signature.bucket, array("q")).append(slot)

    def _retire(self) -> int:
        """The slot of the line that has been empty for the longest; its signature is forgotten."""
        slot, signature = self._empty.popitem(last=False)
        signature.line.slot = -1
        del self._known[signature.key]
        for short in signature.short:
            del self._short[short]
        self._buckets[signature.bucket].remove(slot)
        return slot

    def _grow(self) -> None:
        for name in ("_heads", "_classes", "_sets", "_born", "_rows", "_levels"):
            column = getattr(self, name)
            setattr(self, name, np.concatenate([column, np.zeros_like(column)]))

    def _slots(self, crew: Crew, index: int, mask: int) -> Ints:
        if crew.slots is None or len(crew.young) > YOUNG_MAX:
            self._sync(crew, index)
        slots = crew.by_mask.get(mask)
        if slots is None:
            assert crew.slots is not None  # noqa: S101  # since it was brought up to date
            fits = np.array([mask >> class_ & 1 for class_ in range(len(self._roster.classes))], np.bool_)
            slots = crew.by_mask[mask] = crew.slots[fits.take(self._classes.take(crew.slots))]
        return slots

    def _sync(self, crew: Crew, index: int) -> None:
        """Have a crew's columns take in the lines that came since; at its first look, all lines for its skills."""
        if crew.slots is None:
            rows = {self._roster.skill(name) for name in crew.skills} | {0}
            slots = np.concatenate([_NO_SLOTS, *(np.array(self._buckets[row]) for row in rows if row in self._buckets)])
            levels = self._roster.column(index)
            fits = self._served(crew.queues).take(self._sets.take(slots))
            fits &= (levels.take(self._rows.take(slots, 0)) >= self._levels.take(slots, 0)).all(1)
            crew.slots = slots[fits]
        else:
            kept = crew.slots[self._born.take(crew.slots) <= crew.seen]
            young = [signature.line.slot for signature in crew.young if signature.line.slot >= 0]
            crew.slots = np.concatenate([kept, np.array(young, np.int64)])
        crew.by_mask.clear()
        crew.young.clear()
        crew.seen = self._births

    def _served(self, queues: frozenset[str]) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """Which sets of queues somebody with these queues serves."""
        served = self._serves.get(queues)
        if served is None or len(served) < len(self._queue_sets):
            served = self._serves[queues] = np.array(
                [not queues.isdisjoint(queue_set) for queue_set in self._queue_sets], np.bool_
            )
        return served


_NO_SLOTS: Ints = np.zeros(0, np.int64)
_NO_LINES: dict[int, Line] = {}
