"""Routing: what changes together is stored together; a follower knows what the store holds; deciders are fenced."""

import asyncio
import itertools
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from pydantic import ValidationError

from shared.domain.presence import AgentState, Held, Hold, Presence, choose, settled
from shared.domain.routing import (
    Assignment,
    Offer,
    OfferGone,
    OfferState,
    Pool,
    WorkItem,
    WorkKind,
    WorkState,
    accept,
    end_offer,
    finish,
)
from shared.ports import Container, Document, Unavailable
from shared.records.history import PREFIX
from shared.records.routing import DECIDER, KEPT_AFTER_END, PoolFollower, RoutingStore, record_of
from tests.contracts.stores import Store
from tests.domain.cast import CENTRE, NOW, OFFER, at, working
from tests.domain.fresh_router import decide

MAIN = "main"
LIMIT = 15


@pytest.fixture
def routing(store: Store) -> RoutingStore:
    return RoutingStore(store.documents, store.clock)


@pytest.fixture
def new_id() -> Callable[[], str]:
    numbers = itertools.count(1)
    return lambda: f"o{next(numbers):04}"


def item(id_: str = "w1", queue: str = "sales", **fields: object) -> WorkItem:
    base = WorkItem(id_, f"c-{id_}", WorkKind.NEW, "chat", queue, (), 5, NOW, 1, 1)
    return replace(base, **fields)  # type: ignore[arg-type]  # fields of a WorkItem


async def available(routing: RoutingStore, *people: str) -> None:
    for id_ in people:
        assert await routing.save_agent(MAIN, working(id_), None)


async def followed(routing: RoutingStore) -> PoolFollower:
    follower = PoolFollower(routing, MAIN)
    await follower.catch_up()
    return follower


async def stored(store: Store, pool: str = MAIN) -> tuple[Pool, dict[str, str]]:
    """What the partition holds that is not over, and the versions."""
    documents, _ = await store.documents.changes(Container.ROUTING, pool, None, 100_000)
    found, etags = Pool(), {}
    for document in documents:
        if document.type.startswith(PREFIX):
            continue  # what was
        record = None if document.type == DECIDER else record_of(document)
        if isinstance(record, WorkItem) and record.state not in (WorkState.DONE, WorkState.FAILED):
            found.items[record.id] = record
        elif isinstance(record, AgentState):
            found.agents[record.id] = record
        elif isinstance(record, Offer) and record.state is OfferState.PENDING:
            found.offers[record.id] = record
        elif record is not None:
            continue
        etags[document.id] = document.etag
    return found, etags


async def test_records_are_read_as_they_were_written(routing: RoutingStore) -> None:
    whole = item(
        skills=("pt", "vip"), is_front=True, target_agent="bob", state=WorkState.ASSIGNED, offer_id="o1",
        agent_id="bob", assignment_epoch=3, refusals={"alice": 2}, reason="x", revision=7, kind=WorkKind.TRANSFER,
    )  # fmt: skip
    bob = AgentState(
        "bob", at(1), at(2), Presence.BUSY, Presence.AWAY, is_connected=False, held={"w1": Held(1, Hold.WRAP_UP, "c1")},
        revision=4,
    )  # fmt: skip
    offer = Offer("o1", "w1", "c1", "bob", WorkKind.NEW, "sales", "chat", NOW, NOW + OFFER, OfferState.ACCEPTED)
    assert await routing.commit(MAIN, [Assignment(whole, bob, offer)], {})
    read_item, read_offer = await routing.item(MAIN, "w1"), await routing.offer(MAIN, "o1")
    assert read_item and read_offer
    assert (read_item.value, read_offer.value) == (whole, offer)
    assert (await routing.agent(MAIN, "bob", NOW)).value == bob
    assert await routing.item("night", "w1") is None and await routing.offer(MAIN, "o2") is None


async def test_one_who_never_signed_in_is_offline(routing: RoutingStore) -> None:
    found = await routing.agent(MAIN, "alice", at(5))
    assert (found.value, found.etag) == (AgentState("alice", at(5), at(5)), None)
    assert found.value.chosen is Presence.OFFLINE


async def test_work_is_enqueued_once(routing: RoutingStore) -> None:
    assert await routing.create_item(MAIN, item(priority=1))
    assert not await routing.create_item(MAIN, item(priority=2))
    found = await routing.item(MAIN, "w1")
    assert found and found.value.priority == 1


async def test_an_agent_is_compared_and_set(routing: RoutingStore) -> None:
    assert await routing.save_agent(MAIN, working("alice"), None)
    assert not await routing.save_agent(MAIN, working("alice", chosen=Presence.AWAY), None)
    read = await routing.agent(MAIN, "alice", NOW)
    assert await routing.save_agent(MAIN, replace(read.value, chosen=Presence.AWAY), read.etag)
    assert not await routing.save_agent(MAIN, read.value, read.etag)
    assert (await routing.agent(MAIN, "alice", NOW)).value.chosen is Presence.AWAY


async def test_an_assignment_is_what_the_item_names(routing: RoutingStore, new_id: Callable[[], str]) -> None:
    await available(routing, "alice")
    await routing.create_item(MAIN, item())
    waiting = await routing.item(MAIN, "w1")
    assert waiting
    assert await routing.assignment(MAIN, waiting) == (Assignment(item()), {"work:w1": waiting.etag})
    follower = await followed(routing)
    (decision,) = decide(follower.state, CENTRE, NOW, LIMIT, new_id)
    assert await routing.commit(MAIN, [decision], follower.etags)
    offered = await routing.item(MAIN, "w1")
    assert offered
    current, etags = await routing.assignment(MAIN, offered)
    assert current == decision
    assert set(etags) == {"work:w1", "agent:alice", "offer:o0001"} and None not in etags.values()


async def offered_to_alice(routing: RoutingStore, new_id: Callable[[], str]) -> PoolFollower:
    await available(routing, "alice")
    await routing.create_item(MAIN, item())
    follower = await followed(routing)
    assert await routing.commit(MAIN, decide(follower.state, CENTRE, NOW, LIMIT, new_id), follower.etags)
    return follower


async def test_all_of_a_commit_is_refused_if_any_of_it_has_changed(
    store: Store, routing: RoutingStore, new_id: Callable[[], str]
) -> None:
    await offered_to_alice(routing, new_id)
    read = await routing.item(MAIN, "w1")
    assert read
    current, etags = await routing.assignment(MAIN, read)
    alice = await routing.agent(MAIN, "alice", NOW)
    assert await routing.save_agent(MAIN, replace(alice.value, next=Presence.AWAY), alice.etag)
    before = store.feed(Container.ROUTING)
    assert not await routing.commit(MAIN, [accept(current, 3, NOW)], etags)
    assert store.feed(Container.ROUTING) == before


async def test_of_two_who_answer_one_offer_one_succeeds(routing: RoutingStore, new_id: Callable[[], str]) -> None:
    await offered_to_alice(routing, new_id)
    read = await routing.item(MAIN, "w1")
    assert read
    current, etags = await routing.assignment(MAIN, read)
    declined = end_offer(current, OfferState.DECLINED, CENTRE.offers, 3, NOW)
    outcomes = await asyncio.gather(
        routing.commit(MAIN, [accept(current, 3, NOW)], etags), routing.commit(MAIN, [declined], dict(etags))
    )
    assert sorted(outcomes) == [False, True]


async def test_a_decider_that_has_not_caught_up_is_refused(routing: RoutingStore, new_id: Callable[[], str]) -> None:
    await available(routing, "alice")
    await routing.create_item(MAIN, item())
    follower = await followed(routing)
    alice = await routing.agent(MAIN, "alice", NOW)
    assert await routing.save_agent(MAIN, replace(alice.value, chosen=Presence.AWAY), alice.etag)
    assert not await routing.commit(MAIN, decide(follower.state, CENTRE, NOW, LIMIT, new_id), follower.etags)
    await follower.catch_up()
    assert decide(follower.state, CENTRE, NOW, LIMIT, new_id) == []


async def test_work_that_was_finished_meanwhile_is_not_offered(
    routing: RoutingStore, new_id: Callable[[], str]
) -> None:
    await available(routing, "alice")
    await routing.create_item(MAIN, item())
    follower = await followed(routing)
    read = await routing.item(MAIN, "w1")
    assert read
    current, etags = await routing.assignment(MAIN, read)
    assert await routing.commit(MAIN, [finish(current, 0, NOW)], etags)
    assert not await routing.commit(MAIN, decide(follower.state, CENTRE, NOW, LIMIT, new_id), follower.etags)
    await follower.catch_up()
    assert follower.state.items == {}


@pytest.mark.parametrize("rounds_before", [0, 1])
async def test_a_twin_is_fenced_even_where_their_decisions_do_not_touch(
    routing: RoutingStore, new_id: Callable[[], str], rounds_before: int
) -> None:
    await available(routing, "alice", "bob")
    first, second = await followed(routing), await followed(routing)
    for number in range(rounds_before):
        await routing.create_item(MAIN, item(f"before-{number}"))
        await first.catch_up()
        assert await routing.commit(MAIN, decide(first.state, CENTRE, NOW, LIMIT, new_id), first.etags)
    for id_ in ("w1", "w2"):
        await routing.create_item(MAIN, item(id_))
    for follower in (first, second):
        await follower.catch_up()
    decisions = decide(first.state, CENTRE, NOW, LIMIT, new_id)
    assert [decision.item.id for decision in decisions] == ["w1", "w2"]
    assert await routing.commit(MAIN, decisions[:1], first.etags)
    assert not await routing.commit(MAIN, decisions[1:], second.etags)
    assert not await routing.commit(MAIN, decisions[1:], first.etags), "nor is the first, before it has caught up"
    await second.catch_up()
    again = decide(second.state, CENTRE, NOW, LIMIT, new_id)
    assert [decision.item.id for decision in again] == ["w2"]
    assert await routing.commit(MAIN, again, second.etags)


async def test_who_answers_an_offer_is_not_fenced_by_the_deciders(
    routing: RoutingStore, new_id: Callable[[], str]
) -> None:
    follower = await offered_to_alice(routing, new_id)
    read = await routing.item(MAIN, "w1")
    assert read
    current, etags = await routing.assignment(MAIN, read)
    assert await routing.save_agent(MAIN, working("bob", 60), None)
    await routing.create_item(MAIN, item("w2"))
    await follower.catch_up()
    assert await routing.commit(MAIN, decide(follower.state, CENTRE, NOW, LIMIT, new_id), follower.etags)
    assert await routing.commit(MAIN, [accept(current, 3, NOW)], etags)


async def test_a_full_round_fits_into_a_batch(routing: RoutingStore, new_id: Callable[[], str]) -> None:
    people = {f"a{number:02}": replace(CENTRE.agents["alice"], id=f"a{number:02}") for number in range(LIMIT)}
    await available(routing, *people)
    for number in range(LIMIT):
        await routing.create_item(MAIN, item(f"w{number}"))
    follower = await followed(routing)
    decisions = decide(follower.state, replace(CENTRE, agents=people), NOW, LIMIT, new_id)
    assert len(decisions) == LIMIT
    assert await routing.commit(MAIN, decisions, follower.etags)


async def test_what_is_over_is_kept_for_a_while_and_dropped_by_followers(
    store: Store, routing: RoutingStore, new_id: Callable[[], str]
) -> None:
    follower = await offered_to_alice(routing, new_id)
    read = await routing.item(MAIN, "w1")
    assert read
    current, etags = await routing.assignment(MAIN, read)
    assert await routing.commit(MAIN, [finish(current, 3, NOW)], etags)
    await follower.catch_up()
    assert (follower.state.items, follower.state.offers) == ({}, {})
    assert set(follower.etags) == {DECIDER, "agent:alice"}
    store.clock.forward(KEPT_AFTER_END - timedelta(seconds=1))
    done, cancelled = await routing.item(MAIN, "w1"), await routing.offer(MAIN, "o0001")
    assert done and cancelled
    assert (done.value.state, cancelled.value.state) == (WorkState.DONE, OfferState.CANCELLED)
    store.clock.forward(timedelta(seconds=1))
    assert await routing.item(MAIN, "w1") is None and await routing.offer(MAIN, "o0001") is None
    assert (await routing.agent(MAIN, "alice", NOW)).etag is not None


async def test_work_that_goes_on_is_kept_however_long(store: Store, routing: RoutingStore) -> None:
    await routing.create_item(MAIN, item())
    await routing.create_item(MAIN, item("w2", state=WorkState.ASSIGNED, agent_id="alice"))
    store.clock.forward(100 * KEPT_AFTER_END)
    assert set((await followed(routing)).state.items) == {"w1", "w2"}


async def test_pools_do_not_see_each_other(routing: RoutingStore) -> None:
    await routing.create_item(MAIN, item())
    await routing.create_item("night", item("w2"))
    night = PoolFollower(routing, "night")
    await night.catch_up()
    assert set(night.state.items) == {"w2"}
    assert set((await followed(routing)).state.items) == {"w1"}


async def test_a_store_that_is_away_is_no_refusal(store: Store, routing: RoutingStore) -> None:
    store.fill_disk(True)
    with pytest.raises(Unavailable):
        await routing.create_item(MAIN, item())
    with pytest.raises(Unavailable):
        await routing.commit(MAIN, [Assignment(item())], {})


def test_a_document_that_does_not_fit_says_so() -> None:
    with pytest.raises(KeyError):
        record_of(Document("x", MAIN, "unheard of", {}, "1"))
    with pytest.raises(ValidationError):
        record_of(Document("work:w1", MAIN, "work", {"id": "w1"}, "1"))


class Life:
    """A pool where things happen at random, each as the use cases do it."""

    def __init__(self, routing: RoutingStore, seed: int) -> None:
        self.routing, self.random = routing, random.Random(seed)
        self.now, self.numbers = NOW, itertools.count(1)
        self.items: list[str] = []

    def new_id(self) -> str:
        return f"{next(self.numbers):05}"

    async def work_comes(self) -> None:
        id_ = f"w{self.new_id()}"
        self.items.append(id_)
        target = self.random.choice([None, None, "bob"])
        kind = WorkKind.TRANSFER if target else WorkKind.NEW
        queue = self.random.choice(["sales", "care"])
        assert await self.routing.create_item(
            MAIN, item(id_, queue, kind=kind, target_agent=target, enqueued_at=self.now)
        )

    async def somebody_decides(self, follower: PoolFollower) -> bool:
        decisions = decide(follower.state, CENTRE, self.now, self.random.choice([1, 3, LIMIT]), self.new_id)
        return not decisions or await self.routing.commit(MAIN, decisions, follower.etags)

    async def work_changes(self) -> None:
        read = await self.routing.item(MAIN, self.random.choice(self.items)) if self.items else None
        if read is None or read.value.state in (WorkState.DONE, WorkState.FAILED):
            return
        current, etags = await self.routing.assignment(MAIN, read)
        capacity = CENTRE.agents[current.agent.id].capacity if current.agent else 0
        act = self.random.choice(["accept", "accept", "decline", "finish"])
        try:
            if act == "finish" or current.offer is None:
                change = finish(current, capacity, self.now)
            elif act == "accept":
                change = accept(current, capacity, self.now)
            else:
                change = end_offer(current, OfferState.DECLINED, CENTRE.offers, capacity, self.now)
        except OfferGone:
            return
        assert await self.routing.commit(MAIN, [change], etags)

    async def somebody_chooses(self) -> None:
        id_ = self.random.choice(["alice", "bob"])
        read = await self.routing.agent(MAIN, id_, self.now)
        chosen = self.random.choice([Presence.AVAILABLE, Presence.AVAILABLE, Presence.AWAY, Presence.OFFLINE])
        after = settled(read.value, choose(read.value, chosen, None), CENTRE.agents[id_].capacity, self.now)
        assert await self.routing.save_agent(MAIN, after, read.etag)

    async def step(self, followers: list[PoolFollower]) -> None:
        act = self.random.choice(["work", "decide", "decide", "change", "change", "choose", "catch up", "time"])
        follower = self.random.choice(followers)
        if act == "work":
            await self.work_comes()
        elif act == "decide":
            await self.somebody_decides(follower)
        elif act == "change":
            await self.work_changes()
        elif act == "choose":
            await self.somebody_chooses()
        elif act == "catch up":
            await follower.catch_up()
        else:
            self.now += timedelta(seconds=self.random.choice([1, 10, 40]))


@pytest.mark.parametrize("seed", range(8))
async def test_followers_know_what_the_store_holds(store: Store, routing: RoutingStore, seed: int) -> None:
    life = Life(routing, seed)
    followers = [PoolFollower(routing, MAIN) for _ in range(2)]
    for _ in range(250):
        await life.step(followers)
    for follower in [*followers, PoolFollower(routing, MAIN)]:
        await follower.catch_up()
        state, etags = await stored(store)
        assert (follower.state.items, follower.state.agents, follower.state.offers) == (
            state.items, state.agents, state.offers,
        )  # fmt: skip
        assert follower.etags == {DECIDER: None} | etags
    books_are_in_order(followers[0].state)
    for _ in range(10):
        for follower in followers:
            await follower.catch_up()
            assert await life.somebody_decides(follower), "who has caught up is not refused"


def books_are_in_order(pool: Pool) -> None:
    """I3, and each hold and each offer has its work."""
    holds = {work_id: (who.id, held.state) for who in pool.agents.values() for work_id, held in who.held.items()}
    for who in pool.agents.values():
        assert who.used <= CENTRE.agents[who.id].capacity
    states = {WorkState.OFFERED: Hold.OFFERED, WorkState.ASSIGNED: Hold.ACTIVE}
    busy = {i.id: (i.agent_id, states[i.state]) for i in pool.items.values() if i.state in states}
    assert holds == busy
    assert {offer.work_id for offer in pool.offers.values()} == {
        w for w, (_, hold) in busy.items() if hold is Hold.OFFERED
    }


async def test_catching_up_at_once_reads_each_change_once(store: Store, routing: RoutingStore) -> None:
    follower = await followed(routing)
    for number in range(50):
        await routing.create_item(MAIN, item(f"w{number}"))
    await asyncio.gather(*(follower.catch_up() for _ in range(10)))
    state, _ = await stored(store)
    assert follower.state.items == state.items and len(state.items) == 50


async def test_a_follower_commits_what_it_decides(routing: RoutingStore, new_id: Callable[[], str]) -> None:
    await available(routing, "alice")
    for number in range(4):
        await routing.create_item(MAIN, item(f"w{number}"))
    follower = await followed(routing)
    decisions = await follower.decide(CENTRE, NOW, LIMIT, new_id)
    assert decisions and [decision.item.id for decision in decisions] == ["w0", "w1", "w2"]
    assert set((await routing.agent(MAIN, "alice", NOW)).value.held) == {"w0", "w1", "w2"}
    await follower.catch_up()
    assert await follower.decide(CENTRE, NOW, LIMIT, new_id) == []
    assert follower.router(CENTRE, NOW).pool == follower.state
    assert follower.router(CENTRE, NOW).next_deadline() == NOW + OFFER


async def test_a_refused_follower_goes_back_to_what_is_stored(routing: RoutingStore, new_id: Callable[[], str]) -> None:
    await available(routing, "alice")
    await routing.create_item(MAIN, item())
    follower = await followed(routing)
    before = Pool(dict(follower.state.items), dict(follower.state.agents))
    alice = await routing.agent(MAIN, "alice", NOW)
    assert await routing.save_agent(MAIN, replace(alice.value, chosen=Presence.AWAY), alice.etag)
    assert await follower.decide(CENTRE, NOW, LIMIT, new_id) is None
    assert follower.router(CENTRE, NOW).pool == before
    await available(routing, "bob")
    await follower.catch_up()
    decisions = await follower.decide(CENTRE, NOW, LIMIT, new_id)
    assert decisions and [(d.item.id, d.agent and d.agent.id) for d in decisions] == [("w1", "bob")]


async def test_so_does_one_whose_store_is_away(store: Store, routing: RoutingStore, new_id: Callable[[], str]) -> None:
    await available(routing, "alice")
    await routing.create_item(MAIN, item())
    follower = await followed(routing)
    store.fill_disk(True)
    with pytest.raises(Unavailable):
        await follower.decide(CENTRE, NOW, LIMIT, new_id)
    store.fill_disk(False)
    assert follower.router(CENTRE, NOW).pool == follower.state
    assert await follower.decide(CENTRE, NOW, LIMIT, new_id)


async def test_dispatchers_of_one_process_do_not_decide_on_each_others_guesses(
    routing: RoutingStore, new_id: Callable[[], str]
) -> None:
    await available(routing, "alice", "bob")
    for number in range(6):
        await routing.create_item(MAIN, item(f"w{number}"))
    follower = await followed(routing)
    found = await asyncio.gather(*(follower.decide(CENTRE, NOW, 2, new_id) for _ in range(3)))
    assert sum(decisions is not None for decisions in found) >= 1
    while True:
        await follower.catch_up()
        if await follower.decide(CENTRE, NOW, LIMIT, new_id) == []:
            break
    assert {len((await routing.agent(MAIN, id_, NOW)).value.held) for id_ in ("alice", "bob")} == {3}
    assert follower.router(CENTRE, NOW).pool == follower.state
    books_are_in_order(follower.state)


@pytest.mark.parametrize("seed", range(4))
async def test_twins_in_any_order_keep_the_books(store: Store, routing: RoutingStore, seed: int) -> None:
    """Two processes decide by their routers; whatever is refused, each goes on from what is stored."""
    life = Life(routing, seed)
    twins = [PoolFollower(routing, MAIN) for _ in range(2)]
    for _ in range(250):
        await life.step(twins)
        twin = life.random.choice(twins)
        await twin.decide(CENTRE, life.now, life.random.choice([1, 3, LIMIT]), life.new_id)
    for twin in twins:
        for _ in range(20):
            await twin.catch_up()
            if await twin.decide(CENTRE, life.now, LIMIT, life.new_id) == []:
                break
        assert twin.router(CENTRE, life.now).pool == twin.state == (await stored(store))[0]
        books_are_in_order(twin.state)
