"""The contact centre as configured: who works, which queues there are, what the bot says, how long things may take."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from shared.domain.bot import BotDefinition
from shared.domain.hours import Calendar
from shared.domain.policy import Announcements, Match, Method, OverflowRule, Relaxation, WrapUpRule
from shared.domain.streams import Stream


class Role(StrEnum):
    """What somebody who signs in may do."""

    AGENT = "Agent"
    SUPERVISOR = "Supervisor"
    ADMIN = "Admin"


@dataclass(frozen=True, slots=True)
class AgentProfile:
    """Somebody who works here. An agent belongs to exactly one pool for all channels.

    `skills` are levels of 1 to 10. `capacity` is in units; `channels` limits the items of a channel at a time.
    """

    id: str
    name: str
    roles: frozenset[Role]
    pool: str
    queues: frozenset[str]
    skills: Mapping[str, int]
    capacity: int
    enabled: bool = True
    channels: Mapping[str, int] = field(default_factory=dict)
    locales: tuple[str, ...] = ()  # that they speak with customers
    time_zone: str | None = None


@dataclass(frozen=True, slots=True)
class QueueProfile:
    """Where work waits. `skills` are needed of whoever takes work from it, written as policy.need reads them.

    A lower `priority` goes first.
    """

    id: str
    name: str
    pool: str
    skills: frozenset[str]
    priority: int
    offer: timedelta  # how long an agent may take to answer an offer
    service_level: timedelta  # the wait that an answer should not exceed
    method: Method = Method.LONGEST_IDLE
    match: Match = Match.EXACT
    relaxation: tuple[Relaxation, ...] = ()  # by `after`
    preferred_for: timedelta = timedelta()  # how long work waits for preferred agents alone
    overflow: tuple[OverflowRule, ...] = ()  # the first that holds counts
    wrap_up: WrapUpRule = field(default_factory=WrapUpRule)
    short_abandon: timedelta = timedelta(seconds=5)  # who leaves sooner does not count as abandoned
    announcements: Announcements | None = None
    hours: str | None = None  # its calendar; None: always open
    fallback: str | None = None  # the queue that takes its work over once this one is removed


@dataclass(frozen=True, slots=True)
class ChannelProfile:
    """How conversations of a channel begin and what they cost an agent. Without a bot they begin in the queue."""

    id: str
    queue: str
    bot: str | None
    units: int


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a conversation may rest in each state before the contact centre acts."""

    bot_idle: timedelta  # the customer says nothing to the bot: closed
    queue_wait: timedelta  # nobody takes the work: closed with an apology
    active_idle: timedelta  # neither side says anything: wrap-up begins
    set_aside: timedelta  # the customer does not return: closed
    wrap_up: timedelta  # the agent does not file it: closed
    bot_notice: timedelta  # the bot is slow: the customer is told
    bot_failure: timedelta  # the bot does not answer: a person takes over


class Penalty(StrEnum):
    """What an unanswered or declined offer does to an agent's effective presence, until they choose anew."""

    NONE = "none"
    INACTIVE = "inactive"
    DO_NOT_DISTURB = "doNotDisturb"


@dataclass(frozen=True, slots=True)
class OfferRules:
    """What follows from offers that come to nothing; `refusals_max` of one item bar an agent from it."""

    missed: Penalty
    declined: Penalty
    refusals_max: int


@dataclass(frozen=True, slots=True)
class ConnectionRules:
    """How long an agent's silence may last, in time that the server itself was up."""

    offline_after: timedelta
    requeue_after: timedelta
    restore_within: timedelta


@dataclass(frozen=True, slots=True)
class ContactCentre:
    """One validated configuration. `version` identifies its content; texts are by locale, then by key."""

    version: str
    name: str
    default_locale: str
    texts: Mapping[str, Mapping[str, str]]
    agents: Mapping[str, AgentProfile]
    queues: Mapping[str, QueueProfile]
    channels: Mapping[str, ChannelProfile]
    bots: Mapping[str, BotDefinition]
    skills: Mapping[str, str]  # names by id
    dispositions: Mapping[str, str]  # names by id
    limits: Limits
    offers: OfferRules
    connection: ConnectionRules
    ageing: timedelta | None = None  # the waiting that one point of priority is worth; None: priority goes first
    calendars: Mapping[str, Calendar] = field(default_factory=dict)
    streams: Mapping[str, Stream] = field(default_factory=dict)  # by channel

    def text(self, key: str, locale: str, **values: str) -> str:
        """A text of the contact centre in the customer's language, else in the default one."""
        texts = self.texts.get(best_locale(locale, tuple(self.texts), self.default_locale), {})
        return texts.get(key, self.texts[self.default_locale][key]).format(**values)


def best_locale(wanted: str, known: tuple[str, ...], default: str) -> str:
    """The known locale that suits best: the same, one of the same language, else the default."""
    by_name = {locale.lower(): locale for locale in known}
    if wanted.lower() in by_name:
        return by_name[wanted.lower()]
    language = wanted.lower().split("-")[0]
    same_language = [locale for locale in known if locale.lower().split("-")[0] == language]
    return min(same_language, default=default)
