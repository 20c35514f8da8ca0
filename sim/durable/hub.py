"""What survives of orchestrations: instances with their histories, work that is under way, timers.

Processes take episodes and activities from here and report what came of them; when one dies, others take them anew.
"""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from random import Random
from typing import Any, Protocol

import orjson

from shared.ports import Unavailable
from sim.durable.execution import Command, Event, Execution, Kind, Orchestrator
from sim.faults import FaultPlan, Mishap
from sim.link import Link
from sim.outside import Outside, seconds_at

PAUSE = 0.5
"""Before a process tries again to report, when the hub did not answer."""


class Worker(Protocol):
    """A process that takes turns."""

    link: Link
    executions: dict[str, tuple[int, Execution]]

    async def act(self, name: str, input_: Any) -> Any:
        """Run an activity."""

    def spawn(self, work: Coroutine[Any, Any, None]) -> Any:
        """Run something that dies with the process."""


@dataclass(slots=True)
class Instance:
    """An orchestration; `execution` counts how often it has begun anew."""

    id: str
    input: Any
    execution: int = 1
    is_running: bool = True
    failure: str | None = None
    history: list[Event] = field(default_factory=list)
    asked: list[Command] = field(default_factory=list)  # what the history has asked for
    inbox: list[Event] = field(default_factory=list)
    worker: Worker | None = None
    activities: dict[int, tuple[Command, Worker | None]] = field(default_factory=dict)
    timers: dict[int, Any] = field(default_factory=dict)


class Hub:
    """All instances of one orchestrator."""

    def __init__(
        self, outside: Outside, plan: FaultPlan, chance: Random, worker: Callable[[], Worker | None],
        orchestrator: Orchestrator,
    ) -> None:  # fmt: skip
        self._outside, self._plan, self._chance, self._worker = outside, plan, chance, worker
        self._orchestrator = orchestrator
        self.instances: dict[str, Instance] = {}
        self._lost: set[tuple[str, str]] = set()
        self.longest = 0
        """Events in the longest history so far."""

    def start(self, id_: str, input_: Any) -> None:
        """Begin an instance, unless it runs."""
        found = self.instances.get(id_)
        if found and found.is_running:
            return
        execution = found.execution + 1 if found else 1
        instance = self.instances[id_] = Instance(id_, _plain(input_), execution)
        self._tell(instance, Event(Kind.STARTED, self._outside.now()))

    def raise_event(self, id_: str, name: str, data: Any) -> bool:
        """Tell an instance of an external event; whether it was told. Of one event, one at most is lost on its way."""
        found = self.instances.get(id_)
        if found is None or not found.is_running:
            return False
        if (id_, name) not in self._lost and self._plan.hits(Mishap.LOST_BELL):
            self._lost.add((id_, name))
            return False
        self._tell(found, Event(Kind.RAISED, self._outside.now(), name=name, data=_plain(data)))
        return True

    def is_running(self, id_: str) -> bool:
        """Whether an instance lives."""
        found = self.instances.get(id_)
        return found is not None and found.is_running

    def abandon(self, worker: Worker) -> None:
        """A process has died: what it had in hand is to be done again."""
        for instance in self.instances.values():
            if instance.worker is worker:
                instance.worker = None
            for id_, (command, busy) in instance.activities.items():
                if busy is worker:
                    instance.activities[id_] = (command, None)
        self._outside.soon(self.wake)

    def wake(self) -> None:
        """A process may take what waits."""
        for instance in self.instances.values():
            self._go(instance)
            for id_, (_, worker) in list(instance.activities.items()):
                if worker is None:
                    self._act(instance, id_)

    def _tell(self, instance: Instance, event: Event) -> None:
        instance.inbox.append(event)
        self._outside.soon(self._go, instance)

    def _go(self, instance: Instance) -> None:
        if instance.worker is not None or not instance.inbox:
            return
        worker = self._worker()
        if worker is not None:
            instance.worker = worker
            worker.spawn(self._episodes(instance, worker))

    async def _episodes(self, instance: Instance, worker: Worker) -> None:
        """Take what has come in, until nothing more has."""
        while instance.inbox and instance.is_running:
            events = list(instance.inbox)
            execution = self._execution(instance, worker)
            commands = execution.feed(events)
            try:
                await worker.link.write(
                    "durable",
                    lambda: self._commit(instance, execution, events, commands),  # noqa: B023  # awaited here
                    lambda: f"{instance.id} {[event.kind.value for event in events]}",  # noqa: B023
                )
            except Unavailable:
                worker.executions.pop(instance.id, None)
                await asyncio.sleep(PAUSE)
        instance.worker = None
        if instance.inbox and instance.is_running:
            self._go(instance)

    def _execution(self, instance: Instance, worker: Worker) -> Execution:
        """As this process has kept it, if that is where the history ends; else a replay."""
        kept = worker.executions.get(instance.id)
        if kept and kept[0] == instance.execution and kept[1].position == len(instance.history):
            return kept[1]
        execution = Execution(self._orchestrator, instance.id, instance.input)
        if execution.feed(instance.history) != instance.asked:
            raise AssertionError(f"the replay of {instance.id} asks for something else than what was recorded")
        worker.executions[instance.id] = (instance.execution, execution)
        return execution

    def _commit(self, instance: Instance, execution: Execution, events: list[Event], commands: list[Command]) -> None:
        instance.history += events
        self.longest = max(self.longest, len(instance.history) + len(instance.asked))
        instance.asked += commands
        del instance.inbox[: len(events)]
        for command in commands:
            self._carry_out(instance, command)
        if execution.is_done:
            self._end(instance, execution)

    def _carry_out(self, instance: Instance, command: Command) -> None:
        if command.is_cancel:
            instance.timers.pop(command.id).cancel()
        elif command.fire_at is not None:
            due, id_ = seconds_at(command.fire_at), command.id
            instance.timers[id_] = self._outside.at(due, self._fire, instance, instance.execution, id_)
        else:
            instance.activities[command.id] = (command, None)
            self._outside.soon(self._act, instance, command.id)

    def _end(self, instance: Instance, execution: Execution) -> None:
        for timer in instance.timers.values():
            timer.cancel()
        instance.timers, instance.activities, instance.history, instance.asked = {}, {}, [], []
        instance.execution += 1
        if execution.continued is None:
            instance.is_running, instance.failure = False, execution.error
            return
        # What nobody has awaited is lost here, as the SDK does it; what has just come in may be carried over, or not.
        kept = [event for event in instance.inbox if event.kind is Kind.RAISED and self._chance.random() < 0.5]
        instance.input = _plain(execution.continued)
        instance.inbox = [Event(Kind.STARTED, self._outside.now()), *kept]

    def _fire(self, instance: Instance, execution: int, id_: int) -> None:
        if instance.is_running and instance.execution == execution and instance.timers.pop(id_, None):
            self._tell(instance, Event(Kind.FIRED, self._outside.now(), id_))

    def _act(self, instance: Instance, id_: int) -> None:
        found = instance.activities.get(id_)
        worker = self._worker()
        if found is None or found[1] is not None or worker is None:
            return
        instance.activities[id_] = (found[0], worker)
        worker.spawn(self._activity(instance, instance.execution, found[0], worker))

    async def _activity(self, instance: Instance, execution: int, command: Command, worker: Worker) -> None:
        """Run it, perhaps twice, and report what the last run has come to: at least once."""
        runs = 2 if self._plan.hits(Mishap.TWICE) else 1
        for _ in range(runs):
            try:
                event = Event(
                    Kind.DONE, self._outside.now(), command.id, data=await worker.act(command.name, command.input)
                )
            except Exception as error:
                event = Event(Kind.FAILED, self._outside.now(), command.id, data=repr(error))
        while True:
            try:
                await worker.link.write(
                    "durable",
                    lambda: self._report(instance, execution, event),
                    lambda: f"{instance.id} {command.name} {event.kind.value}",
                )
            except Unavailable:
                await asyncio.sleep(PAUSE)
            else:
                break
        if self._plan.hits(Mishap.AGAIN):
            await asyncio.sleep(self._chance.uniform(0, 1))
            with contextlib.suppress(Unavailable):  # nobody waits for it any more
                await worker.act(command.name, command.input)

    def _report(self, instance: Instance, execution: int, event: Event) -> None:
        """A result, unless it is known or nobody wants it any more."""
        if instance.execution == execution and event.id in instance.activities:
            del instance.activities[event.id]
            self._tell(instance, Event(event.kind, self._outside.now(), event.id, data=_plain(event.data)))


def _plain(value: Any) -> Any:
    """As it is after its way through JSON."""
    return orjson.loads(orjson.dumps(value))
