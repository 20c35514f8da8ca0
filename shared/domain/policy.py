"""How work is routed, as configured: values only. docs/routing.md says what they mean."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

LEVEL_MAX = 10
_NEED = re.compile(r"(?P<skill>[^<>=\s]+?)\s*(?:>=\s*(?P<level>[0-9]{1,2}))?")


class Method(StrEnum):
    """Whom of those who may take work it suits best."""

    LONGEST_IDLE = "longestIdle"
    ROUND_ROBIN = "roundRobin"
    LEAST_ACTIVE = "leastActive"
    HIGHEST_CAPACITY = "highestCapacity"
    BEST_MATCH = "bestMatch"


class Match(StrEnum):
    """Whether needed skills are asked for, or only preferred."""

    EXACT = "exact"
    CLOSEST = "closest"


@dataclass(frozen=True, slots=True, order=True)
class Need:
    """A skill at a level of 1 to LEVEL_MAX or above; written "billing" or "billing>=5"."""

    skill: str
    level: int = 1

    def __str__(self) -> str:
        return self.skill if self.level == 1 else f"{self.skill}>={self.level}"


def need(text: str) -> Need:
    """The need that is written so; ValueError."""
    found = _NEED.fullmatch(text)
    level = int(found["level"] or 1) if found else 0
    if not found or not 1 <= level <= LEVEL_MAX:
        raise ValueError(f"{text!r} is no skill such as billing or billing>=5")
    return Need(found["skill"], level)


def needs(texts: Iterable[str]) -> tuple[Need, ...]:
    """All of them, each skill once at the highest level asked for, by name."""
    levels: dict[str, int] = {}
    for one in map(need, texts):
        levels[one.skill] = max(one.level, levels.get(one.skill, 0))
    return tuple(Need(skill, levels[skill]) for skill in sorted(levels))


@dataclass(frozen=True, slots=True)
class Relaxation:
    """What work asks for less, or whom it asks besides, once it has waited in its queue for so long."""

    after: timedelta
    drop: frozenset[str] = frozenset()
    lower: Mapping[str, int] = field(default_factory=dict)  # to these levels
    queues: frozenset[str] = frozenset()  # whose agents may help, too


class Blocks(StrEnum):
    """Whether wrap-up holds capacity."""

    ALWAYS = "always"
    NEVER = "never"
    FOR = "for"


@dataclass(frozen=True, slots=True)
class WrapUpRule:
    """How long wrap-up holds an agent's capacity; `lasts` counts only with Blocks.FOR."""

    blocks: Blocks = Blocks.ALWAYS
    lasts: timedelta = timedelta()


@dataclass(frozen=True, slots=True)
class Announcements:
    """When customers who wait are told of it, and what: at most so many times, and only what is news."""

    after: timedelta
    every: timedelta
    most: int
    position: bool = True
    wait: bool = True


class OverflowKind(StrEnum):
    """What happens to work that cannot be served where it is."""

    QUEUE = "queue"  # it goes to another queue, with the time of its first enqueueing
    CALLBACK = "callback"  # the customer is told that we come back to them, and keeps their place
    END = "end"  # the conversation ends with a text


@dataclass(frozen=True, slots=True)
class OverflowAction:
    """What to do: `queue` with OverflowKind.QUEUE; `texts` by locale are said to the customer, if there are any."""

    kind: OverflowKind
    queue: str | None = None
    texts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OverflowRule:
    """When work does not enter a queue, or (with `waited`) leaves it. All conditions that are set must hold.

    Before entering: `out_of_hours`, `items_waiting` (as many or more), `predicted_wait` (as long or longer).
    """

    id: str
    action: OverflowAction
    out_of_hours: bool = False
    items_waiting: int | None = None
    predicted_wait: timedelta | None = None
    waited: timedelta | None = None
