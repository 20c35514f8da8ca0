"""What depends on time, in one heap. Entries that no longer hold are dropped when they come up."""

from collections.abc import Callable
from enum import IntEnum
from heapq import heapify, heappop, heappush


class Due(IntEnum):
    """What is due; of what is due at the same time, this is the order."""

    REVOKED = 0  # an offer whose agent is gone, at once
    OFFER = 1
    HOLD = 2
    ITEM = 3


AT_ONCE = -1
Deadline = tuple[int, Due, str, str | int]
"""Microseconds, kind, id of the offer, agent or item; of a hold its work item, of an item its serial."""

SIZE_MIN = 4096


class Deadlines:
    """`holds` says of an entry whether it still does."""

    def __init__(self, holds: Callable[[Deadline], bool]) -> None:
        self._holds = holds
        self._heap: list[Deadline] = []
        self._clean_at = SIZE_MIN

    def add(self, at: int, due: Due, id_: str, of: str | int = "") -> None:
        """Something is due then."""
        heappush(self._heap, (at, due, id_, of))
        if len(self._heap) > self._clean_at:
            self._heap[:] = [entry for entry in set(self._heap) if self._holds(entry)]
            heapify(self._heap)
            self._clean_at = max(SIZE_MIN, 2 * len(self._heap))

    def due(self, at: int) -> Deadline | None:
        """The first of those whose time has come by then."""
        heap = self._heap
        if not heap or heap[0][0] > at:
            return None
        first = self.first()
        return first if first and first[0] <= at else None

    def first(self) -> Deadline | None:
        """The next one."""
        heap = self._heap
        while heap and not self._holds(heap[0]):
            heappop(heap)
        return heap[0] if heap else None

    def drop_first(self) -> None:
        """It is done."""
        heappop(self._heap)
