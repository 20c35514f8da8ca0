"""How soon freed capacity becomes an offer on an agent's screen, with a long line waiting: warm, and after a restart.

The app under the embedded host in a process of its own, over HTTP as an agent's page talks to it. Every agent has one
chat and capacity for one; hundreds more wait. Measured is the time from asking to wrap up a chat until the agent's
inbox shows the next offer. There is no other contact centre to run beside it: the peer is a bare GET /api/health.
"""

import asyncio
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import uvloop

from bench.chat.server import HAND_OFF, agent_names, serving
from bench.driver.customer import Customer
from bench.driver.desk import AgentDesk, Case
from bench.driver.http import Http
from bench.report import Report

DATA_DIR = Path(".data")
GOAL_SECONDS = 1.0
SET_UP_SECONDS_MAX = 180.0
AT_ONCE = 16
POLL_SECONDS = 0.2
HEALTH_REQUESTS = 200


@dataclass(frozen=True)
class Sizes:
    """How many agents, how much work waits behind theirs, how many are freed warm (so many a second), and restarts."""

    agents: int
    waiting: int
    freed: int
    freed_per_second: float
    restarts: int


FULL = Sizes(agents=300, waiting=500, freed=150, freed_per_second=8.0, restarts=6)


def run(report: Report, sizes: Sizes = FULL) -> None:
    """Both cells, in about two minutes."""
    DATA_DIR.mkdir(exist_ok=True)
    with (
        tempfile.TemporaryDirectory(dir=DATA_DIR, prefix="bench-", ignore_cleanup_errors=True) as folder,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        warm, cold, health = runner.run(_measure(Path(folder).absolute(), sizes))
    rows = []
    for name, values in (("warm", sorted(warm)), ("cold", sorted(cold))):
        p50, p95 = _quantile(values, 0.5), _quantile(values, 0.95)
        report.figure(f"dispatch.{name}.p50", p50, "ms", health)
        report.figure(f"dispatch.{name}.p95", p95, "ms", health)
        rows.append([name, len(values), p50, p95, values[-1] * 1000, GOAL_SECONDS * 1000])
    report.table(
        f"From wrap-up to the next offer on the screen, ms ({sizes.agents} agents, {sizes.waiting} waiting)",
        ["dispatcher", "number", "p50", "p95", "max", "p95 goal"],
        rows,
        f"Cold: the first offer after a kill -9 and a restart. GET /api/health of the same host: {health:.2f} ms",
    )


class Floor:
    """Agents who take every offer at once and hold it until they are told to end it."""

    def __init__(self, http: Http) -> None:
        self._http = http
        self.desks: list[AgentDesk] = []
        self.held: dict[str, Case] = {}
        self._offered: dict[str, asyncio.Future[float]] = {}
        self._loops: list[asyncio.Task[None]] = []

    async def open(self, names: list[str]) -> None:
        """Everybody signs in; who had a conversation before a restart has it still."""
        slots = asyncio.Semaphore(AT_ONCE)

        async def sign_in(name: str) -> None:
            desk = AgentDesk(self._http, name, self._work)
            async with slots:
                await desk.sign_in()
                await desk.be("available")
                inbox = await desk.call("readInbox", "GET", "/api/agents/me/inbox")
            for conversation in inbox["conversations"]:
                self.held[name] = Case(desk, {"conversationId": conversation["id"], "offerId": name}, 0.0)
            self.desks.append(desk)

        await asyncio.gather(*map(sign_in, names))
        self._loops = [asyncio.create_task(desk.run()) for desk in self.desks]

    async def close(self) -> None:
        """Nobody reads any more."""
        for loop in self._loops:
            loop.cancel()
        await asyncio.gather(*self._loops, return_exceptions=True)

    async def next_offer(self, name: str) -> float:
        """Let an agent end and file the chat; the seconds until the next offer is on the screen."""
        case = self.held.pop(name)
        await case.end()
        offered: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        self._offered[name] = offered
        began = time.perf_counter()
        await case.wrap_up("resolved")
        async with asyncio.timeout(SET_UP_SECONDS_MAX):
            return await offered - began

    async def _work(self, case: Case) -> None:
        name = case.desk.user
        if name in self._offered:
            self._offered.pop(name).set_result(case.offered_at)
        if await case.accept():
            self.held[name] = case


async def _measure(folder: Path, sizes: Sizes) -> tuple[list[float], list[float], float]:
    names = agent_names(sizes.agents)
    async with serving(folder, sizes.agents, 1, "cached") as server, Http(server.origin) as http:
        floor = Floor(http)
        await floor.open(names)
        await _fill(http, floor, sizes)
        health = await _health(http)
        warm = await _warm(floor, names[: sizes.freed], sizes.freed_per_second)
        async with asyncio.timeout(SET_UP_SECONDS_MAX):
            while len(floor.held) < sizes.agents:  # everybody has a chat to end after a restart
                await asyncio.sleep(POLL_SECONDS)
        await floor.close()
    cold = []
    for name in names[-sizes.restarts :]:
        async with serving(folder, sizes.agents, 1, "cached") as server, Http(server.origin) as http:
            floor = Floor(http)
            await floor.open([name])
            cold.append(await floor.next_offer(name))
            await floor.close()
    return warm, cold, health


async def _fill(http: Http, floor: Floor, sizes: Sizes) -> None:
    """Chats for everybody, and for the line behind them."""
    slots = asyncio.Semaphore(AT_ONCE)

    async def come() -> None:
        async with slots:
            await Customer(http).start(locale="en", message=HAND_OFF)

    await asyncio.gather(*(come() for _ in range(sizes.agents + sizes.waiting)))
    async with asyncio.timeout(SET_UP_SECONDS_MAX):
        while len(floor.held) < sizes.agents or await _waiting(floor.desks[0]) < sizes.waiting:
            await asyncio.sleep(POLL_SECONDS)


async def _waiting(desk: AgentDesk) -> int:
    found = await desk.call("readDirectory", "GET", "/api/directory?kind=queue")
    return sum(int(item["waiting"] or 0) for item in found["items"])


async def _warm(floor: Floor, names: list[str], per_second: float) -> list[float]:
    async def free(number: int, name: str) -> float:
        await asyncio.sleep(number / per_second)
        return await floor.next_offer(name)

    return await asyncio.gather(*(free(number, name) for number, name in enumerate(names)))


async def _health(http: Http) -> float:
    """Milliseconds of a request that does nothing."""
    began = time.perf_counter()
    for _ in range(HEALTH_REQUESTS):
        await http.call("health", "GET", "/api/health")
    return (time.perf_counter() - began) / HEALTH_REQUESTS * 1000


def _quantile(values: list[float], share: float) -> float:
    return values[min(int(len(values) * share), len(values) - 1)] * 1000
