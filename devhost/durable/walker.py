"""From the SDK's list of actions to scheduled work: what the extension's out-of-process shim does in .NET.

The SDK reports all actions since the start of the execution. The shim awaits them one after the other: action i+1
is only begun when action i is done (a when-all: when all its members are, failed or not). Beginning an action draws
task ids in order; retries draw hidden ids, one for the timer after each failure (the last included) and one for
each new attempt. The walker keeps its place, so that each history event is looked at once.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from devhost.durable.history import Command, Event, Kind
from devhost.errors import NotSupported

_UNSUPPORTED = {7: "call_entity", 8: "call_http", 9: "signal_entity", 10: "signal_entity"}
_COMPLETIONS = {
    Kind.TASK_COMPLETED: "TaskScheduledId",
    Kind.TASK_FAILED: "TaskScheduledId",
    Kind.SUB_ORCHESTRATION_INSTANCE_COMPLETED: "TaskScheduledId",
    Kind.SUB_ORCHESTRATION_INSTANCE_FAILED: "TaskScheduledId",
    Kind.TIMER_FIRED: "TimerId",
}
Path = tuple[int, ...]  # to a member of a compound action
Actions = Sequence[Mapping[str, Any]]  # all since the start, in their wire form


class _Node:
    """An action under way: done by itself, by all of its members, or by any of them."""

    __slots__ = ("action", "any", "attempts", "children", "done", "parent")

    def __init__(self, parent: "_Node | None", children: int = 0, any_: bool = False) -> None:
        self.parent, self.children, self.any = parent, children, any_
        self.done = False
        self.attempts = 0
        self.action: Mapping[str, Any] = {}

    def finish(self) -> None:
        """Mark done and tell the parent."""
        self.done = True
        parent = self.parent
        if parent is None or parent.done:
            return
        parent.children -= 1
        if parent.any or parent.children == 0:
            parent.finish()


class Walker:
    """Follows one execution. `commands` collects what has been asked for; the engine takes it away."""

    def __init__(self, execution: str) -> None:
        self._execution = execution
        self._next_id = 0
        self._position = 0
        self._current: _Node | None = None
        self._open: dict[int, _Node] = {}
        self._events: dict[str, list[_Node]] = {}
        self._buffered: dict[str, int] = {}
        self._now = datetime.now(UTC)
        self._expected: set[int] = set()
        self.timers: dict[int, Path | None] = {}
        self.commands: list[Command] = []
        self.continued: str | None = None

    def feed(self, events: Sequence[Event], actions: Actions) -> None:
        """Process new history events in order against the actions that the SDK has reported after them."""
        for item in events:
            kind = item["EventType"]
            if kind == Kind.ORCHESTRATOR_STARTED:
                self._now = datetime.fromisoformat(item["Timestamp"])
                continue
            if kind == Kind.EVENT_RAISED:
                self._raise(str(item["Name"]).lower())
            elif kind in _COMPLETIONS:
                self._complete(item[_COMPLETIONS[kind]], Kind(kind))
            elif kind != Kind.EXECUTION_STARTED:
                continue
            self._advance(actions)

    def expects(self, task: int) -> bool:
        """Whether a completion of the task means something; only the first one does."""
        if task not in self._open or task in self._expected:
            return False
        self._expected.add(task)
        return True

    @property
    def open(self) -> set[int]:
        """The task ids that the host waits for."""
        return set(self._open)

    def caught_up(self, actions: Actions) -> bool:
        """Whether all that the SDK has reported is done: before that the real shim does not end the instance."""
        return self._position >= len(actions) and (self._current is None or self._current.done)

    def abandon(self) -> None:
        """Wait for nothing more: the execution has failed as a whole."""
        self._current, self.commands, self.timers = None, [], {}

    def unsettled(self, known: int) -> set[int]:
        """Which of the known actions may still change: those with an open timer, and those not begun."""
        return {path[0] for path in self.timers.values() if path} | set(range(self._position, known))

    def cancelled(self, actions: Actions) -> list[int]:
        """Timers that the code has cancelled since the last look."""
        found = [timer for timer, path in self.timers.items() if path and _at(actions, path)["isCanceled"]]
        for timer in found:
            del self.timers[timer]
            self._open.pop(timer).finish()
        return found

    def _advance(self, actions: Actions) -> None:
        while (self._current is None or self._current.done) and self._position < len(actions):
            self._current = self._begin(actions[self._position], None, (self._position,))
            self._position += 1

    def _begin(self, action: Mapping[str, Any], parent: _Node | None, path: Path) -> _Node:
        kind = action["actionType"]
        if kind in _UNSUPPORTED:
            raise NotSupported(f"{_UNSUPPORTED[kind]} is not supported by this host")
        if kind in (11, 12):
            members = action["compoundActions"]
            node = _Node(parent, len(members), any_=kind == 11)
            for index, member in enumerate(members):
                self._begin(member, node, (*path, index))
            return node
        node = _Node(parent)
        node.action = action
        if kind in (0, 1, 2, 3):
            self._attempt(node)
        elif kind == 5:
            self._timer(node, datetime.fromisoformat(action["fireAt"]), path)
        elif kind == 6:
            self._wait(node, str(action["externalEventName"]).lower())
        else:
            if kind == 4:
                self.continued = action["input"]
            node.finish()
        return node

    def _draw(self, node: _Node) -> int:
        task = self._next_id
        self._next_id += 1
        self._open[task] = node
        return task

    def _attempt(self, node: _Node) -> None:
        action = node.action
        task = self._draw(node)
        node.attempts += 1
        if action["actionType"] in (0, 1):
            self.commands.append(Command(Kind.TASK_SCHEDULED, task, action["functionName"], action["input"]))
            return
        child = action.get("instanceId") or f"{self._execution}:{task}"
        self.commands.append(
            Command(
                Kind.SUB_ORCHESTRATION_INSTANCE_CREATED,
                task,
                action["functionName"],
                action["input"],
                instance_id=child,
            )
        )

    def _timer(self, node: _Node, fire_at: datetime, path: Path | None) -> None:
        timer = self._draw(node)
        self.timers[timer] = path
        self.commands.append(Command(Kind.TIMER_CREATED, timer, fire_at=fire_at))

    def _wait(self, node: _Node, name: str) -> None:
        if self._buffered.get(name, 0):
            self._buffered[name] -= 1
            node.finish()
        else:
            self._events.setdefault(name, []).append(node)

    def _raise(self, name: str) -> None:
        waiting = self._events.get(name)
        if waiting:
            waiting.pop().finish()  # a stack, as in the extension: the newest wait hears it
        else:
            self._buffered[name] = self._buffered.get(name, 0) + 1

    def _complete(self, task: int, kind: Kind) -> None:
        self._expected.discard(task)
        self.timers.pop(task, None)
        node = self._open.pop(task, None)
        if node is None:
            return  # a second completion, or that of a cancelled timer
        options = node.action.get("retryOptions")
        if options and kind in (Kind.TASK_FAILED, Kind.SUB_ORCHESTRATION_INSTANCE_FAILED):
            self._timer(node, self._now + timedelta(milliseconds=options["firstRetryIntervalInMilliseconds"]), None)
        elif options and kind is Kind.TIMER_FIRED and node.attempts < options["maxNumberOfAttempts"]:
            self._attempt(node)
        else:
            node.finish()


def _at(actions: Actions, path: Path) -> Mapping[str, Any]:
    action = actions[path[0]]
    for index in path[1:]:
        action = action["compoundActions"][index]
    return action
