"""What stands outside of the contact centre's processes and goes on when they die: services, people, the checks."""

from collections.abc import Callable
from contextvars import copy_context
from datetime import UTC, datetime, timedelta
from typing import Any

from sim.loop import GROUP, VirtualLoop

EPOCH = datetime(2026, 3, 2, 8, tzinfo=UTC)


class Outside:
    """Callbacks that belong to no process, and the time."""

    def __init__(self, loop: VirtualLoop) -> None:
        self.loop = loop
        self._context = copy_context()
        self._context.run(GROUP.set, None)
        self._seconds, self._now = 0.0, EPOCH  # the same moment is asked for again and again

    def soon(self, callback: Callable[..., Any], *args: Any) -> None:
        """Call it as soon as possible."""
        self.loop.call_soon(callback, *args, context=self._context)

    def at(self, when: float, callback: Callable[..., Any], *args: Any) -> Any:
        """Call it at a virtual time; a handle to cancel."""
        return self.loop.call_at(when, callback, *args, context=self._context)

    def after(self, seconds: float, callback: Callable[..., Any], *args: Any) -> Any:
        """Call it later; a handle to cancel."""
        return self.at(self.loop.time() + seconds, callback, *args)

    def now(self) -> datetime:
        """The time as the contact centre reads it: in whole milliseconds."""
        seconds = self.loop.time()
        if seconds != self._seconds:
            self._seconds = seconds
            self._now = EPOCH + timedelta(milliseconds=round(seconds * 1_000_000) // 1000)
        return self._now


def seconds_at(moment: datetime) -> float:
    """The virtual time of a moment."""
    return (moment - EPOCH).total_seconds()
