"""A queue's policy, prepared: times in microseconds, needs parsed, relaxation added up step by step."""

from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from shared.domain.centre import QueueProfile
from shared.domain.policy import Match, Method, Need, need
from shared.domain.routing.order import micros, span
from shared.domain.routing.work import WorkItem


class Stage(NamedTuple):
    """What the waiting time amounts to: relaxation steps reached, whether preferred agents alone may take it."""

    steps: int
    is_reserved: bool
    deadline: int | None  # when something changes next, in microseconds; it may be over


@dataclass(frozen=True, slots=True)
class Asked:
    """What an item asks for after some steps: agents of any of these queues with these skills."""

    queues: frozenset[str]
    needs: tuple[Need, ...]


class QueueRules:
    """Of one queue; of none (`profile` None) for work whose queue the policy does not know."""

    def __init__(self, queue: str, profile: QueueProfile | None) -> None:
        self.queue = queue
        self._own = frozenset({queue})
        self.method = profile.method if profile else Method.LONGEST_IDLE
        self.is_closest = profile is not None and profile.match is Match.CLOSEST
        self._skills = tuple(sorted(profile.skills)) if profile else ()
        self._steps = profile.relaxation if profile else ()
        self._afters = [span(step.after) for step in self._steps]
        self._preferred_for = span(profile.preferred_for) if profile else 0
        rules = profile.overflow if profile else ()
        self._overflow = [(span(rule.waited), rule.id) for rule in rules if rule.waited is not None]
        self._leaves_after = min((waited for waited, _ in self._overflow), default=None)
        self._is_timeless = not self._afters and not self._overflow

    def stage(self, item: WorkItem, now: int) -> Stage:
        """How far a waiting item is."""
        if self._is_timeless and (not item.preferred or not self._preferred_for):
            return _START
        began = micros(item.queued_at or item.enqueued_at)
        steps, deadline = 0, None if item.is_promised else self._leaves_after
        for after in self._afters:
            if began + after <= now:
                steps += 1
            elif deadline is None or after < deadline:
                deadline = after
        is_reserved = bool(item.preferred) and now < began + self._preferred_for
        if is_reserved and (deadline is None or self._preferred_for < deadline):
            deadline = self._preferred_for
        return Stage(steps, is_reserved, None if deadline is None else began + deadline)

    def overflow(self, item: WorkItem, now: int) -> str | None:
        """The rule by which a waiting item leaves the queue now; the first that holds."""
        if self._leaves_after is None or item.is_promised:
            return None
        waited = now - micros(item.queued_at or item.enqueued_at)
        return next((rule for after, rule in self._overflow if after <= waited), None)

    def leaves_at(self, item: WorkItem) -> int | None:
        """When the first of those rules holds, in microseconds."""
        if self._leaves_after is None or item.is_promised:
            return None
        return micros(item.queued_at or item.enqueued_at) + self._leaves_after

    def asked(self, skills: tuple[str, ...], steps: int) -> Asked:
        """What an item with these skills of its own asks for after so many steps."""
        wanted: dict[str, Need] = {}
        for each in map(_parsed, skills + self._skills):
            if each.skill not in wanted or wanted[each.skill].level < each.level:
                wanted[each.skill] = each
        if not steps:
            return Asked(self._own, tuple(wanted[skill] for skill in sorted(wanted)))
        levels, queues = {each.skill: each.level for each in wanted.values()}, {self.queue}
        for step in self._steps[:steps]:
            queues |= step.queues
            levels = {
                skill: min(level, step.lower.get(skill, level))
                for skill, level in levels.items() if skill not in step.drop
            }  # fmt: skip
        return Asked(frozenset(queues), tuple(Need(skill, levels[skill]) for skill in sorted(levels)))


_START = Stage(0, False, None)


@lru_cache(maxsize=4096)
def _parsed(text: str) -> Need:
    """What is no skill at all is a need that nobody meets: one bad item must not stop its pool."""
    try:
        return need(text)
    except ValueError:
        return Need(text)
