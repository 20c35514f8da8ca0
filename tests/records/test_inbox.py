"""Inboxes: one order per agent, each notice once, whatever comes at the same time or in between."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from shared.domain.presence import Connection
from shared.ports import Container, Unavailable, Write
from shared.records import inbox
from shared.records.inbox import ATTEMPTS_MAX, EVENTS_LIVE, PART_MAX, PARTS_MAX, Heartbeat, Inboxes, Notice
from tests.contracts.stores import Store
from tests.domain.cast import NOW, SECOND, at

ALICE, BOB = "alice", "bob"


def notice(key: str, **data: Any) -> Notice:
    return Notice(key, "message.upserted", {"key": key, **data})


def notices(prefix: str, count: int) -> list[Notice]:
    return [notice(f"{prefix}{number}") for number in range(count)]


@pytest.fixture
def inboxes(store: Store) -> Inboxes:
    return Inboxes(store.documents, store.clock)


def another(store: Store) -> Inboxes:
    """Of another process, or of this one after a restart."""
    return Inboxes(store.documents, store.clock)


async def keys(inboxes: Inboxes, agent_id: str = ALICE) -> list[str]:
    """What an agent was told, in order; the order has no gaps."""
    found = await inboxes.after(agent_id, 0, 10_000)
    assert [told.sequence for told in found] == list(range(1, len(found) + 1))
    assert await inboxes.head(agent_id) == len(found)
    return [str(told.data["key"]) for told in found]


async def test_what_is_told_is_read_in_order(store: Store, inboxes: Inboxes) -> None:
    assert await keys(inboxes) == []
    await inboxes.tell(ALICE, [notice("a", text="Olá"), notice("b")])
    store.clock.forward(SECOND)
    await inboxes.tell(ALICE, [notice("c")])
    assert await keys(inboxes) == ["a", "b", "c"]
    first, _, last = await inboxes.after(ALICE, 0)
    assert (first.type, first.at, first.data) == ("message.upserted", NOW, {"key": "a", "text": "Olá"})
    assert last.at == at(1)
    assert [told.sequence for told in await inboxes.after(ALICE, 1, 1)] == [2]
    assert await inboxes.after(ALICE, 3) == []


async def test_each_agent_has_an_inbox_of_their_own(inboxes: Inboxes) -> None:
    await inboxes.tell(ALICE, [notice("a"), notice("b")])
    await inboxes.tell(BOB, [notice("b")])
    assert (await keys(inboxes), await keys(inboxes, BOB)) == (["a", "b"], ["b"])


async def test_a_key_is_told_once(store: Store, inboxes: Inboxes) -> None:
    await inboxes.tell(ALICE, [notice("a"), notice("a"), notice("b")])
    before = store.feed(Container.INBOX)
    await inboxes.tell(ALICE, [notice("b"), notice("a")])
    await inboxes.tell(ALICE, [])
    assert store.feed(Container.INBOX) == before
    await inboxes.tell(ALICE, [notice("a"), notice("c")])
    assert await keys(inboxes) == ["a", "b", "c"]


async def test_a_key_is_told_once_even_after_a_restart(store: Store, inboxes: Inboxes) -> None:
    await inboxes.tell(ALICE, [notice("a"), notice("b")])
    restarted = another(store)
    await restarted.tell(ALICE, [notice("b"), notice("c"), notice("a"), notice("d")])
    assert await keys(restarted) == ["a", "b", "c", "d"]
    await another(store).tell(ALICE, [notice("d")])
    assert await keys(restarted) == ["a", "b", "c", "d"]


@pytest.mark.parametrize("known", [ATTEMPTS_MAX - 1, ATTEMPTS_MAX, PARTS_MAX * PART_MAX - 1, 3 * PARTS_MAX * PART_MAX])
async def test_however_much_was_told_before_a_restart(store: Store, inboxes: Inboxes, known: int) -> None:
    old = notices("old", known)
    await inboxes.tell(ALICE, old)
    await another(store).tell(ALICE, [*old, notice("new")])
    assert await keys(inboxes) == [*[told.key for told in old], "new"]


async def test_concurrent_callers_share_one_order_without_gaps(inboxes: Inboxes) -> None:
    batches = [notices(f"{number}-", 1 + number % 3) for number in range(100)]
    await asyncio.gather(*(inboxes.tell(ALICE, batch) for batch in batches))
    told = await keys(inboxes)
    assert sorted(told) == sorted(one.key for batch in batches for one in batch)
    for batch in batches:
        places = [told.index(one.key) for one in batch]
        assert places == list(range(places[0], places[0] + len(batch))), "what was told together stays together"


async def test_when_it_returns_it_is_stored(store: Store, inboxes: Inboxes) -> None:
    async def tell_and_read(number: int) -> bool:
        await inboxes.tell(ALICE, [notice(f"n{number}")])
        return f"n{number}" in await keys(another(store))

    assert all(await asyncio.gather(*(tell_and_read(number) for number in range(30))))


async def test_concurrent_callers_with_the_same_keys(inboxes: Inboxes) -> None:
    await asyncio.gather(*(inboxes.tell(ALICE, notices("n", 1 + number % 5)) for number in range(50)))
    assert sorted(await keys(inboxes)) == [f"n{number}" for number in range(5)]


async def test_two_processes_share_one_order_without_gaps(store: Store, inboxes: Inboxes) -> None:
    others = another(store)

    async def tell_all(which: Inboxes, prefix: str) -> None:
        for number in range(20):
            await which.tell(ALICE, [notice(f"{prefix}{number}"), notice(f"both{number}")])

    await asyncio.gather(tell_all(inboxes, "mine"), tell_all(others, "theirs"))
    told = await keys(inboxes)
    expected = [f"{prefix}{number}" for prefix in ("mine", "theirs", "both") for number in range(20)]
    assert sorted(told) == sorted(expected)
    assert [key for key in told if key.startswith("mine")] == [f"mine{number}" for number in range(20)]


@pytest.mark.parametrize("count", [PARTS_MAX * PART_MAX, PARTS_MAX * PART_MAX + 1, 3 * PARTS_MAX * PART_MAX + 7])
async def test_more_than_a_batch_holds(inboxes: Inboxes, count: int) -> None:
    await inboxes.tell(ALICE, notices("n", count))
    assert await keys(inboxes) == [f"n{number}" for number in range(count)]


async def test_a_key_twice_in_two_batches_of_one_call(inboxes: Inboxes) -> None:
    await inboxes.tell(ALICE, [*notices("n", PARTS_MAX * PART_MAX), notice("n0"), notice("last")])
    assert await keys(inboxes) == [*[f"n{number}" for number in range(PARTS_MAX * PART_MAX)], "last"]


async def test_a_cancelled_caller_loses_nobodys_notices(inboxes: Inboxes) -> None:
    tasks = [asyncio.create_task(inboxes.tell(ALICE, [notice(f"n{number}")])) for number in range(20)]
    await asyncio.sleep(0)
    for task in tasks[::3]:
        task.cancel()
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert [isinstance(outcome, asyncio.CancelledError) for outcome in outcomes] == [n % 3 == 0 for n in range(20)]
    assert set(await keys(inboxes)) >= {f"n{number}" for number in range(20) if number % 3}
    await inboxes.tell(ALICE, [notice("later")])
    assert (await keys(inboxes))[-1] == "later"


async def test_the_first_of_all_callers_may_be_cancelled(inboxes: Inboxes) -> None:
    """It is the one that has the writing begun."""
    first = asyncio.create_task(inboxes.tell(ALICE, [notice("first")]))
    second = asyncio.create_task(inboxes.tell(ALICE, [notice("second")]))
    for _ in range(2):
        await asyncio.sleep(0)
    first.cancel()
    await second
    assert "second" in await keys(inboxes)


async def test_a_full_disk_is_told_to_all_callers_and_repeating_helps(store: Store, inboxes: Inboxes) -> None:
    await inboxes.tell(ALICE, [notice("before")])
    store.fill_disk(True)
    telling = [inboxes.tell(ALICE, [notice(f"n{number}")]) for number in range(5)]
    outcomes = await asyncio.gather(*telling, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [Unavailable] * 5
    assert await keys(inboxes) == ["before"]
    store.fill_disk(False)
    await inboxes.tell(ALICE, notices("n", 5))
    assert await keys(inboxes) == ["before", *[f"n{number}" for number in range(5)]]


async def test_a_failure_half_way_is_made_good_by_repeating(store: Store) -> None:
    """Two batches are stored, the third is not."""

    class Failing:
        commits = 0

        async def read(self, *given: Any) -> Any:
            return await store.documents.read(*given)

        async def commit(self, container: Container, partition: str, writes: Sequence[Write]) -> tuple[str, ...]:
            self.commits += 1
            if self.commits == 3:
                raise Unavailable("the third time")
            return await store.documents.commit(container, partition, writes)

    many = notices("n", 3 * PARTS_MAX * PART_MAX)
    inboxes = Inboxes(Failing(), store.clock)  # type: ignore[arg-type]  # the part of the port that is used
    with pytest.raises(Unavailable):
        await inboxes.tell(ALICE, many)
    assert len(await keys(another(store))) == 2 * PARTS_MAX * PART_MAX
    await inboxes.tell(ALICE, many)
    assert await keys(another(store)) == [one.key for one in many]


async def test_an_answer_that_was_lost_is_made_good(store: Store) -> None:
    """The store has committed, but its answer did not come."""

    class Deaf:
        is_deaf = True

        async def read(self, *given: Any) -> Any:
            return await store.documents.read(*given)

        async def commit(self, *given: Any) -> tuple[str, ...]:
            etags = await store.documents.commit(*given)
            if self.is_deaf:
                raise Unavailable("no answer")
            return etags

    documents = Deaf()
    inboxes = Inboxes(documents, store.clock)  # type: ignore[arg-type]  # the part of the port that is used
    with pytest.raises(Unavailable):
        await inboxes.tell(ALICE, [notice("a")])
    documents.is_deaf = False
    await inboxes.tell(ALICE, [notice("a"), notice("b")])
    assert await keys(another(store)) == ["a", "b"]


async def test_notices_live_for_hours_but_their_numbers_go_on(store: Store, inboxes: Inboxes) -> None:
    await inboxes.tell(ALICE, [notice("a")])
    store.clock.forward(EVENTS_LIVE)
    assert await inboxes.after(ALICE, 0) == []
    await inboxes.tell(ALICE, [notice("b")])
    assert [told.sequence for told in await inboxes.after(ALICE, 0)] == [2]
    assert await inboxes.head(ALICE) == 2


async def test_what_it_remembers_is_bounded_and_nothing_is_left_running(
    inboxes: Inboxes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox, "REMEMBERED_MAX", 10)
    await inboxes.tell(ALICE, notices("n", 30))
    assert len(inboxes._told) == 10
    await inboxes.tell(ALICE, notices("n", 31))
    assert await keys(inboxes) == [f"n{number}" for number in range(31)]
    assert not inboxes._writers and not inboxes._waiting


async def test_has_told_knows_what_any_process_has_told(store: Store, inboxes: Inboxes) -> None:
    await inboxes.tell(ALICE, [notice("a")])
    await inboxes.tell(BOB, [notice("a"), notice("b")])
    assert await inboxes.has_told([ALICE, BOB], "a")
    assert not await inboxes.has_told([ALICE, BOB], "b")
    assert await inboxes.has_told([], "c")
    restarted = another(store)
    assert await restarted.has_told([ALICE, BOB], "a")
    assert await restarted.has_told([BOB], "b") and not await restarted.has_told([ALICE], "b")


async def test_a_heartbeat_is_compared_and_set(inboxes: Inboxes) -> None:
    assert await inboxes.heartbeat(ALICE) is None
    assert await inboxes.beat(Heartbeat(ALICE, NOW), None)
    assert not await inboxes.beat(Heartbeat(ALICE, at(9)), None)
    stored = await inboxes.heartbeat(ALICE)
    assert stored and stored.value == Heartbeat(ALICE, NOW)
    assert await inboxes.beat(Heartbeat(ALICE, at(5), Connection.OFFLINE), stored.etag)
    assert not await inboxes.beat(Heartbeat(ALICE, at(6)), stored.etag)
    again = await inboxes.heartbeat(ALICE)
    assert again and again.value == Heartbeat(ALICE, at(5), Connection.OFFLINE)


async def test_the_silent_ones_are_found(inboxes: Inboxes) -> None:
    for agent_id, seen_at in {ALICE: at(-30), BOB: at(-5), "charlie": None}.items():
        await inboxes.beat(Heartbeat(agent_id, seen_at), None)
    await inboxes.tell(ALICE, [notice("a")])
    assert await inboxes.silent_since(at(-15)) == [Heartbeat(ALICE, at(-30))]
    assert await inboxes.silent_since(at(-30)) == []
    assert [beat.agent_id for beat in await inboxes.silent_since(at(60))] == [ALICE, BOB]
    assert len(await inboxes.silent_since(at(60), limit=1)) == 1
