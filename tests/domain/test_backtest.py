"""Recorded traffic: decided again exactly, and tried under other policies."""

from dataclasses import replace
from datetime import timedelta

import pytest

from shared.domain.backtest.anonymous import anonymised
from shared.domain.backtest.exactly import decide_again
from shared.domain.backtest.figures import by_queue, differences, gini, of_staff, recorded
from shared.domain.backtest.patience import patience_of
from shared.domain.backtest.recording import Arrival, Recording, recording_of
from shared.domain.backtest.whatif import what_if
from shared.domain.centre import ContactCentre
from shared.domain.policy import Method, OverflowAction, OverflowKind, OverflowRule
from shared.domain.routing import WorkItem, WorkKind
from tests.domain.cast import NOW, SECOND, agent, centre
from tests.domain.recorder import BATCH, Play, Recorder

STAFF: ContactCentre = centre(
    agent("alice", "pt", capacity=1), agent("bob", capacity=1), agent("carla", "pt", "vip", capacity=1)
)


@pytest.fixture(scope="module")
def played() -> Recorder:
    return Recorder(Play(STAFF))


@pytest.fixture(scope="module")
def recording(played: Recorder) -> Recording:
    return recording_of(played.entries)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("method", list(Method))
def test_recorded_decisions_are_made_again(seed: int, method: Method) -> None:
    queues = {**STAFF.queues, "sales": replace(STAFF.queues["sales"], method=method)}
    staff = replace(STAFF, queues=queues)
    entries = Recorder(Play(staff, seed=seed)).entries
    made = decide_again(entries, {staff.version: staff}, BATCH)
    assert len(made) > 30
    assert all(batch.is_same for batch in made), [batch for batch in made if not batch.is_same][:3]


def test_another_policy_decides_otherwise_and_that_is_seen(played: Recorder) -> None:
    other = replace(STAFF, agents={**STAFF.agents, "bob": replace(STAFF.agents["bob"], enabled=False)})
    made = decide_again(played.entries, {STAFF.version: other}, BATCH)
    assert not all(batch.is_same for batch in made)
    assert all("bob" not in batch.now.values() for batch in made)


def test_a_policy_that_is_not_known_is_left_out(played: Recorder) -> None:
    assert decide_again(played.entries, {}, BATCH) == []


def test_the_log_is_read_as_traffic(recording: Recording) -> None:
    assert len(recording.arrivals) == 60
    answered = [arrival for arrival in recording.arrivals if arrival.agent_id]
    left = [arrival for arrival in recording.arrivals if arrival.patience is not None]
    assert len(answered) + len(left) == 60 and len(left) > 5
    assert all(arrival.wait is not None and arrival.handling is not None for arrival in answered)
    assert {turn.agent_id for turn in recording.turns} == {"alice", "bob", "carla"}
    assert all(habit.accept_seconds == pytest.approx(4.0) for habit in recording.habits.values())


def test_under_the_same_policy_everybody_fares_as_recorded(recording: Recording) -> None:
    """Nothing is drawn: all accept after the same time, and each handling is the recorded one."""
    assert differences(recorded(recording), what_if(recording, STAFF)) == []


def test_the_same_seed_gives_the_same_run(recording: Recording) -> None:
    fewer = replace(STAFF, agents={id_: who for id_, who in STAFF.agents.items() if id_ != "bob"})
    assert what_if(recording, fewer, 7) == what_if(recording, fewer, 7)


def test_fewer_agents_make_people_wait_and_leave(recording: Recording) -> None:
    fewer = replace(STAFF, agents={id_: who for id_, who in STAFF.agents.items() if id_ != "bob"})
    (before,), (after,) = by_queue(what_if(recording, STAFF), STAFF), by_queue(what_if(recording, fewer), fewer)
    assert after.abandoned > before.abandoned
    assert after.answered < before.answered
    assert (after.service_level or 0) < (before.service_level or 0)
    assert (after.mean_wait or 0) > (before.mean_wait or 0)
    assert before.offered == after.offered == 60


def test_overflow_leads_to_the_other_queue(recording: Recording) -> None:
    rule = OverflowRule("late", OverflowAction(OverflowKind.QUEUE, "care"), waited=10 * SECOND)
    helped = replace(
        STAFF,
        queues={**STAFF.queues, "sales": replace(STAFF.queues["sales"], overflow=(rule,))},
        agents={**STAFF.agents, "dora": agent("dora", "pt", queues=("care",))},
    )
    with_dora = replace(recording, turns=(*recording.turns, replace(recording.turns[0], agent_id="dora")))
    run = what_if(with_dora, helped)
    overflowed = [outcome for outcome in run.outcomes if outcome.overflow == "late"]
    assert overflowed and any(outcome.agent_id == "dora" for outcome in overflowed)
    assert sum(outcome.has_left for outcome in run.outcomes) < sum(
        outcome.has_left for outcome in what_if(recording, STAFF).outcomes
    )


def test_occupancy_and_fairness(recording: Recording) -> None:
    staff = of_staff(what_if(recording, STAFF))
    assert staff.occupancy is not None and 0.3 < staff.occupancy <= 1
    assert 0 <= staff.unfairness < 0.3
    assert gini({"a": 4, "b": 4}) == 0
    assert gini({"a": 8, "b": 0}) == 0.5
    assert gini({}) == 0


def arrival(wait: float, *, has_left: bool) -> Arrival:
    item = WorkItem("w", "c", WorkKind.NEW, "chat", "sales", (), 5, NOW, 1, 1)
    span = timedelta(seconds=wait)
    return Arrival(item, NOW, span if has_left else None, None if has_left else span, None, None)


def test_patience_takes_those_who_were_answered_into_account() -> None:
    """Kaplan and Meier by hand: of four, one leaves at 10, one is answered at 20, one leaves at 30, one stays."""
    found = patience_of(
        [arrival(10, has_left=True), arrival(20, has_left=False), arrival(30, has_left=True),
         arrival(40, has_left=False)]
    )  # fmt: skip
    assert list(found.waits) == [10, 30]
    assert list(found.staying) == pytest.approx([0.75, 0.375])
    assert found.beyond(timedelta(seconds=5), 0.0) == timedelta(seconds=10)
    assert found.beyond(timedelta(seconds=10), 0.3) == timedelta(seconds=30)
    assert found.beyond(timedelta(seconds=10), 0.6) is None
    assert patience_of([]).beyond(timedelta(), 0.5) is None


def test_an_empty_log_is_no_recording() -> None:
    with pytest.raises(ValueError, match="nothing"):
        recording_of([])


def test_anonymous_traffic_names_no_conversation_and_leads_to_the_same_decisions(played: Recorder) -> None:
    renamed = anonymised(played.entries)
    text = repr(renamed)
    assert not any(f"'{id_}'" in text for id_ in ("w001", "c001", "w059", "c059"))
    assert "'alice'" in text
    made = decide_again(renamed, {STAFF.version: STAFF}, BATCH)
    assert len(made) > 30 and all(batch.is_same for batch in made)
