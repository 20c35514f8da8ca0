"""What becomes of work that is about to enter a queue."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.centre import ContactCentre
from shared.domain.overflow import CLOSURE, Closure, Entry, Figures, Surroundings, asks_figures, entering
from shared.domain.policy import OverflowKind, OverflowRule
from tests.domain.cast import CENTRE, DAY_TIME, MINUTE, NOW, at, queue, rule

EVENING = at(10 * 3600)
BUSY, QUIET, NOBODY = Figures(20, 10 * MINUTE), Figures(2, timedelta()), Figures(0, None)


def centre(**overflow: tuple[OverflowRule, ...]) -> ContactCentre:
    """The queues `sales`, `care` and `night`, all with hours, with these rules."""
    queues = {id_: replace(CENTRE.queues[id_], overflow=overflow.get(id_, ()), hours="day") for id_ in CENTRE.queues}
    return replace(CENTRE, queues=queues, calendars={"day": DAY_TIME})


def path(entry: Entry) -> list[tuple[str, str]]:
    return [(applied.queue, applied.rule.id) for applied in entry.applied]


@pytest.mark.parametrize(
    ("when", "now", "figures", "holds"),
    [
        ({"out_of_hours": True}, NOW, {}, False),
        ({"out_of_hours": True}, EVENING, {}, True),
        ({"items_waiting": 20}, NOW, {"sales": BUSY}, True),
        ({"items_waiting": 21}, NOW, {"sales": BUSY}, False),
        ({"items_waiting": 1}, NOW, {"care": BUSY}, False),
        ({"predicted_wait": 10 * MINUTE}, NOW, {"sales": BUSY}, True),
        ({"predicted_wait": 11 * MINUTE}, NOW, {"sales": BUSY}, False),
        ({"predicted_wait": 11 * MINUTE}, NOW, {"sales": NOBODY}, True),
        ({"predicted_wait": MINUTE}, NOW, {}, False),
        ({"items_waiting": 20, "predicted_wait": MINUTE}, NOW, {"sales": BUSY}, True),
        ({"items_waiting": 2, "predicted_wait": MINUTE}, NOW, {"sales": QUIET}, False),
        ({"items_waiting": 20, "out_of_hours": True}, NOW, {"sales": BUSY}, False),
        ({"waited": MINUTE}, EVENING, {"sales": BUSY}, False),
    ],
)
def test_conditions(when: dict[str, Any], now: Any, figures: dict[str, Figures], holds: bool) -> None:
    entry = entering(centre(sales=(rule("r", "care", **when),)), "sales", Surroundings(now, figures))
    assert entry.queue == ("care" if holds else "sales")
    assert path(entry) == ([("sales", "r")] if holds else [])
    assert entry.kind is OverflowKind.QUEUE


def test_a_queue_without_hours_is_never_closed() -> None:
    night = replace(CENTRE.queues["night"], overflow=(rule("r", "care", out_of_hours=True),))
    open_ = replace(CENTRE, queues={**CENTRE.queues, "night": night})
    assert entering(open_, "night", Surroundings(EVENING)) == Entry("night")


def test_the_first_rule_that_holds_counts() -> None:
    rules = (rule("full", "care", items_waiting=99), rule("late", says="Later.", out_of_hours=True), rule("x", "care"))
    entry = entering(centre(sales=rules), "sales", Surroundings(EVENING, {"sales": BUSY}))
    assert (path(entry), entry.queue, entry.kind) == ([("sales", "late")], "sales", OverflowKind.CALLBACK)


def test_rules_are_followed_from_queue_to_queue() -> None:
    rules = centre(
        sales=(rule("1", "care", out_of_hours=True),),
        care=(rule("2", "night", out_of_hours=True),),
        night=(rule("3", says="Bye.", ends=True, out_of_hours=True),),
    )
    entry = entering(rules, "sales", Surroundings(EVENING))
    assert (path(entry), entry.queue, entry.kind) == (
        [("sales", "1"), ("care", "2"), ("night", "3")], "night", OverflowKind.END,
    )  # fmt: skip


def test_who_comes_round_waits_there() -> None:
    round_ = centre(sales=(rule("1", "care", out_of_hours=True),), care=(rule("2", "sales", out_of_hours=True),))
    entry = entering(round_, "sales", Surroundings(EVENING))
    assert (entry.queue, path(entry), entry.kind) == ("sales", [("sales", "1"), ("care", "2")], OverflowKind.QUEUE)
    back = entering(round_, "care", Surroundings(EVENING), left=("sales",))
    assert (back.queue, path(back)) == ("sales", [("care", "2")])


def test_a_closure_is_an_end_until_it_is_over() -> None:
    closures = {"sales": Closure(at(60), {"en": "Fire alarm."})}
    rules = centre(sales=(rule("late", "care", out_of_hours=True),), night=(rule("1", "sales", out_of_hours=True),))
    entry = entering(rules, "sales", Surroundings(NOW, closures=closures))
    assert (path(entry), entry.kind, entry.queue) == ([("sales", CLOSURE)], OverflowKind.END, "sales")
    assert entry.applied[0].rule.action.texts == {"en": "Fire alarm."}
    assert entering(rules, "sales", Surroundings(at(60), closures=closures)) == Entry("sales")
    assert entering(rules, "care", Surroundings(NOW, closures=closures)) == Entry("care")


def test_figures_are_asked_for_only_where_rules_go_by_them() -> None:
    assert asks_figures(CENTRE, "sales") == frozenset()
    rules = centre(
        sales=(rule("1", "care", out_of_hours=True), rule("2", "night", waited=MINUTE)),
        care=(rule("3", "sales", predicted_wait=MINUTE),),
        night=(rule("4", "sales", items_waiting=1),),
    )
    assert asks_figures(rules, "sales") == {"care"}
    assert asks_figures(rules, "night") == {"night", "care"}


IDS = ["a", "b", "c", "d"]


@given(st.data())
def test_it_always_comes_to_an_end(data: st.DataObject) -> None:
    queues = {}
    for id_ in IDS:
        to = data.draw(st.sampled_from([*IDS, None]))
        when: dict[str, Any] = data.draw(
            st.sampled_from([{"items_waiting": 1}, {"predicted_wait": MINUTE}, {"waited": MINUTE}])
        )
        rules = (rule("r", to, "Text", **when),) if data.draw(st.booleans()) else ()
        queues[id_] = replace(queue(id_), overflow=rules)
    figures = {id_: Figures(data.draw(st.integers(0, 2)), MINUTE) for id_ in IDS}
    entry = entering(replace(CENTRE, queues=queues), "a", Surroundings(NOW, figures))
    passed = [applied.queue for applied in entry.applied]
    assert len(set(passed)) == len(passed)
    assert passed[:1] in ([], ["a"])
    for applied, after in zip(entry.applied, [*passed[1:], entry.queue][: len(passed)], strict=True):
        assert (applied.rule.action.queue or applied.queue) == after
