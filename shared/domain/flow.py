"""What is seen of a queue: how fast work comes, how long it takes, how soon those who wait give up. All of it fades."""

from collections.abc import Mapping
from dataclasses import dataclass, field

HALF_LIFE_SECONDS = 900.0
"""Of arrivals and departures: what was a quarter of an hour ago counts half."""
SEEN_SECONDS_MIN = 60.0
"""No rate is told from less than that."""
KEPT = 1 - 1 / 128
"""Of what is known of a duration when another one is seen: about the last two hundred count."""
HANDLE_SECONDS_DEFAULT = 300.0
ANSWER_SECONDS_DEFAULT = 5.0
PRIOR_COUNT = 5.0
"""What is known otherwise counts as much as so many observations."""
PATIENT_SECONDS = 600.0
"""Before anything was seen it counts as so much waiting in which nobody gave up."""
_LN2 = 0.6931471805599453


@dataclass(frozen=True, slots=True)
class Flow:
    """A queue's at a moment. `coming` has arrivals per second by priority."""

    handle_seconds: float = HANDLE_SECONDS_DEFAULT  # that work holds its share of an agent
    answer_seconds: float = 0.0  # from the offer to its acceptance
    impatience: float = 0.0  # the rate at which one who waits gives up
    coming: Mapping[int, float] = field(default_factory=dict)


class Fading:
    """A sum of what happened, by when it did; in whatever order it is told."""

    __slots__ = ("_at", "_sum")

    def __init__(self) -> None:
        self._sum = self._at = 0.0

    def add(self, at: float, amount: float = 1.0) -> None:
        """Something happened; moments are in seconds since 1970."""
        if at >= self._at:
            self._sum, self._at = self._sum * _kept(at - self._at) + amount, at
        else:
            self._sum += amount * _kept(self._at - at)

    def total(self, now: float) -> float:
        """What is left of it."""
        return self._sum * _kept(max(now - self._at, 0.0))


class Mean:
    """The mean of durations."""

    __slots__ = ("_count", "_seconds")

    def __init__(self) -> None:
        self._seconds = self._count = 0.0

    def add(self, seconds: float) -> None:
        """Another one."""
        self._seconds = self._seconds * KEPT + seconds
        self._count = self._count * KEPT + 1

    def add_time(self, seconds: float) -> None:
        """More time that those seen have cost."""
        self._seconds += seconds

    def value(self, otherwise: float) -> float:
        """Drawn towards another value while there are few observations."""
        return (self._seconds + PRIOR_COUNT * otherwise) / (self._count + PRIOR_COUNT)


class Observed:
    """Of one queue, as it is learnt. Moments are in seconds since 1970."""

    def __init__(self) -> None:
        self.handling, self.answering = Mean(), Mean()
        self.waiting = 0  # by now
        self._arrived: dict[int, Fading] = {}
        self._began: float | None = None
        self._gave_up, self._waited, self._counted_at = Fading(), Fading(), 0.0

    def arrived(self, at: float, priority: int) -> None:
        """Work has come."""
        self._began = at if self._began is None else min(self._began, at)
        self._arrived.setdefault(priority, Fading()).add(at)

    def gave_up(self, at: float) -> None:
        """Somebody did, or was sent away: not answered, anyhow."""
        self._gave_up.add(at)

    def wait_changed(self, at: float, by: int) -> None:
        """So many more, or less, wait."""
        if at > self._counted_at:
            if self._counted_at and self.waiting:
                self._waited.add(at, self.waiting * (at - self._counted_at))
            self._counted_at = at
        self.waiting += by

    def impatience(self, now: float) -> float:
        """The rate at which one who waits gives up."""
        since = self.waiting * max(now - self._counted_at, 0.0) if self._counted_at else 0.0
        return self._gave_up.total(now) / (self._waited.total(now) + since + PATIENT_SECONDS)

    def coming(self, now: float) -> dict[int, float]:
        """Arrivals per second by priority; young queues are judged by their age."""
        if self._began is None:
            return {}
        seen = 1 - _kept(max(now - self._began, SEEN_SECONDS_MIN))
        return {
            priority: total * _LN2 / HALF_LIFE_SECONDS / seen
            for priority, arrived in self._arrived.items() if (total := arrived.total(now)) > 0.01
        }  # fmt: skip


def _kept(seconds: float) -> float:
    return float(2.0 ** (-seconds / HALF_LIFE_SECONDS))
