"""What has become of the conversations of a demo, read back from the host."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

WAIT_BEGINS = ("enqueued", "released", "returned")
WAIT_ENDS = ("accepted", "customerLeft", "timedOut")
TAKEN = ("accepted", "reassigned")


@dataclass(frozen=True)
class Wait:
    """Time in a queue; without an agent it was abandoned."""

    seconds: float
    is_answered: bool
    is_in_time: bool


@dataclass
class Outcome:
    """Everything that the summary shows."""

    by_end: Counter[str] = field(default_factory=Counter)
    waits: list[Wait] = field(default_factory=list)
    handled: Counter[str] = field(default_factory=Counter)
    dispositions: Counter[str] = field(default_factory=Counter)
    sent: int = 0
    received: int = 0
    lost: int = 0
    doubled: int = 0

    @property
    def conversations(self) -> int:
        """All of them."""
        return self.by_end.total()

    @property
    def answered(self) -> list[float]:
        """The waits that ended with an agent, the shortest first."""
        return sorted(wait.seconds for wait in self.waits if wait.is_answered)

    @property
    def abandoned(self) -> int:
        """Waits that the customer gave up."""
        return sum(not wait.is_answered for wait in self.waits)

    @property
    def service_level(self) -> float | None:
        """The share of all waits that an agent ended in time."""
        return sum(wait.is_in_time for wait in self.waits) / len(self.waits) if self.waits else None


def take_in(
    outcome: Outcome, view: Mapping[str, Any], transcript: Sequence[str], acknowledged: Iterable[str],
    limits: Mapping[str, float],
) -> None:  # fmt: skip
    """One conversation: as an agent sees it, the ids of its messages, those that were acknowledged to their senders.

    `limits` are the queues' service levels in seconds.
    """
    conversation, timeline = view["conversation"], view["timeline"]
    outcome.by_end[_end(conversation, timeline)] += 1
    outcome.waits += _waits(timeline, limits.get(conversation["queue"], 0.0))
    outcome.handled.update(event["data"]["agentId"] for event in timeline if event["type"] in TAKEN)
    if conversation["disposition"]:
        outcome.dispositions[conversation["disposition"]] += 1
    found = Counter(transcript)
    for id_ in acknowledged:
        outcome.sent += 1
        outcome.lost += found[id_] == 0
        outcome.doubled += found[id_] > 1


def _end(conversation: Mapping[str, Any], timeline: Sequence[Mapping[str, Any]]) -> str:
    happened = {event["type"] for event in timeline}
    if conversation["status"] != "closed":
        return "still open"
    if happened & set(TAKEN):
        return "handled by an agent"
    return "abandoned in the queue" if "enqueued" in happened else "closed with the bot"


def _waits(timeline: Sequence[Mapping[str, Any]], limit: float) -> list[Wait]:
    waits: list[Wait] = []
    since: datetime | None = None
    for event in timeline:
        at = datetime.fromisoformat(event["at"])
        if event["type"] in WAIT_BEGINS:
            since = at
        elif event["type"] in WAIT_ENDS and since:
            seconds = (at - since).total_seconds()
            is_answered = event["type"] == "accepted"
            waits.append(Wait(seconds, is_answered, is_answered and seconds <= limit))
            since = None
    return waits
