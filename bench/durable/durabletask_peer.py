"""Peer: durabletask's own worker and client against its in-memory backend, over gRPC on loopback; keeps nothing.

The backend has a process of its own: in one process with the worker it is half as fast, for they share one lock.
"""

import asyncio
import logging
import multiprocessing
import socket
import time
from collections.abc import Generator
from datetime import timedelta
from pathlib import Path
from typing import Any

from durabletask import task
from durabletask.client import AsyncTaskHubGrpcClient, OrchestrationStatus
from durabletask.testing import create_test_backend
from durabletask.worker import TaskHubGrpcWorker

from bench.durable.load import POLL_SECONDS, TURNS, drive
from bench.durable.turns import partner

Steps = Generator[Any, Any, Any]


def five_steps(context: task.OrchestrationContext, value: int) -> Steps:
    """Five activities, one after the other."""
    for _ in range(5):
        value = yield context.call_activity(add_one, input=value)
    return value


def conversation(context: task.OrchestrationContext, _: int) -> Steps:
    """Ten events, each with an activity, each wait racing one timer that is cancelled at the end."""
    timer = context.create_timer(timedelta(hours=1))
    for turn in range(TURNS):
        bell = context.wait_for_external_event(f"bell-{turn}")
        yield task.when_any([bell, timer])
        yield context.call_activity(reply, input=[context.instance_id, turn])
    timer.cancel()
    return TURNS


def add_one(_: task.ActivityContext, number: int) -> int:
    """One more."""
    return number + 1


def reply(_: task.ActivityContext, turn: list[Any]) -> str:
    """Answers one turn."""
    partner.replied(turn[0], turn[1])
    return "answered"


class Backend:
    """The backend's process, which says how many instances have ended: waiting clients would take its ten threads."""

    def __init__(self) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.address = f"localhost:{port}"
        spawn = multiprocessing.get_context("spawn")
        self._ended, self._cpu = spawn.Value("i", -1), spawn.Value("d", 0.0)
        self._process = spawn.Process(target=_serve, args=(port, self._ended, self._cpu), daemon=True)
        self._process.start()
        while self._ended.value < 0:
            time.sleep(0.01)

    @property
    def ended(self) -> int:
        """Instances that have ended."""
        return int(self._ended.value)

    @property
    def cpu_seconds(self) -> float:
        """CPU time of the process."""
        return float(self._cpu.value)

    def stop(self) -> None:
        """Kill it: it keeps nothing, and its sleeping timer threads would hold it."""
        self._process.kill()
        self._process.join()


def _serve(port: int, ended: Any, cpu: Any) -> None:
    backend = create_test_backend(port=port)
    done = OrchestrationStatus.COMPLETED.value
    open_: set[str] = set()
    seen, count = 0, 0
    while True:
        known = list(backend._instances)
        open_.update(known[seen:])
        seen = len(known)
        now_done = {instance for instance in open_ if backend._instances[instance].status == done}
        open_ -= now_done
        count += len(now_done)
        ended.value, cpu.value = count, time.process_time()
        time.sleep(POLL_SECONDS)


class DurabletaskEngine:
    """The peer under load."""

    def __init__(self, backend: Backend, client: AsyncTaskHubGrpcClient, shape: str) -> None:
        self._backend, self._client, self._shape = backend, client, shape
        self._loop = asyncio.get_running_loop()
        self.started = 0
        partner.listen(self._raise)

    @property
    def completed(self) -> int:
        """Orchestrations that have ended."""
        return self._backend.ended

    async def start(self) -> None:
        """Start one, and ring its first bell if it waits for one."""
        instance = await self._client.schedule_new_orchestration(self._shape, input=1)
        self.started += 1
        if self._shape == "conversation":
            self._raise(instance, 0)

    def work_items(self) -> int:
        """Not counted by the peer."""
        return 0

    def cpu_seconds(self) -> float:
        """Of both processes."""
        return time.process_time() + self._backend.cpu_seconds

    def _raise(self, instance: str, turn: int) -> None:
        call = self._client.raise_orchestration_event(instance, f"bell-{turn}", data={"turn": turn})
        asyncio.run_coroutine_threadsafe(call, self._loop)


async def measure(_: Path, shape: str, load: dict[str, float]) -> dict[str, float]:
    """One cell."""
    quiet = logging.getLogger("durabletask.bench")
    quiet.setLevel(logging.CRITICAL)
    backend = Backend()
    with TaskHubGrpcWorker(host_address=backend.address, logger=quiet, emit_trace_spans=False) as worker:
        for orchestrator in (five_steps, conversation):
            worker.add_orchestrator(orchestrator)
        for activity in (add_one, reply):
            worker.add_activity(activity)
        worker.start()
        client = AsyncTaskHubGrpcClient(host_address=backend.address, logger=quiet, emit_trace_spans=False)
        measured = await drive(DurabletaskEngine(backend, client, shape), load)
        await client.close()
    backend.stop()
    return measured
