"""How long work will wait: from what is ahead of it, who serves it, and what was seen of its queue so far.

All servers being busy, work leaves the line at the rate of the servers' completions and of those ahead who give up;
work of a higher rank that is still to come takes its share. What is ahead goes one by one (Whitt 1999, "Predicting
queueing delays", for lines with abandonment). A moving average of past waits, as others announce it, knows none of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

HANDLE_SECONDS_DEFAULT = 300.0
WEIGHT = 1 / 32
"""Of the newest observation: about the last fifty count."""
RATE_SECONDS = 900.0
"""Arrivals and departures of about the last quarter of an hour count."""
SHARE_LEAST = 0.1
"""Of the servers' completions that is left to those who wait, however fast others come before them."""


@dataclass(frozen=True, slots=True)
class Flow:
    """What was seen of a queue: seconds, and rates per second as of `at`."""

    handle_seconds: float = HANDLE_SECONDS_DEFAULT
    arrivals: float = 0.0
    abandonments: float = 0.0  # of all who wait, together
    waiting: float = 0.0  # how many waited on average
    at: datetime | None = None

    @property
    def impatience(self) -> float:
        """The rate at which one who waits gives up."""
        return self.abandonments / self.waiting if self.waiting > 0 else 0.0


def handled(flow: Flow, seconds: float) -> Flow:
    """Work was served for so long."""
    return replace(flow, handle_seconds=flow.handle_seconds + (seconds - flow.handle_seconds) * WEIGHT)


def counted(
    flow: Flow, now: datetime, waiting: int, *, arrivals: int = 0, abandonments: int = 0
) -> Flow:  # fmt: skip
    """So many came and gave up just now, while so many waited since the last count."""
    if flow.at is None or now <= flow.at:
        passed, kept = 0.0, 1.0
    else:
        passed = (now - flow.at).total_seconds()
        kept = pow(2.0, -passed / RATE_SECONDS)
    # An event is one spread over the time that counts; what was seen before fades.
    share = (1 - kept) if passed else 0.0
    scale = 0.6931471805599453 / RATE_SECONDS
    return replace(
        flow,
        arrivals=flow.arrivals * kept + arrivals * scale,
        abandonments=flow.abandonments * kept + abandonments * scale,
        waiting=flow.waiting * kept + waiting * share,
        at=now if flow.at is None else max(flow.at, now),
    )


@dataclass(frozen=True, slots=True)
class Line:
    """What stands between work and its answer.

    `ahead` work goes before it, `servers` units serve it when all work is done, `free` of them now; `overtaking` is the
    rate per second of work that will come and go before it.
    """

    ahead: float
    servers: float
    free: float
    overtaking: float = 0.0


def expected_wait(line: Line, flow: Flow) -> float | None:
    """Seconds; None if nobody serves the work."""
    if line.servers <= 0:
        return None
    if line.ahead < line.free:
        return 0.0
    completions = line.servers / max(flow.handle_seconds, 1.0)
    left = max(completions - line.overtaking, completions * SHARE_LEAST)
    seconds, before = 0.0, max(line.ahead - line.free, 0.0)
    # One more than those ahead: the completion that frees a server for this work itself.
    whole = int(before)
    for place in range(whole + 1):
        seconds += 1.0 / (left + place * flow.impatience)
    return seconds + (before - whole) / (left + (whole + 1) * flow.impatience)


@dataclass(frozen=True, slots=True)
class Overlap:
    """How much of each queue's work the servers of one queue would take: 1 for itself, 0 where nobody serves both."""

    shares: Mapping[str, float] = field(default_factory=dict)

    def of(self, queue: str) -> float:
        """The share for a queue."""
        return self.shares.get(queue, 0.0)


def overlap(queue: str, servers: Mapping[str, frozenset[str]]) -> Overlap:
    """From who serves each queue: a queue's work counts by the share of its servers who serve `queue`, too."""
    mine = servers.get(queue, frozenset())
    return Overlap({other: len(mine & theirs) / len(theirs) for other, theirs in servers.items() if mine & theirs})
