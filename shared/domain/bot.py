"""The scripted bot: topics with trigger phrases and steps. Pure: what was said and remembered in, what to say out."""

from collections.abc import Mapping
from dataclasses import dataclass, field

Texts = Mapping[str, tuple[str, ...]]
"""Wordings by locale."""


@dataclass(frozen=True, slots=True)
class Say:
    """Say something."""

    texts: Texts


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask for one value and remember it under `name`; a value that does not match `pattern` is asked for again."""

    name: str
    texts: Texts
    pattern: str | None
    retry_texts: Texts
    tries_max: int


@dataclass(frozen=True, slots=True)
class HandOff:
    """Give the conversation to people, with what was learnt. Without a queue, the channel's."""

    texts: Texts
    queue: str | None
    skills: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class End:
    """Say goodbye; the conversation is over."""

    texts: Texts


Step = Say | Ask | HandOff | End


@dataclass(frozen=True, slots=True)
class Topic:
    """Something the bot can deal with; begun by any of its trigger phrases."""

    id: str
    triggers: Texts
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class BotDefinition:
    """A bot as configured. After `misunderstandings_max` in a row the `escalation` topic runs."""

    id: str
    name: str
    default_locale: str
    greeting: tuple[Step, ...]
    topics: tuple[Topic, ...]
    fallback: Texts
    misunderstandings_max: int
    escalation: str


@dataclass(frozen=True, slots=True)
class BotMemory:
    """What the bot remembers between turns; stored with the conversation."""

    topic: str | None = None
    step: int = 0
    tries: int = 0
    misunderstandings: int = 0
    learnt: Mapping[str, str] = field(default_factory=dict)
    last_topic: str | None = None  # what was dealt with last: people are told what the customer came for


@dataclass(frozen=True, slots=True)
class HandOffRequest:
    """The bot wants people to take over. `topic` is what the customer came for."""

    queue: str | None
    skills: tuple[str, ...]
    topic: str | None


@dataclass(frozen=True, slots=True)
class BotReply:
    """What the bot answers to one message (or, to none, as a greeting)."""

    texts: tuple[str, ...]
    memory: BotMemory
    hand_off: HandOffRequest | None = None
    is_end: bool = False
