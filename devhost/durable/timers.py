"""Durable timers that are armed: a heap and one callback on the event loop for the earliest."""

import asyncio
import heapq
from collections.abc import Callable

COMPACT_AT = 1000

Timer = tuple[float, int, str, int]


class TimerWheel:
    """Calls `fired(instance, execution, timer)` when a timer's time (Unix seconds) has come."""

    def __init__(self, clock: Callable[[], float], fired: Callable[[int, str, int], None]) -> None:
        self._clock, self._fired = clock, fired
        self._heap: list[Timer] = []
        self._dead: set[tuple[int, str, int]] = set()
        self._handle: asyncio.TimerHandle | None = None
        self._closed = False

    def add(self, fire_at: float, instance: int, execution: str, timer: int) -> None:
        """Arm a timer; one in the past fires at once."""
        heapq.heappush(self._heap, (fire_at, instance, execution, timer))
        if self._heap[0][0] == fire_at:
            self._arm()

    def cancel(self, instance: int, execution: str, timer: int) -> None:
        """Forget a timer. The heap is rebuilt once most of it is dead."""
        self._dead.add((instance, execution, timer))
        if len(self._dead) > COMPACT_AT and len(self._dead) * 2 > len(self._heap):
            self._heap = [item for item in self._heap if item[1:] not in self._dead]
            heapq.heapify(self._heap)
            self._dead.clear()

    def close(self) -> None:
        """Fire nothing any more."""
        self._closed = True
        if self._handle:
            self._handle.cancel()

    def _arm(self) -> None:
        if self._handle:
            self._handle.cancel()
            self._handle = None
        if self._heap and not self._closed:
            delay = max(0.0, self._heap[0][0] - self._clock())
            self._handle = asyncio.get_running_loop().call_later(delay, self._fire)

    def _fire(self) -> None:
        now = self._clock()
        while self._heap and self._heap[0][0] <= now:
            _, instance, execution, timer = heapq.heappop(self._heap)
            identity = (instance, execution, timer)
            if identity in self._dead:
                self._dead.discard(identity)
            else:
                self._fired(*identity)
        self._arm()
