"""What happens to work before it enters a queue: it enters, goes to another one, is promised a callback, or ends."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from shared.domain.centre import ContactCentre, QueueProfile
from shared.domain.hours import is_open
from shared.domain.policy import OverflowAction, OverflowKind, OverflowRule

CLOSURE = "closure"
"""What the rule is called by which a closed queue turns work away."""


@dataclass(frozen=True, slots=True)
class Figures:
    """A queue at a moment. Nobody works there if the predicted wait is None."""

    items_waiting: int
    predicted_wait: timedelta | None


@dataclass(frozen=True, slots=True)
class Closure:
    """An emergency: the queue takes nothing new until then, and customers are told by locale."""

    closed_until: datetime
    texts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Applied:
    """A rule that held in a queue."""

    queue: str
    rule: OverflowRule


@dataclass(frozen=True, slots=True)
class Entry:
    """Where work comes to, by which rules; unless `kind` is QUEUE, the last of them says how."""

    queue: str
    applied: tuple[Applied, ...] = ()

    @property
    def kind(self) -> OverflowKind:
        """What becomes of it: it waits, with a callback or without, or has ended."""
        return self.applied[-1].rule.action.kind if self.applied else OverflowKind.QUEUE


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What rules are held against. Of queues without figures only the hours count."""

    now: datetime
    figures: Mapping[str, Figures] = field(default_factory=dict)
    closures: Mapping[str, Closure] = field(default_factory=dict)


def entering(centre: ContactCentre, queue: str, around: Surroundings, left: Collection[str] = ()) -> Entry:
    """Follow the rules from a queue. Who comes round to a queue, or to one that was `left` before, waits there."""
    seen, applied = set(left), list[Applied]()
    while queue not in seen:
        seen.add(queue)
        rule = _rule(centre.queues[queue], centre, around)
        if rule is None:
            break
        applied.append(Applied(queue, rule))
        if rule.action.kind is not OverflowKind.QUEUE or rule.action.queue is None:
            break
        queue = rule.action.queue
    return Entry(queue, tuple(applied))


def asks_figures(centre: ContactCentre, queue: str) -> frozenset[str]:
    """The queues whose figures it takes to decide on work that comes to this one."""
    seen, found, ahead = set[str](), set[str](), [queue]
    while ahead:
        at = ahead.pop()
        if at in seen:
            continue
        seen.add(at)
        rules = [rule for rule in centre.queues[at].overflow if rule.waited is None]
        if any(rule.items_waiting is not None or rule.predicted_wait is not None for rule in rules):
            found.add(at)
        ahead += [rule.action.queue for rule in rules if rule.action.queue]
    return frozenset(found)


def _rule(profile: QueueProfile, centre: ContactCentre, around: Surroundings) -> OverflowRule | None:
    """The first rule that holds; a closure goes before all."""
    closure = around.closures.get(profile.id)
    if closure and around.now < closure.closed_until:
        return OverflowRule(CLOSURE, OverflowAction(OverflowKind.END, texts=closure.texts))
    return next((rule for rule in profile.overflow if _holds(rule, profile, centre, around)), None)


def _holds(rule: OverflowRule, profile: QueueProfile, centre: ContactCentre, around: Surroundings) -> bool:
    """Whether all conditions of a rule are true of work that has not entered yet."""
    if rule.waited is not None:
        return False
    figures = around.figures.get(profile.id)
    if figures is None and (rule.items_waiting is not None or rule.predicted_wait is not None):
        return False
    if rule.out_of_hours and not is_closed(profile, centre, around.now):
        return False
    if figures and rule.items_waiting is not None and figures.items_waiting < rule.items_waiting:
        return False
    wait = figures.predicted_wait if figures else None
    return rule.predicted_wait is None or wait is None or wait >= rule.predicted_wait


def is_closed(profile: QueueProfile, centre: ContactCentre, now: datetime) -> bool:
    """Whether it is out of hours in a queue."""
    calendar = centre.calendars.get(profile.hours) if profile.hours else None
    return calendar is not None and not is_open(calendar, now)
