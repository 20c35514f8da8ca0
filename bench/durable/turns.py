"""The conversation's other side: told by the activity that a turn is over, it raises the next event."""

from collections.abc import Callable

from bench.durable.load import TURNS


class Partner:
    """One per process, because activities are plain functions that know nothing of the benchmark."""

    def __init__(self) -> None:
        self._raise: Callable[[str, int], None] | None = None

    def listen(self, raise_event: Callable[[str, int], None]) -> None:
        """`raise_event(instance, turn)` raises an instance's event of that turn."""
        self._raise = raise_event

    def replied(self, instance: str, turn: int) -> None:
        """Called by the activity of a turn, on any thread."""
        if self._raise and turn + 1 < TURNS:
            self._raise(instance, turn + 1)


partner = Partner()
