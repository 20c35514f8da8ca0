"""NCRONTAB schedules: six fields, seconds first, all fields must match; or a TimeSpan between runs."""

from datetime import datetime, timedelta

from croniter import croniter

from devhost.config import timespan


class Schedule:
    """When a timer trigger is due. ValueError if the expression is neither NCRONTAB nor a TimeSpan."""

    def __init__(self, expression: str) -> None:
        self._interval: timedelta | None = None
        self._expression = " ".join(expression.split())
        fields = self._expression.split(" ")
        if len(fields) == 1:
            self._interval = timedelta(seconds=timespan(expression))
            if self._interval <= timedelta(0):
                raise ValueError(f"{expression!r} must be longer than zero")
            return
        if len(fields) == 5:
            self._expression = f"0 {self._expression}"
        elif len(fields) != 6:
            raise ValueError(f"{expression!r} is not an NCRONTAB expression of five or six fields")
        if not croniter.is_valid(self._expression, second_at_beginning=True):
            raise ValueError(f"{expression!r} is not a valid NCRONTAB expression")

    def next(self, after: datetime) -> datetime:
        """The first time after the given one."""
        if self._interval:
            return after + self._interval
        found: datetime = croniter(self._expression, after, day_or=False, second_at_beginning=True).get_next(datetime)
        return found
