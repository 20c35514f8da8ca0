"""Which rule holds, and what follows from it."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.classification import PREFERRED_MAX, Facts, Route, classify, drawn
from shared.domain.hours import Calendar, Interval
from shared.domain.streams import LAST_AGENT, Condition, Operator, Rule, Stream
from tests.domain.cast import NOW, centre

FACTS = Facts("c1", "chat", "pt-BR", "billing", customer={"id": "zoe", "name": "Zoe"}, context={"tier": "gold"})
DAY = Calendar("day", "Day", "UTC", ((Interval(540, 1080),),) * 7)


def rule(*conditions: Condition, id_: str = "r", **fields: Any) -> Rule:
    """To the queue `care`."""
    given: dict[str, Any] = {"percent": 100, "queues": {"care": 100}, "skills": (), "priority": None}
    return Rule(id_, conditions, **(given | fields))


def routed(*rules: Rule, facts: Facts = FACTS, now: datetime = NOW, preferred: tuple[str, ...] = ()) -> Route:
    streams = {"chat": Stream(rules, preferred)}
    return classify(centre(streams=streams, calendars={"day": DAY}), facts, now)


def test_without_rules_it_is_the_channels_queue() -> None:
    assert routed() == Route("sales", (), None, (), ())
    assert classify(centre(), replace(FACTS, skills=("vip",)), NOW) == Route("sales", ("vip",), None, (), ())


def test_the_first_rule_that_holds_counts() -> None:
    locale = Condition("locale", Operator.STARTS_WITH, ("es",))
    found = routed(
        rule(locale, id_="spanish"),
        rule(id_="gold", queues={"night": 100}, skills=("vip>=3", "vip"), priority=2),
        rule(id_="rest"),
        facts=replace(FACTS, skills=("pt", "vip>=2")),
    )
    assert found == Route("night", ("pt", "vip>=3"), 2, (), ("gold",))


def test_the_bots_queue_wins_but_the_rule_adds_to_it() -> None:
    found = routed(rule(skills=("vip",), priority=2), facts=replace(FACTS, queue="night", skills=("pt",)))
    assert found == Route("night", ("pt", "vip"), 2, (), ("r",))


def test_a_rule_without_a_queue_keeps_the_channels() -> None:
    assert routed(rule(queues={}, priority=7)) == Route("sales", (), 7, (), ("r",))


EQUALS, ONE_OF, EXISTS = Operator.EQUALS, Operator.ONE_OF, Operator.EXISTS
AT_LEAST, STARTS = Operator.AT_LEAST, Operator.STARTS_WITH


@pytest.mark.parametrize(
    ("attribute", "operator", "values", "holds"),
    [
        ("locale", EQUALS, ("pt-BR",), True),
        ("locale", EQUALS, ("pt",), False),
        ("locale", STARTS, ("PT",), True),
        ("topic", ONE_OF, ("order", "billing"), True),
        ("topic", ONE_OF, ("order",), False),
        ("customer.name", EQUALS, ("zoe",), True),
        ("customer.id", STARTS, ("y",), False),
        ("context.tier", EQUALS, ("GOLD",), True),
        ("context.tier", EXISTS, ("true",), True),
        ("context.tier", EXISTS, ("false",), False),
        ("context.nothing", EXISTS, ("false",), True),
        ("context.nothing", EQUALS, ("",), False),
        ("context.empty", EXISTS, ("true",), False),
        ("context.null", EXISTS, ("true",), False),
        ("context.orders", EQUALS, ("12.0",), True),
        ("context.orders", AT_LEAST, ("12",), True),
        ("context.orders", AT_LEAST, ("12.5",), False),
        ("context.written", AT_LEAST, ("12",), True),
        ("context.tier", AT_LEAST, ("1",), False),
        ("context.vip", EQUALS, ("true",), True),
        ("context.vip", AT_LEAST, ("1",), False),
        ("context.list", EQUALS, ("x",), False),
        ("calendar.day", EQUALS, ("open",), True),
        ("calendar.day", EQUALS, ("closed",), False),
        ("calendar.gone", EQUALS, ("closed",), False),
    ],
)
def test_conditions(attribute: str, operator: Operator, values: tuple[str, ...], holds: bool) -> None:
    context = {"tier": "gold", "orders": 12, "written": "12", "vip": True, "list": ["x"], "empty": "", "null": None}
    found = routed(rule(Condition(attribute, operator, values)), facts=replace(FACTS, context=context))
    assert found.rules == (("r",) if holds else ())
    assert found.queue == ("care" if holds else "sales")


def test_all_conditions_must_be_true() -> None:
    tier, topic = Condition("context.tier", EQUALS, ("gold",)), Condition("topic", EQUALS, ("order",))
    assert routed(rule(tier, topic)).rules == ()
    assert routed(rule(tier)).rules == ("r",)


def test_the_calendar_is_read_now() -> None:
    closed = rule(Condition("calendar.day", EQUALS, ("closed",)))
    assert routed(closed).rules == ()
    assert routed(closed, now=NOW + timedelta(hours=9)).rules == ("r",)


IDS = [f"c{number}" for number in range(4_000)]


def test_a_percentage_of_conversations_fall_under_a_rule() -> None:
    held = [routed(rule(percent=20), facts=replace(FACTS, conversation_id=id_)).rules for id_ in IDS]
    assert 0.17 < held.count(("r",)) / len(IDS) < 0.23


def test_shares_are_kept_and_do_not_follow_the_percentage() -> None:
    split = rule(percent=50, queues={"care": 60, "night": 30, "sales": 10})
    found = [routed(split, facts=replace(FACTS, conversation_id=id_)) for id_ in IDS]
    queues = [route.queue for route in found if route.rules]
    for queue, share in split.queues.items():
        assert abs(queues.count(queue) / len(queues) - share / 100) < 0.04


def test_rules_draw_independently() -> None:
    both = sum(drawn(id_, "a", "percent") < 50 and drawn(id_, "b", "percent") < 50 for id_ in IDS)
    assert 0.22 < both / len(IDS) < 0.28


@given(st.text(), st.text(), st.integers(1, 100))
def test_what_is_drawn_stays(conversation: str, name: str, percent: int) -> None:
    assert 0 <= drawn(conversation, name, "queues") < 100
    facts = replace(FACTS, conversation_id=conversation)
    split = rule(id_=name, percent=percent, queues={"care": 50, "night": 50})
    assert routed(split, facts=facts) == routed(split, facts=facts)
    others_before = routed(rule(Condition("topic", EQUALS, ("x",)), id_="new"), split, facts=facts)
    assert others_before == routed(split, facts=facts)


def test_preferred_agents_are_known_ones_each_once() -> None:
    context = {"agents": ["bob", "zed", 3, "alice", "bob"], "one": "charlie"}
    facts = replace(FACTS, context=context, last_agent="alice")
    assert routed(facts=facts, preferred=("context.one", LAST_AGENT)).preferred == ("charlie", "alice")
    assert routed(facts=facts, preferred=("context.agents",)).preferred == ("bob", "alice")
    everybody = routed(facts=facts, preferred=("context.agents", "context.one", LAST_AGENT)).preferred
    assert everybody == ("bob", "alice", "charlie") and len(everybody) == PREFERRED_MAX
    assert routed(facts=FACTS, preferred=("context.nobody", LAST_AGENT)).preferred == ()
