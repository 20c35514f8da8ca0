"""One tick, without I/O: from what has come for an instance to the change to store and the work to hand out."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson

from devhost.durable.execution import Execution, NonDeterminism, Outcome
from devhost.durable.history import Command, Event, Kind, Status, event, execution_started, new_id, stamp
from devhost.durable.store import Record, TickChange, child_report, new_record
from devhost.errors import NotSupported


@dataclass(frozen=True, slots=True, eq=False)
class Parcel:
    """Something for an instance: `seq` is its inbox row, None for what has none (task results, timers)."""

    kind: str
    body: Any
    seq: int | None = None


@dataclass
class Episode:
    """A tick's change, and what is to be told to the wheels: timers cancelled, results that came too late."""

    change: TickChange
    cancelled_timers: list[int] = field(default_factory=list)
    stale: list[Parcel] = field(default_factory=list)


def episode(record: Record, execution: Execution, chunks: int, parcels: Sequence[Parcel], now: float) -> Episode:
    """Let the orchestrator go on with what has come; the caller stores the change and hands out its work."""
    at = stamp(datetime.fromtimestamp(now, UTC))
    armed = list(execution.walker.timers)
    result = Episode(TickChange(record, record, chunks))
    result.change.consumed = [parcel.seq for parcel in parcels if parcel.seq is not None]
    events = [event(Kind.ORCHESTRATOR_STARTED, at)]
    if chunks == 0:
        events.append(execution_started(at, record.name, record.id, record.execution, record.input, record.version))
    status = Status.RUNNING
    for parcel in parcels:
        if parcel.kind == "terminate":
            result.cancelled_timers = armed
            return _terminate(result, record, events, parcel.body.decode(), now, at)
        if parcel.kind == "suspend":
            status = Status.SUSPENDED
        if converted := _event(execution, record, parcel, at, result):
            events.append(converted)
    outcome, commands = _advance(execution, events)
    result.cancelled_timers = execution.walker.cancelled(outcome.actions)
    result.change.finished_timers += result.cancelled_timers
    _schedule(result.change, record, commands, now)
    _conclude(result.change, record, execution, outcome, status, now)
    if result.change.ends:
        result.cancelled_timers = armed
    events += [command.event(at) for command in commands]
    _write_history(result.change, events, at)
    return result


def _advance(execution: Execution, events: list[Event]) -> tuple[Outcome, list[Command]]:
    try:
        return execution.advance(events)
    except (NonDeterminism, NotSupported) as error:
        execution.walker.abandon()
        return Outcome([], False, error=str(error)), []


def _event(execution: Execution, record: Record, parcel: Parcel, at: str, result: Episode) -> Event | None:
    """The history event of a parcel; None if it came for work that is gone."""
    walker = execution.walker
    if parcel.kind == "event":
        name, input_json = orjson.loads(parcel.body)
        return event(Kind.EVENT_RAISED, at, Name=name, Input=input_json)
    if parcel.kind == "suspend":
        return event(Kind.EXECUTION_SUSPENDED, at, Reason=parcel.body.decode())
    if parcel.kind == "resume":
        return event(Kind.EXECUTION_RESUMED, at, Reason=parcel.body.decode())
    source, task, *rest = orjson.loads(parcel.body) if parcel.kind == "child" else parcel.body
    if source != record.execution or not walker.expects(task):
        if parcel.kind == "task":
            result.stale.append(parcel)
        return None
    if parcel.kind == "timer":
        result.change.finished_timers.append(task)
        return event(Kind.TIMER_FIRED, at, TimerId=task, FireAt=at)
    succeeded, value = rest
    if parcel.kind == "task":
        result.change.finished_tasks.append(task)
        if succeeded:
            return event(Kind.TASK_COMPLETED, at, TaskScheduledId=task, Result=value)
        return event(Kind.TASK_FAILED, at, TaskScheduledId=task, Reason=value[0], Details=value[1])
    if succeeded:
        return event(Kind.SUB_ORCHESTRATION_INSTANCE_COMPLETED, at, TaskScheduledId=task, Result=value)
    return event(Kind.SUB_ORCHESTRATION_INSTANCE_FAILED, at, TaskScheduledId=task, Reason=value, Details="")


def _schedule(change: TickChange, record: Record, commands: list[Command], now: float) -> None:
    for command in commands:
        if command.kind is Kind.TASK_SCHEDULED:
            change.tasks.append((command.id, command.name, command.input))
        elif command.kind is Kind.TIMER_CREATED and command.fire_at:
            if command.id not in change.finished_timers:
                change.timers.append((command.id, _seconds(command.fire_at)))
        elif command.kind is Kind.SUB_ORCHESTRATION_INSTANCE_CREATED:
            parent = orjson.dumps(
                {"key": record.key, "id": record.id, "execution": record.execution, "task": command.id}
            )
            input_json = None if command.input is None else orjson.dumps(command.input).decode()
            child_id = command.instance_id or new_id()
            child = (child_id, command.name, new_id(), input_json, record.version, parent.decode(), now)
            change.children.append((command.id, new_record(*child)))


def _seconds(at: datetime) -> float:
    return (at.replace(tzinfo=UTC) if at.tzinfo is None else at).timestamp()


def _conclude(
    change: TickChange, record: Record, execution: Execution, outcome: Outcome, status: Status, now: float
) -> None:
    """The instance's state after the tick."""
    row = record._replace(status=status, updated=now, custom_status=outcome.custom_status or record.custom_status)
    walker = execution.walker
    if not walker.caught_up(outcome.actions):
        pass  # as the real shim: what was begun together is awaited, even if the code has gone on or failed
    elif outcome.error is not None:
        failure = f"Orchestrator function '{record.name}' failed: {outcome.error}"
        row = row._replace(status=Status.FAILED, output=orjson.dumps(failure).decode())
        _end(change, row, (False, failure))
    elif outcome.done and walker.continued is not None:
        row = row._replace(execution=new_id(), input=orjson.dumps(walker.continued).decode())
        change.ends = True
    elif outcome.done and not walker.timers:
        # With open timers the instance goes on until they have fired, as the real framework has it.
        row = row._replace(status=Status.COMPLETED, output=outcome.output or "null")
        _end(change, row, (True, row.output))
    change.after = row


def _end(change: TickChange, row: Record, report: tuple[bool, str | None]) -> None:
    change.ends = True
    if row.parent:
        parent = orjson.loads(row.parent)
        change.report = (parent["key"], child_report(parent["execution"], parent["task"], *report))


def _terminate(result: Episode, record: Record, events: list[Event], reason: str, now: float, at: str) -> Episode:
    events.append(event(Kind.EXECUTION_TERMINATED, at, Input=reason))
    row = record._replace(status=Status.TERMINATED, output=orjson.dumps(reason).decode(), updated=now)
    result.change.after = row
    _end(result.change, row, (False, reason))
    _write_history(result.change, events, at)
    return result


def _write_history(change: TickChange, events: list[Event], at: str) -> None:
    if not change.after.status.is_open:
        ended = change.after
        events.append(event(Kind.EXECUTION_COMPLETED, at, OrchestrationStatus=str(ended.status), Result=ended.output))
    events.append(event(Kind.ORCHESTRATOR_COMPLETED, at))
    for item in events:
        item["IsPlayed"] = True
    change.chunk = orjson.dumps(events)[1:-1]
