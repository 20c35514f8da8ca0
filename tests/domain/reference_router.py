"""Routing as docs/routing.md says it, from scratch at each decision: slow, and obvious enough to be believed.

Nothing of the router's own code is used but what decisions do to records (`offer_to`, `end_offer`).
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from shared.domain.centre import AgentProfile, ContactCentre, QueueProfile, Role
from shared.domain.policy import Match, Method, Need, needs
from shared.domain.presence import AgentState, release, settled, takes_offers
from shared.domain.routing import Assignment, Offer, OfferState, Pool, WorkItem, WorkState, end_offer
from shared.domain.routing.work import moved, offer_to

ZERO = timedelta()


def decide(pool: Pool, centre: ContactCentre, now: datetime, limit: int, new_id: Callable[[], str]) -> list[Assignment]:
    """The next decisions; the pool is left as it is after them."""
    decisions: list[Assignment] = []
    while len(decisions) < limit:
        decision = next_expiry(pool, centre, now) or next_match(pool, centre, now, new_id)
        if decision is None or decision.item.id in {each.item.id for each in decisions}:
            break
        take(pool, decision)
        decisions.append(decision)
    return decisions


def take(pool: Pool, change: Assignment) -> None:
    """As a store and its follower: what is over is dropped."""
    pool.items[change.item.id] = change.item
    if change.item.state in (WorkState.DONE, WorkState.FAILED):
        del pool.items[change.item.id]
    if change.agent:
        pool.agents[change.agent.id] = change.agent
    if change.offer:
        pool.offers[change.offer.id] = change.offer
        if change.offer.state is not OfferState.PENDING:
            del pool.offers[change.offer.id]


def waiting(pool: Pool) -> list[WorkItem]:
    return [item for item in pool.items.values() if item.state is WorkState.WAITING]


def began(item: WorkItem) -> datetime:
    return item.queued_at or item.enqueued_at


def gone(agent: AgentState) -> bool:
    return not agent.is_connected or agent.chosen == "offline"


def open_offers(pool: Pool) -> list[tuple[Offer, WorkItem, AgentState]]:
    found = []
    for offer in pool.offers.values():
        item, agent = pool.items.get(offer.work_id), pool.agents.get(offer.agent_id)
        if item and agent and item.offer_id == offer.id:
            found.append((offer, item, agent))
    return found


def overflow_rules(item: WorkItem, centre: ContactCentre) -> list[tuple[datetime, str]]:
    if item.state is not WorkState.WAITING or item.target_agent or item.queue not in centre.queues:
        return []
    rules = () if item.is_promised else centre.queues[item.queue].overflow
    return [(began(item) + rule.waited, rule.id) for rule in rules if rule.waited is not None]


def next_expiry(pool: Pool, centre: ContactCentre, now: datetime) -> Assignment | None:
    due: list[tuple[Any, Callable[[], Assignment]]] = []

    def end(offer: Offer, item: WorkItem, agent: AgentState, state: OfferState) -> Callable[[], Assignment]:
        capacity = centre.agents[agent.id].capacity if agent.id in centre.agents else 0
        return lambda: end_offer(Assignment(item, agent, offer), state, centre.offers, capacity, now)

    def give_back(item: WorkItem, agent: AgentState) -> Callable[[], Assignment]:
        capacity = centre.agents[agent.id].capacity if agent.id in centre.agents else 0
        return lambda: Assignment(item, settled(agent, release(agent, item.id, now), capacity, now))

    def leave(item: WorkItem, rule: str) -> Callable[[], Assignment]:
        return lambda: Assignment(moved(item, WorkState.OVERFLOWED, reason=rule))

    for offer, item, agent in open_offers(pool):
        if gone(agent):
            due.append(((0, now, 0, offer.id), end(offer, item, agent, OfferState.REVOKED)))
        elif offer.expires_at <= now:
            due.append(((1, offer.expires_at, 1, offer.id), end(offer, item, agent, OfferState.EXPIRED)))
    for agent in pool.agents.values():
        for work_id, held in agent.held.items():
            if held.until and held.until <= now and work_id in pool.items:
                due.append(((1, held.until, 2, agent.id, work_id), give_back(pool.items[work_id], agent)))
    for item in pool.items.values():
        holding = [rule for at, rule in overflow_rules(item, centre) if at <= now]
        if holding:
            at = min(at for at, _ in overflow_rules(item, centre))
            due.append(((1, at, 3, item.id), leave(item, holding[0])))
    return min(due, key=lambda each: each[0])[1]() if due else None


def next_match(pool: Pool, centre: ContactCentre, now: datetime, new_id: Callable[[], str]) -> Assignment | None:
    for item in sorted(waiting(pool), key=lambda item: order(item, centre)):
        able = [agent for agent in pool.agents.values() if not failing(item, agent, centre, now)]
        if able:
            agent = min(able, key=lambda agent: suitability(item, agent, centre, now))
            profile = centre.agents[agent.id]
            return offer_to(item, agent, profile, centre.queues.get(item.queue), now, new_id)
        if item.target_agent:
            return Assignment(moved(item, WorkState.FAILED, reason="agent-unavailable"))
    return None


def order(item: WorkItem, centre: ContactCentre) -> tuple[Any, ...]:
    if centre.ageing is None:
        return (not item.is_front, item.priority, item.enqueued_at, item.id)
    return (not item.is_front, item.enqueued_at + item.priority * centre.ageing, item.enqueued_at, item.id)


def wanted(item: WorkItem, queue: QueueProfile | None, now: datetime) -> tuple[set[str], list[Need]]:
    """Whose agents may help by now, and what is needed of them."""
    asked = needs([*item.skills, *(queue.skills if queue else ())])
    queues = {item.queue}
    for step in queue.relaxation if queue else ():
        if began(item) + step.after <= now:
            queues |= step.queues
            asked = tuple(
                Need(need.skill, min(need.level, step.lower.get(need.skill, 10)))
                for need in asked if need.skill not in step.drop
            )  # fmt: skip
    return queues, list(asked)


def failing(item: WorkItem, agent: AgentState, centre: ContactCentre, now: datetime) -> str | None:
    """The table of predicates."""
    profile = centre.agents.get(agent.id)
    queue = centre.queues.get(item.queue)
    queues, asked = wanted(item, queue, now)
    is_reserved = bool(item.preferred) and now < began(item) + (queue.preferred_for if queue else ZERO)
    if profile is None or not profile.enabled or Role.AGENT not in profile.roles:
        return "not-here"
    if not takes_offers(agent, profile.capacity):
        return "presence"
    if item.target_agent and item.target_agent != agent.id:
        return "for-another"
    if item.refusals.get(agent.id, 0) >= centre.offers.refusals_max:
        return "refused"
    if not item.target_agent:
        if is_reserved:
            if agent.id not in item.preferred:
                return "for-preferred"
        else:
            if not queues & profile.queues:
                return "queue"
            is_exact = queue is None or queue.match is Match.EXACT
            if is_exact and any(profile.skills.get(need.skill, 0) < need.level for need in asked):
                return "skill"
    same_channel = [held for held in agent.held.values() if held.channel == item.channel]
    if len(same_channel) >= profile.channels.get(item.channel, 1000):
        return "capacity"
    return "capacity" if profile.capacity - agent.used < item.units else None


def suitability(item: WorkItem, agent: AgentState, centre: ContactCentre, now: datetime) -> tuple[Any, ...]:
    profile, queue = centre.agents[agent.id], centre.queues.get(item.queue)
    _, asked = wanted(item, queue, now)
    place = item.preferred.index(agent.id) if agent.id in item.preferred else len(item.preferred)
    lacks = 0
    if queue and queue.match is Match.CLOSEST:
        lacks = sum(max(0, need.level - profile.skills.get(need.skill, 0)) for need in asked)
    return (
        place, item.refusals.get(agent.id, 0), lacks,
        by_method(queue, item, agent, profile, asked), agent.idle_since, agent.id,
    )  # fmt: skip


def by_method(
    queue: QueueProfile | None, item: WorkItem, agent: AgentState, profile: AgentProfile, asked: list[Need]
) -> Any:  # fmt: skip
    match queue.method if queue else Method.LONGEST_IDLE:
        case Method.LONGEST_IDLE:
            return agent.idle_since
        case Method.ROUND_ROBIN:
            last = agent.assigned_at.get(item.queue)
            return (last is not None, last)
        case Method.LEAST_ACTIVE:
            return len(agent.held)
        case Method.HIGHEST_CAPACITY:
            return agent.used - profile.capacity
        case Method.BEST_MATCH:
            return -sum(profile.skills.get(need.skill, 0) for need in asked)


def next_deadline(pool: Pool, centre: ContactCentre, now: datetime) -> datetime | None:
    """The next of all moments at which something may change, once nothing is left to decide."""
    times = [offer.expires_at for offer, _, _ in open_offers(pool)]
    for agent in pool.agents.values():
        times += [held.until for id_, held in agent.held.items() if held.until and id_ in pool.items]
    for item in waiting(pool):
        queue = centre.queues.get(item.queue)
        if queue and not item.target_agent:
            times += [began(item) + step.after for step in queue.relaxation]
            times += [began(item) + queue.preferred_for] if item.preferred else []
            times += [at for at, _ in overflow_rules(item, centre)]
    return min((at for at in times if at > now), default=None)


def copied(pool: Pool) -> Pool:
    """A pool that decisions may change."""
    return replace(pool, items=dict(pool.items), agents=dict(pool.agents), offers=dict(pool.offers))
