"""One execution of an orchestrator: events in, work to schedule out. A replay of its history gives the same."""

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sim.durable.context import ActivityFailed, ActivityTask, EventTask, SimContext, SimTask, TimerTask

Orchestrator = Callable[[Any], Generator[Any, Any, Any]]


class Kind(StrEnum):
    """What a history is made of."""

    STARTED = "started"
    DONE = "done"
    FAILED = "failed"
    FIRED = "fired"
    RAISED = "raised"


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to an execution: to its task `id`, or an external event `name`."""

    kind: Kind
    at: datetime
    id: int = -1
    name: str = ""
    data: Any = None


@dataclass(frozen=True, slots=True)
class Command:
    """Work that is asked for: an activity, or (with `fire_at`) a timer, or the end of one."""

    id: int
    name: str = ""
    input: Any = None
    fire_at: datetime | None = None
    is_cancel: bool = False


class Execution:
    """A generator that is kept, with its tasks; `position` counts the events it has seen."""

    def __init__(self, orchestrator: Orchestrator, instance_id: str, input_: Any) -> None:
        self._generator = orchestrator(SimContext(self, instance_id, input_))
        self._open: dict[int, SimTask] = {}
        self._timers: dict[int, TimerTask] = {}
        self._waiting: dict[str, list[EventTask]] = {}
        self._early: dict[str, list[Any]] = {}
        self._awaited: SimTask | None = None
        self._commands: list[Command] = []
        self._next_id = 0
        self._now: datetime
        self.position = 0
        self.is_done = False
        self.output: Any = None
        self.error: str | None = None
        self.continued: Any = None

    def feed(self, events: Sequence[Event]) -> list[Command]:
        """Go on with new events; the work that is asked for now."""
        for event in events:
            self.position += 1
            self._now = event.at
            if self.is_done:
                continue
            self._take(event)
            if self._awaited is None or self._awaited.is_done:
                self._go_on()
            self._note_cancelled()
        commands, self._commands = self._commands, []
        return commands

    def schedule(self, task: SimTask) -> None:
        """See Scheduler."""
        if isinstance(task, ActivityTask):
            self._attempt(task)
        elif isinstance(task, TimerTask):
            self._timers[self._begin_timer(task, task.fire_at)] = task
        elif isinstance(task, EventTask):
            early = self._early.get(task.name)
            if early:
                task.finish(early.pop(0))
            else:
                self._waiting.setdefault(task.name, []).append(task)

    def continue_with(self, input_: Any) -> None:
        """See Scheduler."""
        self.continued = input_

    def close(self) -> None:
        """Let go of the generator."""
        self._generator.close()

    def _take(self, event: Event) -> None:
        if event.kind is Kind.RAISED:
            waiting = self._waiting.get(event.name)
            if waiting:
                waiting.pop().finish(event.data)
            else:
                self._early.setdefault(event.name, []).append(event.data)
            return
        task = self._open.pop(event.id, None)
        self._timers.pop(event.id, None)
        if isinstance(task, TimerTask) or (task and event.kind is Kind.DONE):
            task.finish(event.data)
        elif isinstance(task, ActivityTask):
            self._take_failure(task, event)

    def _take_failure(self, task: ActivityTask, event: Event) -> None:
        """After each failure, the last one too, there is a pause: so the host does it, and draws an id for it."""
        if event.kind is Kind.FAILED:
            task.failure = str(event.data)
            self._begin_timer(task, event.at + timedelta(milliseconds=task.pause_ms))
        elif task.attempts < task.attempts_max:
            self._attempt(task)
        else:
            task.finish(None, ActivityFailed(task.failure))

    def _attempt(self, task: ActivityTask) -> None:
        task.attempts += 1
        id_ = self._draw(task)
        self._commands.append(Command(id_, task.name, task.input))

    def _begin_timer(self, task: SimTask, fire_at: datetime) -> int:
        id_ = self._draw(task)
        self._commands.append(Command(id_, fire_at=fire_at))
        return id_

    def _draw(self, task: SimTask) -> int:
        id_, self._next_id = self._next_id, self._next_id + 1
        self._open[id_] = task
        return id_

    def _note_cancelled(self) -> None:
        for id_ in [id_ for id_, timer in self._timers.items() if timer.is_cancelled]:
            del self._timers[id_], self._open[id_]
            self._commands.append(Command(id_, is_cancel=True))

    def _go_on(self) -> None:
        """Let the generator run until it waits for something that is not there."""
        try:
            while self._awaited is None or self._awaited.is_done:
                awaited = self._awaited
                if awaited is None:
                    self._awaited = next(self._generator)
                elif awaited.error:
                    self._awaited = self._generator.throw(awaited.error)
                else:
                    self._awaited = self._generator.send(awaited.value)
        except StopIteration as stop:
            self.is_done, self.output = True, stop.value
        except Exception as error:
            self.is_done, self.error = True, repr(error)
