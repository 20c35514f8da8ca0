"""What a follower learns of waits: from records as they are written, with their moments, and from what was before."""

from dataclasses import replace
from datetime import datetime

import pytest

from shared.domain.flow import HANDLE_SECONDS_DEFAULT, PRIOR_COUNT, Flow
from shared.domain.presence import AgentState, Hold, hold, settled
from shared.domain.routing import OfferState, WorkItem, WorkKind, accept, end_offer, finish
from shared.ports import Clock
from shared.records.flows import BEHIND_MAX, VERSIONS_MAX
from shared.records.history import Past, RoutingHistory
from shared.records.routing import PoolFollower, RoutingStore
from tests.contracts.stores import Store
from tests.domain.cast import CENTRE, NOW, at, working

MAIN = "main"


class CountingHistory(RoutingHistory):
    """Counts whom it was asked for."""

    asked = 0

    async def later(self, pool: str, record_id: str, after: datetime, limit: int) -> list[Past]:
        """See RoutingHistory."""
        self.asked += 1
        return await super().later(pool, record_id, after, limit)


class House:
    """A pool's store whose clock is set, and people who work by it."""

    def __init__(self, store: Store) -> None:
        self.now: datetime = NOW
        clock: Clock = lambda: self.now  # noqa: E731  # a port of one call
        self.routing, self.history = RoutingStore(store.documents, clock), CountingHistory(store.documents)
        self._offers = 0

    async def come(self, id_: str, seconds: float, queue: str = "sales", priority: int = 5) -> None:
        self.now = at(seconds)
        item = WorkItem(id_, f"c-{id_}", WorkKind.NEW, "chat", queue, (), priority, self.now, 1, 1)
        assert await self.routing.create_item(MAIN, item)

    async def offer(self, follower: PoolFollower, seconds: float) -> None:
        """The dispatcher looks."""
        self.now = at(seconds)
        await follower.catch_up()
        self._offers += 1
        assert await follower.decide(CENTRE, self.now, 15, lambda: f"o{self._offers}")

    async def change(self, id_: str, seconds: float, how: str) -> None:
        self.now = at(seconds)
        item = await self.routing.item(MAIN, id_)
        assert item
        current, etags = await self.routing.assignment(MAIN, item)
        if how == "accept":
            after = accept(current, 3, self.now)
        elif how == "decline":
            after = end_offer(current, OfferState.DECLINED, CENTRE.offers, 3, self.now)
        else:
            after = finish(current, 3, self.now)
        assert await self.routing.commit(MAIN, [after], etags)

    async def follower(self) -> PoolFollower:
        follower = PoolFollower(self.routing, MAIN)
        await follower.catch_up()
        return follower

    async def learnt(self, follower: PoolFollower, queue: str = "sales") -> Flow:
        await follower.catch_up()
        await follower.waits.learn(MAIN, self.history, self.routing.past_value)
        return follower.waits.flow(queue)


@pytest.fixture
async def house(store: Store) -> House:
    opened = House(store)
    assert await opened.routing.save_agent(MAIN, working("alice"), None)
    return opened


def drawn(*seconds: float) -> float:
    """The mean of so few, with what is known otherwise: of the pool, which has seen the same."""
    of_pool = (sum(seconds) + PRIOR_COUNT * HANDLE_SECONDS_DEFAULT) / (len(seconds) + PRIOR_COUNT)
    return (sum(seconds) + PRIOR_COUNT * of_pool) / (len(seconds) + PRIOR_COUNT)


async def served(house: House, follower: PoolFollower) -> None:
    """w1 holds Alice from 10 to 110 seconds, answered at 14."""
    await house.come("w1", 8)
    await house.offer(follower, 10)
    await house.change("w1", 14, "accept")
    await house.change("w1", 110, "finish")
    await house.come("w2", 120)  # the pool's clock goes on


async def test_work_holds_its_agent_from_the_offer_until_it_is_given_back(house: House) -> None:
    follower = await house.follower()
    await house.learnt(follower)
    await served(house, follower)
    found = await house.learnt(follower)
    assert found.handle_seconds == pytest.approx(drawn(100))
    assert found.answer_seconds < 5.0
    other = follower.waits.flow("care")
    assert other.handle_seconds == pytest.approx((100 + PRIOR_COUNT * 300) / (1 + PRIOR_COUNT)), "the pool's"


async def test_wrap_up_belongs_to_it_and_an_offer_in_vain_costs_its_time(house: House) -> None:
    follower = await house.follower()
    await house.learnt(follower)
    await house.come("w1", 0)
    await house.offer(follower, 10)
    await house.change("w1", 14, "accept")
    house.now = at(60)
    alice = await house.routing.agent(MAIN, "alice", house.now)
    held = replace(alice.value.held["w1"], state=Hold.WRAP_UP)
    wrapping = settled(alice.value, hold(alice.value, "w1", held, house.now), 3, house.now)
    assert await house.routing.save_agent(MAIN, wrapping, alice.etag)
    await house.change("w1", 110, "finish")
    await house.come("w2", 120)
    await house.offer(follower, 120)
    await house.change("w2", 150, "decline")
    await house.come("w3", 151)
    found = await house.learnt(follower)
    of_pool = (130 + PRIOR_COUNT * 300) / (1 + PRIOR_COUNT)
    assert found.handle_seconds == pytest.approx((130 + PRIOR_COUNT * of_pool) / (1 + PRIOR_COUNT))


async def test_one_who_starts_cold_knows_the_same_of_the_last_half_an_hour(house: House) -> None:
    """The first version within it counts as a beginning, so that what was held by then is left out."""
    warm = await house.follower()
    await house.learnt(warm)
    await served(house, warm)
    assert await house.learnt(warm) == await house.learnt(await house.follower())


async def test_what_is_older_is_not_looked_at(house: House) -> None:
    await served(house, await house.follower())
    await house.come("w3", BEHIND_MAX.total_seconds() + 200)
    found = await house.learnt(await house.follower())
    assert found.handle_seconds == HANDLE_SECONDS_DEFAULT


async def test_whoever_was_left_behind_for_long_is_begun_anew(house: House) -> None:
    follower = await house.follower()
    await house.learnt(follower)
    await house.come("w1", 8)
    await house.offer(follower, 10)
    await house.change("w1", 14, "accept")
    await house.come("w2", 10 + 2 * BEHIND_MAX.total_seconds())
    await house.change("w1", 20 + 2 * BEHIND_MAX.total_seconds(), "finish")
    found = await house.learnt(follower)
    assert found.handle_seconds == HANDLE_SECONDS_DEFAULT, "nobody has seen how long that took"


async def test_rates_are_those_of_the_records(house: House) -> None:
    follower = await house.follower()
    for number in range(60):
        await house.come(f"w{number}", number * 10, priority=3 if number % 3 == 0 else 5)
        if number % 2:
            await follower.catch_up()
            await house.change(f"w{number}", number * 10 + 5, "finish")
    found = await house.learnt(follower)
    assert found.coming == {3: pytest.approx(0.033, rel=0.1), 5: pytest.approx(0.067, rel=0.1)}
    assert found.impatience == pytest.approx(0.05 / 15, rel=0.5), "half of them gave up, of 15 who wait on average"


async def test_what_was_given_to_its_agent_directly_was_in_no_line(house: House) -> None:
    follower = await house.follower()
    direct = WorkItem("w1", "c1", WorkKind.NEW, "chat", "sales", (), 5, NOW, 1, 1, assignment_epoch=2)
    assert await house.routing.create_item(MAIN, direct)
    assert (await house.learnt(follower)).coming == {}


async def test_a_look_is_bounded_and_not_repeated_at_once(house: House) -> None:
    people = [f"agent-{number}" for number in range(VERSIONS_MAX + 50)]
    for name in people:
        assert await house.routing.save_agent(MAIN, AgentState(name, NOW, NOW), None)
    follower = await house.follower()
    await house.learnt(follower)
    assert house.history.asked == VERSIONS_MAX
    await house.learnt(follower)
    assert house.history.asked == VERSIONS_MAX
    await house.come("w1", 10)
    await house.learnt(follower)
    assert VERSIONS_MAX < house.history.asked < VERSIONS_MAX + 60
