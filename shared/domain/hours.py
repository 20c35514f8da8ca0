"""Operating hours: whether a calendar is open at a moment, and when that changes.

A calendar is open when the clock on the wall there shows an open time. So an hour that daylight saving skips is not
open, and one that it repeats is open twice; an interval over midnight belongs to the day on which it begins.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAY_MINUTES = 1_440
SEARCHED_DAYS_MAX = 370
_DAY, _SECOND = timedelta(days=1), timedelta(seconds=1)
_CLOCK_LOOK = timedelta(hours=3)  # no place changes its clocks back and forth within it


@dataclass(frozen=True, slots=True, order=True)
class Interval:
    """Minutes since the midnight before it opens; one over midnight closes after DAY_MINUTES."""

    opens: int
    closes: int


@dataclass(frozen=True, slots=True)
class Calendar:
    """Opening hours somewhere. What is written for a date counts, else public holidays, else the day of the week."""

    id: str
    name: str
    time_zone: str
    week: tuple[tuple[Interval, ...], ...]  # from Monday to Sunday
    dates: Mapping[date, tuple[Interval, ...]] = field(default_factory=dict)
    regions: tuple[str, ...] = ()  # whose public holidays are closed
    holidays: frozenset[date] = frozenset()  # theirs, for the years around the one in which they were looked up

    def intervals(self, day: date) -> tuple[Interval, ...]:
        """Those that begin on a day."""
        if day in self.dates:
            return self.dates[day]
        return () if day in self.holidays else self.week[day.weekday()]


def is_open(calendar: Calendar, now: datetime) -> bool:
    """Whether it is open at a moment."""
    local = now.astimezone(ZoneInfo(calendar.time_zone))
    minute = local.hour * 60 + local.minute
    today = any(it.opens <= minute < it.closes for it in calendar.intervals(local.date()))
    return today or any(minute + DAY_MINUTES < it.closes for it in calendar.intervals(local.date() - _DAY))


def next_change(calendar: Calendar, now: datetime) -> datetime | None:
    """The next moment at which it opens or closes; None if that is more than a year away."""
    before = is_open(calendar, now)
    first = now.astimezone(ZoneInfo(calendar.time_zone)).date()
    for days in range(SEARCHED_DAYS_MAX):
        later = {moment for moment in _moments(calendar, first + days * _DAY) if moment > now}
        for moment in sorted(later):
            if is_open(calendar, moment) is not before:
                return moment
    return None


def _moments(calendar: Calendar, day: date) -> Iterator[datetime]:
    """When on a day something can change: the bounds of intervals, each as often as clocks show it, and clock changes.

    Those of the day after are of no harm: every day is looked at in its order.
    """
    zone = ZoneInfo(calendar.time_zone)
    minutes = {0} | {bound for it in calendar.intervals(day) for bound in (it.opens, it.closes) if bound < DAY_MINUTES}
    minutes |= {it.closes - DAY_MINUTES for it in calendar.intervals(day - _DAY) if it.closes >= DAY_MINUTES}
    for minute in minutes:
        shown = datetime.combine(day, time(minute // 60, minute % 60), zone)
        for fold in (0, 1):
            yield shown.replace(fold=fold).astimezone(UTC)
    yield from _clock_changes(zone, day)


def _clock_changes(zone: ZoneInfo, day: date) -> Iterator[datetime]:
    """When a place's clocks are changed on a day."""
    at = datetime.combine(day, time(), zone).astimezone(UTC)
    end = datetime.combine(day + _DAY, time(), zone).astimezone(UTC)
    while at < end:
        after = min(at + _CLOCK_LOOK, end)
        if _offset(zone, at) != _offset(zone, after):
            yield _change_between(zone, at, after)
        at = after


def _change_between(zone: ZoneInfo, at: datetime, after: datetime) -> datetime:
    """By bisection, to the second."""
    old = _offset(zone, at)
    while after - at > _SECOND:
        middle = at + timedelta(seconds=(after - at) // _SECOND // 2)
        at, after = (middle, after) if _offset(zone, middle) == old else (at, middle)
    return after


def _offset(zone: ZoneInfo, at: datetime) -> timedelta | None:
    return at.astimezone(zone).utcoffset()
