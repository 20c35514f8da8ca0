"""The embedded host in process: started and rung through the SDK's own client, everything committed with full sync."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import azure.durable_functions as df

from bench.durable.load import drive
from bench.durable.turns import partner
from devhost.config import HostConfig, HostJson, Mode
from devhost.durable.store import Filter, select
from devhost.host import Host


@contextlib.asynccontextmanager
async def running(data_dir: Path, mode: Mode = "cached", **options: Any) -> AsyncIterator[Host]:
    """A host of the benchmark's app that listens on no port."""
    from bench.durable.app import app

    config = HostConfig(data_dir, data_dir, HostJson(version="2.0"), {}, mode=mode)
    host = Host(config, app, http=False, **options)
    await host.start()
    try:
        yield host
    finally:
        await host.stop(drain_seconds=5)


class OurEngine:
    """The host under load; an instance has ended when the engine lets go of it, after its last commit."""

    def __init__(self, host: Host, shape: str) -> None:
        self._host, self._shape = host, shape
        self._client = df.DurableOrchestrationClient(host.durable.client_binding())
        self._raising: set[asyncio.Task[None]] = set()
        self.started = 0
        partner.listen(self._raise)

    @property
    def completed(self) -> int:
        """Orchestrations that have ended."""
        return self.started - self._host.engine.stats()["loadedInstances"]

    async def start(self) -> None:
        """Start one, and ring its first bell if it waits for one."""
        instance = await self._client.start_new(self._shape, client_input=1)
        self.started += 1
        if self._shape == "conversation":
            self._raise(instance, 0)

    def work_items(self) -> int:
        """Ticks and activities so far."""
        stats = self._host.engine.stats()
        return stats["ticks"] + stats["activities"]

    def cpu_seconds(self) -> float:
        """Of this process."""
        return time.process_time()

    def _raise(self, instance: str, turn: int) -> None:
        task = asyncio.create_task(self._client.raise_event(instance, f"bell-{turn}", {"turn": turn}))
        self._raising.add(task)
        task.add_done_callback(self._raising.discard)


async def measure(data_dir: Path, shape: str, load: dict[str, float], mode: Mode = "cached") -> dict[str, float]:
    """One cell; RuntimeError if an orchestration failed."""
    async with running(data_dir, mode) as host:
        engine = OurEngine(host, shape)
        measured = await drive(engine, load)
        wrong = await host.database.read(lambda c: select(c, Filter(statuses=("Failed", "Running", "Pending")), 1))
        if wrong:
            raise RuntimeError(f"{shape} in {mode}: {wrong[0].status}: {wrong[0].output}")
        return measured
