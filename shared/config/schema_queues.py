"""queues.yaml: where work waits, whom it suits, and what happens to work that cannot be served."""

from datetime import timedelta
from itertools import pairwise
from typing import Annotated

from pydantic import Field, model_validator

from shared.config.section import Fixed, Section
from shared.config.values import Duration, Id, Label, Need, Reference, Switch, WrapUp, one_of, whole
from shared.domain.policy import LEVEL_MAX, Match, Method, WrapUpRule

Level = Annotated[int, whole(1, LEVEL_MAX)]


class RelaxationSection(Section):
    """What work asks for less once it has waited."""

    after: Duration = Field(examples=["30 s"])
    drop: list[Reference] = []
    lower: dict[Reference, Level] = {}
    queues: list[Reference] = []


class WhenSection(Section):
    """When work overflows: all that is written must hold."""

    out_of_hours: Switch = False
    items_waiting: Annotated[int, whole(1, 100_000)] | None = None
    predicted_wait: Duration | None = None
    waited: Duration | None = None

    @model_validator(mode="after")
    def _one_time(self) -> "WhenSection":
        before = self.out_of_hours or self.items_waiting is not None or self.predicted_wait is not None
        if self.waited is None and not before:
            raise ValueError("never holds; write one of outOfHours: true, itemsWaiting, predictedWait and waited")
        if self.waited is not None and before:
            raise ValueError("waited is of work in the queue, the others are of work before it; write two rules")
        return self


class DoSection(Section):
    """What happens to work that overflows."""

    queue: Reference | None = None
    callback: Switch = False
    end: Switch = False
    say: dict[str, Fixed] = {}

    @model_validator(mode="after")
    def _one_action(self) -> "DoSection":
        if [self.queue is not None, self.callback, self.end].count(True) != 1:
            raise ValueError("must have exactly one of queue, 'callback: true' and 'end: true'")
        if self.queue is None and not self.say:
            raise ValueError("the customer must be told; add 'say: {en: …}'")
        return self


class OverflowSection(Section):
    """One overflow rule."""

    id: Id | None = None
    when: WhenSection = Field(examples=["{outOfHours: true}"])
    do: DoSection = Field(examples=["{queue: general}"])


class AnnouncementsSection(Section):
    """What customers who wait are told of it."""

    after: Duration = timedelta(seconds=60)
    every: Duration = timedelta(seconds=120)
    most: Annotated[int, whole(1, 100)] = 5
    position: Switch = True
    wait: Switch = True

    @model_validator(mode="after")
    def _something(self) -> "AnnouncementsSection":
        if not self.position and not self.wait:
            raise ValueError("tells nothing; leave announcements out, or set position or wait to true")
        return self


class QueueSection(Section):
    """Where work waits."""

    name: Label = Field(examples=["General"])
    pool: Reference = Field(examples=["main"])
    skills: list[Need] = []
    priority: Annotated[int, whole(0, 1_000)] = 100
    offer: Duration = timedelta(seconds=120)
    service_level: Duration = timedelta(seconds=20)
    short_abandon: Duration = timedelta(seconds=5)
    method: Annotated[Method, one_of(Method)] = Method.LONGEST_IDLE
    match: Annotated[Match, one_of(Match)] = Match.EXACT
    relaxation: list[RelaxationSection] = []
    preferred_for: Duration | None = None
    overflow: list[OverflowSection] = []
    wrap_up: WrapUp = WrapUpRule()
    announcements: AnnouncementsSection | None = None
    hours: Reference | None = None
    fallback: Reference | None = None

    @model_validator(mode="after")
    def _in_order(self) -> "QueueSection":
        times = [step.after for step in self.relaxation]
        if any(later <= earlier for earlier, later in pairwise(times)):
            raise ValueError("each step of relaxation must come later than the one before; put them in order of after")
        ids = [rule.id for rule in self.overflow if rule.id]
        if len(set(ids)) < len(ids):
            raise ValueError("two rules of overflow have the same id; change one")
        return self


class QueuesFile(Section):
    """queues.yaml."""

    queues: dict[Id, QueueSection] = Field(min_length=1, examples=["{general: {name: General, pool: main}}"])
