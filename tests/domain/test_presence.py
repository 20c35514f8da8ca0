"""What an agent chose, and what it amounts to."""

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.centre import ConnectionRules, Penalty
from shared.domain.presence import (
    AgentState,
    Connection,
    Downtime,
    Effective,
    Held,
    Hold,
    Presence,
    choose,
    connection,
    effective,
    hold,
    release,
    settled,
    silence,
    takes_offers,
)
from tests.domain.cast import CENTRE, NOW, SECOND, at, working

CAPACITY = 2
ONE, TWO = Held(1, Hold.ACTIVE, "c1"), Held(2, Hold.WRAP_UP, "c2")
AVAILABLE, BUSY, AWAY, OFFLINE = Presence.AVAILABLE, Presence.BUSY, Presence.AWAY, Presence.OFFLINE
DND, INACTIVE = Presence.DO_NOT_DISTURB, Presence.INACTIVE


def state(**fields: object) -> AgentState:
    return working("alice", **fields)  # type: ignore[arg-type]  # fields of an AgentState


@pytest.mark.parametrize(
    ("agent", "expected"),
    [
        (state(), Effective(AVAILABLE)),
        (state(held={"w1": ONE}), Effective(BUSY, "load")),
        (state(held={"w1": ONE, "w2": ONE}), Effective(DND, "at-capacity")),
        (state(held={"w1": TWO}), Effective(DND, "at-capacity")),
        (state(held={"w1": TWO, "w2": ONE}), Effective(DND, "at-capacity")),
        (state(held={"w1": ONE}, next=AWAY), Effective(BUSY, "finishing-work")),
        (state(held={"w1": TWO}, next=AWAY), Effective(DND, "at-capacity")),
        (state(penalty=Penalty.INACTIVE), Effective(INACTIVE, "missed-offer")),
        (state(penalty=Penalty.DO_NOT_DISTURB), Effective(DND, "declined-offer")),
        (state(penalty=Penalty.INACTIVE, held={"w1": TWO}), Effective(INACTIVE, "missed-offer")),
        (state(chosen=AWAY), Effective(AWAY)),
        (state(chosen=BUSY, held={"w1": ONE}), Effective(BUSY)),
        (state(chosen=DND, penalty=Penalty.INACTIVE), Effective(DND)),
        (state(chosen=AWAY, held={"w1": TWO}, next=OFFLINE), Effective(AWAY)),
        (state(is_connected=False), Effective(OFFLINE, "connection-lost")),
        (state(is_connected=False, chosen=AWAY), Effective(OFFLINE, "connection-lost")),
        (state(is_connected=False, penalty=Penalty.INACTIVE), Effective(OFFLINE, "connection-lost")),
        (state(is_connected=False, chosen=OFFLINE), Effective(OFFLINE)),
        (state(chosen=OFFLINE), Effective(OFFLINE)),
    ],
)
def test_the_table_of_effective_presence(agent: AgentState, expected: Effective) -> None:
    assert effective(agent, CAPACITY) == expected


def test_one_without_capacity_is_full() -> None:
    assert effective(state(), 0) == Effective(DND, "at-capacity")


LOADS: tuple[dict[str, Held], ...] = ({}, {"w1": ONE}, {"w1": TWO})
EVERY_STATE = [
    state(chosen=chosen, penalty=penalty, is_connected=is_connected, next=next_, held=held)
    for chosen, penalty, is_connected, next_, held in product(
        [presence for presence in Presence if presence is not INACTIVE], Penalty, (True, False), (None, AWAY), LOADS
    )
]


def test_offers_go_only_to_who_is_there_wants_work_and_has_room() -> None:
    for agent in EVERY_STATE:
        # `next` without work in hand never lasts: it has taken effect (see below).
        wants = agent.chosen is AVAILABLE and agent.penalty is Penalty.NONE and agent.next is None
        assert takes_offers(agent, CAPACITY) == (wants and agent.is_connected and agent.used < CAPACITY), agent


def test_a_reason_is_given_exactly_if_it_is_not_what_was_chosen() -> None:
    for agent in EVERY_STATE:
        found = effective(agent, CAPACITY)
        if found.reason is None:
            assert found.presence is agent.chosen
        else:
            assert agent.chosen is AVAILABLE or found == Effective(OFFLINE, "connection-lost")


def test_choosing_anew_clears_a_penalty_choosing_what_comes_next_does_not() -> None:
    punished = state(penalty=Penalty.INACTIVE)
    assert choose(punished, AVAILABLE, None) == state()
    assert choose(punished, None, AWAY) == replace(punished, next=AWAY)
    assert choose(replace(punished, next=AWAY), None, None) == punished
    assert choose(state(next=AWAY), BUSY, None) == state(chosen=BUSY)


def test_next_waits_for_the_last_of_the_work() -> None:
    full = state(held={"w1": ONE, "w2": ONE})
    draining = settled(full, choose(full, None, AWAY), CAPACITY, at(1))
    assert (draining.chosen, draining.next) == (AVAILABLE, AWAY)
    one_left = settled(draining, release(draining, "w1", at(2)), CAPACITY, at(2))
    assert effective(one_left, CAPACITY) == Effective(BUSY, "finishing-work")
    assert not takes_offers(one_left, CAPACITY)
    done = settled(one_left, release(one_left, "w2", at(3)), CAPACITY, at(3))
    assert (done.chosen, done.next, done.since) == (AWAY, None, at(3))


def test_next_without_work_takes_effect_at_once() -> None:
    after = settled(state(), choose(state(), None, OFFLINE), CAPACITY, at(1))
    assert (after.chosen, after.next) == (OFFLINE, None)


def test_since_moves_with_the_effective_presence_only() -> None:
    before = state(since=at(-60))
    assert settled(before, before, CAPACITY, NOW).since == at(-60)
    assert settled(before, hold(before, "w1", ONE, NOW), CAPACITY, NOW).since == NOW
    loaded = replace(before, held={"w1": ONE})
    assert settled(loaded, replace(loaded, held={"w2": ONE}), CAPACITY, NOW).since == at(-60)
    away = replace(before, chosen=AWAY)
    assert settled(away, hold(away, "w1", ONE, NOW), CAPACITY, NOW).since == at(-60)


def test_idle_since_is_when_work_was_given_or_the_last_of_it_went() -> None:
    fresh = state(idle_since=at(-60))
    loaded = hold(fresh, "w1", ONE, at(1))
    assert loaded.idle_since == at(1)
    assert hold(loaded, "w1", replace(ONE, state=Hold.WRAP_UP), at(2)).idle_since == at(1)
    twice = hold(loaded, "w2", ONE, at(3))
    assert (twice.used, twice.idle_since) == (2, at(3))
    once = release(twice, "w1", at(4))
    assert (once.used, once.idle_since) == (1, at(3))
    assert release(once, "w2", at(5)).idle_since == at(5)
    assert release(once, "w1", at(5)) is once


AGENTS = st.builds(
    AgentState,
    st.just("alice"),
    since=st.just(at(-60)),
    idle_since=st.just(at(-60)),
    chosen=st.sampled_from(list(Presence)),
    next=st.one_of(st.none(), st.sampled_from([AWAY, OFFLINE, BUSY, DND])),
    penalty=st.sampled_from(Penalty),
    is_connected=st.booleans(),
    held=st.dictionaries(st.sampled_from(["w1", "w2", "w3"]), st.sampled_from([ONE, TWO])),
    revision=st.integers(0, 9),
)


@given(AGENTS, AGENTS, st.integers(0, 4))
def test_a_stored_state_is_settled(before: AgentState, after: AgentState, capacity: int) -> None:
    stored = settled(before, after, capacity, NOW)
    assert stored.next is None or stored.held
    assert stored.revision == before.revision + 1
    assert (stored.since == NOW) == (effective(before, capacity) != effective(stored, capacity))
    again = settled(stored, stored, capacity, at(5))
    assert again == replace(stored, revision=stored.revision + 1)


@given(AGENTS, st.sampled_from(["w1", "w2", "w3"]), st.sampled_from([ONE, TWO]))
def test_what_is_held_is_released_again(agent: AgentState, work: str, held: Held) -> None:
    without = release(agent, work, NOW)
    assert work not in without.held
    assert hold(without, work, held, NOW).used == without.used + held.units
    assert release(hold(without, work, held, NOW), work, NOW).held == without.held


@given(AGENTS, st.integers(0, 4))
def test_everybody_has_a_presence_and_only_some_take_offers(agent: AgentState, capacity: int) -> None:
    if takes_offers(agent, capacity):
        assert agent.is_connected and agent.used < capacity and agent.chosen is not OFFLINE
    if agent.chosen is OFFLINE or not agent.is_connected:
        assert effective(agent, capacity).presence is OFFLINE


RULES = CENTRE.connection


@pytest.mark.parametrize(
    ("seconds", "stage"),
    [(-5, Connection.THERE), (0, Connection.THERE), (14.9, Connection.THERE), (15, Connection.OFFLINE),
     (59.9, Connection.OFFLINE), (60, Connection.REQUEUE), (149.9, Connection.REQUEUE), (150, Connection.GONE)],
)  # fmt: skip
def test_the_stages_of_a_silence(seconds: float, stage: Connection) -> None:
    assert connection(timedelta(seconds=seconds), RULES) is stage


def test_a_rule_that_is_shorter_than_those_before_it_wins() -> None:
    assert connection(20 * SECOND, ConnectionRules(15 * SECOND, 60 * SECOND, 20 * SECOND)) is Connection.GONE


def down(begin: float, end: float) -> Downtime:
    return Downtime(at(begin), at(end))


@pytest.mark.parametrize(
    ("downtimes", "seconds"),
    [
        ((), 100),
        ((down(10, 30),), 80),
        ((down(-50, 30),), 70),
        ((down(90, 200),), 90),
        ((down(-50, 200),), 0),
        ((down(-50, -10), down(100, 200)), 100),
        ((down(10, 20), down(30, 40)), 80),
        ((down(10, 20), down(20, 40)), 70),
        ((down(10, 30), down(20, 40)), 70),
        ((down(20, 40), down(10, 30)), 70),
        ((down(10, 40), down(20, 30)), 70),
        ((down(10, 40), down(10, 40)), 70),
        ((down(30, 10),), 100),
    ],
)
def test_the_servers_own_downtime_is_not_the_agents_silence(downtimes: tuple[Downtime, ...], seconds: int) -> None:
    assert silence(NOW, at(100), downtimes) == timedelta(seconds=seconds)


MOMENTS = st.integers(-20, 120)


@given(MOMENTS, st.lists(st.tuples(MOMENTS, MOMENTS), max_size=5))
def test_silence_counts_each_second_once(last_seen: int, spans: list[tuple[int, int]]) -> None:
    now = 100
    up = [s for s in range(last_seen, now) if not any(begin <= s < end for begin, end in spans)]
    downtimes = tuple(down(begin, end) for begin, end in spans)
    expected = timedelta(seconds=len(up)) if last_seen <= now else at(now) - at(last_seen)
    assert silence(at(last_seen), at(now), downtimes) == expected


def test_one_heard_of_in_the_future_is_there() -> None:
    later: datetime = at(60)
    assert connection(silence(later, NOW, (down(0, 30),)), RULES) is Connection.THERE
