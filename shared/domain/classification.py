"""Where a conversation goes when people are to take over: the first rule of its channel that holds, explained."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from shared.domain.centre import ContactCentre
from shared.domain.hours import is_open
from shared.domain.policy import needs
from shared.domain.streams import CALENDAR, CONTEXT, CUSTOMER, LAST_AGENT, Condition, Operator, Rule, Stream

PREFERRED_MAX = 3


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a conversation; `queue` and `skills` are what the bot asks for."""

    conversation_id: str
    channel: str
    locale: str
    topic: str | None = None
    queue: str | None = None
    skills: tuple[str, ...] = ()
    customer: Mapping[str, str | None] = field(default_factory=dict)
    context: Mapping[str, Any] = field(default_factory=dict)
    last_agent: str | None = None  # who talked to the customer before


@dataclass(frozen=True, slots=True)
class Route:
    """Where it goes, what it needs there and why; a priority of None is that of the queue it ends up in."""

    queue: str
    skills: tuple[str, ...]
    priority: int | None
    preferred: tuple[str, ...]
    rules: tuple[str, ...]  # that held


def classify(centre: ContactCentre, facts: Facts, now: datetime) -> Route:
    """The queue that the bot names, else the one of the first rule that holds, else the channel's.

    Skills and priority come from that rule in any case: the bot knows the topic, the rules know the customer.
    """
    channel = centre.channels[facts.channel]
    stream = centre.streams.get(facts.channel, Stream())
    rule = next((rule for rule in stream.rules if _holds(rule, centre, facts, now)), None)
    queue = facts.queue or (_share(rule, facts) if rule and rule.queues else channel.queue)
    skills = needs((*facts.skills, *(rule.skills if rule else ())))
    return Route(
        queue=queue,
        skills=tuple(map(str, skills)),
        priority=rule.priority if rule else None,
        preferred=_preferred(stream, centre, facts),
        rules=(rule.id,) if rule else (),
    )


def drawn(conversation_id: str, rule_id: str, purpose: str) -> float:
    """A number from 0 to below 100 that a rule always draws for a conversation."""
    digest = hashlib.sha256(f"{purpose}/{rule_id}/{conversation_id}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64 * 100


def _holds(rule: Rule, centre: ContactCentre, facts: Facts, now: datetime) -> bool:
    if not all(_is_true(condition, centre, facts, now) for condition in rule.conditions):
        return False
    return rule.percent >= 100 or drawn(facts.conversation_id, rule.id, "percent") < rule.percent


def _share(rule: Rule, facts: Facts) -> str:
    """One of the rule's queues, by their shares."""
    at = drawn(facts.conversation_id, rule.id, "queues")
    for queue, share in rule.queues.items():
        if at < share:
            return queue
        at -= share
    return list(rule.queues)[-1]


def _is_true(condition: Condition, centre: ContactCentre, facts: Facts, now: datetime) -> bool:
    value = _value(condition.attribute, centre, facts, now)
    wanted = condition.values
    if condition.operator is Operator.EXISTS:
        return (value is not None) == (wanted[0] == "true")
    if value is None:
        return False
    match condition.operator:
        case Operator.AT_LEAST:
            number = _number(value)
            return number is not None and number >= float(wanted[0])
        case Operator.STARTS_WITH:
            return as_text(value).casefold().startswith(wanted[0].casefold())
        case _:  # EQUALS is ONE_OF of one
            return any(_are_equal(value, text) for text in wanted)


def _value(attribute: str, centre: ContactCentre, facts: Facts, now: datetime) -> Any:
    """What an attribute is; None if it is not known, or empty."""
    if attribute.startswith(CALENDAR):
        calendar = centre.calendars.get(attribute.removeprefix(CALENDAR))
        return None if calendar is None else "open" if is_open(calendar, now) else "closed"
    if attribute.startswith(CONTEXT):
        found = facts.context.get(attribute.removeprefix(CONTEXT))
    elif attribute.startswith(CUSTOMER):
        found = facts.customer.get(attribute.removeprefix(CUSTOMER))
    else:
        found = facts.locale if attribute == "locale" else facts.topic
    return None if found == "" else found


def _are_equal(value: Any, text: str) -> bool:
    """As people would say; numbers by their value, words in whatever case."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _number(value) == _number(text)
    return as_text(value).casefold() == text.casefold()


def as_text(value: Any) -> str:
    """A value of the context as the configuration writes it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return float(value)
    except (ValueError, OverflowError):
        return None


def _preferred(stream: Stream, centre: ContactCentre, facts: Facts) -> tuple[str, ...]:
    """The agents who are named, the best first; names that nobody bears are left out."""
    named: list[Any] = []
    for source in stream.preferred:
        found = facts.last_agent if source == LAST_AGENT else facts.context.get(source.removeprefix(CONTEXT))
        named += found if isinstance(found, list | tuple) else [found]
    known = [name for name in named if isinstance(name, str) and name in centre.agents]
    return tuple(dict.fromkeys(known))[:PREFERRED_MAX]
