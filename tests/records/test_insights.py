"""Figures: contributions replace each other, sums follow them, old news changes nothing."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.conversation import Event, Status, Step
from shared.ports import Container
from shared.records.insights import CLOSED_LIVE, Contribution, Insights, Open, Outcome, Stay, Tally, tally
from shared.usecases.insights import day_of, stays_of
from tests.contracts.stores import Store
from tests.domain.cast import CENTRE, NOW, at

SECOND = timedelta(seconds=1)
STAY = Stay(NOW)
ANSWERED = Stay(NOW, 4_000, Outcome.ANSWERED, True)


def insights(store: Store) -> Insights:
    """Of a process of its own."""
    return Insights(store.documents, store.clock)


async def test_a_contribution_replaces_the_one_before(store: Store) -> None:
    writer, reader = insights(store), insights(store)
    await writer.contribute("care", "d", Contribution("c1", 2, (STAY,)))
    assert await reader.day("care", "d") == Tally(offered=1)
    await writer.contribute("care", "d", Contribution("c1", 5, (ANSWERED,)))
    await writer.contribute("care", "d", Contribution("c2", 1, (STAY,)))
    assert await reader.day("care", "d") == Tally(offered=2, answered=1, in_time=1, answer_milliseconds=4_000)
    assert await insights(store).day("care", "d") == await reader.day("care", "d")
    assert await reader.day("sales", "d") == await reader.day("care", "e") == Tally()


async def test_what_has_seen_less_changes_nothing(store: Store) -> None:
    writer = insights(store)
    await writer.contribute("care", "d", Contribution("c1", 5, (ANSWERED,)))
    before = store.feed(Container.INSIGHTS)
    for late in (
        Contribution("c1", 2, (STAY,)),
        Contribution("c1", 5, (ANSWERED,)),
        Contribution("c1", 9, (ANSWERED,)),
    ):
        await writer.contribute("care", "d", late)
    assert store.feed(Container.INSIGHTS) == before


async def test_what_is_open_is_followed_until_it_is_closed(store: Store) -> None:
    writer, reader = insights(store), insights(store)
    bot = Open("c1", 1, Status.BOT, "care", None)
    await writer.note(bot)
    await writer.note(replace(bot, conversation_id="c2"))
    assert (await reader.open()).keys() == {"c1", "c2"}
    active = replace(bot, version=4, status=Status.ACTIVE, agent="alice")
    await writer.note(active)
    await writer.note(replace(bot, version=3, status=Status.QUEUED))  # told late
    assert (await reader.open())["c1"] == active
    await writer.note(replace(active, version=6, status=Status.CLOSED))
    await writer.note(replace(bot, conversation_id="never-seen", status=Status.CLOSED))
    assert (await reader.open()).keys() == {"c2"}


async def test_a_follower_that_has_slept_for_days_sees_no_ghosts(store: Store) -> None:
    writer, reader = insights(store), insights(store)
    open_ = Open("c1", 1, Status.BOT, "care", None)
    await writer.note(open_)
    assert (await reader.open()).keys() == {"c1"}
    await writer.note(replace(open_, version=2, status=Status.CLOSED))
    store.clock.forward(CLOSED_LIVE + SECOND)
    await store.purge()
    assert await reader.open() == {}


@given(st.lists(st.lists(st.sampled_from([STAY, ANSWERED, Stay(NOW, 9, Outcome.ABANDONED)]), max_size=3), max_size=5))
def test_sums_can_be_taken_back(parts: list[list[Stay]]) -> None:
    tallies = [tally(Contribution("c", 1, tuple(part))) for part in parts]
    total = Tally()
    for one in tallies:
        total = total.plus(one)
    for one in tallies:
        total = total.plus(one, -1)
    assert total == Tally()


def step(seconds: float, type_: str, before: str, after: str, **data: Any) -> Event:
    """An event of a timeline."""
    return Event(1, type_, at(seconds), {"from": before, "to": after, **data})


WAITS = step(0, Step.ENQUEUED, "bot", "queued", queue="care")


@pytest.mark.parametrize(
    ("after", "stay"),
    [
        ([], Stay(NOW)),
        ([step(1, Step.OFFERED, "queued", "offered"), step(9, Step.OFFER_ENDED, "offered", "queued")], Stay(NOW)),
        ([step(60, Step.ACCEPTED, "offered", "active")], Stay(NOW, 60_000, Outcome.ANSWERED, True)),
        ([step(60.1, Step.ACCEPTED, "offered", "active")], Stay(NOW, 60_100, Outcome.ANSWERED, False)),
        ([step(4.9, Step.CUSTOMER_LEFT, "queued", "closed")], Stay(NOW, 4_900, Outcome.SHORT_ABANDONED)),
        ([step(5, Step.CUSTOMER_LEFT, "offered", "closed")], Stay(NOW, 5_000, Outcome.ABANDONED)),
        ([step(3, Step.TIMED_OUT, "queued", "closed")], Stay(NOW, 3_000, Outcome.ABANDONED)),
        ([step(3, Step.ENDED, "queued", "closed", by="supervisor")], Stay(NOW, 3_000, Outcome.CLOSED)),
    ],
)
def test_what_becomes_of_a_stay(after: list[Event], stay: Stay) -> None:
    assert stays_of([Event(1, "message", NOW, {"sender": "customer"}), WAITS, *after], "", CENTRE) == [("care", stay)]


def test_a_conversation_can_stay_in_several_queues() -> None:
    timeline = [
        WAITS,
        step(2, Step.ACCEPTED, "offered", "active"),
        step(10, Step.RELEASED, "active", "queued", queue="sales"),
        step(10.5, "callbackPromised", "queued", "queued", queue="sales"),
        step(11, "overflowed", "queued", "queued", queue="care"),
        step(15, Step.ACCEPTED, "offered", "active"),
        step(20, Step.RELEASED, "active", "queued", reason="agent-lost"),
    ]
    found = [(queue, stay.outcome, stay.milliseconds) for queue, stay in stays_of(timeline, "", CENTRE)]
    assert found == [
        ("care", Outcome.ANSWERED, 2_000), ("sales", Outcome.MOVED, 1_000), ("care", Outcome.ANSWERED, 4_000),
        ("care", Outcome.WAITING, 0),
    ]  # fmt: skip


def test_days_are_utc() -> None:
    assert day_of(NOW) == "2026-03-02"
