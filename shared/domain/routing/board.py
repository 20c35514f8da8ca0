"""The lines that a queue's agents may serve, in the order in which they came.

Nobody is told of a new line: an agent who looks for work looks at what has come since.
"""

from bisect import bisect_right
from typing import TYPE_CHECKING

import numpy as np

from shared.domain.routing.roster import Ints, Levels

if TYPE_CHECKING:
    from shared.domain.routing.line import Signature

NOWHERE = 0
"""The slot of no line: nobody ever waits there."""

GONE_MIN = 64
"""So many lines that have gone, or half of all, are left in their places."""

_SKILLS, _LINES = 8, 64


class Board:
    """Signatures as columns of numbers: their slots, and the level of each skill that they ask for."""

    __slots__ = ("_asks", "_births", "_gone", "_numbers", "_rows", "_signatures", "_slots", "newest")

    def __init__(self) -> None:
        self.newest = 0  # the birth of the newest
        self._signatures: list[Signature] = []
        self._births: list[int] = []
        self._gone = 0
        self._numbers: dict[int, int] = {}  # of the roster's rows of skills
        self._rows: Ints = np.zeros(_SKILLS, np.int64)  # by number
        self._slots: Ints = np.full(_LINES, NOWHERE, np.int64)  # by place
        self._asks: Levels = np.zeros((_SKILLS, _LINES), np.uint8)  # levels by number, by place

    def add(self, signature: "Signature") -> None:
        """A signature that has its slot by now, newer than all others."""
        place = len(self._signatures)
        self._signatures.append(signature)
        self._births.append(signature.born)
        signature.places[self] = place
        self.newest = signature.born
        if place == len(self._slots):
            more = (0, max(place, _LINES))
            self._slots, self._asks = np.pad(self._slots, more), np.pad(self._asks, ((0, 0), more))
        self._slots[place] = signature.slot
        for row, level in signature.asks:
            number = self._number(row)
            self._asks[number, place] = level

    def remove(self, signature: "Signature") -> None:
        """It has lost its slot."""
        self._slots[signature.places[self]] = NOWHERE
        self._gone += 1
        if self._gone > max(GONE_MIN, len(self._signatures) // 2):
            self._close_up()

    def fitting(self, levels: Levels) -> Ints:
        """The slots of what asks for no more than these levels, by the roster's rows of skills."""
        asks = self._asks[:, : len(self._signatures)]
        fits = np.logical_and.reduce(asks <= levels[self._rows][:, None])
        slots: Ints = self._slots[: len(fits)][fits]
        return slots

    def since(self, birth: int) -> Ints:
        """The slots of what is newer than that."""
        return self._slots[bisect_right(self._births, birth) : len(self._signatures)]

    def _close_up(self) -> None:
        kept = self._slots[: len(self._signatures)].nonzero()[0]
        self._slots, self._asks, self._gone = self._slots[kept], self._asks[:, kept], 0
        self._births = [self._births[place] for place in kept.tolist()]
        self._signatures = [self._signatures[place] for place in kept.tolist()]
        for place, signature in enumerate(self._signatures):
            signature.places[self] = place

    def _number(self, row: int) -> int:
        """Of a skill among those that any line has asked for."""
        number = self._numbers.get(row)
        if number is None:
            number = self._numbers[row] = len(self._numbers)
            if number == len(self._rows):
                self._rows = np.pad(self._rows, (0, number))
                self._asks = np.pad(self._asks, ((0, number), (0, 0)))
            self._rows[number] = row
        return number
