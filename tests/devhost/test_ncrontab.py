"""NCRONTAB schedules against a table of known times and against a matcher that tries every second."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devhost.ncrontab import Schedule

RANGES = ((0, 59), (0, 59), (0, 23), (1, 31), (1, 12), (0, 6))
WINDOW = timedelta(minutes=70)
START = "2025-03-01 00:00:00"  # a Saturday


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("expression", "after", "expected"),
    [
        ("*/5 * * * * *", START, "2025-03-01 00:00:05"),
        ("5/15 * * * * *", "2025-03-01 00:00:05", "2025-03-01 00:00:20"),
        ("0 */5 * * * *", "2025-03-01 23:57:00", "2025-03-02 00:00:00"),
        ("*/5 * * * *", START, "2025-03-01 00:05:00"),
        ("0 0 3 * * *", "2025-02-28 03:00:00", "2025-03-01 03:00:00"),
        ("0 30 9 * * 1-5", START, "2025-03-03 09:30:00"),
        ("0 30 9 * * Mon-Fri", START, "2025-03-03 09:30:00"),
        ("0 30 9 * January,jul Mon", START, "2025-07-07 09:30:00"),
        ("0 0 0 13 * 5", START, "2025-06-13 00:00:00"),
        ("0 0 0 29 2 *", START, "2028-02-29 00:00:00"),
        ("0 0 0 29 2 Mon", START, "2044-02-29 00:00:00"),
        ("0 0 0 31 * *", "2025-03-31 00:00:00", "2025-05-31 00:00:00"),
        ("0,30 1-5/2 10-10 * * *", START, "2025-03-01 10:01:00"),
        ("  0   0 3  * * *", START, "2025-03-01 03:00:00"),
        ("* * * * * *", "2025-12-31 23:59:59", "2026-01-01 00:00:00"),
        ("* * * * * *", "2025-03-01 00:00:00.999999", "2025-03-01 00:00:01"),
        ("00:05:00", "2025-03-01 00:00:01", "2025-03-01 00:05:01"),
        ("1.00:00:00", START, "2025-03-02 00:00:00"),
    ],
)
def test_the_next_time(expression: str, after: str, expected: str) -> None:
    assert Schedule(expression).next(at(after)) == at(expected)


@pytest.mark.parametrize(
    "expression",
    [
        "", "soon", "@daily", "* * * *", "* * * * * * *", "60 * * * * *", "0 0 24 * * *", "0 0 0 0 * *", "0 0 0 * 13 *",
        "0 0 0 * * 7", "0 0 0 * * 5#2", "0 0 0 L * *", "0 0 0 ? * *", "R * * * * *", "0 0 5-3 * * *", "*/0 * * * * *",
        "-1 * * * * *", "1- * * * * *", "1,,2 * * * * *", "0 0 0 30 2 *", "0 0 0 * Foo *", "00:00:00", "25:00:00",
    ],
)  # fmt: skip
def test_what_is_no_schedule_is_refused(expression: str) -> None:
    with pytest.raises(ValueError, match=r"NCRONTAB|time span|longer than zero|never due"):
        Schedule(expression)


@st.composite
def terms(draw: st.DrawFn, low: int, high: int) -> tuple[str, frozenset[int]]:
    """A part of a field, with the values that it means."""
    begin = draw(st.integers(low, high))
    end = draw(st.integers(begin, high))
    step = draw(st.integers(1, high))
    return draw(
        st.sampled_from([
            ("*", frozenset(range(low, high + 1))),
            (f"*/{step}", frozenset(range(low, high + 1, step))),
            (f"{begin}", frozenset([begin])),
            (f"{begin}/{step}", frozenset(range(begin, high + 1, step))),
            (f"{begin}-{end}", frozenset(range(begin, end + 1))),
            (f"{begin}-{end}/{step}", frozenset(range(begin, end + 1, step))),
        ])
    )  # fmt: skip


@st.composite
def fields(draw: st.DrawFn, position: int) -> tuple[str, frozenset[int]]:
    """A field, with the values that it means."""
    parts = draw(st.lists(terms(*RANGES[position]), min_size=1, max_size=2))
    return ",".join(text for text, _ in parts), frozenset().union(*(values for _, values in parts))


def first_match(values: list[frozenset[int]], after: datetime) -> datetime | None:
    """Every second of the window, one after the other."""
    moment = after.replace(microsecond=0)
    while moment < after + WINDOW:
        moment += timedelta(seconds=1)
        parts = (moment.second, moment.minute, moment.hour, moment.day, moment.month, moment.isoweekday() % 7)
        if all(part in allowed for part, allowed in zip(parts, values, strict=True)):
            return moment
    return None


@given(
    st.tuples(*(fields(position) for position in range(6))),
    st.datetimes(datetime(2024, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC)),  # noqa: DTZ001  # by the next
)
def test_all_fields_must_match(drawn: tuple[tuple[str, frozenset[int]], ...], after: datetime) -> None:
    values = [allowed for _, allowed in drawn]
    try:
        found = Schedule(" ".join(text for text, _ in drawn)).next(after)
    except ValueError:
        assert max(values[3] | {0}) >= 29  # such as the 30th of February
        assert min(values[3]) >= 29
        return
    expected = first_match(values, after)
    assert found == expected if expected else found > after + WINDOW - timedelta(seconds=1)
    assert (found.day in values[3], found.month in values[4], found.isoweekday() % 7 in values[5]) == (True,) * 3
