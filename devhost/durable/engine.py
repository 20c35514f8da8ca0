"""Orchestrations: one tick at a time per instance, each ended by one transaction; dispatch only after its commit.

A tick takes what has come for the instance (start, activity results, timers, events, children's reports), lets the
orchestrator go on, and stores the consumed messages, the new history, tasks, timers, children and the status
together. Activity results are not stored before their tick: if the host dies in between, the activity runs again.
"""

import asyncio
import logging
import sqlite3
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field

import orjson

from devhost.config import Mode
from devhost.database import Database
from devhost.durable import store
from devhost.durable.activities import ActivityRunner
from devhost.durable.episode import Episode, Parcel, episode
from devhost.durable.execution import Execution, Start
from devhost.durable.history import Status, new_id
from devhost.durable.store import Record
from devhost.invoker import Invoker
from devhost.loader import FunctionSpec

TICK_PARCELS_MAX = 500
LOADED_MAX = 5000
RETRY_SECONDS = 1.0
TIMER_SECONDS_MAX = 60.0  # how long a jump of the wall clock may go unnoticed

log = logging.getLogger("devhost.durable")


@dataclass(eq=False)
class Instance:
    """An instance in memory. `record` and `execution` are None until a tick has read or begun it."""

    key: int
    record: Record | None = None
    execution: Execution | None = None
    chunks: int = 0
    inbox: deque[Parcel] = field(default_factory=deque)
    queued: bool = False
    busy: bool = False

    def take(self) -> list[Parcel]:
        """What the next tick is about: all in order, but while suspended only what ends the suspension."""
        if self._is_suspended:
            control = self._control
            if control is None:
                return []
            self.inbox.remove(control)
            return [control]
        taken: list[Parcel] = []
        while self.inbox and len(taken) < TICK_PARCELS_MAX:
            taken.append(self.inbox.popleft())
            if taken[-1].kind in ("suspend", "terminate"):
                break
        return taken

    @property
    def has_work(self) -> bool:
        """Whether a tick would do anything."""
        return self._control is not None if self._is_suspended else bool(self.inbox)

    @property
    def _is_suspended(self) -> bool:
        return self.record is not None and self.record.status is Status.SUSPENDED

    @property
    def _control(self) -> Parcel | None:
        return next((parcel for parcel in self.inbox if parcel.kind in ("resume", "terminate")), None)


class Engine:
    """The orchestrations and activities of one app."""

    def __init__(
        self, database: Database, invoker: Invoker, functions: list[FunctionSpec], mode: Mode = "cached",
        orchestrators_max: int = 100, activities_max: int = 100, clock: Callable[[], float] = time.time,
    ) -> None:  # fmt: skip
        self._database, self._mode, self._clock = database, mode, clock
        self._functions = {f.name.lower(): f for f in functions if f.kind == "orchestrationTrigger"}
        self._activities = ActivityRunner(invoker, functions, activities_max, self._deliver)
        self._orchestrators_max = orchestrators_max
        self._loaded: OrderedDict[int, Instance] = OrderedDict()
        self._ready: asyncio.Queue[Instance] = asyncio.Queue()
        self._timers: dict[tuple[int, str, int], asyncio.TimerHandle] = {}
        self._workers: list[asyncio.Task[None]] = []
        self.ticks = 0

    async def start(self) -> None:
        """Take up what is unfinished: open tasks run again, timers are armed, messages delivered.

        Nothing may send to instances before this returns, or it would be delivered twice.
        """
        await self._database.write(store.tidy, is_long=True)
        self._workers = [asyncio.create_task(self._work()) for _ in range(self._orchestrators_max)]
        self._activities.start()
        await self._resume()

    async def stop(self, drain_seconds: float) -> None:
        """Begin nothing new and give what runs some time; the rest runs again at the next start."""
        for handle in self._timers.values():
            handle.cancel()
        await self._activities.stop(drain_seconds)
        deadline = self._clock() + drain_seconds
        while self._clock() < deadline and any(instance.busy for instance in self._loaded.values()):
            await asyncio.sleep(0.01)
        for worker in self._workers:
            worker.cancel()
        await asyncio.gather(*self._workers, return_exceptions=True)

    def knows(self, name: str) -> bool:
        """Whether the app has an orchestrator of that name."""
        return name.lower() in self._functions

    def stats(self) -> dict[str, int]:
        """Counters for the status page."""
        memory = {"loadedInstances": len(self._loaded), "armedTimers": len(self._timers)}
        return {"ticks": self.ticks, "activities": self._activities.ran, **memory}

    async def begin(self, name: str, instance_id: str | None, input_json: str | None, version: str = "") -> str:
        """Start an instance; AlreadyRunning if one of that id is open."""
        new = store.new_record(instance_id or new_id(), name, new_id(), input_json, version, None, self._clock())
        await self._database.write(lambda c: store.start(c, new), self._enter)
        return new.id

    async def send(self, instance_id: str, kind: str, body: bytes) -> bool | None:
        """Store a message ("event", "terminate", "suspend", "resume"); False if it has ended, None if there is none."""

        def stored(found: tuple[int, int | None] | None) -> None:
            if found and found[1] is not None:
                self._deliver(found[0], Parcel(kind, body, found[1]))

        found = await self._database.write(lambda c: store.post_to(c, instance_id, kind, body), stored)
        return found and found[1] is not None

    def _enter(self, record: Record) -> None:
        instance = self._loaded[record.key] = Instance(record.key, record)
        self._schedule(instance)

    def _deliver(self, key: int, parcel: Parcel) -> None:
        instance = self._loaded.get(key)
        if instance is None:
            instance = self._loaded[key] = Instance(key)
        instance.inbox.append(parcel)
        self._schedule(instance)

    def _arm(self, key: int, execution: str, timer: int, fire_at: float) -> None:
        """Fire at that time of the wall clock, never before: the loop's clock rounds, and stands still in sleep."""

        def fire() -> None:
            if self._clock() < fire_at:
                self._arm(key, execution, timer, fire_at)
                return
            self._disarm(key, execution, timer)
            self._deliver(key, Parcel("timer", (execution, timer)))

        self._disarm(key, execution, timer)
        delay = min(max(0.0, fire_at - self._clock()), TIMER_SECONDS_MAX)
        self._timers[key, execution, timer] = asyncio.get_running_loop().call_later(delay, fire)

    def _disarm(self, key: int, execution: str, timer: int) -> None:
        if handle := self._timers.pop((key, execution, timer), None):
            handle.cancel()

    def _schedule(self, instance: Instance) -> None:
        if not instance.queued and not instance.busy:
            instance.queued = True
            self._ready.put_nowait(instance)

    async def _resume(self) -> None:
        """At start: take up what the store holds as to be done."""
        found = await self._database.read(lambda c: store.unfinished(c, None))
        for key in found.unbegun:
            self._schedule(self._loaded.setdefault(key, Instance(key)))
        for key, seq, kind, body in found.inbox:
            self._deliver(key, Parcel(kind, body, seq))
        self._take_up(found)

    def _take_up(self, found: store.Unfinished) -> None:
        for timer in found.timers:
            self._arm(*timer)
        for task in found.tasks:
            self._activities.dispatch(*task)

    async def _work(self) -> None:
        while True:
            instance = await self._ready.get()
            instance.queued, instance.busy = False, True
            try:
                await self._tick(instance)
                instance.busy = False
                self._settle(instance)
            except Exception:
                log.exception("a tick failed; the instance is read again from the store")
                await self._recover(instance)

    async def _recover(self, instance: Instance) -> None:
        """The store did not take a tick (a full disk, say), so memory is ahead of it: begin again from the store."""
        instance.record = instance.execution = None
        instance.chunks = 0
        found = None
        while found is None:
            await asyncio.sleep(RETRY_SECONDS)
            try:
                found = await self._database.read(lambda c: store.unfinished(c, instance.key))
            except sqlite3.Error:
                log.exception("the store cannot be read; trying again")
        newest = max((row[1] for row in found.inbox), default=0)
        later = [parcel for parcel in instance.inbox if parcel.seq is None or parcel.seq > newest]
        instance.inbox = deque([Parcel(kind, body, seq) for _, seq, kind, body in found.inbox] + later)
        self._loaded[instance.key] = instance
        self._take_up(found)
        instance.busy = False
        self._schedule(instance)

    def _settle(self, instance: Instance) -> None:
        """Go on, or let go of ended instances and of those idle for longest."""
        if instance.key not in self._loaded:
            return
        if instance.has_work:
            self._schedule(instance)
            return
        self._loaded.move_to_end(instance.key)
        while len(self._loaded) > LOADED_MAX:
            oldest = next(iter(self._loaded.values()))
            if oldest.busy or oldest.queued or oldest.inbox:
                break
            del self._loaded[oldest.key]

    async def _tick(self, instance: Instance) -> None:
        if not await self._load(instance):
            return
        assert instance.record and instance.execution  # _load has seen to it  # noqa: S101
        parcels = instance.take()
        if not parcels and instance.chunks:
            return
        done = episode(instance.record, instance.execution, instance.chunks, parcels, self._clock())
        result = await self._database.write(lambda c: store.apply(c, done.change))
        self.ticks += 1
        self._dispatch(instance, done, result)

    async def _load(self, instance: Instance) -> bool:
        """Have the orchestrator at hand, from its history if it has one; False if the instance has ended."""
        if instance.execution:
            return True
        chunks: list[bytes] = []
        if instance.record is None:
            instance.record, chunks = await self._database.read(lambda c: store.load(c, instance.key))
        record = instance.record
        if record is None or not record.status.is_open:
            self._drop(instance)
            return False
        parent = orjson.loads(record.parent)["id"] if record.parent else None
        start = Start(record.id, record.execution, record.input, parent)
        instance.execution = Execution(record.name, self._functions.get(record.name.lower()), start, self._mode)
        instance.chunks = len(chunks)
        if chunks:
            instance.execution.rebuild(chunks)
        return True

    def _drop(self, instance: Instance) -> None:
        """An ended instance: results that still came for it are forgotten."""
        for parcel in instance.inbox:
            if parcel.kind == "task":
                self._forget_task(instance.key, parcel)
        self._loaded.pop(instance.key, None)

    def _forget_task(self, key: int, parcel: Parcel) -> None:
        execution, task = parcel.body[0], parcel.body[1]
        self._database.post(lambda c: store.finish_task(c, key, execution, task))

    def _dispatch(self, instance: Instance, done: Episode, result: store.TickResult) -> None:
        """After the commit: hand out the work, tell children and parent."""
        change, key, execution = done.change, instance.key, done.change.before.execution
        for timer, fire_at in change.timers if not change.ends else []:
            self._arm(key, execution, timer, fire_at)
        for timer in done.cancelled_timers:
            self._disarm(key, execution, timer)
        for task, name, input_json in change.tasks:
            self._activities.dispatch(key, execution, task, name, input_json)
        for parcel in done.stale:
            self._forget_task(key, parcel)
        for child in result.started:
            self._enter(child)
        self._progress(instance, change)
        for seq, body in result.refused:
            self._deliver(key, Parcel("child", body, seq))
        if change.report and result.report_seq is not None:
            self._deliver(change.report[0], Parcel("child", change.report[1], result.report_seq))

    def _progress(self, instance: Instance, change: store.TickChange) -> None:
        """Let memory follow what has been stored."""
        instance.record = change.after
        instance.chunks += 1
        if not change.after.status.is_open:
            self._drop(instance)
        elif change.after.execution != change.before.execution:
            instance.execution, instance.chunks = None, 0
            instance.queued = True
            self._ready.put_nowait(instance)
        elif instance.execution:
            instance.execution.record(change.chunk)
