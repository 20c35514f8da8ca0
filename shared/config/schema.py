"""The files of a configuration: keys, kinds, defaults. A test sees to it that docs/configuration.md explains each."""

from datetime import timedelta
from typing import Annotated, Any

from pydantic import BeforeValidator, ConfigDict, Field, model_validator

from shared.config.schema_queues import Level
from shared.config.section import Fixed, Phrases, Section, Wordings
from shared.config.times import TimeZone
from shared.config.values import (
    Duration,
    Id,
    Label,
    Locale,
    Need,
    Pattern,
    Reference,
    Switch,
    ValueName,
    one_of,
    template,
    whole,
)
from shared.domain.centre import Penalty, Role


class ChannelSection(Section):
    """How conversations of a channel begin."""

    queue: Reference = Field(examples=["general"])
    bot: Reference | None = None
    units: Annotated[int, whole(1, 1_000)] = 1


class LimitsSection(Section):
    """How long a conversation may rest."""

    bot_idle: Duration = timedelta(minutes=20)
    queue_wait: Duration = timedelta(hours=2)
    active_idle: Duration = timedelta(minutes=30)
    set_aside: Duration = timedelta(days=30)
    wrap_up: Duration = timedelta(minutes=15)
    bot_notice: Duration = timedelta(seconds=15)
    bot_failure: Duration = timedelta(seconds=30)


class OffersSection(Section):
    """What follows from offers that come to nothing."""

    missed: Annotated[Penalty, one_of(Penalty)] = Penalty.INACTIVE
    declined: Annotated[Penalty, one_of(Penalty)] = Penalty.DO_NOT_DISTURB
    refusals_max: Annotated[int, whole(1, 100)] = 3


class ConnectionSection(Section):
    """How long an agent's silence may last."""

    offline_after: Duration = timedelta(seconds=60)
    requeue_after: Duration = timedelta(seconds=90)
    restore_within: Duration = timedelta(seconds=150)

    @model_validator(mode="after")
    def _in_order(self) -> "ConnectionSection":
        if not self.offline_after <= self.requeue_after <= self.restore_within:
            raise ValueError(
                "offlineAfter, requeueAfter and restoreWithin must not be shorter than the one before; write all three"
            )
        return self


class ContactCentreFile(Section):
    """contact-centre.yaml."""

    name: Label = Field(examples=["Acme Support"])
    default_locale: Reference = "en"
    locales: list[Locale] = Field(min_length=1, examples=["[en, pt-BR]"])
    pools: list[Id] = Field(min_length=1, examples=["[main]"])
    skills: dict[Id, Label] = {}
    dispositions: dict[Id, Label] = Field(min_length=1, examples=["{resolved: Resolved}"])
    channels: dict[Id, ChannelSection] = Field(min_length=1, examples=["{chat: {queue: general}}"])
    ageing: Duration | None = None
    limits: LimitsSection = LimitsSection()
    offers: OffersSection = OffersSection()
    connection: ConnectionSection = ConnectionSection()


def _leveled(value: object) -> object:
    """A list of skills means level 1 of each."""
    if isinstance(value, dict):
        return value
    if not isinstance(value, list) or not all(isinstance(skill, str) for skill in value):
        raise ValueError("must be a list such as [en, billing] or a mapping to levels such as {en: 10, billing: 5}")
    return dict.fromkeys(value, "1")


def _or_a_list(kind: dict[str, Any]) -> None:
    """In the schema for editors."""
    mapping = {key: kind.pop(key) for key in ("type", "additionalProperties") if key in kind}
    kind["anyOf"] = [{"type": "array", "items": {"type": "string"}}, mapping]


Levels = Annotated[dict[Reference, Level], BeforeValidator(_leveled), Field(json_schema_extra=_or_a_list)]


class AgentSection(Section):
    """Somebody who works here."""

    name: Label = Field(examples=["Alice Almeida"])
    roles: list[Annotated[Role, one_of(Role)]] = Field([Role.AGENT], min_length=1)
    pool: Reference = Field(examples=["main"])
    queues: list[Reference] = []
    skills: Levels = {}
    capacity: Annotated[int, whole(1, 1_000)] = 3
    channels: dict[Reference, Annotated[int, whole(0, 1_000)]] = {}
    locales: list[Reference] = []
    time_zone: TimeZone | None = None
    enabled: Switch = True


class AgentsFile(Section):
    """agents.yaml."""

    agents: dict[Id, AgentSection] = Field(examples=["{alice: {name: Alice, pool: main, queues: [general]}}"])


class TextsSection(Section):
    """What the contact centre says in one language; the keys are written as the code asks for them."""

    model_config = ConfigDict(alias_generator=None)

    queued: Fixed = Field(examples=["Somebody will be with you soon."])
    agent_joined: Annotated[str, template("agent")] = Field(examples=["You are talking to {agent}."])
    agent_lost: Fixed = Field(examples=["Somebody else will be with you soon."])
    transferred: Annotated[str, template("queue")] = Field(examples=["You are being transferred to {queue}."])
    ended: Fixed = Field(examples=["This conversation has ended."])
    queue_timeout: Fixed = Field(examples=["Sorry, nobody is available."])
    idle_ended: Fixed = Field(examples=["This conversation has ended."])
    returned: Fixed = Field(examples=["Welcome back."])
    wait_position: Annotated[str, template("position")] = Field(examples=["You are number {position} in the queue."])
    wait_minute: Fixed = Field(examples=["It will take about a minute."])
    wait_minutes: Annotated[str, template("minutes")] = Field(examples=["It will take about {minutes} minutes."])
    wait_long: Fixed = Field(examples=["It may take more than an hour."])
    bot_slow: Fixed = Field(examples=["One moment, please."])
    bot_failed: Fixed = Field(examples=["Somebody will be with you soon."])


class TextsFile(Section):
    """texts.yaml."""

    texts: dict[str, TextsSection] = Field(min_length=1, examples=["{en: {queued: Thank you., ...}}"])


class AskSection(Section):
    """A question of the bot."""

    name: ValueName = Field(examples=["order_number"])
    text: Wordings = Field(examples=["{en: What is your order number?}"])
    pattern: Pattern | None = None
    retry: Wordings = {}
    tries_max: Annotated[int, whole(1, 10)] = 3


class HandOffSection(Section):
    """Where the bot gives the conversation to people."""

    text: Wordings = {}
    queue: Reference | None = None
    skills: list[Need] = []


class StepSection(Section):
    """One step of a topic: exactly one of these keys."""

    say: Wordings | None = None
    ask: AskSection | None = None
    hand_off: HandOffSection | None = None
    end: Wordings | None = None

    @model_validator(mode="before")
    @classmethod
    def _bare_hand_off(cls, data: Any) -> Any:
        return {"handOff": {}} if data == {"handOff": None} else data

    @model_validator(mode="after")
    def _one_key(self) -> "StepSection":
        given = [key for key in (self.say, self.ask, self.hand_off, self.end) if key is not None]
        if len(given) != 1:
            raise ValueError("a step has exactly one of the keys say, ask, handOff and end; begin each with '- '")
        return self


class TopicSection(Section):
    """Something the bot can deal with."""

    triggers: Phrases = Field(examples=["{en: [opening hours]}"])
    steps: list[StepSection] = Field(min_length=1, examples=["[say: {en: We are open all day.}]"])


class BotFile(Section):
    """bots/{id}.yaml."""

    name: Label = Field(examples=["Helper"])
    greeting: list[StepSection] = []
    topics: dict[Id, TopicSection] = Field(min_length=1, examples=["{hours: {triggers: ..., steps: ...}}"])
    fallback: Wordings = Field(examples=["{en: I did not understand.}"])
    misunderstandings_max: Annotated[int, whole(1, 10)] = 3
    escalation: Reference = Field(examples=["talk-to-a-person"])
