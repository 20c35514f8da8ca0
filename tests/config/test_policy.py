"""What a right routing policy means."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from shared.config.load import load_centre
from shared.config.times import public_holidays
from shared.domain.hours import Calendar, Interval, is_open
from shared.domain.policy import (
    Announcements,
    Blocks,
    Match,
    Method,
    OverflowAction,
    OverflowKind,
    OverflowRule,
    Relaxation,
    WrapUpRule,
)
from shared.domain.streams import Condition, Operator, Rule, Stream
from tests.config.folders import SMALL, edited, load_edited

POLICY = """priority: 50
    method: bestMatch
    match: closest
    hours: day
    fallback: general
    preferredFor: 20 s
    shortAbandon: 3 s
    wrapUp: 30 s
    announcements: {after: 20 s, wait: false}
    relaxation:
      - {after: 30 s, lower: {billing: 2}}
      - {after: 1 min, drop: [billing], queues: [general]}
    overflow:
      - {id: night, when: {outOfHours: true}, do: {queue: general}}
      - when: {itemsWaiting: 20, predictedWait: 10 min}
        do: {callback: true, say: {en: 'We come back to you {{soon}}.'}}
      - when: {waited: 5 min}
        do: {end: true, say: {en: Sorry., pt-BR: Desculpe.}}
"""


def test_a_queue_with_all_there_is(tmp_path: Path) -> None:
    edited(tmp_path, "queues.yaml", "[billing]", "['billing >= 5', billing, en]")
    billing = load_edited(tmp_path, "queues.yaml", "priority: 50\n", POLICY).queues["billing"]
    assert billing.skills == {"billing>=5", "billing", "en"}
    assert (billing.method, billing.match, billing.hours, billing.fallback) == (
        Method.BEST_MATCH, Match.CLOSEST, "day", "general",
    )  # fmt: skip
    assert (billing.preferred_for, billing.short_abandon) == (timedelta(seconds=20), timedelta(seconds=3))
    assert billing.wrap_up == WrapUpRule(Blocks.FOR, timedelta(seconds=30))
    assert billing.announcements == Announcements(timedelta(seconds=20), timedelta(seconds=120), 5, wait=False)
    assert billing.relaxation == (
        Relaxation(timedelta(seconds=30), lower={"billing": 2}),
        Relaxation(timedelta(minutes=1), frozenset({"billing"}), queues=frozenset({"general"})),
    )
    assert billing.overflow == (
        OverflowRule("night", OverflowAction(OverflowKind.QUEUE, "general"), out_of_hours=True),
        OverflowRule(
            "rule-2", OverflowAction(OverflowKind.CALLBACK, texts={"en": "We come back to you {soon}."}),
            items_waiting=20, predicted_wait=timedelta(minutes=10),
        ),
        OverflowRule(
            "rule-3", OverflowAction(OverflowKind.END, texts={"en": "Sorry.", "pt-BR": "Desculpe."}),
            waited=timedelta(minutes=5),
        ),
    )  # fmt: skip


@pytest.mark.parametrize(("written", "meant"), [("always", Blocks.ALWAYS), ("never", Blocks.NEVER)])
def test_wrap_up_in_words(tmp_path: Path, written: str, meant: Blocks) -> None:
    centre = load_edited(tmp_path, "queues.yaml", "priority: 50", f"wrapUp: {written}")
    assert centre.queues["billing"].wrap_up == WrapUpRule(meant)


def test_an_agent_with_levels_and_limits(tmp_path: Path) -> None:
    more = "skills: {en: 10, billing: 5}\n    channels: {chat: 2}\n    locales: [en]\n    timeZone: Europe/Lisbon"
    alice = load_edited(tmp_path, "agents.yaml", "skills: [en, pt]", more).agents["alice"]
    assert (alice.skills, alice.channels) == ({"en": 10, "billing": 5}, {"chat": 2})
    assert (alice.locales, alice.time_zone) == (("en",), "Europe/Lisbon")


def test_ageing(tmp_path: Path) -> None:
    assert load_centre(SMALL).ageing is None
    centre = load_edited(tmp_path, "contact-centre.yaml", "limits:", "ageing: 2 min\nlimits:")
    assert centre.ageing == timedelta(minutes=2)


def test_the_bot_may_ask_for_levels(tmp_path: Path) -> None:
    centre = load_edited(tmp_path, "bots/helper.yaml", "queue: billing", "skills: ['billing >= 3']")
    assert "skills=('billing>=3',)" in repr(centre.bots["helper"].topics[1].steps[1])


def test_calendars() -> None:
    day = load_centre(SMALL).calendars["day"]
    nine_to_six, nine_to_noon, late = Interval(540, 1080), Interval(540, 720), Interval(1320, 1560)
    week = ((nine_to_six,), (), (), (), (nine_to_noon, late), (), ())
    special = {date(2026, 12, 24): (), date(2026, 12, 31): (Interval(600, 720),)}
    assert day == Calendar("day", "By day", "Europe/Lisbon", week, special, ("BR-SP",), day.holidays)
    this_year = datetime.now(UTC).year
    assert date(this_year - 1, 12, 25) in day.holidays
    assert date(this_year + 5, 12, 25) in day.holidays
    assert date(this_year + 6, 12, 25) not in day.holidays


def test_public_holidays_are_those_of_the_region() -> None:
    today = date(2026, 3, 1)
    assert date(2026, 7, 9) in public_holidays(("BR-SP",), today)  # of the state
    assert date(2026, 7, 9) not in public_holidays(("BR",), today)
    assert date(2026, 4, 21) in public_holidays(("BR",), today)
    both = public_holidays(("BR", "PT"), today)
    assert {date(2026, 4, 21), date(2026, 4, 25)} <= both
    assert public_holidays((), today) == frozenset()


def test_a_special_date_wins_over_holidays(tmp_path: Path) -> None:
    calendars = load_edited(tmp_path, "hours.yaml", "2026-12-31:", "2026-12-25:").calendars
    assert is_open(calendars["day"], datetime(2026, 12, 25, 11, tzinfo=UTC))


def test_the_version_is_the_same_next_year(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    version = load_centre(SMALL).version
    monkeypatch.setattr("shared.config.build_policy.public_holidays", lambda *_: frozenset({date(2040, 1, 1)}))
    assert load_centre(SMALL).version == version
    assert load_edited(tmp_path, "hours.yaml", "BR-SP", "BR").version != version


def test_streams(tmp_path: Path) -> None:
    rules = """rules:
      - id: vip
        when:
          locale: {startsWith: pt}
          topic: [billing, order]
          context.orders: {atLeast: 10}
          context.phone: {exists: false}
          calendar.day: open
        then: {queues: {billing: 60, general: 40}, skills: ['billing >= 2']}
      - percent: 5
        then: {queue: billing}
"""
    text = (SMALL / "streams.yaml").read_text(encoding="utf-8")
    written = text[: text.index("rules:")].replace("lastAgent", "[context.agent, lastAgent]") + rules
    assert load_edited(tmp_path, "streams.yaml", None, written).streams == {
        "chat": Stream(
            (
                Rule(
                    "vip",
                    (
                        Condition("locale", Operator.STARTS_WITH, ("pt",)),
                        Condition("topic", Operator.ONE_OF, ("billing", "order")),
                        Condition("context.orders", Operator.AT_LEAST, ("10",)),
                        Condition("context.phone", Operator.EXISTS, ("false",)),
                        Condition("calendar.day", Operator.EQUALS, ("open",)),
                    ),
                    100, {"billing": 60, "general": 40}, ("billing>=2",), None,
                ),
                Rule("rule-2", (), 5, {"billing": 100}, (), None),
            ),
            ("context.agent", "lastAgent"),
        )
    }  # fmt: skip


def test_hours_and_streams_may_be_missing(tmp_path: Path) -> None:
    folder = edited(tmp_path, "queues.yaml", "", "")
    (folder / "hours.yaml").unlink()
    (folder / "streams.yaml").unlink()
    centre = load_centre(folder)
    assert (centre.calendars, centre.streams) == ({}, {})
