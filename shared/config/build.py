"""Makes the contact centre of files that are known to be right."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any

from shared.config.build_policy import calendars, queue_profile, streams
from shared.config.schema import AgentsFile, BotFile, ContactCentreFile, StepSection, TextsFile
from shared.config.schema_hours import HoursFile
from shared.config.schema_queues import QueuesFile
from shared.config.schema_streams import StreamsFile
from shared.config.section import Wordings
from shared.domain.bot import Ask, BotDefinition, End, HandOff, Say, Step, Texts, Topic
from shared.domain.centre import AgentProfile, ChannelProfile, ConnectionRules, ContactCentre, Limits, OfferRules

VERSION_CHARS = 12


@dataclass(frozen=True, slots=True)
class Files:
    """All files of a configuration, validated; bots by id."""

    centre: ContactCentreFile
    agents: AgentsFile
    queues: QueuesFile
    texts: TextsFile
    hours: HoursFile
    streams: StreamsFile
    bots: Mapping[str, BotFile]


def contact_centre(files: Files) -> ContactCentre:
    """The contact centre that the files describe."""
    centre = files.centre
    built = ContactCentre(
        version="",
        name=centre.name,
        default_locale=centre.default_locale,
        texts={locale: texts.model_dump() for locale, texts in files.texts.texts.items()},
        agents=_agents(files.agents),
        queues={id: queue_profile(id, queue) for id, queue in files.queues.queues.items()},
        channels={id: ChannelProfile(id, it.queue, it.bot, it.units) for id, it in centre.channels.items()},
        bots={id: _bot(id, bot, centre.default_locale) for id, bot in files.bots.items()},
        skills=dict(centre.skills),
        dispositions=dict(centre.dispositions),
        limits=Limits(**dict(centre.limits)),
        offers=OfferRules(**dict(centre.offers)),
        connection=ConnectionRules(**dict(centre.connection)),
        ageing=centre.ageing,
        calendars=calendars(files.hours, datetime.now(UTC).date()),
        streams=streams(files.streams),
    )
    return replace(built, version=version_of(built))


def version_of(centre: ContactCentre) -> str:
    """The same for the same content, however it is written down.

    The dates of public holidays are like the time zones' data: they come with the software, not with the files.
    """
    undated = {id: replace(calendar, holidays=frozenset()) for id, calendar in centre.calendars.items()}
    canonical = json.dumps(_plain(replace(centre, version="", calendars=undated)), sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()[:VERSION_CHARS]


def _plain(value: Any) -> Any:
    """A value as JSON knows it; sets in order."""
    if is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)} | {"": type(value).__name__}
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, frozenset):
        return sorted(_plain(inner) for inner in value)
    if isinstance(value, tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, timedelta):
        return value.total_seconds()
    return value.value if isinstance(value, Enum) else value


def _agents(file: AgentsFile) -> dict[str, AgentProfile]:
    return {
        id: AgentProfile(
            id=id,
            name=agent.name,
            roles=frozenset(agent.roles),
            pool=agent.pool,
            queues=frozenset(agent.queues),
            skills=dict(agent.skills),
            capacity=agent.capacity,
            enabled=agent.enabled,
            channels=dict(agent.channels),
            locales=tuple(agent.locales),
            time_zone=agent.time_zone,
        )
        for id, agent in file.agents.items()
    }


def _bot(id: str, bot: BotFile, default_locale: str) -> BotDefinition:
    return BotDefinition(
        id=id,
        name=bot.name,
        default_locale=default_locale,
        greeting=tuple(map(_step, bot.greeting)),
        topics=tuple(
            Topic(topic_id, _texts(topic.triggers), tuple(map(_step, topic.steps)))
            for topic_id, topic in bot.topics.items()
        ),
        fallback=_texts(bot.fallback),
        misunderstandings_max=bot.misunderstandings_max,
        escalation=bot.escalation,
    )


def _step(step: StepSection) -> Step:
    if step.say is not None:
        return Say(_texts(step.say))
    if step.ask is not None:
        ask = step.ask
        return Ask(ask.name, _texts(ask.text), ask.pattern, _texts(ask.retry or ask.text), ask.tries_max)
    if step.hand_off is not None:
        return HandOff(_texts(step.hand_off.text), step.hand_off.queue, tuple(step.hand_off.skills))
    return End(_texts(step.end or {}))


def _texts(wordings: Wordings) -> Texts:
    return {locale: tuple(texts) for locale, texts in wordings.items()}
