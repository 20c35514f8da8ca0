"""Waiting work, one line for all items that ask for the same; for each crew the lines that it may serve.

A line's slot is its place in the columns of numbers: `heads` holds the key of each line's first item, so that the best
item for an agent is the least of some of them.
"""

from collections import OrderedDict
from collections.abc import Sequence

import numpy as np

from shared.domain.policy import Method
from shared.domain.routing.board import NOWHERE, Board
from shared.domain.routing.line import Entry, Line, Signature, Waiting
from shared.domain.routing.order import NEVER
from shared.domain.routing.roster import Crew, Ints, Roster
from shared.domain.routing.rules import QueueRules

SPARE_LINES = 1024
"""So many empty lines are kept for work that asks for the same again, or as many as there are others."""

YOUNG_MAX = 64
"""So many new lines are looked at besides those that a crew knows, before it goes through all of them."""


class Demand:
    """Lines by signature, and which crew may serve which."""

    def __init__(self, roster: Roster) -> None:
        self._roster = roster
        self._known: dict[object, Signature] = {}
        self._short: dict[object, Signature] = {}
        self._empty: OrderedDict[int, Signature] = OrderedDict()  # the longest empty first, by slot
        self._boards: dict[str, Board] = {}  # by queue
        self._births = 0
        self._reserved: dict[int, dict[int, Line]] = {}  # by agent, by class
        self._signatures: list[Signature] = [_NOBODY]  # by slot
        self._heads: Ints = np.full(256, NEVER, np.int64)
        self._classes: Ints = np.zeros(256, np.int64)

    def add(self, waiting: Waiting) -> None:
        """An item waits in its signature's line."""
        signature = waiting.signature
        line = signature.line
        if line.push((waiting.key, waiting.rank, waiting.serial, waiting)):
            self._heads[signature.slot] = line.key
        if line.live == 1:
            self._empty.pop(signature.slot, None)

    def remove(self, waiting: Waiting) -> None:
        """Its serial is another by now."""
        signature = waiting.signature
        line = signature.line
        if line.left(waiting.key):
            self._heads[signature.slot] = line.key
        if not line.live:
            self._empty[signature.slot] = signature

    def reserve(self, waiting: Waiting, class_: int, agents: Sequence[int]) -> None:
        """An item waits for these agents alone."""
        entry = (waiting.key, waiting.rank, waiting.serial, waiting)
        for index in agents:
            self._reserved.setdefault(index, {}).setdefault(class_, Line()).push(entry)

    def unreserve(self, waiting: Waiting, class_: int, agents: Sequence[int]) -> None:
        """It does no more."""
        for index in agents:
            line = self._reserved[index][class_]
            line.left(waiting.key)
            if not line.live:
                del self._reserved[index][class_]

    def best_for(self, index: int, mask: int, refusals_max: int) -> Entry | None:
        """The first item of all that an agent may take whose mask that is."""
        agent_id = self._roster.ids[index]
        crew = self._roster.crews[index]
        slots = self._slots(crew, index, mask)
        keys = self._heads[slots]
        best: Entry | None = None
        while True:
            place = keys.argmin()
            key = keys.item(place)
            if key == NEVER or (best is not None and key > best[0]):
                break
            signature = self._signatures[slots.item(place)]
            if signature.born <= crew.seen or (
                mask >> signature.class_ & 1 and self._roster.suits(index, signature.queues, signature.asks)
            ):
                best = signature.line.first(agent_id, refusals_max, best)
            keys[place] = NEVER
        if index in self._reserved:
            for class_, line in self._reserved[index].items():
                if mask >> class_ & 1:
                    best = line.first(agent_id, refusals_max, best)
        return best

    def _slots(self, crew: Crew, index: int, mask: int) -> Ints:
        """Of the lines that the crew knows, and of all that have come since on its boards; never none at all."""
        young: list[Ints] = []
        if crew.seen != self._births:
            young = [board.since(crew.seen) for board in crew.boards if board.newest > crew.seen]
            if not crew.boards or sum(map(len, young)) > YOUNG_MAX:
                self._look(crew, index)
                young.clear()
        slots = crew.by_mask.get(mask)
        if slots is None:
            slots = crew.by_mask[mask] = self._roomy(crew, mask)
        return np.concatenate([slots, *young]) if young else slots

    def _look(self, crew: Crew, index: int) -> None:
        """Have a crew know all lines that its queues and skills allow."""
        levels = self._roster.levels_of(index)
        crew.boards = tuple([self._board(queue) for queue in crew.queues])
        crew.slots = np.concatenate([_NO_SLOTS, *[board.fitting(levels) for board in crew.boards]])
        crew.by_mask.clear()
        crew.seen = self._births

    def _roomy(self, crew: Crew, mask: int) -> Ints:
        """Those that it knows whose class is in the mask."""
        fits = np.array([mask >> class_ & 1 for class_ in range(len(self._roster.classes))], np.bool_)
        slots: Ints = crew.slots[fits[self._classes[crew.slots]]]
        return slots if slots.size else _NO_SLOTS

    def signature(self, rules: QueueRules, skills: tuple[str, ...], steps: int, class_: int) -> Signature:
        """Of work of a queue with these skills of its own, after so many relaxation steps."""
        short = (rules.queue, skills, steps, class_)
        known = self._short.get(short)
        if known is not None:
            return known
        asked = rules.asked(skills, steps)
        rows = tuple([(self._roster.skill(need.skill), need.level) for need in asked.needs])
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
                if signature.is_closest or signature.method is Method.BEST_MATCH:
                    self._weigh(signature, found)
            signature.edits = roster.edits
        return signature.eligible

    def _weigh(self, signature: Signature, found: Ints) -> None:
        """How well each of the eligible suits, where their skills say so."""
        levels = [(self._roster.levels(row, found), level) for row, level in signature.rows]
        if signature.is_closest:
            lacking = (np.maximum(level - has, 0) for has, level in levels)
            signature.lacking = sum(lacking, start=np.zeros(found.size, np.int64))
        if signature.method is Method.BEST_MATCH:
            signature.matching = -sum((has for has, _ in levels), start=np.zeros(found.size, np.int64))

    def _settle(self, signature: Signature) -> None:
        """Give a new signature a slot, and put it on the boards of the queues concerned."""
        if len(self._empty) > max(SPARE_LINES, len(self._signatures) // 2):
            slot = self._retire()
            self._signatures[slot] = signature
        else:
            slot = len(self._signatures)
            self._signatures.append(signature)
            if slot >= len(self._heads):
                self._heads = np.concatenate([self._heads, np.zeros_like(self._heads)])
                self._classes = np.concatenate([self._classes, np.zeros_like(self._classes)])
        self._heads[slot], self._classes[slot] = NEVER, signature.class_
        self._empty[slot] = signature
        self._births += 1
        signature.slot, signature.born = slot, self._births
        for queue in signature.queues:
            self._board(queue).add(signature)

    def _retire(self) -> int:
        """The slot of the line that has been empty for the longest; its signature is forgotten."""
        slot, signature = self._empty.popitem(last=False)
        del self._known[signature.key]
        for short in signature.short:
            del self._short[short]
        for board in signature.places:
            board.remove(signature)
        return slot

    def _board(self, queue: str) -> Board:
        board = self._boards.get(queue)
        if board is None:
            board = self._boards[queue] = Board()
        return board


_NO_SLOTS: Ints = np.full(1, NOWHERE, np.int64)
_NOBODY = Signature((), QueueRules("", None), frozenset(), (), 0)
