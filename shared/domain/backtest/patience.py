"""How long people wait before they leave, from who left and who was answered first (Kaplan and Meier, 1958)."""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from shared.domain.backtest.recording import Arrival


@dataclass(frozen=True, slots=True)
class Patience:
    """The share of people who still wait just after each of some waits (seconds, rising)."""

    waits: tuple[float, ...]
    staying: tuple[float, ...]

    def beyond(self, wait: timedelta, drawn: float) -> timedelta | None:
        """The patience of somebody who has waited for so long; None: longer than anybody was seen to leave.

        `drawn` is a number from 0 to 1 that says who of those they are: 0 leaves first.
        """
        seconds = wait.total_seconds()
        seen = bisect_right(self.waits, seconds)
        now = self.staying[seen - 1] if seen else 1.0
        for leaving, staying in zip(self.waits[seen:], self.staying[seen:], strict=True):
            if staying < now * (1 - drawn):
                return timedelta(seconds=leaving)
        return None


def patience_of(arrivals: Iterable[Arrival]) -> Patience:
    """Estimated from all of them; who was answered has shown to have more than their wait."""
    seen = sorted(
        (span.total_seconds(), arrival.patience is not None)
        for arrival in arrivals
        if (span := arrival.patience or arrival.wait) is not None
    )
    waits: list[float] = []
    staying: list[float] = []
    share, at_risk = 1.0, len(seen)
    for seconds, has_left in seen:
        if has_left:
            share *= (at_risk - 1) / at_risk
            waits.append(seconds)
            staying.append(share)
        at_risk -= 1
    return Patience(tuple(waits), tuple(staying))
