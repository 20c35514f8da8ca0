"""What routing's records were: every version, in order, as of any moment; and what decisions were made on."""

from collections.abc import Callable
from dataclasses import replace
from itertools import count

import pytest

from shared.domain.backtest.exactly import decide_again
from shared.domain.presence import AgentState, Presence
from shared.domain.routing import Assignment, OfferState, WorkItem, WorkKind, WorkState, accept, finish
from shared.records.history import LOG_PAGE, RoutingHistory
from shared.records.routing import PoolFollower, RoutingStore
from shared.records.traffic import entry_of
from tests.contracts.stores import Store
from tests.domain.cast import CENTRE, NOW, SECOND, at

MAIN = "main"
LIMIT = 15


@pytest.fixture
def routing(store: Store) -> RoutingStore:
    return RoutingStore(store.documents, store.clock)


@pytest.fixture
def history(store: Store) -> RoutingHistory:
    return RoutingHistory(store.documents)


@pytest.fixture
def new_id() -> Callable[[], str]:
    numbers = count(1)
    return lambda: f"o{next(numbers)}"


def item(id_: str = "w1") -> WorkItem:
    return WorkItem(id_, "c1", WorkKind.NEW, "chat", "sales", (), 5, NOW, 1, 1)


def agent(id_: str = "alice", **fields: object) -> AgentState:
    return replace(AgentState(id_, NOW, NOW, chosen=Presence.AVAILABLE), **fields)  # type: ignore[arg-type]  # a test


async def test_every_version_is_kept_in_order(store: Store, routing: RoutingStore, history: RoutingHistory) -> None:
    etag = None
    for revision in range(1, 6):
        assert await routing.save_agent(MAIN, agent(revision=revision), etag)
        etag = (await routing.agent(MAIN, "alice", NOW)).etag
        if revision > 2:
            store.clock.forward(SECOND)
    found = await history.versions(MAIN, "agent:alice")
    assert [routing.past_value(past).revision for past in found] == [1, 2, 3, 4, 5]
    log, _ = await history.log(MAIN, None)
    assert [past.position for past in log] == sorted({past.position for past in log})
    assert [past.at.replace(microsecond=0) for past in found] == [NOW, NOW, NOW, at(1), at(2)]
    assert await history.versions(MAIN, "agent:bob") == []


async def test_more_versions_than_a_page(store: Store, routing: RoutingStore, history: RoutingHistory) -> None:
    etag = None
    for revision in range(450):
        assert await routing.save_agent(MAIN, agent(revision=revision), etag)
        etag = (await routing.agent(MAIN, "alice", NOW)).etag
    found = await history.versions(MAIN, "agent:alice")
    assert [routing.past_value(past).revision for past in found] == list(range(450))


async def test_what_is_refused_leaves_no_version(routing: RoutingStore, history: RoutingHistory) -> None:
    assert await routing.save_agent(MAIN, agent(), None)
    assert not await routing.save_agent(MAIN, agent(revision=9), None)
    assert len(await history.versions(MAIN, "agent:alice")) == 1


async def test_a_record_as_of_a_moment_and_as_somebody_had_seen_it(
    store: Store, routing: RoutingStore, history: RoutingHistory
) -> None:  # fmt: skip
    etag = None
    for revision in range(3):
        assert await routing.save_agent(MAIN, agent(revision=revision), etag)
        etag = (await routing.agent(MAIN, "alice", NOW)).etag
        store.clock.forward(10 * SECOND)
    (first, second, third), _ = await history.log(MAIN, None)

    async def revision_as_of(seconds: float, seen: int) -> int | None:
        past = await history.as_of(MAIN, "agent:alice", at(seconds), seen)
        return routing.past_value(past).revision if past else None

    assert [await revision_as_of(seconds, 10**9) for seconds in (-1, 0, 9, 10, 25)] == [None, 0, 0, 1, 2]
    assert await revision_as_of(25, third.position - 1) == 1, "the third was not seen yet"
    assert await revision_as_of(25, second.position - 1) == 0
    assert await revision_as_of(25, first.position - 1) is None


async def test_offers_say_what_they_were_decided_by_and_on(
    routing: RoutingStore, history: RoutingHistory, new_id: Callable[[], str]
) -> None:  # fmt: skip
    assert await routing.save_agent(MAIN, agent(), None)
    assert await routing.create_item(MAIN, item())
    follower = PoolFollower(routing, MAIN)
    await follower.catch_up()
    log, _ = await history.log(MAIN, None)
    (decision,) = await follower.decide(CENTRE, NOW, LIMIT, new_id) or []
    assert decision.offer
    stored = await routing.offer(MAIN, decision.offer.id)
    assert stored and stored.value == decision.offer
    assert stored.value.policy == CENTRE.version
    assert stored.value.seen >= log[-1].position


async def test_the_log_leads_to_the_same_decisions(
    store: Store, routing: RoutingStore, history: RoutingHistory, new_id: Callable[[], str]
) -> None:  # fmt: skip
    """Work comes, is offered, taken and ended by two agents, until the log has several pages."""
    for name in ("alice", "bob"):
        assert await routing.save_agent(MAIN, agent(name), None)
    follower = PoolFollower(routing, MAIN)
    for number in range(120):
        store.clock.forward(SECOND)
        assert await routing.create_item(MAIN, replace(item(f"w{number}"), enqueued_at=store.clock.now))
        await follower.catch_up()
        for decision in await follower.decide(CENTRE, store.clock.now, LIMIT, new_id) or []:
            await _serve(routing, store, decision, is_ended=number % 40 != 0)
    entries = []
    since: str | None = None
    while True:
        past, since = await history.log(MAIN, since)
        assert len(past) <= LOG_PAGE
        entries += [entry_of(one) for one in past]
        if since is None:
            break
    assert len(entries) > LOG_PAGE
    assert [entry.position for entry in entries] == sorted(entry.position for entry in entries)
    made = decide_again(entries, {CENTRE.version: CENTRE}, LIMIT)
    assert len(made) > 50
    assert all(batch.is_same for batch in made)


async def _serve(routing: RoutingStore, store: Store, decision: Assignment, *, is_ended: bool) -> None:
    if decision.offer is None or decision.offer.state is not OfferState.PENDING:
        return
    found = await routing.item(MAIN, decision.item.id)
    assert found and found.value.state is WorkState.OFFERED
    current, etags = await routing.assignment(MAIN, found)
    taken = accept(current, 3, store.clock.now)
    assert await routing.commit(MAIN, [taken], etags)
    if is_ended:
        found = await routing.item(MAIN, decision.item.id)
        assert found
        current, etags = await routing.assignment(MAIN, found)
        assert await routing.commit(MAIN, [finish(current, 3, store.clock.now)], etags)
