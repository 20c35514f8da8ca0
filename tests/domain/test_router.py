"""The router as it is kept up: events, deadlines, refused commits, policies, and the pieces it is made of."""

import itertools
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shared.domain.centre import AgentProfile, Penalty, QueueProfile, Role
from shared.domain.policy import Match, Method, OverflowAction, OverflowKind, OverflowRule, Relaxation
from shared.domain.presence import AgentState, Held, Hold, Presence, hold, settled, takes_offers
from shared.domain.routing import Assignment, Offer, OfferState, Pool, WorkItem, WorkKind, WorkState, explain
from shared.domain.routing.eligibility import room
from shared.domain.routing.order import NEVER, micros, moment, packed, rank_of
from shared.domain.routing.router import Router
from shared.domain.routing.work import offer_to
from tests.domain.cast import CENTRE, MINUTE, NOW, SECOND, agent, at, centre, queue, working

LIMIT = 15
LEAVE = OverflowAction(OverflowKind.END)


@pytest.fixture
def new_id() -> Callable[[], str]:
    numbers = itertools.count(1)
    return lambda: f"o{next(numbers)}"


def item(id_: str = "w1", **fields: Any) -> WorkItem:
    given: dict[str, Any] = {"queue": "sales", "skills": (), "priority": 5, "enqueued_at": NOW, "units": 1, "epoch": 1}
    return WorkItem(id_, f"c-{id_}", WorkKind.NEW, "chat", **(given | fields))


def router(*records: WorkItem | AgentState | Offer, people: tuple[AgentProfile, ...] = (), **policy: Any) -> Router:
    """With the queue `sales` as described; other fields are the centre's."""
    fields = {name: policy.pop(name) for name in ("ageing", "offers") if name in policy}
    sales: QueueProfile = replace(queue("sales"), **policy)
    made = Router(centre(*people, queues={"sales": sales, "care": queue("care")}, **fields), NOW)
    for record in records:
        made.apply(record)
    return made


def offers(decisions: list[Assignment]) -> list[tuple[str, str]]:
    return [(each.item.id, each.agent.id) for each in decisions if each.item.state is WorkState.OFFERED and each.agent]


def test_work_asks_for_less_the_longer_it_waits(new_id: Callable[[], str]) -> None:
    steps = (
        Relaxation(MINUTE, lower={"pt": 3}),
        Relaxation(2 * MINUTE, drop=frozenset({"vip"})),
        Relaxation(3 * MINUTE, queues=frozenset({"care"})),
    )
    helper = replace(agent("bob", queues=("care",)), skills={"pt": 4})
    expert = replace(agent("alice"), skills={"pt": 9})
    work = item(skills=("pt>=5", "vip"))
    both = router(work, working("alice"), working("bob"), people=(expert, helper), relaxation=steps)
    assert both.decide(at(119), LIMIT, new_id) == [] and both.next_deadline() == at(120)
    assert offers(both.decide(at(120), LIMIT, new_id)) == [("w1", "alice")]
    other = router(work, working("bob"), people=(expert, helper), relaxation=steps)
    assert other.decide(at(179), LIMIT, new_id) == [] and other.next_deadline() == at(180)
    assert offers(other.decide(at(180), LIMIT, new_id)) == [("w1", "bob")]


def test_preferred_agents_come_first_and_alone_for_a_while(new_id: Callable[[], str]) -> None:
    work = item(queued_at=at(10), preferred=("nobody", "bob", "charlie"), skills=("fr",))
    made = router(work, working("alice"), people=(agent("alice", "fr"), agent("bob", queues=())), preferred_for=MINUTE)
    assert made.decide(at(10), LIMIT, new_id) == [] and made.next_deadline() == at(70)
    full = {"w0": Held(3, Hold.ACTIVE, "c0", "chat")}
    made.apply(working("bob", held=full))
    assert made.decide(at(11), LIMIT, new_id) == [], "capacity is still asked for"
    made.apply(working("bob"))
    assert offers(made.decide(at(12), LIMIT, new_id)) == [("w1", "bob")], "skills and queues are not"
    late = router(work, working("alice"), people=(agent("alice", "fr"),), preferred_for=MINUTE)
    assert offers(late.decide(at(70), LIMIT, new_id)) == [("w1", "alice")]


def test_work_leaves_its_queue_by_the_first_rule_that_holds(new_id: Callable[[], str]) -> None:
    rules = (
        OverflowRule("hours", LEAVE, out_of_hours=True),
        OverflowRule("late", LEAVE, waited=2 * MINUTE),
        OverflowRule("early", LEAVE, waited=MINUTE),
    )
    made = router(item(), overflow=rules)
    assert made.decide(at(59), LIMIT, new_id) == [] and made.next_deadline() == at(60)
    (decision,) = made.decide(at(60), LIMIT, new_id)
    assert (decision.item.state, decision.item.reason) == (WorkState.OVERFLOWED, "early")
    assert made.next_deadline() is None and made.decide(at(300), LIMIT, new_id) == []
    (slept,) = router(item(), overflow=rules).decide(at(300), LIMIT, new_id)
    assert slept.item.reason == "late"


def test_capacity_that_wrap_up_holds_for_a_time_is_given_back(new_id: Callable[[], str]) -> None:
    wrap_up = Held(3, Hold.WRAP_UP, "c0", "chat", until=at(30))
    done = item("w0", state=WorkState.ASSIGNED, agent_id="alice", units=3)
    made = router(done, item(), working("alice", held={"w0": wrap_up}))
    assert made.decide(at(29), LIMIT, new_id) == [] and made.next_deadline() == at(30)
    first, second = made.decide(at(30), LIMIT, new_id)
    assert (first.item, first.offer) == (done, None)
    assert first.agent and (first.agent.held, first.agent.idle_since) == ({}, at(30))
    assert offers([second]) == [("w1", "alice")]


def test_an_impossible_item_holds_up_nothing(new_id: Callable[[], str]) -> None:
    stuck = [item(f"stuck{n:04}", skills=("fr",), is_front=True, enqueued_at=at(-n)) for n in range(2000)]
    stuck += [item("huge", units=9, is_front=True), item("odd", skills=("<<>>",), is_front=True)]
    made = router(*stuck, working("alice"))
    for number in range(3):
        made.apply(item(f"w{number}", enqueued_at=at(number)))
        assert offers(made.decide(at(number), LIMIT, new_id)) == [(f"w{number}", "alice")]


def test_ageing_lets_long_waits_overtake_priority(new_id: Callable[[], str]) -> None:
    old, urgent = item("old", priority=7, enqueued_at=at(-500)), item("urgent", priority=3)
    strict, ageing = (router(old, urgent, working("alice"), ageing=step) for step in (None, 2 * MINUTE))
    assert offers(strict.decide(NOW, 1, new_id)) == [("urgent", "alice")]
    assert offers(ageing.decide(NOW, 1, new_id)) == [("old", "alice")]


def test_equals_take_turns(new_id: Callable[[], str]) -> None:
    """Nobody gets a second item before everybody has a first one."""
    people = tuple(agent(f"a{number}") for number in range(5))
    made = router(*[working(who.id) for who in people], people=people, method=Method.ROUND_ROBIN)
    got = []
    for number in range(10):
        made.apply(item(f"w{number}", enqueued_at=at(number)))
        ((_, who),) = offers(made.decide(at(number), LIMIT, new_id))
        got.append(who)
    assert got == [who.id for who in people] * 2


@pytest.mark.parametrize(
    ("method", "chosen"),
    [
        (Method.LONGEST_IDLE, "idle"),
        (Method.ROUND_ROBIN, "turn"),
        (Method.LEAST_ACTIVE, "least"),
        (Method.HIGHEST_CAPACITY, "large"),
        (Method.BEST_MATCH, "match"),
    ],
)
def test_each_method_has_its_favourite(method: Method, chosen: str, new_id: Callable[[], str]) -> None:
    people = [replace(agent(id_), skills={"pt": 3}) for id_ in ("idle", "turn", "least", "large", "match")]
    people[3] = replace(people[3], capacity=9)
    people[4] = replace(people[4], skills={"pt": 8})
    held = {f"x{number}": Held(0, Hold.ACTIVE, "c", "mail") for number in range(2)}
    states = {who.id: working(who.id, 10, held=held, assigned_at={"sales": at(-5)}) for who in people}
    states["idle"] = replace(states["idle"], idle_since=at(-99))
    states["turn"] = replace(states["turn"], assigned_at={"care": at(-1)})
    states["least"] = replace(states["least"], held={})
    made = router(*states.values(), item(skills=("pt>=2",)), people=tuple(people), method=method)
    assert offers(made.decide(NOW, LIMIT, new_id)) == [("w1", chosen)]


def test_the_closest_match_is_who_lacks_least(new_id: Callable[[], str]) -> None:
    people = tuple(replace(agent(f"a{level}"), skills={"pt": level}) for level in (2, 6, 4))
    made = router(*[working(who.id) for who in people], people=people, match=Match.CLOSEST)
    made.apply(item(skills=("pt>=9", "fr")))
    assert offers(made.decide(NOW, LIMIT, new_id)) == [("w1", "a6")]


def test_what_was_not_committed_is_decided_again() -> None:
    alice = working("alice")
    bob = working("bob", held={"w0": Held(1, Hold.OFFERED, "c-w0", "chat")})
    overdue = item("w0", priority=9, state=WorkState.OFFERED, offer_id="o0", agent_id="bob", revision=1)
    offer = Offer("o0", "w0", "c-w0", "bob", WorkKind.NEW, "sales", "chat", NOW, at(30))
    lost = replace(item("t1"), target_agent="charlie")
    work = [item(f"w{number}", enqueued_at=at(number)) for number in range(1, 4)]
    stored = Pool({w.id: w for w in (overdue, lost, *work)}, {"alice": alice, "bob": bob}, {"o0": offer})
    made = Router(CENTRE, NOW, stored)
    numbers = itertools.count(1)
    first = made.decide(at(60), LIMIT, lambda: f"o{next(numbers)}")
    assert len(first) > 3 and made.pool != stored
    made.restore(first, stored)
    assert made.pool == stored
    numbers = itertools.count(1)
    assert made.decide(at(60), LIMIT, lambda: f"o{next(numbers)}") == first


def test_what_somebody_else_stored_meanwhile_counts(new_id: Callable[[], str]) -> None:
    made = router(item(), working("alice"))
    stored = Pool(dict(made.pool.items), dict(made.pool.agents))
    decisions = made.decide(NOW, LIMIT, new_id)
    made.restore(decisions, stored)
    made.apply(working("alice", chosen=Presence.AWAY, revision=1))
    assert made.decide(NOW, LIMIT, new_id) == []
    made.apply(working("bob"))
    assert offers(made.decide(NOW, LIMIT, new_id)) == [("w1", "bob")]


def test_time_does_not_go_back(new_id: Callable[[], str]) -> None:
    made = router(working("alice"))
    made.decide(at(60), LIMIT, new_id)
    made.apply(item())
    (decision,) = made.decide(NOW, LIMIT, new_id)
    assert decision.offer and decision.offer.created_at == at(60)


def test_work_that_is_not_enqueued_by_our_clock_yet_is_routed(new_id: Callable[[], str]) -> None:
    made = router(working("alice"), preferred_for=MINUTE)
    made.apply(item(enqueued_at=at(5)))
    assert offers(made.decide(NOW, LIMIT, new_id)) == [("w1", "alice")]


def test_a_policy_is_taken_up_at_once(new_id: Callable[[], str]) -> None:
    made = router(item(skills=("fr",)), working("alice"), working("bob"), people=(agent("alice"), agent("bob")))
    assert made.decide(NOW, LIMIT, new_id) == []
    learned = replace(made.centre, agents={**made.centre.agents, "bob": agent("bob", "fr")})
    made.configure(learned, NOW)
    assert offers(made.decide(NOW, LIMIT, new_id)) == [("w1", "bob")]
    made.apply(item("w2", skills=("fr",)))
    made.configure(replace(learned, agents={"alice": agent("alice", "fr")}), NOW)
    assert offers(made.decide(NOW, LIMIT, new_id)) == [("w2", "alice")]
    made.apply(item("w3", queue="new"))
    assert made.decide(NOW, LIMIT, new_id) == []
    queues = {**learned.queues, "new": queue("new")}
    made.configure(replace(learned, queues=queues, agents={"alice": agent("alice", queues=("new",))}), NOW)
    assert offers(made.decide(NOW, LIMIT, new_id)) == [("w3", "alice")]
    with pytest.raises(KeyError):
        made.revise(agent("stranger"))


def test_room_is_there_for_whoever_takes_offers() -> None:
    """The router's short form of the predicates agrees with presence."""
    holds: list[dict[str, Held]] = [{}, {"w0": Held(1, Hold.ACTIVE, "c", "chat")}, {"w0": Held(3, Hold.ACTIVE, "c")}]
    combinations = itertools.product(Presence, [None, Presence.AWAY], Penalty, [True, False], holds, [0, 3])
    for chosen, next_, penalty, is_connected, held, capacity in combinations:
        state = AgentState("alice", NOW, NOW, chosen, next_, penalty, is_connected, held)
        found = room(state, agent("alice", capacity=capacity))
        assert found == (capacity - state.used if takes_offers(state, capacity) else 0)


@pytest.mark.parametrize("fields", [{"enabled": False}, {"roles": frozenset({Role.ADMIN})}])
def test_who_may_not_work_gets_nothing(fields: dict[str, Any], new_id: Callable[[], str]) -> None:
    made = router(item(), working("alice"), people=(replace(agent("alice"), **fields),))
    assert made.decide(NOW, LIMIT, new_id) == []
    made.revise(agent("alice"))
    assert offers(made.decide(NOW, LIMIT, new_id)) == [("w1", "alice")]


@pytest.mark.parametrize("held", [{}, {"w0": Held(1, Hold.ACTIVE, "c", "chat")}])
@pytest.mark.parametrize("units", [1, 2, 3])
def test_an_offer_holds_capacity_as_presence_says(held: dict[str, Held], units: int) -> None:
    alice = working("alice", 60, held=held, assigned_at={"care": at(-5)}, revision=4)
    work = item(units=units, preferred=("bob",), queued_at=at(-1), refusals={"bob": 1}, revision=2)
    made = offer_to(work, alice, agent("alice"), queue("sales"), NOW, lambda: "o1")
    after = hold(alice, "w1", Held(units, Hold.OFFERED, "c-w1", "chat"), NOW)
    expected = replace(settled(alice, after, 3, NOW), assigned_at={"care": at(-5), "sales": NOW})
    assert made.agent == expected
    assert made.item == replace(work, state=WorkState.OFFERED, offer_id="o1", agent_id="alice", revision=3)
    assert made.offer and made.offer.expires_at - NOW == 30 * SECOND and made.offer.state is OfferState.PENDING


@pytest.mark.parametrize("ageing", [None, timedelta(seconds=7), 2 * MINUTE])
def test_packed_keys_order_as_ranks_do(ageing: timedelta | None) -> None:
    some = random.Random(1)
    step = None if ageing is None else ageing // timedelta(microseconds=1)
    ranks = []
    for number in range(600):
        enqueued = some.choice([NOW, at(some.random()), NOW.replace(year=1), NOW.replace(year=9999)])
        priority = some.choice([1, 5, -511, -512, -513, 511, 512, 10**6, -(10**6)])
        work = item(f"w{number}", priority=priority, enqueued_at=enqueued, is_front=some.random() < 0.3)
        ranks.append(rank_of(work, step))
    keys = [packed(rank, step) for rank in sorted(ranks)]
    assert keys == sorted(keys) and max(keys) < NEVER and min(keys) >= 0


def test_moments_are_exact() -> None:
    for when in (NOW, at(0.000001), NOW.replace(year=1), NOW.replace(year=9999)):
        assert moment(micros(when)) == when


def test_an_explanation_names_the_first_predicate_that_fails() -> None:
    one = agent("alice", channels={"chat": 0})
    assert explain(item(), working("nobody"), CENTRE, NOW).fails == "not-here"
    assert explain(item(), working("alice", chosen=Presence.AWAY), CENTRE, NOW).fails == "presence"
    assert explain(replace(item(), target_agent="bob"), working("alice"), CENTRE, NOW).fails == "for-another"
    assert explain(item(refusals={"alice": 3}), working("alice"), CENTRE, NOW).fails == "refused"
    assert explain(item(queue="night"), working("alice"), CENTRE, NOW).fails == "queue"
    assert explain(item(skills=("fr",)), working("alice"), CENTRE, NOW).fails == "skill"
    assert explain(item(), working("alice"), centre(one), NOW).fails == "capacity"
    held = {"w0": Held(1, Hold.ACTIVE, "c0", "chat")}
    assert explain(item(units=3), working("alice", held=held), CENTRE, NOW).fails == "capacity"
    reserved = centre(queues={"sales": replace(queue("sales"), preferred_for=MINUTE)})
    assert explain(item(preferred=("bob",)), working("alice"), reserved, NOW).fails == "for-preferred"
    assert explain(item(preferred=("bob",)), working("bob"), reserved, NOW).key is not None
