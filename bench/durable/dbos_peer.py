"""Peer: DBOS workflows with steps on SQLite, its default engine settings; conversations by send and recv."""

import asyncio
import time
from pathlib import Path
from typing import Any

from dbos import DBOS, WorkflowHandleAsync

from bench.durable.load import TURNS, drive
from bench.durable.turns import partner

NOTIFICATION_POLL_SECONDS = 0.05
"""DBOS looks for messages once a second on SQLite unless told otherwise, which would be all that is measured."""


@DBOS.step()
async def add_one(number: int) -> int:
    """One more."""
    return number + 1


@DBOS.step()
async def reply(instance: str, turn: int) -> str:
    """Answers one turn."""
    partner.replied(instance, turn)
    return "answered"


@DBOS.workflow()
async def five_steps() -> int:
    """Five steps, one after the other."""
    value = 1
    for _ in range(5):
        value = await add_one(value)
    return value


@DBOS.workflow()
async def conversation() -> int:
    """Ten messages, each with a step; the wait's time-out is the timer."""
    for turn in range(TURNS):
        await DBOS.recv_async(f"bell-{turn}", timeout_seconds=3600)
        await reply(str(DBOS.workflow_id), turn)
    return TURNS


class DbosEngine:
    """The peer under load."""

    def __init__(self, shape: str) -> None:
        self._shape = shape
        self._waiting: set[asyncio.Task[Any]] = set()
        self.started = 0
        self.completed = 0
        partner.listen(self._raise)

    async def start(self) -> None:
        """Start one, and send its first message if it waits for one."""
        workflow = {"five_steps": five_steps, "conversation": conversation}[self._shape]
        handle = await DBOS.start_workflow_async(workflow)
        self.started += 1
        self._watch(self._ended(handle))
        if self._shape == "conversation":
            self._raise(handle.get_workflow_id(), 0)

    def work_items(self) -> int:
        """Not counted by the peer."""
        return 0

    def cpu_seconds(self) -> float:
        """Of this process."""
        return time.process_time()

    async def _ended(self, handle: WorkflowHandleAsync[int]) -> None:
        await handle.get_result()
        self.completed += 1

    def _raise(self, instance: str, turn: int) -> None:
        self._watch(DBOS.send_async(instance, {"turn": turn}, f"bell-{turn}"))

    def _watch(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._waiting.add(task)
        task.add_done_callback(self._waiting.discard)


async def measure(data_dir: Path, shape: str, load: dict[str, float]) -> dict[str, float]:
    """One cell."""
    DBOS(
        config={
            "name": "bench",
            "system_database_url": f"sqlite:///{data_dir / 'dbos.sqlite'}",
            "log_level": "ERROR",
            "notification_listener_polling_interval_sec": NOTIFICATION_POLL_SECONDS,
        }
    )
    DBOS.launch()
    try:
        return await drive(DbosEngine(shape), load)
    finally:
        DBOS.destroy()
