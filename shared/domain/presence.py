"""Presence: what an agent chose, and what it amounts to given load, connection and unanswered offers."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from shared.domain.centre import ConnectionRules, Penalty
from shared.domain.record import record


class Presence(StrEnum):
    """The base presences; `inactive` comes from the system only."""

    AVAILABLE = "available"
    BUSY = "busy"
    DO_NOT_DISTURB = "doNotDisturb"
    AWAY = "away"
    OFFLINE = "offline"
    INACTIVE = "inactive"


class Hold(StrEnum):
    """Why a work item holds capacity of an agent."""

    OFFERED = "offered"
    ACTIVE = "active"
    WRAP_UP = "wrapUp"


@record(frozen=True, slots=True)
class Held:
    """Capacity that a work item holds, until it is given back or (wrap-up) until a moment."""

    units: int
    state: Hold
    conversation_id: str
    channel: str = ""
    until: datetime | None = None


@record(frozen=True, slots=True)
class AgentState:
    """What routing knows of an agent; name, skills and total capacity are in the configuration."""

    id: str
    since: datetime  # when the effective presence last changed
    idle_since: datetime  # when the agent was last given work or rid of the last of it
    chosen: Presence = Presence.OFFLINE
    next: Presence | None = None
    penalty: Penalty = Penalty.NONE
    is_connected: bool = True
    held: Mapping[str, Held] = field(default_factory=dict)  # by work item
    assigned_at: Mapping[str, datetime] = field(default_factory=dict)  # when last given work, by queue
    revision: int = 0

    @property
    def used(self) -> int:
        """Units in use."""
        return sum(held.units for held in self.held.values())


@dataclass(frozen=True, slots=True)
class Effective:
    """The presence that counts, and why if it is not the chosen one."""

    presence: Presence
    reason: str | None = None


def effective(agent: AgentState, capacity: int) -> Effective:
    """Connection first, then the agent's own choice, then penalties, then load."""
    if not agent.is_connected and agent.chosen is not Presence.OFFLINE:
        return Effective(Presence.OFFLINE, "connection-lost")
    if agent.chosen is not Presence.AVAILABLE:
        return Effective(agent.chosen)
    if agent.penalty is Penalty.INACTIVE:
        return Effective(Presence.INACTIVE, "missed-offer")
    if agent.penalty is Penalty.DO_NOT_DISTURB:
        return Effective(Presence.DO_NOT_DISTURB, "declined-offer")
    if agent.used >= capacity:
        return Effective(Presence.DO_NOT_DISTURB, "at-capacity")
    if agent.next is not None:
        return Effective(Presence.BUSY, "finishing-work")
    return Effective(Presence.BUSY, "load") if agent.held else Effective(Presence.AVAILABLE)


def takes_offers(agent: AgentState, capacity: int) -> bool:
    """Effective `available`, or `busy` caused by load."""
    found = effective(agent, capacity)
    return found.presence is Presence.AVAILABLE or found == Effective(Presence.BUSY, "load")


def choose(agent: AgentState, presence: Presence | None, next_: Presence | None) -> AgentState:
    """The agent's own choice; choosing anew clears a penalty."""
    if presence is not None:
        agent = replace(agent, chosen=presence, penalty=Penalty.NONE)
    return replace(agent, next=next_)


def hold(agent: AgentState, work_id: str, held: Held, now: datetime) -> AgentState:
    """Take capacity for a work item, or change why it is held."""
    is_new = work_id not in agent.held
    return replace(agent, held={**agent.held, work_id: held}, idle_since=now if is_new else agent.idle_since)


def release(agent: AgentState, work_id: str, now: datetime) -> AgentState:
    """Give back the capacity of a work item."""
    if work_id not in agent.held:
        return agent
    held = {key: value for key, value in agent.held.items() if key != work_id}
    return replace(agent, held=held, idle_since=agent.idle_since if held else now)


def settled(before: AgentState, after: AgentState, capacity: int, now: datetime) -> AgentState:
    """The state to store: `next` takes effect once nothing is held, `since` moves with the effective presence."""
    if after.next is not None and not after.held:
        after = replace(after, chosen=after.next, next=None)
    if effective(before, capacity) != effective(after, capacity):
        after = replace(after, since=now)
    return replace(after, revision=before.revision + 1)


@dataclass(frozen=True, slots=True)
class Downtime:
    """When the server itself was not there to hear heartbeats."""

    begin: datetime
    end: datetime


class Connection(StrEnum):
    """What an agent's silence amounts to."""

    THERE = "there"
    OFFLINE = "offline"  # offers are revoked
    REQUEUE = "requeue"  # conversations go to others
    GONE = "gone"  # coming back does not restore the presence


def silence(last_seen: datetime, now: datetime, downtimes: tuple[Downtime, ...]) -> timedelta:
    """How long nothing was heard of an agent, the server's own downtime not counted."""
    lost, counted_until = timedelta(), last_seen
    for downtime in sorted(downtimes, key=lambda downtime: downtime.begin):
        begin, end = max(counted_until, downtime.begin), min(now, downtime.end)
        if begin < end:  # what overlaps an earlier one counts once
            lost, counted_until = lost + (end - begin), end
    return now - last_seen - lost


def connection(silent: timedelta, rules: ConnectionRules) -> Connection:
    """The stage of being lost that a silence has reached."""
    if silent >= rules.restore_within:
        return Connection.GONE
    if silent >= rules.requeue_after:
        return Connection.REQUEUE
    return Connection.OFFLINE if silent >= rules.offline_after else Connection.THERE
