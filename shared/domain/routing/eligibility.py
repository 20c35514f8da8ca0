"""Who may take an item and whom it suits best: the predicates of docs/routing.md in their order, one item and agent."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from shared.domain.centre import AgentProfile, ContactCentre, Penalty, Role
from shared.domain.policy import Method, Need
from shared.domain.presence import AgentState, Presence, takes_offers
from shared.domain.routing.order import micros
from shared.domain.routing.rules import QueueRules
from shared.domain.routing.work import WorkItem


class Fails(StrEnum):
    """The predicates by the names that explanations use."""

    NOT_HERE = "not-here"
    PRESENCE = "presence"
    FOR_ANOTHER = "for-another"
    REFUSED = "refused"
    FOR_PREFERRED = "for-preferred"
    QUEUE = "queue"
    SKILL = "skill"
    CAPACITY = "capacity"


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why an agent cannot take an item, or else how well it suits them: of two, the lower `key` is better."""

    fails: Fails | None
    key: tuple[Any, ...] | None = None


def works_here(profile: AgentProfile | None) -> bool:
    """Whether the policy has the agent take work."""
    return profile is not None and profile.enabled and Role.AGENT in profile.roles


def has_room(agent: AgentState, profile: AgentProfile, channel: str, units: int) -> bool:
    """Whether the agent could hold so many units more of a channel."""
    limit = profile.channels.get(channel)
    if limit is not None and sum(held.channel == channel for held in agent.held.values()) >= limit:
        return False
    return agent.used + units <= profile.capacity


def lacking(profile: AgentProfile, needs: tuple[Need, ...]) -> int:
    """Levels that the agent lacks, summed over the needs."""
    return sum(max(0, need.level - profile.skills.get(need.skill, 0)) for need in needs)


def explain(item: WorkItem, agent: AgentState, centre: ContactCentre, now: datetime) -> Explanation:
    """The first predicate that fails for an item that waits, or the key by which its agent is chosen."""
    profile = centre.agents.get(agent.id)
    if profile is None or not works_here(profile):
        return Explanation(Fails.NOT_HERE)
    if not takes_offers(agent, profile.capacity):
        return Explanation(Fails.PRESENCE)
    if item.target_agent not in (None, agent.id):
        return Explanation(Fails.FOR_ANOTHER)
    if item.refusals.get(agent.id, 0) >= centre.offers.refusals_max:
        return Explanation(Fails.REFUSED)
    rules = QueueRules(item.queue, centre.queues.get(item.queue))
    stage = rules.stage(item, micros(now))
    asked = rules.asked(item.skills, stage.steps)
    if item.target_agent is None:
        if stage.is_reserved and agent.id not in item.preferred:
            return Explanation(Fails.FOR_PREFERRED)
        if not stage.is_reserved and not asked.queues & profile.queues:
            return Explanation(Fails.QUEUE)
        if not stage.is_reserved and not rules.is_closest and lacking(profile, asked.needs):
            return Explanation(Fails.SKILL)
    if not has_room(agent, profile, item.channel, item.units):
        return Explanation(Fails.CAPACITY)
    return Explanation(None, _key(item, agent, profile, rules, asked.needs))


def _key(
    item: WorkItem, agent: AgentState, profile: AgentProfile, rules: QueueRules, needs: tuple[Need, ...]
) -> tuple[Any, ...]:  # fmt: skip
    places = {id_: place for place, id_ in reversed(list(enumerate(item.preferred)))}
    by_method: dict[Method, int] = {
        Method.LONGEST_IDLE: 0,
        Method.ROUND_ROBIN: micros(agent.assigned_at[item.queue]) if item.queue in agent.assigned_at else -1,
        Method.LEAST_ACTIVE: len(agent.held),
        Method.HIGHEST_CAPACITY: agent.used - profile.capacity,
        Method.BEST_MATCH: -sum(profile.skills.get(need.skill, 0) for need in needs),
    }
    return (
        places.get(agent.id, len(item.preferred)), item.refusals.get(agent.id, 0),
        lacking(profile, needs) if rules.is_closest else 0, by_method[rules.method], micros(agent.idle_since), agent.id,
    )  # fmt: skip


def room(agent: AgentState, profile: AgentProfile) -> int:
    """Free units of one who takes offers now, 0 of one who does not. As `takes_offers`, faster; who `works_here`."""
    if (
        agent.chosen is not _AVAILABLE or not agent.is_connected or agent.penalty is not _NO_PENALTY
        or agent.next is not None
    ):  # fmt: skip
        return 0
    free = profile.capacity
    for held in agent.held.values():
        free -= held.units
    return max(free, 0)


_AVAILABLE, _NO_PENALTY = Presence.AVAILABLE, Penalty.NONE
