"""Calls of functions: their time limit, and what comes of cancellations."""

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import azure.functions as func
import pytest

from devhost.bindings import http_value
from devhost.invoker import Invoker, TimeLimit
from devhost.loader import index

LIMIT_SECONDS = 0.05
VALUE = http_value("GET", "http://a/", {}, {}, {}, b"")

released = threading.Event()
cancelled: list[str] = []


def small_app() -> Any:
    """Functions that end at once, wait, block, and let a cancellation escape."""
    app = func.FunctionApp()

    @app.route(route="swift")
    async def swift(req: func.HttpRequest) -> str:
        return "swift"

    @app.route(route="waits")
    async def waits(req: func.HttpRequest) -> str:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.append("waits")
            raise
        return ""

    @app.route(route="blocks")
    def blocks(req: func.HttpRequest) -> str:
        released.wait(10)
        return ""

    @app.route(route="escapes")
    async def escapes(req: func.HttpRequest) -> str:
        raise asyncio.CancelledError

    return app


SPECS = {spec.name: spec for spec in index(small_app())}


@pytest.fixture
def invoker(tmp_path: Path) -> Iterator[Invoker]:
    released.clear()
    cancelled.clear()
    made = Invoker(str(tmp_path), LIMIT_SECONDS)
    yield made
    released.set()
    made.close()


async def test_who_takes_too_long_is_cancelled(invoker: Invoker) -> None:
    calls = [invoker.call(SPECS[name], VALUE) for name in ("waits", "blocks", "waits")]
    ended = await asyncio.gather(*calls, return_exceptions=True)
    assert [type(error) for error in ended] == [TimeoutError] * 3
    assert cancelled == ["waits", "waits"]
    assert invoker.running == 0


async def test_each_call_has_the_whole_time(invoker: Invoker) -> None:
    """The timer follows the oldest call; those that began later are due later."""
    loop, ended = asyncio.get_running_loop(), []

    async def call(number: int) -> float:
        began = loop.time()
        with pytest.raises(TimeoutError):
            await invoker.call(SPECS["waits"], VALUE)
        ended.append(number)
        return loop.time() - began

    calls = []
    for number in range(4):
        calls.append(asyncio.create_task(call(number)))
        await asyncio.sleep(LIMIT_SECONDS / 3)
    assert min(await asyncio.gather(*calls)) > LIMIT_SECONDS * 0.99
    assert ended == [0, 1, 2, 3]


async def test_a_call_that_has_ended_is_never_cancelled(invoker: Invoker) -> None:
    for _ in range(3):
        assert (await invoker.call(SPECS["swift"], VALUE)).returned == "swift"
        await asyncio.sleep(LIMIT_SECONDS * 1.5)
    with pytest.raises(TimeoutError):  # and the timer still serves those that come later
        await invoker.call(SPECS["waits"], VALUE)


async def test_a_cancellation_from_outside_stays_one(invoker: Invoker) -> None:
    call = asyncio.create_task(invoker.call(SPECS["waits"], VALUE))
    await asyncio.sleep(0)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert invoker.running == 0


async def test_a_cancellation_of_the_functions_own_is_its_failure(invoker: Invoker) -> None:
    with pytest.raises(RuntimeError, match="let a cancellation escape"):
        await invoker.call(SPECS["escapes"], VALUE)


async def test_without_a_limit_nothing_expires(tmp_path: Path) -> None:
    invoker = Invoker(str(tmp_path), None)
    call = asyncio.create_task(invoker.call(SPECS["waits"], VALUE))
    await asyncio.sleep(LIMIT_SECONDS)
    assert not call.done()
    call.cancel()
    await asyncio.wait([call])
    invoker.close()


async def test_a_limit_of_nothing_still_lets_a_call_begin() -> None:
    limit, ended = TimeLimit(0), []
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(None) as timeout:
            limit.begin(timeout)
            ended.append("began")
            await asyncio.Event().wait()
    assert ended == ["began"]
