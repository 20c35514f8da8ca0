"""hours.yaml: calendars of operating hours."""

from itertools import pairwise
from typing import Annotated

from pydantic import AfterValidator, Field

from shared.config.section import LISTED, OR_ONE, Section
from shared.config.times import Day, IntervalText, Region, TimeZone
from shared.config.values import Id, Label
from shared.domain.hours import Interval


def _apart(intervals: list[Interval]) -> list[Interval]:
    if any(later.opens < earlier.closes for earlier, later in pairwise(sorted(intervals))):
        raise ValueError("two of the intervals overlap; write them as one")
    return intervals


Intervals = Annotated[list[IntervalText], LISTED, AfterValidator(_apart), OR_ONE]


class WeekSection(Section):
    """The hours of each day of the week."""

    monday: Intervals = []
    tuesday: Intervals = []
    wednesday: Intervals = []
    thursday: Intervals = []
    friday: Intervals = []
    saturday: Intervals = []
    sunday: Intervals = []


class CalendarSection(Section):
    """Operating hours somewhere."""

    name: Label = Field(examples=["Office hours"])
    time_zone: TimeZone = Field(examples=["Europe/Lisbon"])
    week: WeekSection = WeekSection()
    closed: list[Day] = []
    special: dict[Day, Intervals] = {}
    holidays: Annotated[list[Region], LISTED, OR_ONE] = []


class HoursFile(Section):
    """hours.yaml."""

    calendars: dict[Id, CalendarSection] = {}
