"""Routing's reasons in words that a supervisor understands. The predicates and keys are those of docs/routing.md."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.domain.centre import ContactCentre, QueueProfile
from shared.domain.policy import Match, Method, Need, Relaxation
from shared.domain.presence import AgentState, effective
from shared.domain.routing import WorkItem
from shared.domain.routing.eligibility import Explanation, Fails, explain
from shared.domain.routing.order import micros, moment
from shared.domain.routing.rules import QueueRules

TALLIES = {
    Fails.NOT_HERE: "not agents of this contact centre any more",
    Fails.PRESENCE: "not available",
    Fails.FOR_ANOTHER: "not the one it is for",
    Fails.REFUSED: "refused it too often",
    Fails.FOR_PREFERRED: "not among those it waits for",
    Fails.QUEUE: "do not serve the queue",
    Fails.SKILL: "lack a skill",
    Fails.CAPACITY: "have no room",
}


@dataclass(frozen=True, slots=True)
class Judged:
    """An agent for an item: why not, or the place among those who could take it (from 1)."""

    agent: AgentState
    found: Explanation
    place: int | None
    text: str


def judge(item: WorkItem, agents: Iterable[AgentState], centre: ContactCentre, now: datetime) -> list[Judged]:
    """All agents for an item that waits: those who could take it, the best first, then the others by name."""
    found = [(agent, explain(item, agent, centre, now)) for agent in agents]
    able = sorted((pair for pair in found if pair[1].fails is None), key=lambda pair: pair[1].key or ())
    judged = [
        Judged(agent, why, place, _suits(item, agent, why, centre, now)) for place, (agent, why) in enumerate(able, 1)
    ]
    unable = [(agent, why) for agent, why in found if why.fails is not None]
    judged += [
        Judged(agent, why, None, _fails(item, agent, why, centre, now))
        for agent, why in sorted(unable, key=lambda pair: _name(pair[0].id, centre))
    ]
    return judged


def tallies(judged: Sequence[Judged]) -> list[tuple[Fails, int, str]]:
    """How many failed at each predicate, in the order of the predicates."""
    counts = Counter(it.found.fails for it in judged if it.found.fails)
    return [(fails, counts[fails], f"{counts[fails]} {TALLIES[fails]}") for fails in Fails if counts[fails]]


def summary(judged: Sequence[Judged]) -> str:
    """One sentence about who could take an item."""
    able = sum(it.place is not None for it in judged)
    others = ", ".join(text for _, _, text in tallies(judged))
    if not judged:
        return "The pool has no agents."
    return f"{able} of {len(judged)} agents could take it" + (f"; {others}." if others else ".")


def needs_of(item: WorkItem, queue: QueueProfile | None, now: datetime) -> tuple[Need, ...]:
    """What an item asks for by now."""
    rules = QueueRules(item.queue, queue)
    return rules.asked(item.skills, rules.stage(item, micros(now)).steps).needs


def changes_ahead(item: WorkItem, queue: QueueProfile | None, now: datetime) -> list[tuple[datetime, str]]:
    """What time alone will change for an item that waits, the next first."""
    if queue is None:
        return []
    began = item.queued_at or item.enqueued_at
    ahead = [(began + step.after, _step(step)) for step in queue.relaxation]
    if item.preferred and queue.preferred_for:
        ahead.append((began + queue.preferred_for, "others than the preferred agents may take it"))
    ahead += [
        (began + rule.waited, f"it leaves the queue by the rule {rule.id}")
        for rule in queue.overflow if rule.waited is not None
    ]  # fmt: skip
    return sorted(change for change in ahead if change[0] > now)


def _step(step: Relaxation) -> str:
    parts = []
    if step.drop:
        parts.append(f"it asks no longer for {', '.join(sorted(step.drop))}")
    if step.lower:
        lowered = ", ".join(str(Need(skill, level)) for skill, level in sorted(step.lower.items()))
        parts.append(f"it asks for no more than {lowered}")
    if step.queues:
        parts.append(f"agents of {', '.join(sorted(step.queues))} may help")
    return "; ".join(parts) or "nothing changes"


def _fails(item: WorkItem, agent: AgentState, why: Explanation, centre: ContactCentre, now: datetime) -> str:
    profile = centre.agents.get(agent.id)
    match why.fails:
        case Fails.PRESENCE if profile:
            shown = effective(agent, profile.capacity)
            return f"is {shown.presence}" + (f" ({shown.reason})" if shown.reason else "")
        case Fails.FOR_ANOTHER:
            return f"the work is for {_name(item.target_agent or '', centre)}"
        case Fails.REFUSED:
            return f"has refused it {item.refusals.get(agent.id, 0)} times"
        case Fails.FOR_PREFERRED:
            preferred = ", ".join(_name(id_, centre) for id_ in item.preferred)
            return f"it waits for {preferred} until {_clock(_preferred_until(item, centre))}"
        case Fails.QUEUE:
            return f"does not serve the queue {item.queue}"
        case Fails.SKILL if profile:
            lacked = [
                f"{one} (has {profile.skills.get(one.skill, 0)})"
                for one in needs_of(item, centre.queues.get(item.queue), now)
                if profile.skills.get(one.skill, 0) < one.level
            ]
            return f"lacks {', '.join(lacked)}"
        case Fails.CAPACITY if profile:
            of_channel = sum(held.channel == item.channel for held in agent.held.values())
            limit = profile.channels.get(item.channel)
            if limit is not None and of_channel >= limit:
                return f"has {of_channel} of at most {limit} of {item.channel}"
            return f"has {profile.capacity - agent.used} of {profile.capacity} units free, {item.units} are needed"
    return "is no agent of this contact centre any more"


def _preferred_until(item: WorkItem, centre: ContactCentre) -> datetime:
    queue = centre.queues.get(item.queue)
    return (item.queued_at or item.enqueued_at) + (queue.preferred_for if queue else timedelta())


def _suits(item: WorkItem, agent: AgentState, why: Explanation, centre: ContactCentre, now: datetime) -> str:
    preferred, refusals, lacks, by_method, idle, _ = why.key or (0, 0, 0, 0, 0, "")
    parts = []
    if preferred < len(item.preferred):
        parts.append("is a preferred agent")
    if refusals:
        parts.append(f"has refused it {refusals} times")
    queue = centre.queues.get(item.queue)
    if queue and queue.match is Match.CLOSEST:
        parts.append("has all that is asked for" if not lacks else f"lacks {lacks} levels of what is asked for")
    match queue.method if queue else Method.LONGEST_IDLE:
        case Method.ROUND_ROBIN:
            last = f"was last given work of this queue at {_clock(moment(by_method))}" if by_method >= 0 else None
            parts.append(last or "was never given work of this queue")
        case Method.LEAST_ACTIVE:
            parts.append(f"holds {by_method} items")
        case Method.HIGHEST_CAPACITY:
            parts.append(f"has {-by_method} units free")
        case Method.BEST_MATCH:
            parts.append(f"has {-by_method} levels of what is asked for")
    parts.append(f"idle for {_span(now - moment(idle))}")
    return ", ".join(parts)


def _name(agent_id: str, centre: ContactCentre) -> str:
    profile = centre.agents.get(agent_id)
    return profile.name if profile else agent_id


def _clock(at: datetime) -> str:
    return f"{at:%H:%M:%S} UTC"


def _span(length: timedelta) -> str:
    seconds = max(0, int(length.total_seconds()))
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {seconds} s" if minutes else f"{seconds} s"
