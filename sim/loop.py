"""An asyncio event loop on virtual time: nothing waits, no clock is read, the order of everything is given.

Time stands still while there is something to do and then jumps to the next timer. With `chance`, the next callback is
drawn from those that are ready instead of being the first: that explores interleavings, the same for the same seed.

Each callback belongs to the group (a process of the contact centre, or nobody) in whose context it was made. A group
that is killed never runs again: that is what a crash is.
"""

import asyncio
import heapq
from asyncio import events
from collections import deque
from collections.abc import Callable, Coroutine, Generator
from contextvars import Context, ContextVar, copy_context
from random import Random
from typing import Any, TypeVar

T = TypeVar("T")
WINDOW = 8
"""Among so many ready callbacks the next one is drawn."""

STEPS_MAX = 200_000
"""More than this at one moment is going round in a circle."""


class Group:
    """Tasks that live and die together."""

    def __init__(self, name: str) -> None:
        self.name, self.is_alive = name, True
        self.tasks: dict[asyncio.Task[Any], None] = {}  # in the order of their making


GROUP: ContextVar[Group | None] = ContextVar("group", default=None)


class Idle(Exception):
    """There is nothing left to do, but what was waited for has not happened."""


class Handle:
    """A callback to be run, unless it is cancelled."""

    __slots__ = ("_args", "_callback", "_context", "_when", "is_cancelled")

    def __init__(self, callback: Callable[..., Any], args: Any, context: Context | None, when: float = 0.0) -> None:
        self._callback, self._args, self._when = callback, args, when
        self._context = copy_context() if context is None else context  # an empty one is false
        self.is_cancelled = False

    def cancel(self) -> None:
        """See asyncio.Handle."""
        self.is_cancelled = True

    def cancelled(self) -> bool:
        """See asyncio.Handle."""
        return self.is_cancelled

    def when(self) -> float:
        """See asyncio.TimerHandle."""
        return self._when

    def run(self) -> None:
        """Call it, unless nobody is there any more."""
        group = self._context.get(GROUP)
        if not self.is_cancelled and (group is None or group.is_alive):
            self._context.run(self._callback, *self._args)


_AbstractLoop: Any = asyncio.AbstractEventLoop
"""Of its methods, those for sockets, processes and threads are left out: as an abstract class it could not be made."""


class VirtualLoop(_AbstractLoop):  # type: ignore[misc]  # see there
    """As much of an event loop as asyncio's tasks, locks, timeouts and sleeps need."""

    def __init__(self, chance: Random | None = None) -> None:
        self._chance = chance
        self._time = 0.0
        self._ready: deque[Handle] = deque()
        self._timers: list[tuple[float, int, Handle]] = []
        self._number = 0
        self._is_closed = self._is_running = False
        self.is_stopped = False
        self.steps = self._steps_before = 0
        self.after_jump: Callable[[], None] = lambda: None
        """Called when time is about to move on: then everything that was due has been done."""

    def time(self) -> float:
        """Virtual seconds since the beginning."""
        return self._time

    def call_soon(self, callback: Callable[..., Any], *args: Any, context: Context | None = None) -> Any:
        """See asyncio."""
        handle = Handle(callback, args, context)
        self._ready.append(handle)
        return handle

    def call_at(self, when: float, callback: Callable[..., Any], *args: Any, context: Context | None = None) -> Any:
        """See asyncio."""
        handle = Handle(callback, args, context, when)
        self._number += 1
        heapq.heappush(self._timers, (when, self._number, handle))
        return handle

    def call_later(self, delay: float, callback: Callable[..., Any], *args: Any, context: Context | None = None) -> Any:
        """See asyncio."""
        return self.call_at(self._time + delay, callback, *args, context=context)

    def create_future(self) -> asyncio.Future[Any]:
        """See asyncio."""
        return asyncio.Future(loop=self)

    def run_in_executor(self, executor: None, callback: Callable[..., T], *args: Any) -> asyncio.Future[T]:
        """See asyncio; there are no threads, so it is done at once."""
        answer: asyncio.Future[T] = self.create_future()
        try:
            answer.set_result(callback(*args))
        except Exception as error:
            answer.set_exception(error)
        return answer

    def create_task(
        self, coro: Generator[Any, None, T] | Coroutine[Any, Any, T], *, name: str | None = None,
        context: Context | None = None,
    ) -> asyncio.Task[T]:  # fmt: skip
        """See asyncio; the task belongs to the group of its maker."""
        group = GROUP.get() if context is None else context.get(GROUP)
        task: asyncio.Task[T] = asyncio.Task(coro, loop=self, name=name, context=context)
        if group is not None:
            group.tasks[task] = None
            task.add_done_callback(lambda done: group.tasks.pop(done, None), context=context)
        return task

    def kill(self, group: Group) -> None:
        """Its tasks end where they stand, without running another line but what `finally` runs of itself."""
        group.is_alive = False
        for task in list(group.tasks):
            discard(task)
        group.tasks.clear()

    def run(self, main: Coroutine[Any, Any, T]) -> T:
        """Run until `main` is done or the loop is stopped. Raises Idle."""
        events._set_running_loop(self)
        self._is_running = True
        try:
            task = self.create_task(main)
            while not task.done() and not self.is_stopped:
                self._step()
            if self.is_stopped and not task.done():
                discard(task)
                raise Idle("stopped")
            return task.result()
        finally:
            self._is_running = False
            events._set_running_loop(None)

    def _step(self) -> None:
        if not self._ready:
            self._jump()
        if self._chance and len(self._ready) > 1:
            place = self._chance.randrange(min(len(self._ready), WINDOW))
            handle = self._ready[place]
            del self._ready[place]
        else:
            handle = self._ready.popleft()
        self.steps += 1
        if self.steps - self._steps_before > STEPS_MAX:
            raise Idle(f"time has stood still at {self._time} for {STEPS_MAX} steps")
        handle.run()

    def _jump(self) -> None:
        """To the next timer that still counts."""
        self.after_jump()
        timers = self._timers
        while timers and timers[0][2].is_cancelled:
            heapq.heappop(timers)
        if self._ready:
            return
        if not timers:
            raise Idle("nothing is left to do, nothing will ever happen")
        if timers[0][0] > self._time:
            self._time, self._steps_before = timers[0][0], self.steps
        while timers and timers[0][0] <= self._time:
            self._ready.append(heapq.heappop(timers)[2])

    def stop(self) -> None:
        """Run nothing more."""
        self.is_stopped = True

    def is_running(self) -> bool:
        """See asyncio."""
        return self._is_running

    def is_closed(self) -> bool:
        """See asyncio."""
        return self._is_closed

    def close(self) -> None:
        """See asyncio."""
        self._is_closed = True
        self._ready.clear()
        self._timers.clear()
        self.after_jump = lambda: None

    def get_debug(self) -> bool:
        """See asyncio."""
        return False

    def call_exception_handler(self, context: Any) -> None:
        """An exception that nobody fetches: who waited for it is gone, as after a crash."""


def discard(task: asyncio.Task[Any]) -> None:
    """End a task for good, without a word about it."""
    task._log_destroy_pending = False  # type: ignore[attr-defined]  # the switch that asyncio itself uses
    coroutine = task.get_coro()
    if coroutine is not None:
        coroutine.close()
