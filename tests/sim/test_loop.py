"""Virtual time: asyncio's own tools on it, in a given order, without waiting; groups that die."""

import asyncio
import time
from random import Random

import pytest

from sim.loop import GROUP, Group, Idle, VirtualLoop


def test_an_hour_takes_no_time() -> None:
    async def main() -> float:
        await asyncio.sleep(3600)
        return asyncio.get_running_loop().time()

    begin = time.perf_counter()
    assert VirtualLoop().run(main()) == 3600
    assert time.perf_counter() - begin < 5


def test_timeouts_locks_and_gathering_work_as_ever() -> None:
    async def main() -> list[str]:
        told, lock = [], asyncio.Lock()

        async def hold(name: str, seconds: float) -> None:
            async with lock:
                await asyncio.sleep(seconds)
                told.append(name)

        try:
            async with asyncio.timeout(2.5):
                await asyncio.gather(hold("a", 1), hold("b", 1), hold("c", 1))
        except TimeoutError:
            told.append("late")
        done, _ = await asyncio.wait({asyncio.ensure_future(hold("d", 9))}, timeout=1)
        return [*told, str(len(done)), str(asyncio.get_running_loop().time())]

    assert VirtualLoop().run(main()) == ["a", "b", "late", "0", "3.5"]


def test_the_order_is_that_of_the_seed() -> None:
    async def main() -> str:
        told: list[str] = []

        async def tell(name: str) -> None:
            for _ in range(3):
                await asyncio.sleep(0)
                told.append(name)

        await asyncio.gather(*(tell(name) for name in "abcd"))
        return "".join(told)

    assert VirtualLoop().run(main()) == "abcd" * 3
    orders = [VirtualLoop(Random(seed)).run(main()) for seed in (1, 1, 2, 3)]
    assert orders[0] == orders[1] and len(set(orders)) == 3


def test_what_can_never_happen_is_not_waited_for() -> None:
    async def main() -> None:
        await asyncio.Event().wait()

    with pytest.raises(Idle):
        VirtualLoop().run(main())


def test_a_killed_group_does_not_run_another_line() -> None:
    loop = VirtualLoop()
    told: list[float | str] = []
    group = Group("g")

    async def worker() -> None:
        try:
            while True:
                told.append(loop.time())
                await asyncio.sleep(1)
        except BaseException:
            told.append("cleaned up")
            raise

    async def main() -> None:
        GROUP.set(group)
        asyncio.create_task(worker())  # noqa: RUF006  # it dies with its group
        GROUP.set(None)
        await asyncio.sleep(1.5)
        loop.kill(group)
        await asyncio.sleep(5)

    loop.run(main())
    assert told == [0, 1, "cleaned up"]
