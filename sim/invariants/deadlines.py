"""What may be so only for a while: since when each such thing has been, and how long it may last."""

import heapq
from collections.abc import Callable
from dataclasses import dataclass

RECOVERY_SECONDS = 12.0
"""After a fault the contact centre may take this much longer: a sweep rings the dispatchers every 5 s, and a process
counts for 5 s on a doorbell that it has rung."""


@dataclass(frozen=True, slots=True)
class Term:
    """Something that must be over in time."""

    since: float
    due: float
    recovery: float
    invariant: str
    text: Callable[[], str]


class Deadlines:
    """Looks only at what is due: a heap of deadlines, most of which are met before."""

    def __init__(
        self, time: Callable[[], float], disturbed_at: Callable[[], float], fail: Callable[[str, str], None]
    ) -> None:  # fmt: skip
        self._time, self._disturbed_at, self._fail = time, disturbed_at, fail
        self._terms: dict[tuple[str, ...], Term] = {}
        self._heap: list[tuple[float, int, tuple[str, ...], Term]] = []
        self._number = 0

    def set(
        self, key: tuple[str, ...], is_so: bool, invariant: str, seconds: float, text: Callable[[], str],
        recovery: float = RECOVERY_SECONDS,
    ) -> None:  # fmt: skip
        """It is so from now on (or still), or is not any more."""
        if not is_so:
            self._terms.pop(key, None)
        elif key not in self._terms:
            now = self._time()
            term = self._terms[key] = Term(now, now + seconds, recovery, invariant, text)
            self._push(key, term, term.due)

    def renew(
        self, key: tuple[str, ...], is_so: bool, invariant: str, seconds: float, text: Callable[[], str],
        recovery: float = RECOVERY_SECONDS,
    ) -> None:  # fmt: skip
        """As `set`, but the time begins anew."""
        self._terms.pop(key, None)
        self.set(key, is_so, invariant, seconds, text, recovery)

    def end(self, key: tuple[str, ...]) -> None:
        """It is not so any more."""
        self._terms.pop(key, None)

    def check(self) -> None:
        """Complain of what has lasted too long."""
        now = self._time()
        while self._heap and self._heap[0][0] <= now:
            _, _, key, term = heapq.heappop(self._heap)
            if self._terms.get(key) is not term:
                continue
            disturbed = self._disturbed_at()
            due = max(term.due, disturbed + term.recovery) if disturbed >= term.since else term.due
            # A fault shortly before counts as well: it may be its repair that is under way.
            if term.since - term.recovery < disturbed < term.since:
                due = max(due, disturbed + term.recovery)
            if due > now:
                self._push(key, term, due)
            else:
                self._fail(term.invariant, f"{term.text()} since {term.since:.3f}")

    def _push(self, key: tuple[str, ...], term: Term, due: float) -> None:
        self._number += 1
        heapq.heappush(self._heap, (due, self._number, key, term))
