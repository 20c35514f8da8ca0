"""streams.yaml: where conversations of each channel go when people take over."""

import re
from typing import Annotated, Any

from pydantic import Field, PlainValidator, WithJsonSchema, model_validator

from shared.config.errors import quoted
from shared.config.section import LISTED, OR_ONE, Section
from shared.config.values import ID_CHARS_MAX, Id, Need, Reference, Switch, whole, word
from shared.domain.streams import CALENDAR, CONTEXT, CUSTOMER, LAST_AGENT

QUEUES_MAX = 5

_NUMBER = re.compile(r"-?\d{1,15}(\.\d{1,9})?", re.ASCII)
_PLAIN = ("locale", "topic", f"{CUSTOMER}id", f"{CUSTOMER}name")
_REST = re.compile(rf"[^\s]{{1,{ID_CHARS_MAX}}}")


def attribute(value: object) -> str:
    """What a condition is about."""
    prefix = next((prefix for prefix in (CONTEXT, CALENDAR) if word(value).startswith(prefix)), None)
    if word(value) in _PLAIN or (prefix and _REST.fullmatch(word(value).removeprefix(prefix))):
        return word(value)
    raise ValueError(
        f"nothing is known of {quoted(word(value))}; use locale, topic, customer.id, customer.name, "
        "context.… with the name of a value, or calendar.… with the id of a calendar"
    )


def number(value: object) -> str:
    """A number to compare with, as written."""
    if not _NUMBER.fullmatch(word(value)):
        raise ValueError(f"must be a number such as 10 or 99.5, not {quoted(word(value))}")
    return word(value)


def source(value: object) -> str:
    """Where preferred agents are named."""
    name = word(value).removeprefix(CONTEXT)
    if word(value) == LAST_AGENT or (name != word(value) and _REST.fullmatch(name)):
        return word(value)
    raise ValueError(f"must be lastAgent or context.… with the name of a value, not {quoted(word(value))}")


Attribute = Annotated[str, PlainValidator(attribute), WithJsonSchema({"type": "string"}, mode="validation")]
Number = Annotated[str, PlainValidator(number), WithJsonSchema({"type": "number"}, mode="validation")]
Source = Annotated[str, PlainValidator(source), WithJsonSchema({"type": "string"}, mode="validation")]
_PLAIN_VALUE = {"type": ["string", "number", "boolean"]}
Word = Annotated[str, PlainValidator(word), WithJsonSchema(_PLAIN_VALUE, mode="validation")]


def _shorthands(kind: dict[str, Any]) -> None:
    """In the schema for editors: a value means equals, a list means oneOf."""
    mapping = {key: kind.pop(key) for key in ("type", "properties", "additionalProperties") if key in kind}
    kind["anyOf"] = [_PLAIN_VALUE, {"type": "array", "items": _PLAIN_VALUE}, mapping]


class ConditionSection(Section, json_schema_extra=_shorthands):
    """What is asked of an attribute: exactly one of these keys. A value alone means equals, a list means oneOf."""

    equals: Word | None = None
    one_of: Annotated[list[Word], Field(min_length=1)] | None = None
    exists: Switch | None = None
    at_least: Number | None = None
    starts_with: Word | None = None

    @model_validator(mode="before")
    @classmethod
    def _short(cls, data: Any) -> Any:
        if isinstance(data, str):
            return {"equals": data}
        return {"oneOf": data} if isinstance(data, list) else data

    @model_validator(mode="after")
    def _one_key(self) -> "ConditionSection":
        if len(self.model_dump(exclude_none=True)) != 1:
            raise ValueError("must have exactly one of equals, oneOf, exists, atLeast and startsWith")
        return self


class ThenSection(Section):
    """What becomes of the conversation."""

    queue: Reference | None = None
    queues: dict[Reference, Annotated[int, whole(1, 100)]] = {}
    skills: list[Need] = []
    priority: Annotated[int, whole(0, 1_000)] | None = None

    @model_validator(mode="after")
    def _one_target(self) -> "ThenSection":
        if self.queue is not None and self.queues:
            raise ValueError("has both queue and queues; remove one of them")
        if self.queues and sum(self.queues.values()) != 100:
            total = sum(self.queues.values())
            raise ValueError(f"the shares of queues make {total}, they must make 100; change them")
        if len(self.queues) > QUEUES_MAX:
            raise ValueError(f"splits over {len(self.queues)} queues; at most {QUEUES_MAX} are possible")
        if not (self.queue or self.queues or self.skills or self.priority is not None):
            raise ValueError("changes nothing; write one of queue, queues, skills and priority")
        return self


class RuleSection(Section):
    """One rule; the first that holds counts."""

    id: Id | None = None
    when: dict[Attribute, ConditionSection] = {}
    percent: Annotated[int, whole(1, 100)] = 100
    then: ThenSection = Field(examples=["{queue: general}"])

    @model_validator(mode="after")
    def _calendars(self) -> "RuleSection":
        for name, condition in self.when.items():
            if name.startswith(CALENDAR) and condition.equals not in ("open", "closed"):
                raise ValueError(f"{name} can only be open or closed; write '{name}: closed'")
        return self


class StreamSection(Section):
    """How conversations of a channel are classified."""

    preferred: Annotated[list[Source], LISTED, OR_ONE] = []
    rules: list[RuleSection] = []

    @model_validator(mode="after")
    def _unique(self) -> "StreamSection":
        ids = [rule.id for rule in self.rules if rule.id]
        if len(set(ids)) < len(ids):
            raise ValueError("two rules have the same id; change one")
        return self


class StreamsFile(Section):
    """streams.yaml."""

    streams: dict[Id, StreamSection] = {}
