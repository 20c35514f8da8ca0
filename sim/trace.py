"""What happened, line by line: the same bytes for the same seed."""

import hashlib
from collections.abc import Callable


class Trace:
    """Lines with their virtual time. Without `keeps` there are none: a run that fails is repeated to see them."""

    def __init__(self, time: Callable[[], float], keeps: bool) -> None:
        self._time, self.keeps = time, keeps
        self.lines: list[str] = []

    def add(self, who: str, what: str) -> None:
        """Something happened."""
        if self.keeps:
            self.lines.append(f"{self._time():12.6f} {who:<10} {what}")

    def text(self) -> str:
        """All of it."""
        return "\n".join(self.lines) + "\n"

    def digest(self) -> str:
        """A short name for all of it."""
        return hashlib.sha256(self.text().encode()).hexdigest()[:16]
