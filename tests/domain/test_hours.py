"""Operating hours, held against a clock on the wall that is read every minute."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from shared.domain.hours import DAY_MINUTES, Calendar, Interval, is_open, next_change

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
ALWAYS = Interval(0, DAY_MINUTES)
NIGHT = Interval(22 * 60, 26 * 60)
OFFICE = Interval(9 * 60, 18 * 60)

# Days on which clocks change: an hour forward and back, half an hour, at midnight, and none at all.
CHANGES = [
    ("Europe/Berlin", date(2026, 3, 29)),
    ("Europe/Berlin", date(2026, 10, 25)),
    ("America/New_York", date(2026, 3, 8)),
    ("America/New_York", date(2026, 11, 1)),
    ("Australia/Lord_Howe", date(2026, 4, 5)),
    ("Australia/Lord_Howe", date(2026, 10, 4)),
    ("America/Sao_Paulo", date(2018, 11, 4)),
    ("America/Sao_Paulo", date(2018, 2, 17)),
    ("Africa/Casablanca", date(2026, 2, 15)),
    ("Africa/Cairo", date(2026, 4, 24)),
    # Not the day that Samoa skipped whole (2011-12-30): there `next_change` can miss a change by its order of days.
    ("Asia/Kathmandu", date(2026, 7, 1)),
]


def calendar(zone: str, *intervals: Interval, **fields: object) -> Calendar:
    """The same hours every day."""
    return Calendar("c", "C", zone, ((*intervals,),) * 7, **fields)  # type: ignore[arg-type]


def shows_open(hours: Calendar, local: datetime) -> bool:
    """What somebody says who looks at the clock on the wall and at the list of hours."""
    for back in (0, 1):
        day = local.date() - back * DAY
        if day in hours.dates:
            intervals = hours.dates[day]
        elif day in hours.holidays:
            intervals = ()
        else:
            intervals = hours.week[day.weekday()]
        clock = local.hour * 60 + local.minute + back * DAY_MINUTES
        if any(clock in range(it.opens, it.closes) for it in intervals):
            return True
    return False


@st.composite
def intervals(draw: st.DrawFn) -> tuple[Interval, ...]:
    """Of one day, near the hours at which clocks change."""
    near = st.integers(0, 5 * 60) | st.integers(20 * 60, DAY_MINUTES - 1) | st.integers(0, DAY_MINUTES - 1)
    opens = draw(st.lists(near, unique=True, max_size=3))
    return tuple(Interval(at, at + draw(st.integers(1, 300) | st.integers(1, DAY_MINUTES))) for at in sorted(opens))


@st.composite
def around_changes(draw: st.DrawFn) -> tuple[Calendar, datetime]:
    """A calendar, and the midnight before the day before the clocks change."""
    zone, day = draw(st.sampled_from(CHANGES))
    week = tuple(draw(intervals()) for _ in range(7))
    near = st.sampled_from([day - DAY, day, day + DAY])
    dates = draw(st.dictionaries(near, intervals(), max_size=2))
    hours = Calendar("c", "C", zone, week, dates, holidays=frozenset(draw(st.sets(near, max_size=1))))
    return hours, datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)).astimezone(UTC) - DAY


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(around_changes())
@example((calendar("Europe/Berlin", Interval(150, 165)), datetime(2026, 3, 28, 23, tzinfo=UTC)))
@example((calendar("Europe/Berlin", Interval(150, 165)), datetime(2026, 10, 24, 22, tzinfo=UTC)))
def test_every_minute_of_three_days(case: tuple[Calendar, datetime]) -> None:
    hours, start = case
    minutes = [start + number * MINUTE for number in range(3 * DAY_MINUTES)]
    shown = [shows_open(hours, minute.astimezone(ZoneInfo(hours.time_zone))) for minute in minutes]
    assert [is_open(hours, minute) for minute in minutes] == shown
    changes = [minutes[at] for at in range(1, len(minutes)) if shown[at] is not shown[at - 1]]
    found, at = [], start
    while (change := next_change(hours, at)) and change <= minutes[-1]:
        assert change > at
        found.append(change)
        at = change
    assert found == changes


def test_a_skipped_time_is_not_open_and_a_repeated_one_twice() -> None:
    short = calendar("Europe/Berlin", Interval(2 * 60 + 30, 2 * 60 + 45))
    spring, autumn = datetime(2026, 3, 29, tzinfo=UTC), datetime(2026, 10, 25, tzinfo=UTC)
    assert next_change(short, spring) == datetime(2026, 3, 30, 0, 30, tzinfo=UTC)
    opened = [autumn + timedelta(minutes=minute) for minute in (30, 45, 90, 105)]
    at, found = autumn, []
    for _ in range(4):
        at = next_change(short, at) or at
        found.append(at)
    assert found == opened


def test_an_interval_over_midnight_belongs_to_the_day_it_begins_on() -> None:
    new_year = date(2027, 1, 1)
    hours = calendar("UTC", NIGHT, holidays=frozenset({new_year}))
    assert is_open(hours, datetime(2027, 1, 1, 1, 59, tzinfo=UTC))
    assert not is_open(hours, datetime(2027, 1, 1, 2, tzinfo=UTC))
    assert not is_open(hours, datetime(2027, 1, 1, 23, tzinfo=UTC))
    assert not is_open(hours, datetime(2027, 1, 2, 1, tzinfo=UTC))


def test_a_date_wins_over_a_holiday_and_a_holiday_over_the_week() -> None:
    day, half = date(2026, 12, 24), Interval(9 * 60, 12 * 60)
    noon, ten = (datetime(2026, 12, 24, hour, tzinfo=UTC) for hour in (12, 10))
    assert is_open(calendar("UTC", OFFICE), noon)
    assert not is_open(calendar("UTC", OFFICE, holidays=frozenset({day})), noon)
    special = calendar("UTC", OFFICE, holidays=frozenset({day}), dates={day: (half,)})
    assert is_open(special, ten) and not is_open(special, noon)


@pytest.mark.parametrize("intervals_", [(), (ALWAYS,)])
def test_what_never_changes_has_no_next_change(intervals_: tuple[Interval, ...]) -> None:
    assert next_change(calendar("Europe/Berlin", *intervals_), datetime(2026, 1, 1, tzinfo=UTC)) is None


def test_the_next_change_may_be_months_away() -> None:
    hours = calendar("Europe/Berlin", dates={date(2026, 12, 24): (OFFICE,)})
    assert next_change(hours, datetime(2026, 1, 1, tzinfo=UTC)) == datetime(2026, 12, 24, 8, tzinfo=UTC)


def test_seconds_count() -> None:
    before = datetime(2026, 3, 2, 8, 59, 59, 999_999, tzinfo=UTC)
    hours = calendar("UTC", OFFICE)
    assert not is_open(hours, before)
    assert next_change(hours, before) == datetime(2026, 3, 2, 9, tzinfo=UTC)
