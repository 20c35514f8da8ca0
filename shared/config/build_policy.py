"""Makes the routing policy of files that are known to be right: queues, calendars, streams."""

from datetime import date, timedelta

from shared.config.schema_hours import CalendarSection, HoursFile
from shared.config.schema_queues import AnnouncementsSection, DoSection, OverflowSection, QueueSection
from shared.config.schema_streams import ConditionSection, RuleSection, StreamsFile
from shared.config.times import public_holidays
from shared.domain.centre import QueueProfile
from shared.domain.hours import Calendar
from shared.domain.policy import Announcements, OverflowAction, OverflowKind, OverflowRule, Relaxation
from shared.domain.streams import Condition, Operator, Rule, Stream


def queue_profile(id: str, queue: QueueSection) -> QueueProfile:
    """One queue."""
    return QueueProfile(
        id=id,
        name=queue.name,
        pool=queue.pool,
        skills=frozenset(queue.skills),
        priority=queue.priority,
        offer=queue.offer,
        service_level=queue.service_level,
        method=queue.method,
        match=queue.match,
        relaxation=tuple(
            Relaxation(step.after, frozenset(step.drop), dict(step.lower), frozenset(step.queues))
            for step in queue.relaxation
        ),
        preferred_for=queue.preferred_for or timedelta(),
        overflow=tuple(_overflow(rule, number) for number, rule in enumerate(queue.overflow, start=1)),
        wrap_up=queue.wrap_up,
        short_abandon=queue.short_abandon,
        announcements=_announcements(queue.announcements) if queue.announcements else None,
        hours=queue.hours,
        fallback=queue.fallback,
    )


def calendars(file: HoursFile, today: date) -> dict[str, Calendar]:
    """All calendars; public holidays are looked up for the years around today."""
    return {id: _calendar(id, calendar, today) for id, calendar in file.calendars.items()}


def streams(file: StreamsFile) -> dict[str, Stream]:
    """The streams of all channels."""
    return {
        channel: Stream(
            tuple(_rule(rule, number) for number, rule in enumerate(stream.rules, start=1)), tuple(stream.preferred)
        )
        for channel, stream in file.streams.items()
    }


def numbered(id: str | None, number: int) -> str:
    """What a rule is called: its id, else its place among the others."""
    return id or f"rule-{number}"


def _announcements(told: AnnouncementsSection) -> Announcements:
    return Announcements(told.after, told.every, told.most, told.position, told.wait)


def _overflow(rule: OverflowSection, number: int) -> OverflowRule:
    when = rule.when
    return OverflowRule(
        id=numbered(rule.id, number),
        action=_action(rule.do),
        out_of_hours=when.out_of_hours,
        items_waiting=when.items_waiting,
        predicted_wait=when.predicted_wait,
        waited=when.waited,
    )


def _action(do: DoSection) -> OverflowAction:
    kind = OverflowKind.QUEUE if do.queue else OverflowKind.CALLBACK if do.callback else OverflowKind.END
    return OverflowAction(kind, do.queue, {locale: text.format() for locale, text in do.say.items()})


def _calendar(id: str, calendar: CalendarSection, today: date) -> Calendar:
    week = calendar.week
    days = (week.monday, week.tuesday, week.wednesday, week.thursday, week.friday, week.saturday, week.sunday)
    special = {day: tuple(sorted(intervals)) for day, intervals in calendar.special.items()}
    regions = tuple(sorted(set(calendar.holidays)))
    return Calendar(
        id=id,
        name=calendar.name,
        time_zone=calendar.time_zone,
        week=tuple(tuple(sorted(day)) for day in days),
        dates={**dict.fromkeys(calendar.closed, ()), **special},
        regions=regions,
        holidays=public_holidays(regions, today),
    )


def _rule(rule: RuleSection, number: int) -> Rule:
    then = rule.then
    return Rule(
        id=numbered(rule.id, number),
        conditions=tuple(_condition(name, condition) for name, condition in rule.when.items()),
        percent=rule.percent,
        queues=dict(then.queues) or ({then.queue: 100} if then.queue else {}),
        skills=tuple(then.skills),
        priority=then.priority,
    )


def _condition(attribute: str, condition: ConditionSection) -> Condition:
    if condition.one_of is not None:
        return Condition(attribute, Operator.ONE_OF, tuple(condition.one_of))
    if condition.exists is not None:
        return Condition(attribute, Operator.EXISTS, ("true" if condition.exists else "false",))
    if condition.at_least is not None:
        return Condition(attribute, Operator.AT_LEAST, (condition.at_least,))
    if condition.starts_with is not None:
        return Condition(attribute, Operator.STARTS_WITH, (condition.starts_with,))
    return Condition(attribute, Operator.EQUALS, (condition.equals or "",))
