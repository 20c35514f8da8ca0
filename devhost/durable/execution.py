"""One execution of an orchestrator, driven through the official SDK.

Three ways to get from new history events to the next actions: `cached` keeps the generator and feeds it the new
events; `replay` hands the SDK the whole history each time, as in Azure; `verify` does both and compares.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from types import GeneratorType
from typing import Any

import orjson
from azure.durable_functions.models.DurableOrchestrationContext import DurableOrchestrationContext
from azure.durable_functions.models.history import HistoryEvent
from azure.durable_functions.models.TaskOrchestrationExecutor import TaskOrchestrationExecutor
from azure.functions._durable_functions import df_dumps

from devhost.config import Mode
from devhost.durable.history import SCHEDULING, Command, Event, Kind, describe, mismatch
from devhost.durable.walker import Actions, Walker
from devhost.loader import FunctionSpec

PARTED = (
    "SDK and extension number their tasks differently from here on, in Azure as well. One of them went on earlier (a "
    "member of task_all had failed, or events of one name came early) while an unfinished retry still drew ids"
)
FAILURE_MARK = "\n\n$OutOfProcData$:"


class NonDeterminism(Exception):
    """The code does not do what it did before: the message names function, instance, event and both actions."""


@dataclass(frozen=True)
class Outcome:
    """What an orchestrator has reached: all its actions, and its result once it is done; values are JSON texts."""

    actions: Actions
    done: bool
    output: str | None = None
    error: str | None = None
    custom_status: str | None = None


@dataclass(frozen=True)
class Start:
    """What an execution begins with; `input` is JSON."""

    instance_id: str
    execution: str
    input: str | None
    parent_id: str | None

    def context(self, history: list[Event]) -> dict[str, Any]:
        """The orchestration trigger's value. Timer lengths are left out, as with the Durable Task Scheduler."""
        return {
            "history": history,
            "input": None if self.input is None else orjson.loads(self.input),
            "instanceId": self.instance_id,
            "isReplaying": False,
            "parentInstanceId": self.parent_id,
            "upperSchemaVersion": 1,
            "upperSchemaVersionNew": 2,
            "defaultHttpAsyncRequestSleepTimeMillseconds": 30000,
        }


class LiveExecution:
    """A kept generator: the SDK's executor, fed one event at a time."""

    def __init__(self, spec: FunctionSpec, start: Start, events: list[Event]) -> None:
        self._context = DurableOrchestrationContext(**start.context(events[:2]))
        self._context._input_expected_type = getattr(spec.func, "_df_input_type", None)
        self._executor = TaskOrchestrationExecutor()
        self._executor.context = self._context
        self._actions: list[Mapping[str, Any]] = []
        self._function = spec.func.orchestrator_function  # type: ignore[attr-defined]  # set by the SDK's decorator
        self._begun = False

    def feed(self, events: Sequence[Event], new: bool, changing: Callable[[int], set[int]]) -> Outcome:
        """Process events; `new` is False while history is replayed to rebuild the generator.

        `changing` tells which of the first n actions are to be looked at again.
        """
        executor = self._executor
        executor._is_processing_new_events = new
        if not self._begun:
            self._begin(new)
        if hasattr(executor, "generator"):
            for item in events:
                if executor.has_execution_completed:
                    break
                executor.process_event(HistoryEvent(**item))
        payload = self._context._action_payload_v2
        for index in changing(len(self._actions)):
            self._actions[index] = payload[index].to_json()
        self._actions += [action.to_json() for action in payload[len(self._actions) :]]
        return self._outcome()

    @property
    def open(self) -> set[int]:
        """The task ids that the SDK waits for."""
        return {task for task in self._context.open_tasks if isinstance(task, int)}

    def _begin(self, new: bool) -> None:
        self._begun = True
        executor = self._executor
        executor.current_task.is_played = not new
        try:
            result = self._function(self._context)
        except Exception as error:
            executor.exception = error
            return
        if isinstance(result, GeneratorType):
            executor.generator = result
        elif not self._context.will_continue_as_new:
            executor.orchestrator_returned, executor.output = True, result

    def _outcome(self) -> Outcome:
        executor = self._executor
        status = self._context.custom_status
        custom_status = df_dumps(status) if status else None
        error = executor.exception
        output = None
        if executor.orchestrator_returned and error is None:
            try:
                json.dumps(executor.output)  # the SDK refuses what plain JSON cannot hold, custom objects included
                output = df_dumps(executor.output)
            except Exception as unserialisable:
                error = unserialisable
        text = None if error is None else str(error) or str(type(error))
        return Outcome(self._actions, executor.orchestration_invocation_succeeded, output, text, custom_status)


def replay(spec: FunctionSpec, start: Start, history: Sequence[bytes]) -> Outcome:
    """Let the SDK replay a whole history, given as chunks of JSON events joined by commas."""
    context = orjson.dumps(start.context([])).decode()
    body = context.replace('"history":[]', '"history":[' + b",".join(history).decode() + "]", 1)
    try:
        state = json.loads(spec.func(body))
    except Exception as error:
        message, mark, data = str(error).partition(FAILURE_MARK)
        if not mark:
            return Outcome([], False, error=message or str(type(error)))
        state = json.loads(data)
    actions = state["actions"][0] if state["actions"] else []
    done, error_text = bool(state["isDone"]), state.get("error")
    status = state.get("customStatus")
    return Outcome(
        actions,
        done,
        json.dumps(state.get("output")) if done and not error_text else None,
        error_text,
        json.dumps(status) if status else None,
    )


class Execution:
    """An orchestrator's progress in one of the three modes, with the walker that turns its actions into work."""

    def __init__(self, name: str, spec: FunctionSpec | None, start: Start, mode: Mode) -> None:
        self._name, self._spec, self._start, self._mode = name, spec, start, mode
        self._live: LiveExecution | None = None
        self._history: list[bytes] = []
        self._deviated: str | None = None
        self.walker = Walker(start.execution)

    def advance(self, events: list[Event]) -> tuple[Outcome, list[Command]]:
        """Go on with new events; the outcome, and the work to schedule. NonDeterminism when the code deviates."""
        if self._deviated:
            raise NonDeterminism(self._deviated)
        outcome = self._run(events, new=True)
        self.walker.feed(events, outcome.actions)
        if self._mode == "verify" and self._live and not outcome.done and self.walker.open - self._live.open:
            raise self._deviation("the host's", len(outcome.actions), "an unfinished retry", PARTED)
        commands, self.walker.commands = self.walker.commands, []
        return outcome, commands

    def rebuild(self, chunks: list[bytes]) -> None:
        """Replay a recorded history. If the work asked for is not the work recorded, `advance` will say so."""
        events = orjson.loads(b"[" + b",".join(chunks) + b"]")
        try:
            self._compare_with_history(events)
        except NonDeterminism as error:
            self._deviated = str(error)
        for chunk in chunks:
            self.record(chunk)

    def _compare_with_history(self, events: list[Event]) -> None:
        outcome = self._run(events, new=False)
        self.walker.feed(events, outcome.actions)
        commands, self.walker.commands = self.walker.commands, []
        recorded = [item for item in events if item["EventType"] in SCHEDULING]
        for index, (before, now) in enumerate(zip_longest(recorded, commands)):
            if difference := mismatch(before, now):
                at = describe(before) if before else f"{len(recorded)} recorded ones"
                raise self._deviation("its history", index, f"event {at}", difference)
        self.walker.cancelled(outcome.actions)

    def record(self, events: bytes) -> None:
        """Remember a committed episode, where later replays need it."""
        if self._mode != "cached":
            self._history.append(events)

    def _run(self, events: list[Event], *, new: bool) -> Outcome:
        if self._spec is None:
            reason = f"The function '{self._name}' doesn't exist, is disabled, or is not an orchestrator function."
            return Outcome([], False, error=reason)
        if self._mode == "replay":
            return self._replay(self._spec, events)
        if self._live is None:
            self._live = LiveExecution(self._spec, self._start, events)
        outcome = self._live.feed(events, new, self.walker.unsettled)
        if self._mode == "verify":
            self._compare(outcome, self._replay(self._spec, events), Kind(events[-1]["EventType"]).name)
        return outcome

    def _replay(self, spec: FunctionSpec, events: list[Event]) -> Outcome:
        return replay(spec, self._start, [*self._history, orjson.dumps(events)[1:-1]])

    def _compare(self, live: Outcome, again: Outcome, event: str) -> None:
        """What was kept and what a replay gives must be the same, action by action."""
        for index, (kept, replayed) in enumerate(zip_longest(_canonical(live), _canonical(again))):
            if kept != replayed:
                raise self._deviation("a second run", index, f"event {event}", f"{kept} <> {replayed}")

    def _deviation(self, what: str, index: int, event: str, difference: str) -> NonDeterminism:
        return NonDeterminism(
            f"Non-deterministic orchestrator {self._name!r}, instance {self._start.instance_id!r}: action {index} "
            f"differs from {what}, at {event}: {difference}. Orchestrator code must do the same on every replay: "
            "no clock, randomness, I/O or changed order of calls."
        )


def _canonical(outcome: Outcome) -> list[Any]:
    """All actions in their wire form, and the result."""
    result = {"done": outcome.done, "output": outcome.output, "error": outcome.error, "status": outcome.custom_status}
    return list(orjson.loads(orjson.dumps([*outcome.actions, result])))
