"""The contract of the port `Realtime`, over every adapter."""

import asyncio
from collections.abc import Callable, Mapping

import pytest

from shared.adapters.embedded.realtime import LocalRealtime
from shared.ports import Realtime
from sim.realtime import MemoryRealtime

ADAPTERS: Mapping[str, Callable[[], Realtime]] = {"local": LocalRealtime, "memory": MemoryRealtime}
LONG = 10.0
ALICE, BOB = "inbox/alice", "inbox/bob"


@pytest.fixture(params=ADAPTERS)
def realtime(request: pytest.FixtureRequest) -> Realtime:
    return ADAPTERS[str(request.param)]()


async def test_news_between_listening_and_waiting_is_heard(realtime: Realtime) -> None:
    async with realtime.listen(ALICE) as news:
        realtime.publish(ALICE)
        await asyncio.sleep(0)
        assert await news.wait(LONG)


async def test_news_wakes_who_waits(realtime: Realtime) -> None:
    async with realtime.listen(ALICE) as news:
        waiting = asyncio.create_task(news.wait(LONG))
        await asyncio.sleep(0)
        realtime.publish(ALICE)
        assert await waiting


async def test_news_is_heard_once(realtime: Realtime) -> None:
    async with realtime.listen(ALICE) as news:
        realtime.publish(ALICE)
        realtime.publish(ALICE)
        assert await news.wait(0)
        assert not await news.wait(0)
        realtime.publish(ALICE)
        assert await news.wait(0)


async def test_without_news_it_says_so_and_can_be_asked_again(realtime: Realtime) -> None:
    async with realtime.listen(ALICE) as news:
        assert not await news.wait(0)
        assert not await news.wait(0.01)
        realtime.publish(ALICE)
        assert await news.wait(LONG)


async def test_what_came_before_listening_is_not_heard(realtime: Realtime) -> None:
    realtime.publish(ALICE)
    async with realtime.listen(ALICE) as news:
        assert not await news.wait(0)


async def test_everybody_who_listens_hears_it(realtime: Realtime) -> None:
    async with realtime.listen(ALICE) as phone, realtime.listen(ALICE) as laptop:
        waiting = asyncio.create_task(phone.wait(LONG))
        await asyncio.sleep(0)
        realtime.publish(ALICE)
        assert await waiting
        assert await laptop.wait(0)


async def test_topics_do_not_disturb_each_other(realtime: Realtime) -> None:
    async with realtime.listen(ALICE) as alice, realtime.listen(BOB) as bob:
        realtime.publish(BOB)
        realtime.publish("nobody listens")
        assert not await alice.wait(0)
        assert await bob.wait(0)


async def test_one_who_leaves_does_not_take_the_others_along(realtime: Realtime) -> None:
    async with realtime.listen(ALICE) as stays:
        async with realtime.listen(ALICE):
            pass
        with pytest.raises(KeyError):
            async with realtime.listen(ALICE):
                raise KeyError("a reader fails")
        realtime.publish(ALICE)
        assert await stays.wait(0)


async def test_a_cancelled_wait_loses_nothing(realtime: Realtime) -> None:
    async with realtime.listen(ALICE) as news:
        waiting = asyncio.create_task(news.wait(LONG))
        await asyncio.sleep(0)
        realtime.publish(ALICE)
        waiting.cancel()  # the news has woken it, but it has not run yet
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert await news.wait(0)


async def test_no_reader_misses_the_last_state(realtime: Realtime) -> None:
    """What everybody does: listen, read the store, wait if there is nothing new."""
    written, readers_count, total = 0, 20, 200

    async def read_all(delays: int) -> int:
        async with realtime.listen(ALICE) as news:
            known = 0
            while known < total:
                known = written
                for _ in range(delays):
                    await asyncio.sleep(0)
                if known < total:
                    assert await news.wait(LONG), "slept through the news"
            return known

    readers = [asyncio.create_task(read_all(number)) for number in range(readers_count)]
    for number in range(total):
        written = number + 1
        realtime.publish(ALICE)
        if number % 3 == 0:
            await asyncio.sleep(0)
    assert await asyncio.gather(*readers) == [total] * readers_count


async def test_a_topic_that_nobody_listens_to_leaves_nothing_behind() -> None:
    realtime = LocalRealtime()
    for number in range(100):
        realtime.publish(f"inbox/{number}")
        async with realtime.listen(f"inbox/{number}") as news:
            assert not await news.wait(0)
        realtime.publish(f"inbox/{number}")
    assert not realtime._listening
