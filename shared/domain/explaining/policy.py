"""What a policy makes of waiting work as time goes by, and why its rules held."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from shared.domain.explaining.voice import Voice
from shared.domain.explaining.words import counted, span
from shared.domain.life import QUEUE_REMOVED
from shared.domain.overflow import CLOSURE
from shared.domain.policy import Need, OverflowKind, OverflowRule
from shared.domain.routing import WorkItem
from shared.domain.routing.order import micros
from shared.domain.routing.rules import Asked, QueueRules

Reason = tuple[str, str]
"""A rule of a queue that held, by the ids of both."""


def asked_of(item: WorkItem, voice: Voice, now: datetime) -> Asked:
    """The queues and skills of which an agent is asked by now."""
    rules = QueueRules(item.queue, voice.centre.queues.get(item.queue))
    return rules.asked(item.skills, rules.stage(item, micros(now)).steps)


def needs_of(item: WorkItem, voice: Voice, now: datetime) -> tuple[Need, ...]:
    """The skills that an item asks for by now."""
    return asked_of(item, voice, now).needs


def began(item: WorkItem) -> datetime:
    """When it began to wait in its queue."""
    return item.queued_at or item.enqueued_at


def relaxed(item: WorkItem, voice: Voice, now: datetime, *, is_waiting: bool = False) -> str:
    """That less is asked for than at first, and since when; nothing if nothing has changed."""
    words = voice.words
    text = words.relaxed_by_now if is_waiting else words.relaxed
    steps = [
        words.relaxed_step.format(span=span(after), what=what)
        for after, what in _steps(item, voice)
        if began(item) + after <= now
    ]
    return text.format(span=span(now - began(item)), steps="; ".join(steps)) if steps else ""


def preferred_for(item: WorkItem, voice: Voice) -> timedelta:
    """How long it is kept for its preferred agents."""
    queue = voice.centre.queues.get(item.queue)
    return queue.preferred_for if queue and item.preferred else timedelta()


def changes_ahead(item: WorkItem, voice: Voice, now: datetime) -> list[tuple[datetime, str]]:
    """What time alone will change for an item that waits, the next first."""
    queue, words = voice.centre.queues.get(item.queue), voice.words
    ahead = [(began(item) + after, what) for after, what in _steps(item, voice)]
    if length := preferred_for(item, voice):
        ahead.append((began(item) + length, words.for_everybody.format(names=voice.agents(item.preferred))))
    # Of the rules that hold after so long only the first counts: the others never come to it.
    rules = queue.overflow if queue and not item.is_promised else ()
    leaving = [(rule.waited, rule) for rule in rules if rule.waited is not None]
    if leaving:
        waited, rule = min(leaving, key=lambda pair: pair[0])
        ahead.append((began(item) + waited, _will(rule, voice)))
    return sorted(change for change in ahead if change[0] > now)


def reasons(path: Sequence[Reason], voice: Voice, closed_by: str | None = None) -> str:
    """Why the rules held, one after the other, that led work from queue to queue."""
    return voice.words.both([_reason(rule, queue, voice, closed_by) for rule, queue in path])


def _reason(rule_id: str, queue_id: str, voice: Voice, closed_by: str | None) -> str:
    words, name = voice.words, voice.queue(queue_id)
    if rule_id == CLOSURE:
        return (words.closed_by if closed_by else words.closed).format(queue=name, name=voice.agent(closed_by))
    if rule_id == QUEUE_REMOVED:
        return words.queue_removed.format(queue=name)
    queue = voice.centre.queues.get(queue_id)
    rule = next((rule for rule in (queue.overflow if queue else ()) if rule.id == rule_id), None)
    if rule is None:
        return words.rule_held.format(rule=rule_id, queue=name)
    return words.by_rule.format(condition=_condition(rule, name, voice), rule=rule_id)


def _condition(rule: OverflowRule, queue: str, voice: Voice) -> str:
    words = voice.words
    parts = []
    if rule.out_of_hours:
        parts.append(words.out_of_hours.format(queue=queue))
    if rule.items_waiting is not None:
        parts.append(counted(words.items_waiting, rule.items_waiting, queue=queue))
    if rule.predicted_wait is not None:
        parts.append(words.predicted_wait.format(queue=queue, span=span(rule.predicted_wait)))
    if rule.waited is not None:
        parts.append(words.waited.format(queue=queue, span=span(rule.waited)))
    return words.both(parts)


def _will(rule: OverflowRule, voice: Voice) -> str:
    texts = {
        OverflowKind.QUEUE: voice.words.will_leave,
        OverflowKind.CALLBACK: voice.words.will_call_back,
        OverflowKind.END: voice.words.will_end,
    }
    return texts[rule.action.kind].format(rule=rule.id, queue=voice.queue(rule.action.queue or ""))


def _steps(item: WorkItem, voice: Voice) -> Iterator[tuple[timedelta, str]]:
    """What each step of relaxation changes for this item; steps that change nothing are left out."""
    queue = voice.centre.queues.get(item.queue)
    rules = QueueRules(item.queue, queue)
    for number, step in enumerate(queue.relaxation if queue else (), 1):
        before, after = rules.asked(item.skills, number - 1), rules.asked(item.skills, number)
        if what := _eased(before, after, voice):
            yield step.after, what


def _eased(before: Asked, after: Asked, voice: Voice) -> str:
    words = voice.words
    levels = {need.skill: need.level for need in after.needs}
    dropped = [voice.skill(need.skill) for need in before.needs if need.skill not in levels]
    parts = [counted(words.no_longer_asked, len(dropped), skills=words.both(dropped))] if dropped else []
    parts += [
        words.enough.format(skill=voice.skill(need.skill), level=levels[need.skill], before=need.level)
        for need in before.needs
        if levels.get(need.skill, need.level) < need.level
    ]
    if more := after.queues - before.queues:
        parts.append(words.may_help.format(queues=voice.queues(more)))
    return words.both(parts)
