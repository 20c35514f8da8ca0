"""Who gets which work, and what offers do to work items and agents."""

import itertools
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shared.domain.centre import ContactCentre, OfferRules, Penalty
from shared.domain.flow import Flow
from shared.domain.presence import AgentState, Held, Hold, Presence
from shared.domain.routing import (
    Assignment,
    Offer,
    OfferGone,
    OfferState,
    Place,
    Pool,
    WorkItem,
    WorkKind,
    WorkState,
    accept,
    end_offer,
    finish,
    place,
)
from shared.domain.routing.order import rank_of
from tests.domain.cast import CENTRE, NOW, OFFER, SECOND, agent, at, centre, working
from tests.domain.fresh_router import decide, next_deadline

LIMIT = 15


def new_ids() -> Callable[[], str]:
    numbers = itertools.count(1)
    return lambda: f"o{next(numbers)}"


def item(id_: str = "w1", **fields: Any) -> WorkItem:
    given: dict[str, Any] = {"queue": "sales", "skills": (), "priority": 5, "enqueued_at": NOW, "units": 1, "epoch": 1}
    return WorkItem(id_, f"c-{id_}", fields.pop("kind", WorkKind.NEW), "chat", **(given | fields))


def transfer(id_: str, to: str, **fields: Any) -> WorkItem:
    return item(id_, kind=WorkKind.TRANSFER, target_agent=to, **fields)


def pool(*records: WorkItem | AgentState | Offer) -> Pool:
    return Pool(
        {record.id: record for record in records if isinstance(record, WorkItem)},
        {record.id: record for record in records if isinstance(record, AgentState)},
        {record.id: record for record in records if isinstance(record, Offer)},
    )


def offered(
    who: AgentState, id_: str = "w1", offer_id: str = "o1", **fields: Any
) -> tuple[WorkItem, AgentState, Offer]:
    """A work item that is offered to an agent since NOW."""
    work = item(id_, state=WorkState.OFFERED, offer_id=offer_id, agent_id=who.id, revision=1, **fields)
    held = {**who.held, id_: Held(work.units, Hold.OFFERED, work.conversation_id)}
    offer = Offer(offer_id, id_, work.conversation_id, who.id, work.kind, work.queue, "chat", NOW, NOW + OFFER)
    return work, replace(who, held=held, idle_since=NOW), offer


def decided(found: Pool, with_: ContactCentre = CENTRE, now_seconds: float = 0, limit: int = LIMIT) -> list[Assignment]:
    return decide(found, with_, at(now_seconds), limit, new_ids())


def pairs(decisions: list[Assignment]) -> list[tuple[str, str | None]]:
    """Which work is offered to whom."""
    return [(d.item.id, d.agent.id if d.agent else None) for d in decisions if d.item.state is WorkState.OFFERED]


def test_nothing_is_decided_where_nothing_is_to_do() -> None:
    assert decided(pool()) == []
    assert decided(pool(working("alice"), working("bob"))) == []
    assert decided(pool(item())) == []


def test_an_offer_reserves_capacity_and_says_until_when() -> None:
    (decision,) = decided(pool(item(units=2), working("alice", 60)))
    held = {"w1": Held(2, Hold.OFFERED, "c-w1", "chat")}
    assert decision.item == item(units=2, state=WorkState.OFFERED, offer_id="o1", agent_id="alice", revision=1)
    assert decision.agent == replace(
        working("alice", 60), held=held, idle_since=NOW, since=NOW, assigned_at={"sales": NOW}, revision=1
    )
    assert decision.offer == Offer(
        "o1", "w1", "c-w1", "alice", WorkKind.NEW, "sales", "chat", NOW, NOW + OFFER, OfferState.PENDING
    )


def test_a_pool_is_not_changed_by_deciding() -> None:
    found = pool(item(), working("alice"), *offered(working("bob"), "w2"))
    before = (dict(found.items), dict(found.agents), dict(found.offers))
    assert decided(found, now_seconds=60)
    assert (found.items, found.agents, found.offers) == before


def test_deciding_twice_comes_to_the_same() -> None:
    found = pool(*[item(f"w{n}") for n in range(5)], working("alice"), working("bob"))
    assert decided(found) == decided(found)


def test_the_longest_idle_is_asked_first() -> None:
    found = pool(item("w1"), item("w2", enqueued_at=at(1)), working("alice", 10), working("bob", 60))
    assert pairs(decided(found)) == [("w1", "bob"), ("w2", "alice")]


def test_of_equally_idle_ones_the_order_is_still_certain() -> None:
    assert pairs(decided(pool(item(), working("bob"), working("alice")))) == [("w1", "alice")]


def test_required_skills_are_the_items_and_the_queues() -> None:
    people = (working("alice", 60), working("bob"))
    assert pairs(decided(pool(item(skills=("vip",)), *people))) == [("w1", "bob")]
    assert pairs(decided(pool(item(skills=("vip", "pt")), *people))) == [("w1", "bob")]
    assert decided(pool(item(skills=("fr",)), *people)) == []
    unskilled = centre(agent("alice"), agent("bob", "pt"))
    assert pairs(decided(pool(item(queue="care"), *people), unskilled)) == [("w1", "bob")]


def test_work_stays_in_its_queue() -> None:
    found = pool(item(queue="night"), working("alice"), working("charlie"))
    assert pairs(decided(found)) == [("w1", "charlie")]
    assert decided(pool(item(), working("charlie"))) == []
    assert decided(pool(item(queue="closed down"), working("alice"))) == []


def test_capacity_counts_units() -> None:
    busy = working("alice", held={"w0": Held(2, Hold.ACTIVE, "c0")})
    assert pairs(decided(pool(item(units=1), busy))) == [("w1", "alice")]
    assert decided(pool(item(units=2), busy)) == []
    assert decided(pool(item(units=4), working("alice"))) == []


@pytest.mark.parametrize(
    "who",
    [
        working("alice", chosen=Presence.AWAY),
        working("alice", chosen=Presence.BUSY),
        working("alice", chosen=Presence.OFFLINE),
        working("alice", penalty=Penalty.INACTIVE),
        working("alice", is_connected=False),
        working("alice", next=Presence.AWAY, held={"w0": Held(1, Hold.ACTIVE, "c0")}),
        working("alice", held={"w0": Held(3, Hold.WRAP_UP, "c0")}),
        working("nobody we know"),
    ],
)
def test_who_does_not_take_offers_gets_none(who: AgentState) -> None:
    assert decided(pool(item(), who)) == []


def test_one_who_was_disabled_gets_none() -> None:
    assert decided(pool(item(), working("alice")), centre(agent("alice", enabled=False))) == []


def test_fewer_refusals_come_before_longer_idleness() -> None:
    found = pool(item(refusals={"bob": 1}), working("alice", 1), working("bob", 60))
    assert pairs(decided(found)) == [("w1", "alice")]
    both = pool(item(refusals={"bob": 1, "alice": 2}), working("alice", 1), working("bob", 60))
    assert pairs(decided(both)) == [("w1", "bob")]


def test_too_many_refusals_bar_from_the_item_only() -> None:
    barred = item("w1", refusals={"alice": 3})
    assert decided(pool(barred, working("alice"))) == []
    assert pairs(decided(pool(barred, item("w2", enqueued_at=at(5)), working("alice")))) == [("w2", "alice")]


def test_the_order_is_front_then_priority_then_time() -> None:
    work = [
        item("late"),
        item("early", enqueued_at=at(-60)),
        item("urgent", priority=1, enqueued_at=at(5)),
        item("front", priority=9, enqueued_at=at(9), is_front=True),
    ]
    order = []
    for _ in work:
        ((chosen, _),) = pairs(decided(pool(*[w for w in work if w.id not in order], working("alice")), limit=1))
        order.append(chosen)
    assert order == ["front", "urgent", "early", "late"]


def test_work_that_nobody_can_take_blocks_nobody() -> None:
    stuck = [item(f"stuck-{n:03}", skills=("fr",), enqueued_at=at(-n), is_front=True) for n in range(500)]
    assert pairs(decided(pool(*stuck, item("w1"), working("alice")))) == [("w1", "alice")]


def test_an_agent_gets_work_up_to_their_capacity_in_one_batch() -> None:
    found = pool(*[item(f"w{n}", enqueued_at=at(n)) for n in range(9)], working("alice", 5), working("bob", 9))
    decisions = decided(found)
    assert pairs(decisions) == [
        ("w0", "bob"), ("w1", "alice"), ("w2", "alice"), ("w3", "alice"), ("w4", "bob"), ("w5", "bob"),
    ]  # fmt: skip
    held = [set(decision.agent.held) for decision in decisions if decision.agent]
    assert held == [{"w0"}, {"w1"}, {"w1", "w2"}, {"w1", "w2", "w3"}, {"w0", "w4"}, {"w0", "w4", "w5"}]


def test_a_round_has_its_limit() -> None:
    many = centre(*[agent(f"a{n:02}") for n in range(20)])
    found = pool(*[item(f"w{n:02}") for n in range(20)], *[working(f"a{n:02}") for n in range(20)])
    assert len(decided(found, many)) == LIMIT
    assert len(decided(found, many, limit=1)) == 1
    overdue = pool(*[one for n in range(20) for one in offered(working(f"a{n:02}"), f"w{n:02}", f"p{n:02}")])
    assert [d.offer.state for d in decided(overdue, many, 60) if d.offer] == [OfferState.EXPIRED] * LIMIT


def test_work_that_is_offered_assigned_or_over_is_left_alone() -> None:
    records = [item(f"w-{state}", state=state) for state in WorkState if state is not WorkState.WAITING]
    assert decided(pool(*records, working("alice"))) == []


def test_an_offer_ends_when_its_time_is_up_not_before() -> None:
    found = pool(*offered(working("alice")))
    assert decided(found, now_seconds=29.9) == []
    (decision,) = decided(found, now_seconds=30)
    assert decision.item == item(state=WorkState.WAITING, revision=2, refusals={"alice": 1})
    assert decision.agent and decision.offer
    assert (decision.agent.held, decision.agent.penalty, decision.agent.idle_since) == ({}, Penalty.INACTIVE, at(30))
    assert decision.offer.state is OfferState.EXPIRED


@pytest.mark.parametrize("gone", [{"is_connected": False}, {"chosen": Presence.OFFLINE}])
def test_an_offer_is_withdrawn_from_who_is_gone_without_blame(gone: dict[str, Any]) -> None:
    work, alice, offer = offered(working("alice"))
    (decision,) = decided(pool(work, replace(alice, **gone), offer), now_seconds=1)
    assert decision.item == item(state=WorkState.WAITING, revision=2)
    assert decision.agent and decision.offer
    assert (decision.agent.held, decision.agent.penalty) == ({}, Penalty.NONE)
    assert decision.offer.state is OfferState.REVOKED


def test_one_who_is_away_keeps_the_offer_until_its_time_is_up() -> None:
    work, alice, offer = offered(working("alice"))
    away = replace(alice, chosen=Presence.AWAY)
    assert decided(pool(work, away, offer), now_seconds=1) == []


def test_what_came_back_is_offered_to_others_in_the_next_round() -> None:
    found = pool(*offered(working("alice", 60)), working("bob"))
    (back,) = decided(found, now_seconds=30)
    assert back.agent and back.offer
    found.items["w1"], found.agents["alice"] = back.item, back.agent
    del found.offers["o1"]
    assert pairs(decided(found, now_seconds=30)) == [("w1", "bob")]


def test_several_offers_of_one_agent_end_without_leaving_capacity_behind() -> None:
    """Each decision is made on what the one before has left of the agent: the last one holds them all."""
    alice = working("alice")
    first, alice, one = offered(alice, "w1", "o1")
    second, alice, two = offered(alice, "w2", "o2")
    decisions = decided(pool(first, second, alice, one, two), now_seconds=60)
    assert [set(decision.agent.held) for decision in decisions if decision.agent] == [{"w2"}, set()]
    assert [decision.agent.revision for decision in decisions if decision.agent] == [1, 2]
    assert {decision.item.state for decision in decisions} == {WorkState.WAITING}


def test_work_that_has_come_back_is_not_overtaken_by_what_is_behind_it() -> None:
    lenient = centre(offers=OfferRules(Penalty.NONE, Penalty.NONE, 3))
    found = pool(*offered(working("alice")), item("w2"))
    (back,) = decided(found, lenient, 60)  # one decision on an item a batch: the batch ends here
    assert back.agent and back.offer
    found = pool(back.item, item("w2"), back.agent)
    assert pairs(decided(found, lenient, 60)) == [("w1", "alice"), ("w2", "alice")]


def test_a_transfer_goes_to_its_target_only() -> None:
    found = pool(transfer("t1", "bob", skills=("fr",), queue="night"), working("alice", 60), working("bob"))
    assert pairs(decided(found)) == [("t1", "bob")]


@pytest.mark.parametrize(
    "bob",
    [[], [working("bob", chosen=Presence.AWAY)], [working("bob", held={"w0": Held(3, Hold.ACTIVE, "c0")})]],
    ids=["unknown", "away", "full"],
)
def test_a_transfer_to_who_cannot_take_it_fails_at_once(bob: list[AgentState]) -> None:
    (decision,) = decided(pool(transfer("t1", "bob"), working("alice"), *bob))
    assert (decision.agent, decision.offer) == (None, None)
    assert decision.item == transfer("t1", "bob", state=WorkState.FAILED, revision=1, reason="agent-unavailable")


def test_a_transfer_to_who_was_just_offered_other_work_needs_what_room_is_left() -> None:
    found = pool(item("w1", enqueued_at=at(-60)), transfer("t1", "bob", units=2), working("bob"))
    assert pairs(decided(found)) == [("w1", "bob"), ("t1", "bob")]
    found.items["t1"] = transfer("t1", "bob", units=3)
    first, second = decided(found)
    assert (first.item.id, second.item.state, second.item.reason) == ("w1", WorkState.FAILED, "agent-unavailable")


def test_a_transfer_to_who_has_just_missed_another_offer_fails_with_them_inactive() -> None:
    found = pool(*offered(working("bob")), transfer("t1", "bob"))
    expired, failed = decided(found, now_seconds=60)
    assert (expired.item.id, failed.item.id, failed.item.state) == ("w1", "t1", WorkState.FAILED)


@pytest.mark.parametrize("state", [OfferState.DECLINED, OfferState.EXPIRED, OfferState.REVOKED])
def test_a_transfer_that_is_not_taken_has_failed(state: OfferState) -> None:
    work, alice, offer = offered(working("alice"), kind=WorkKind.TRANSFER, target_agent="alice")
    ended = end_offer(Assignment(work, alice, offer), state, CENTRE.offers, 3, at(5))
    assert (ended.item.state, ended.item.reason, ended.item.agent_id) == (WorkState.FAILED, str(state), None)
    assert ended.agent and ended.agent.held == {}


def test_accepting_takes_the_work_under_a_higher_epoch() -> None:
    work, alice, offer = offered(working("alice"), epoch=4)
    taken = accept(Assignment(work, alice, offer), 3, at(29))
    assert (taken.item.state, taken.item.agent_id, taken.item.assignment_epoch) == (WorkState.ASSIGNED, "alice", 5)
    assert taken.item.revision == work.revision + 1
    assert taken.agent and taken.offer
    assert taken.agent.held == {"w1": Held(1, Hold.ACTIVE, "c-w1", "chat")}
    assert (taken.agent.idle_since, taken.agent.revision) == (NOW, 1)
    assert taken.offer.state is OfferState.ACCEPTED


@pytest.mark.parametrize("seconds", [30, 31, 3600])
def test_nobody_accepts_after_the_time_is_up(seconds: int) -> None:
    with pytest.raises(OfferGone) as gone:
        accept(Assignment(*offered(working("alice"))), 3, at(seconds))
    assert gone.value.state is OfferState.EXPIRED


ENDED = [state for state in OfferState if state is not OfferState.PENDING]


@pytest.mark.parametrize("state", ENDED)
def test_an_offer_that_is_over_can_be_neither_accepted_nor_declined(state: OfferState) -> None:
    work, alice, offer = offered(working("alice"))
    current = Assignment(work, alice, replace(offer, state=state))
    with pytest.raises(OfferGone) as gone:
        accept(current, 3, NOW)
    assert gone.value.state is state
    with pytest.raises(OfferGone) as gone:
        end_offer(current, OfferState.DECLINED, CENTRE.offers, 3, NOW)
    assert gone.value.state is state


def test_an_offer_that_the_work_no_longer_names_is_gone() -> None:
    work, alice, offer = offered(working("alice"))
    with pytest.raises(OfferGone) as gone:
        accept(Assignment(replace(work, offer_id="o2"), alice, offer), 3, NOW)
    assert gone.value.state is OfferState.REVOKED
    with pytest.raises(ValueError, match="agent"):
        accept(Assignment(work), 3, NOW)


def test_declining_counts_and_has_its_penalty() -> None:
    work, alice, offer = offered(working("alice"), refusals={"alice": 1, "bob": 2})
    ended = end_offer(Assignment(work, alice, offer), OfferState.DECLINED, CENTRE.offers, 3, at(5))
    assert ended.item == item(refusals={"alice": 2, "bob": 2}, revision=2)
    assert ended.agent and (ended.agent.penalty, ended.agent.since) == (Penalty.DO_NOT_DISTURB, at(5))


def test_work_keeps_its_place_through_all_refusals() -> None:
    work, alice, offer = offered(working("alice"), enqueued_at=at(-60), priority=2, is_front=True)
    ended = end_offer(Assignment(work, alice, offer), OfferState.DECLINED, CENTRE.offers, 3, at(5))
    assert rank_of(ended.item, None) == rank_of(work, None)


def test_finishing_gives_back_capacity_and_cancels_an_offer() -> None:
    work, alice, offer = offered(working("alice"))
    done = finish(Assignment(work, alice, offer), 3, at(5))
    assert done.item.state is WorkState.DONE
    assert done.agent and done.offer
    assert (done.agent.held, done.agent.idle_since, done.offer.state) == ({}, at(5), OfferState.CANCELLED)


def test_finishing_assigned_work_leaves_its_accepted_offer_alone() -> None:
    taken = accept(Assignment(*offered(working("alice"))), 3, NOW)
    done = finish(taken, 3, at(5))
    assert (done.item.state, done.offer) == (WorkState.DONE, None)
    assert done.agent and done.agent.held == {}


def test_finishing_work_that_nobody_has() -> None:
    assert finish(Assignment(item()), 0, NOW) == Assignment(item(state=WorkState.DONE, revision=1))


def test_finishing_the_last_work_lets_the_next_presence_take_effect() -> None:
    taken = accept(Assignment(*offered(working("alice"))), 3, NOW)
    assert taken.agent
    draining = replace(taken, agent=replace(taken.agent, next=Presence.AWAY))
    done = finish(draining, 3, at(5))
    assert done.agent and (done.agent.chosen, done.agent.next) == (Presence.AWAY, None)


def test_the_next_deadline_is_that_of_the_first_pending_offer() -> None:
    assert next_deadline(pool(item(), working("alice"))) is None
    work, alice, offer = offered(working("alice"))
    more, bob, other = offered(working("bob"), "w2", "o2")
    later = replace(other, expires_at=at(90))
    over = replace(offer, expires_at=at(1), state=OfferState.DECLINED)
    assert next_deadline(pool(work, alice, over, more, bob, later)) == at(90)
    assert next_deadline(pool(work, alice, offer, more, bob, later)) == NOW + OFFER


def test_a_place_counts_those_before_in_the_same_queue() -> None:
    mine = item("w2")
    found = pool(
        item("w1", enqueued_at=at(-9), state=WorkState.OFFERED), mine, item("w3", enqueued_at=at(1)),
        item("w0", enqueued_at=at(-9), queue="care"), item("wa", enqueued_at=at(-9), state=WorkState.ASSIGNED),
        item("front", enqueued_at=at(9), is_front=True),
    )  # fmt: skip
    assert place(found, mine, CENTRE, lambda _: Flow(), NOW) == Place(3, None)


def test_an_estimate_knows_who_is_there_and_what_they_can_hold() -> None:
    work = [item(f"w{n:02}", enqueued_at=at(n)) for n in range(12)]
    full = {f"x{n}": Held(1, Hold.ACTIVE, f"c{n}") for n in range(3)}
    alice, bob = working("alice"), working("bob", held=full)

    def estimate(index: int, *people: AgentState) -> int | None:
        flow = Flow(handle_seconds=60)
        return place(pool(*work, *people), work[index], CENTRE, lambda _: flow, at(60)).estimated_wait_seconds

    assert estimate(0, alice) == estimate(2, alice) == 0
    assert estimate(3, alice) == 20
    assert estimate(0, bob) == 20
    assert estimate(11, alice, bob) == (12 - 3) * 60 / 6
    assert (
        estimate(0, replace(alice, is_connected=False), working("charlie"), working("bob", chosen=Presence.AWAY))
        is None
    )
    estimates = [estimate(index, alice, bob) or 0 for index in range(12)]
    assert estimates == sorted(estimates)


def test_the_patience_of_an_offer_is_its_queues() -> None:
    patient = replace(CENTRE.queues["sales"], offer=timedelta(minutes=2))
    (decision,) = decided(pool(item(), working("alice")), centre(queues={"sales": patient}))
    assert decision.offer and decision.offer.expires_at == at(120)
    removed = item(queue="closed down", kind=WorkKind.TRANSFER, target_agent="bob")
    (moved,) = decided(pool(removed, working("bob")))
    assert moved.offer and moved.offer.expires_at - moved.offer.created_at == 120 * SECOND
