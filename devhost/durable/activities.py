"""Running activities: bounded in number, at least once, results handed back to the engine."""

import asyncio
import traceback
from collections.abc import Callable
from typing import Any

from azure.functions.meta import Datum

from devhost.bindings import encode
from devhost.durable.episode import Parcel
from devhost.invoker import Invoker
from devhost.loader import FunctionSpec

Task = tuple[int, str, int, str, str | None]


class ActivityRunner:
    """Workers that take tasks (instance, execution, id, name, input) and deliver a "task" parcel for each."""

    def __init__(
        self, invoker: Invoker, functions: list[FunctionSpec], workers: int, deliver: Callable[[int, Parcel], None]
    ) -> None:
        self._invoker, self._deliver = invoker, deliver
        self._functions = {f.name.lower(): f for f in functions if f.kind == "activityTrigger"}
        self._queue: asyncio.Queue[Task] = asyncio.Queue()
        self._workers_max = workers
        self._workers: list[asyncio.Task[None]] = []
        self._in_hand: set[tuple[int, str, int]] = set()
        self._running = 0
        self._closed = False
        self.ran = 0

    def start(self) -> None:
        """Begin to take tasks."""
        self._workers = [asyncio.create_task(self._work()) for _ in range(self._workers_max)]

    async def stop(self, drain_seconds: float) -> None:
        """Take nothing new and let what runs end, at most so long."""
        self._closed = True
        deadline = asyncio.get_running_loop().time() + drain_seconds
        while self._running and asyncio.get_running_loop().time() < deadline:
            await asyncio.sleep(0.01)
        for worker in self._workers:
            worker.cancel()
        await asyncio.gather(*self._workers, return_exceptions=True)

    def dispatch(self, key: int, execution: str, task: int, name: str, input_json: str | None) -> None:
        """Run a task unless it is in hand already."""
        if (key, execution, task) not in self._in_hand:
            self._in_hand.add((key, execution, task))
            self._queue.put_nowait((key, execution, task, name, input_json))

    async def _work(self) -> None:
        while True:
            key, execution, task, name, input_json = await self._queue.get()
            if self._closed:
                continue
            self._running += 1
            try:
                succeeded, value = await self._run(name, input_json)
            finally:
                self._running -= 1
            self.ran += 1
            self._in_hand.discard((key, execution, task))
            self._deliver(key, Parcel("task", (execution, task, succeeded, value)))

    async def _run(self, name: str, input_json: str | None) -> tuple[bool, Any]:
        """(True, JSON result), or (False, (reason, details))."""
        spec = self._functions.get(name.lower())
        if spec is None:
            known = ", ".join(sorted(f.name for f in self._functions.values()))
            return False, (f"The activity function '{name}' was not found. Known activities: {known}", "")
        try:
            call = await self._invoker.call(spec, Datum(input_json if input_json is not None else "null", "string"))
            return True, encode("activityTrigger", call.returned).value
        except Exception as error:
            reason = f"Activity function '{name}' failed: {type(error).__name__}: {error}"
            return False, (reason, "".join(traceback.format_exception(error)))
