"""What goes wrong, and when: a plan made before the run, of single faults that can be left out one by one."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from random import Random


class Blow(StrEnum):
    """What happens to one write of the contact centre's processes."""

    CRASH_BEFORE = "crash-before"
    CRASH_AFTER = "crash-after"
    LOST_ANSWER = "lost-answer"


class Mishap(StrEnum):
    """What happens to one message or doorbell on its way, to an activity or to an answer."""

    DUPLICATE = "duplicate"  # delivered twice, one after the other
    TWIN = "twin"  # delivered to a second reader while the first one handles it
    LATE = "late"  # overtaken by those behind it in its session
    LOST_RING = "lost-ring"  # a doorbell of the dispatcher that never arrives
    LOST_BELL = "lost-bell"  # an external event that never arrives
    TWICE = "twice"  # an activity that runs again before its result is reported
    AGAIN = "again"  # an activity that runs again after its result was reported
    LOST_REPLY = "lost-reply"  # an answer that never reaches the customer or the agent
    POISON = "poison"  # a message that nobody can read comes in between


@dataclass(frozen=True, slots=True)
class WriteFault:
    """The write number `at` of the run is hit."""

    at: int
    blow: Blow


@dataclass(frozen=True, slots=True)
class WayFault:
    """The thing number `at` of its sort is hit."""

    at: int
    mishap: Mishap


@dataclass(frozen=True, slots=True)
class Outage:
    """A service refuses a share of all calls for a while."""

    service: str
    begin: float
    seconds: float
    share: float = 1.0


@dataclass(frozen=True, slots=True)
class Throttle:
    """The store takes a while for each call, and refuses what is above a rate (429)."""

    begin: float
    seconds: float
    calls_per_second: float


@dataclass(frozen=True, slots=True)
class Storm:
    """A share of all commits finds that somebody else has just written the same documents (412)."""

    begin: float
    seconds: float
    share: float


@dataclass(frozen=True, slots=True)
class LineCut:
    """An agent's connection is gone for a while."""

    agent: str
    begin: float
    seconds: float


@dataclass(frozen=True, slots=True)
class MuteHeart:
    """An agent's heartbeats are not heard for a while, but everything else that they do is."""

    agent: str
    begin: float
    seconds: float


Fault = WriteFault | WayFault | Outage | Throttle | Storm | LineCut | MuteHeart


class FaultPlan:
    """Counts what happens and says what is hit."""

    def __init__(self, faults: Sequence[Fault], time: Callable[[], float]) -> None:
        self._time = time
        self._blows = {fault.at: fault.blow for fault in faults if isinstance(fault, WriteFault)}
        self._mishaps = {(f.mishap, f.at) for f in faults if isinstance(f, WayFault)}
        self._outages = [fault for fault in faults if isinstance(fault, Outage)]
        self._throttles = [fault for fault in faults if isinstance(fault, Throttle)]
        self._storms = [fault for fault in faults if isinstance(fault, Storm)]
        self._cuts = [fault for fault in faults if isinstance(fault, LineCut)]
        self._mute = [fault for fault in faults if isinstance(fault, MuteHeart)]
        self._calls = 0.0  # above the rate of a throttle
        self._called_at = 0.0
        self._counts: dict[Mishap, int] = {}
        self.writes = 0
        self.disturbed_at = -1e9
        """When a fault last had its way: until the contact centre has repaired that, some promises are suspended."""

    def next_write(self, service: str) -> Blow | None:
        """What happens to the next write."""
        self.writes += 1
        blow = self._blows.get(self.writes)
        if blow:
            self.disturb()
        return blow

    def hits(self, mishap: Mishap) -> bool:
        """Whether this happens to the next thing of its sort."""
        number = self._counts[mishap] = self._counts.get(mishap, 0) + 1
        is_hit = (mishap, number) in self._mishaps
        if is_hit:
            self.disturb()
        return is_hit

    def refuses(self, service: str, chance: Random) -> bool:
        """Whether a service that is away, wholly or in part, refuses this call."""
        if not self._outages:
            return False
        now = self._time()
        for outage in self._outages:
            if outage.service == service and outage.begin <= now < outage.begin + outage.seconds:
                self.disturb()
                return chance.random() < outage.share
        return False

    def throttles(self) -> bool | None:
        """Whether a call of the store is above the rate; None if there is no limit now."""
        now = self._time()
        throttle = next((t for t in self._throttles if t.begin <= now < t.begin + t.seconds), None)
        if throttle is None:
            return None
        self.disturb()
        self._calls = max(0.0, self._calls - (now - self._called_at) * throttle.calls_per_second) + 1
        self._called_at = now
        if self._calls <= throttle.calls_per_second:  # a second's worth may come at once
            return False
        self._calls -= 1  # what is refused does not count
        return True

    def is_overtaken(self, chance: Random) -> bool:
        """Whether somebody else writes the same documents just before a commit."""
        if not self._storms:
            return False
        now = self._time()
        storm = next((s for s in self._storms if s.begin <= now < s.begin + s.seconds), None)
        if storm is None:
            return False
        self.disturb()
        return chance.random() < storm.share

    def is_mute(self, agent: str) -> bool:
        """Whether an agent's heartbeats are lost now."""
        now = self._time()
        return any(mute.agent == agent and mute.begin <= now < mute.begin + mute.seconds for mute in self._mute)

    def is_cut(self, agent: str) -> bool:
        """Whether an agent's connection is gone now."""
        now = self._time()
        return any(cut.agent == agent and cut.begin <= now < cut.begin + cut.seconds for cut in self._cuts)

    def disturb(self) -> None:
        """Something has gone wrong just now."""
        self.disturbed_at = self._time()
