"""NCRONTAB schedules: six fields, seconds first, all fields must match; or a TimeSpan between runs."""

import re
from datetime import UTC, date, datetime, time, timedelta

from devhost.config import timespan

_RANGES = ((0, 59), (0, 59), (0, 23), (1, 31), (1, 12), (0, 6))
_MONTHS = ("", "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_NAMES = ((), (), (), (), _MONTHS, _WEEKDAYS)
_TERM = re.compile(r"(?:\*|(\w+)(?:-(\w+))?)(?:/(\d+))?", re.ASCII)
_DAYS_MAX = 366 * 41  # a Monday the 29th of February may be 40 years away


class Schedule:
    """When a timer trigger is due. ValueError if the expression is neither NCRONTAB nor a TimeSpan."""

    def __init__(self, expression: str) -> None:
        fields = expression.split()
        self._interval = timedelta(seconds=timespan(expression)) if len(fields) == 1 else None
        if self._interval is not None:
            if not self._interval:
                raise ValueError(f"{expression!r} must be longer than zero")
            return
        if len(fields) not in (5, 6):
            raise ValueError(f"{expression!r} is not an NCRONTAB expression of five or six fields")
        self._expression = expression
        self._fields = [_values(field, position) for position, field in enumerate(["0", *fields][-6:])]
        self.next(datetime.now(UTC))

    def next(self, after: datetime) -> datetime:
        """The first time after the given one."""
        if self._interval:
            return after + self._interval
        start = after.replace(microsecond=0) + timedelta(seconds=1)
        day, earliest = start.date(), (start.hour, start.minute, start.second)
        for _ in range(_DAYS_MAX):
            if self._matches(day) and (found := self._first(earliest)):
                return datetime.combine(day, found, after.tzinfo)
            day, earliest = day + timedelta(days=1), (0, 0, 0)
        raise ValueError(f"{self._expression!r} is never due")

    def _matches(self, day: date) -> bool:
        _, _, _, days, months, weekdays = self._fields
        return day.day in days and day.month in months and day.isoweekday() % 7 in weekdays

    def _first(self, earliest: tuple[int, int, int]) -> time | None:
        """The first time of a day that is not before the given one."""
        seconds, minutes, hours = self._fields[:3]
        for hour in (h for h in hours if h >= earliest[0]):
            for minute in (m for m in minutes if (hour, m) >= earliest[:2]):
                for second in (s for s in seconds if (hour, minute, s) >= earliest):
                    return time(hour, minute, second)
        return None


def _values(field: str, position: int) -> list[int]:
    (low, high), names = _RANGES[position], _NAMES[position]
    found: set[int] = set()
    for term in field.split(","):
        match = _TERM.fullmatch(term)
        if not match:
            raise ValueError(f"{term!r} is not a part of an NCRONTAB field")
        first, last, step = match.groups()
        begin = _number(first, names) if first else low
        end = _number(last, names) if last else begin if first and not step else high
        if not low <= begin <= end <= high or step == "0":
            raise ValueError(f"{term!r} is not a part of an NCRONTAB field with values from {low} to {high}")
        found.update(range(begin, end + 1, int(step or 1)))
    return sorted(found)


def _number(text: str, names: tuple[str, ...]) -> int:
    name = text[:3].lower()
    return names.index(name) if name in names else int(text) if text.isdecimal() else -1
