"""A closed loop of whole chats, and what happens in a window of it."""

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from bench.chat.server import Cpu, Server, agent_names
from bench.chat.whole import Chats, Script, sign_in
from bench.driver.http import Http

DRAIN_SECONDS_MAX = 15.0


@dataclass(frozen=True)
class Load:
    """How many chats are in flight, and for how long."""

    in_flight: int
    seconds: float
    ramp_seconds: float = 1.5
    warm_up_seconds: float = 3.0


@dataclass(frozen=True)
class Mark:
    """Where everything stands at a moment."""

    at: float
    done: int
    cpu: Cpu
    driver_cpu_seconds: float
    requests: int


@contextlib.asynccontextmanager
async def open_desks(http: Http, agents: int) -> AsyncIterator[Chats]:
    """Chats that can be played while these agents work."""
    chats = Chats(http)
    inboxes = [asyncio.create_task(desk.run()) for desk in await sign_in(http, chats, agent_names(agents))]
    try:
        yield chats
    finally:
        for inbox in inboxes:
            inbox.cancel()
        ended = await asyncio.gather(*inboxes, return_exceptions=True)
        for error in ended:
            if isinstance(error, Exception):
                chats.failures[f"an agent's inbox: {error!r}"[:200]] += 1


async def closed_loop(
    server: Server, http: Http, chats: Chats, load: Load, script: Callable[[int], Script], *, drains: bool = True
) -> tuple[Mark, Mark]:  # fmt: skip
    """Keep `in_flight` chats open until the window is over; the marks at its begin and end.

    `script(n)` is that of the n-th chat. Then the open chats end by themselves or, without `drains`, are given up.
    """
    is_over = False

    async def player(number: int) -> None:
        await asyncio.sleep(load.ramp_seconds * number / load.in_flight)  # not all in step
        while not is_over:
            await chats.play(script(number))
            number += load.in_flight

    players = [asyncio.create_task(player(number)) for number in range(load.in_flight)]
    try:
        await asyncio.sleep(load.ramp_seconds + load.warm_up_seconds)
        chats.seen.clear()
        first = mark(server, http, chats)
        await asyncio.sleep(load.seconds)
        last = mark(server, http, chats)
        is_over = True
        if drains:
            await asyncio.wait(players, timeout=DRAIN_SECONDS_MAX)
    finally:
        for task in players:
            task.cancel()
        await asyncio.gather(*players, return_exceptions=True)
    return first, last


def mark(server: Server, http: Http, chats: Chats) -> Mark:
    """Now."""
    return Mark(time.perf_counter(), chats.done, server.cpu(), time.process_time(), http.requests.total())


def failures(chats: Chats) -> str:
    """A line about what went wrong, "" if nothing did."""
    found = Counter(chats.failures)
    if resets := sum(desk.resets for desk in chats.desks):
        found["an agent's inbox had to begin anew (410 cursor-expired)"] = resets
    return "; ".join(f"{count} x {reason}" for reason, count in found.most_common(3))
