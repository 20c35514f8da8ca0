"""As much of DurableOrchestrationContext as the orchestrations use; a test keeps them to it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol

from azure.durable_functions import RetryOptions


class ActivityFailed(Exception):
    """An activity has failed as often as it may."""


class SimTask:
    """Something that an orchestrator may yield."""

    def __init__(self) -> None:
        self.is_done = False
        self.value: Any = None
        self.error: Exception | None = None
        self._parent: AnyTask | None = None

    def finish(self, value: Any, error: Exception | None = None) -> None:
        """It has its result; only the first one counts."""
        if self.is_done:
            return
        self.is_done, self.value, self.error = True, value, error
        if self._parent:
            self._parent.finish(self)

    def belongs_to(self, parent: "AnyTask") -> None:
        """Tell a task of several when this one is done."""
        self._parent = parent


class AnyTask(SimTask):
    """Done with the first of its members, which is its value."""

    def __init__(self, members: Sequence[SimTask]) -> None:
        super().__init__()
        for member in members:
            member.belongs_to(self)
        for member in members:
            if member.is_done:
                self.finish(member)


class ActivityTask(SimTask):
    """An activity, tried again after failures."""

    def __init__(self, name: str, input_: Any, retries: RetryOptions) -> None:
        super().__init__()
        self.name, self.input, self.attempts = name, input_, 0
        self.pause_ms = int(retries.first_retry_interval_in_milliseconds)
        self.attempts_max = int(retries.max_number_of_attempts)
        self.failure = ""


class EventTask(SimTask):
    """An external event."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name


class TimerTask(SimTask):
    """A moment."""

    def __init__(self, fire_at: datetime) -> None:
        super().__init__()
        self.fire_at = fire_at
        self.is_cancelled = False

    def cancel(self) -> None:
        """It is not waited for any more."""
        self.is_cancelled = True


class Scheduler(Protocol):
    """Where the context's tasks go."""

    def schedule(self, task: SimTask) -> None:
        """Begin it, or note that it was asked for."""

    def continue_with(self, input_: Any) -> None:
        """Begin anew with this input once the generator has returned."""


class SimContext:
    """What an orchestrator is given."""

    def __init__(self, scheduler: Scheduler, instance_id: str, input_: Any) -> None:
        self._scheduler, self._input = scheduler, input_
        self.instance_id = instance_id

    def get_input(self) -> Any:
        """See DurableOrchestrationContext."""
        return self._input

    def call_activity_with_retry(self, name: str, retry_options: RetryOptions, input_: Any = None) -> SimTask:
        """See DurableOrchestrationContext."""
        return self._scheduled(ActivityTask(name, input_, retry_options))

    def wait_for_external_event(self, name: str) -> SimTask:
        """See DurableOrchestrationContext."""
        return self._scheduled(EventTask(name))

    def create_timer(self, fire_at: datetime) -> TimerTask:
        """See DurableOrchestrationContext."""
        timer = TimerTask(fire_at)
        self._scheduler.schedule(timer)
        return timer

    def task_any(self, activities: Sequence[SimTask]) -> SimTask:
        """See DurableOrchestrationContext."""
        return AnyTask(activities)

    def continue_as_new(self, input_: Any) -> None:
        """See DurableOrchestrationContext."""
        self._scheduler.continue_with(input_)

    def _scheduled(self, task: SimTask) -> SimTask:
        self._scheduler.schedule(task)
        return task
