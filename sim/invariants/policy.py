"""Which policy and which closures are in force, and were of late: from the documents of the container `config`."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.domain.centre import ContactCentre
from shared.ports import Document
from sim.outside import seconds_at

Json = Mapping[str, Any]

LAG_SECONDS = 4.0
"""A process looks every 2 s which policy counts, when somebody asks something of it, and rings the dispatchers then."""
STALE_SECONDS = 10.0
"""No offer is made by a policy that has not counted for so long."""


@dataclass(frozen=True, slots=True)
class Closed:
    """A closure as it was written: what it says, and from when on everybody could know."""

    written_at: float
    until: float


class PolicyInForce:
    """Before the first version is stored it is the one that everybody has begun with."""

    def __init__(
        self, first: ContactCentre, known: Callable[[], Mapping[str, ContactCentre]], time: Callable[[], float]
    ) -> None:  # fmt: skip
        self._known, self._time = known, time
        self._history: list[tuple[float, ContactCentre]] = [(0.0, first)]
        self._closures: dict[str, Closed] = {}
        self.changed_at = -1e9

    @property
    def centre(self) -> ContactCentre:
        """What counts now."""
        return self._history[-1][1]

    def lately(self, seconds: float = STALE_SECONDS) -> list[ContactCentre]:
        """Everything that has counted within this time, the newest first."""
        since, found = self._time() - seconds, []
        for began, centre in reversed(self._history):
            found.append(centre)
            if began <= since:
                break
        return found

    def grace(self) -> float:
        """For so long yet a process may not know what counts."""
        return max(0.0, self.changed_at + LAG_SECONDS - self._time())

    def wrote(self, changes: Sequence[tuple[Document | None, Document]]) -> bool:
        """One batch was committed; whether another policy counts since."""
        is_new = False
        for _, after in changes:
            if after.type == "current" and after.body["version"] != self.centre.version:
                self.changed_at, is_new = self._time(), True
                self._history.append((self._time(), self._known()[after.body["version"]]))
            elif after.type == "closure":
                self._closure(after.body)
        return is_new

    def _closure(self, body: Json) -> None:
        """A message that is changed, or an end, is not another closure."""
        before, until = self._closures.get(body["queue"]), seconds_at(datetime.fromisoformat(body["closed_until"]))
        is_same = before is not None and before.until > self._time()
        written_at = before.written_at if before and is_same else self._time()
        self._closures[body["queue"]] = Closed(written_at, until)

    def is_closed(self, queue: str, entered_at: float) -> bool:
        """Whether a queue is closed now, and was for all to see when somebody entered it."""
        closed = self._closures.get(queue)
        return closed is not None and closed.written_at < entered_at and self._time() < closed.until
