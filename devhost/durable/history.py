"""History events as the Durable extension serialises them for the SDKs, and the commands that cause them.

Event types: DurableTask.Core's `EventType`; a history is made of episodes
OrchestratorStarted, (ExecutionStarted), completions..., scheduled work..., OrchestratorCompleted.
"""

import collections
import functools
import importlib
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum, StrEnum
from typing import Any

Event = dict[str, Any]


class Kind(IntEnum):
    """Event types that this host writes."""

    EXECUTION_STARTED = 0
    EXECUTION_COMPLETED = 1
    EXECUTION_TERMINATED = 3
    TASK_SCHEDULED = 4
    TASK_COMPLETED = 5
    TASK_FAILED = 6
    SUB_ORCHESTRATION_INSTANCE_CREATED = 7
    SUB_ORCHESTRATION_INSTANCE_COMPLETED = 8
    SUB_ORCHESTRATION_INSTANCE_FAILED = 9
    TIMER_CREATED = 10
    TIMER_FIRED = 11
    ORCHESTRATOR_STARTED = 12
    ORCHESTRATOR_COMPLETED = 13
    EVENT_RAISED = 15
    EXECUTION_SUSPENDED = 19
    EXECUTION_RESUMED = 20


SCHEDULING = (Kind.TASK_SCHEDULED, Kind.SUB_ORCHESTRATION_INSTANCE_CREATED, Kind.TIMER_CREATED)


class Status(StrEnum):
    """Runtime status of an instance."""

    PENDING = "Pending"
    RUNNING = "Running"
    SUSPENDED = "Suspended"
    COMPLETED = "Completed"
    FAILED = "Failed"
    TERMINATED = "Terminated"

    @property
    def is_open(self) -> bool:
        """Whether the instance can still go on."""
        return self in (Status.PENDING, Status.RUNNING, Status.SUSPENDED)


@dataclass(frozen=True, slots=True)
class Command:
    """Work that an orchestrator asks for; `kind` is the history event that records it, `id` its task id."""

    kind: Kind
    id: int
    name: str = ""
    input: str | None = None
    fire_at: datetime | None = None
    instance_id: str | None = None

    def event(self, at: str) -> Event:
        """The history event that records the command."""
        fields: dict[str, Any] = {"Name": self.name, "Input": self.input, "Version": ""}
        if self.kind is Kind.TIMER_CREATED and self.fire_at:
            fields = {"FireAt": stamp(self.fire_at)}
        if self.kind is Kind.SUB_ORCHESTRATION_INSTANCE_CREATED:
            fields["InstanceId"] = self.instance_id
        return event(self.kind, at, self.id, **fields)


def new_id() -> str:
    """A fresh instance or execution id."""
    return uuid.uuid4().hex


def stamp(at: datetime) -> str:
    """A timestamp as histories carry it; naive times are UTC."""
    aware = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    return aware.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def event(kind: Kind, at: str, event_id: int = -1, **fields: Any) -> Event:
    """A history event that has not been replayed yet."""
    return {"EventType": int(kind), "EventId": event_id, "IsPlayed": False, "Timestamp": at, **fields}


def execution_started(
    at: str, name: str, instance_id: str, execution: str, input_json: str | None, version: str
) -> Event:
    """The event that begins an execution; `Input` is JSON."""
    return event(
        Kind.EXECUTION_STARTED, at, Name=name, Version=version, Input=input_json, Tags=None, ParentInstance=None,
        OrchestrationInstance={"InstanceId": instance_id, "ExecutionId": execution},
    )  # fmt: skip


def mismatch(recorded: Mapping[str, Any] | None, command: Command | None) -> str | None:
    """How a recorded scheduling event differs from what the code asks for now; None if it does not."""
    if recorded is None or command is None:
        return None if recorded is None and command is None else f"{describe(recorded)} <> {describe(command)}"
    same = (
        recorded["EventType"] == command.kind
        and recorded["EventId"] == command.id
        and recorded.get("Name", "") == command.name
    )
    return None if same else f"{describe(recorded)} <> {describe(command)}"


def describe(item: Mapping[str, Any] | Command | None) -> str:
    """A scheduling event or command in words."""
    if item is None:
        return "nothing"
    if isinstance(item, Command):
        return f"{item.kind.name} {item.name} #{item.id}".replace("  ", " ")
    return f"{Kind(item['EventType']).name} {item.get('Name', '')} #{item['EventId']}".replace("  ", " ")


def tune_sdk() -> None:
    """Spare the SDK (azure-functions-durable 1.7) three detours that cost most of its time; results are the same.

    It parses timestamps with dateutil's general parser (82-85 % of a replay), makes a namedtuple class for each
    executor, and reads an environment variable for each JSON value (frozen here at its first use).
    """
    events = importlib.import_module("azure.durable_functions.models.history.HistoryEvent")
    events.dt_parse = datetime.fromisoformat  # type: ignore[attr-defined]  # the SDK is untyped
    executor = importlib.import_module("azure.durable_functions.models.TaskOrchestrationExecutor")
    executor.namedtuple = functools.cache(collections.namedtuple)  # type: ignore[attr-defined]
    codec = importlib.import_module("azure.functions._durable_functions")
    codec._is_strict_mode = functools.cache(codec._is_strict_mode)  # type: ignore[attr-defined]
