"""Many events to one instance that waits for them one after the other; its history only grows."""

import asyncio
import time
from pathlib import Path

import azure.durable_functions as df

from bench.durable.ours import running

SENDERS = 64
EVENTS = 3000


async def measure(data_dir: Path, events: int = EVENTS) -> dict[str, float]:
    """Events a second, from the first one raised until the instance has ended."""
    async with running(data_dir) as host:
        client = df.DurableOrchestrationClient(host.durable.client_binding())
        instance = await client.start_new("many_bells", client_input=events)
        numbers = iter(range(events))
        started = time.perf_counter()

        async def send() -> None:
            for number in numbers:
                await client.raise_event(instance, f"bell-{number}", number)

        await asyncio.gather(*(send() for _ in range(SENDERS)))
        while host.engine.stats()["loadedInstances"]:
            await asyncio.sleep(0.001)
        seconds = time.perf_counter() - started
        status = await client.get_status(instance)
        if status.output != "done":
            raise RuntimeError(f"the instance ended with {status.output}")
        return {"per_second": events / seconds}
