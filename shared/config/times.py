"""The kinds of values in operating hours: times of day, dates, time zones, regions with public holidays."""

import re
from contextlib import suppress
from datetime import date
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from pydantic import PlainValidator, WithJsonSchema

from shared.config.errors import quoted, remedy
from shared.config.values import word
from shared.domain.hours import DAY_MINUTES, Interval

YEARS_BACK, YEARS_AHEAD = 1, 5

_INTERVAL = re.compile(r"([01]\d|2[0-3]):([0-5]\d) *- *(?:([01]\d|2[0-3]):([0-5]\d)|24:00)", re.ASCII)
_ZONE = re.compile(r"UTC|[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+){1,2}")
_COUNTRY = re.compile(r"[A-Z]{2}")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def interval(value: object) -> Interval:
    """Opening and closing time; over midnight if it closes before it opens."""
    found = _INTERVAL.fullmatch(word(value))
    if found is None:
        raise ValueError(f"{quoted(word(value))} is no interval; right ones are '09:00-18:00' and '22:00-02:00'")
    opens = int(found[1]) * 60 + int(found[2])
    closes = int(found[3]) * 60 + int(found[4]) if found[3] else DAY_MINUTES
    if opens == closes:
        raise ValueError(f"{quoted(word(value))} begins when it ends; a whole day is '00:00-24:00'")
    return Interval(opens, closes if closes > opens else closes + DAY_MINUTES)


def day(value: object) -> date:
    """A date."""
    try:
        if _DATE.fullmatch(word(value)):
            return date.fromisoformat(word(value))
    except ValueError:
        pass
    raise ValueError(f"{quoted(word(value))} is no date; a right one is '2026-12-24'")


def time_zone(value: object) -> str:
    """A name of the IANA's time zone database."""
    name = word(value)
    if _ZONE.fullmatch(name):
        with suppress(ZoneInfoNotFoundError, ValueError, OSError):
            ZoneInfo(name)
            return name
    known = [zone for zone in available_timezones() if _ZONE.fullmatch(zone)]
    raise ValueError(f"there is no time zone {quoted(name)}; {remedy(name, known)}")


def region(value: object) -> str:
    """A country, or a part of one, whose public holidays are known."""
    country, _, part = word(value).partition("-")
    # Looked up when a configuration needs it: the library is large, and most processes start without it.
    from holidays import country_holidays, list_supported_countries

    if _COUNTRY.fullmatch(country):
        with suppress(NotImplementedError):
            country_holidays(country, subdiv=part or None)
            return word(value)
    parts = list_supported_countries(include_aliases=False)
    near = remedy(country, parts)
    if country in parts:
        near = remedy(word(value), [f"{country}-{known}" for known in parts[country]] or [country])
    raise ValueError(f"no public holidays are known of {quoted(word(value))}; {near}")


def public_holidays(regions: tuple[str, ...], today: date) -> frozenset[date]:
    """When offices are closed there by law, in the years around today."""
    if not regions:
        return frozenset()
    from holidays import country_holidays

    years = range(today.year - YEARS_BACK, today.year + YEARS_AHEAD + 1)
    found: set[date] = set()
    for one in regions:
        country, _, part = one.partition("-")
        found.update(country_holidays(country, subdiv=part or None, years=years))
    return frozenset(found)


_text = {"type": "string"}
IntervalText = Annotated[
    Interval, PlainValidator(interval), WithJsonSchema(_text | {"examples": ["09:00-18:00"]}, mode="validation")
]
Day = Annotated[date, PlainValidator(day), WithJsonSchema(_text | {"format": "date"}, mode="validation")]
TimeZone = Annotated[
    str, PlainValidator(time_zone), WithJsonSchema(_text | {"examples": ["Europe/Lisbon"]}, mode="validation")
]
Region = Annotated[str, PlainValidator(region), WithJsonSchema(_text | {"examples": ["BR-SP"]}, mode="validation")]
