"""A closed loop of orchestrations: always as many open ones, throughput and CPU taken over a window after warm-up."""

import asyncio
import math
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Protocol

POLL_SECONDS = 0.002
DRAIN_SECONDS_MAX = 20.0
TURNS = 10
"""Events of a conversation, each followed by one activity."""


@dataclass(frozen=True)
class Load:
    """How hard and how long."""

    in_flight: int = 32
    warm_up_seconds: float = 1.0
    seconds: float = 5.0


@dataclass(frozen=True)
class Measured:
    """What a cell has found; it travels as a JSON object."""

    per_second: float
    cpu_ms: float
    work_items_per_second: float = 0.0


class Engine(Protocol):
    """An engine under load."""

    @property
    def started(self) -> int:
        """Orchestrations started so far."""

    @property
    def completed(self) -> int:
        """Orchestrations that have ended."""

    async def start(self) -> None:
        """Start one orchestration of the shape under test."""

    def work_items(self) -> int:
        """Orchestrator turns and activities so far; 0 if the engine does not say."""

    def cpu_seconds(self) -> float:
        """CPU time of all the engine's processes."""


@dataclass
class _Mark:
    at: float
    cpu_seconds: float
    completed: int
    work_items: int


def _mark(engine: Engine) -> _Mark:
    return _Mark(time.perf_counter(), engine.cpu_seconds(), engine.completed, engine.work_items())


async def drive(engine: Engine, sizes: Mapping[str, float]) -> dict[str, float]:
    """Keep `in_flight` orchestrations open until the window is over, then let those end; `sizes` makes a Load."""
    load = Load(**sizes)  # type: ignore[arg-type]  # it came as a JSON object
    opened = time.perf_counter()
    begin = opened + load.warm_up_seconds
    end = begin + load.seconds
    first: _Mark | None = None
    while time.perf_counter() < end or engine.completed == 0:
        if first is None and time.perf_counter() >= begin:
            first = _mark(engine)
        # Filled little by little: started at once they would all end at once, and the window would cut a wave in two.
        filled = (time.perf_counter() - opened) / load.warm_up_seconds if load.warm_up_seconds else 1.0
        missing = math.ceil(load.in_flight * min(1.0, filled)) - (engine.started - engine.completed)
        await asyncio.gather(*(engine.start() for _ in range(missing)))
        await asyncio.sleep(POLL_SECONDS)
    last = _mark(engine)
    deadline = time.perf_counter() + DRAIN_SECONDS_MAX
    while engine.completed < engine.started:
        if time.perf_counter() > deadline:
            raise TimeoutError(f"{engine.started - engine.completed} orchestrations did not end")
        await asyncio.sleep(POLL_SECONDS)
    return _between(first or last, last)


def _between(first: _Mark, last: _Mark) -> dict[str, float]:
    seconds = last.at - first.at
    done = last.completed - first.completed
    measured = Measured(
        done / seconds if seconds else 0.0,
        (last.cpu_seconds - first.cpu_seconds) / done * 1000 if done else 0.0,
        (last.work_items - first.work_items) / seconds if seconds else 0.0,
    )
    return asdict(measured)
