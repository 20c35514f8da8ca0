"""How conversations of a channel are classified, as configured: values only. classification.py applies them."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

LAST_AGENT = "lastAgent"
CONTEXT, CUSTOMER, CALENDAR = "context.", "customer.", "calendar."


class Operator(StrEnum):
    """How an attribute is compared."""

    EQUALS = "equals"
    ONE_OF = "oneOf"
    EXISTS = "exists"
    AT_LEAST = "atLeast"
    STARTS_WITH = "startsWith"


@dataclass(frozen=True, slots=True)
class Condition:
    """What must be true of one attribute: `locale`, `topic`, `customer.…`, `context.…`, or `calendar.…`.

    `values` holds the one value to compare with, the several of ONE_OF, or "true" or "false" of EXISTS.
    """

    attribute: str
    operator: Operator
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """What becomes of conversations of which all conditions are true, or of `percent` of them.

    `queues` are shares of a hundred; none: the channel's queue. Without a `priority`, the queue's counts.
    """

    id: str
    conditions: tuple[Condition, ...]
    percent: int
    queues: Mapping[str, int]
    skills: tuple[str, ...]  # needs, besides those of the queue and the bot
    priority: int | None


@dataclass(frozen=True, slots=True)
class Stream:
    """The rules of a channel, of which the first that holds counts, and where preferred agents are named."""

    rules: tuple[Rule, ...] = ()
    preferred: tuple[str, ...] = ()  # LAST_AGENT, or a key of the context with its prefix
