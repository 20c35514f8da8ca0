"""Each agent for a piece of work: why not, or what speaks for them; and the sentence about all of them."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.domain.centre import AgentProfile
from shared.domain.explaining.policy import asked_of, needs_of, preferred_for, relaxed
from shared.domain.explaining.voice import Voice
from shared.domain.explaining.words import counted, span
from shared.domain.policy import Match, Method
from shared.domain.presence import AgentState, effective
from shared.domain.routing import WorkItem
from shared.domain.routing.eligibility import Explanation, Fails, explain
from shared.domain.routing.order import moment


@dataclass(frozen=True, slots=True)
class Judged:
    """An agent for an item: why not, or the place among those who could take it (from 1)."""

    agent: AgentState
    found: Explanation
    place: int | None
    text: str


def judge(item: WorkItem, agents: Iterable[AgentState], voice: Voice, now: datetime) -> list[Judged]:
    """All agents for an item that waits: those who could take it, the best first, then the others by name."""
    found = [(agent, explain(item, agent, voice.centre, now)) for agent in agents]
    able = sorted((pair for pair in found if pair[1].fails is None), key=lambda pair: pair[1].key or ())
    judged = [Judged(agent, why, place, _suits(item, why, voice, now)) for place, (agent, why) in enumerate(able, 1)]
    unable = [(agent, why) for agent, why in found if why.fails is not None]
    judged += [
        Judged(agent, why, None, _fails(item, agent, why, voice, now))
        for agent, why in sorted(unable, key=lambda pair: voice.agent(pair[0].id))
    ]
    return judged


def tallies(judged: Sequence[Judged], voice: Voice) -> list[tuple[Fails, int, str]]:
    """How many failed at each predicate, in the order of the predicates."""
    counts = Counter(it.found.fails for it in judged if it.found.fails)
    return [
        (fails, counts[fails], counted(voice.words.tallies[fails], counts[fails])) for fails in Fails if counts[fails]
    ]


def why_offered(item: WorkItem, judged: Sequence[Judged], agent_id: str, voice: Voice, now: datetime) -> str:
    """Why it was offered to somebody then and not to the others."""
    words, name = voice.words, voice.agent(agent_id)
    able = [it for it in judged if it.place is not None]
    if not able or able[0].agent.id != agent_id:
        parts = [words.offered.format(name=name), words.not_again]
    elif len(able) == 1:
        parts = [words.only.format(name=name)]
    else:
        parts = [words.first.format(name=name, able=len(able), why=_decided_by(item, able, voice, now))]
    others = [text for _, _, text in tallies(judged, voice)]
    if others:
        parts.append(words.others.format(tallies=words.both(others)))
    return _joined([*parts, relaxed(item, voice, now)])


def why_waiting(item: WorkItem, judged: Sequence[Judged], voice: Voice, now: datetime) -> str:
    """Why nobody is offered it now: what stops those who come closest to it."""
    words = voice.words
    able = [voice.agent(it.agent.id) for it in judged if it.place is not None]
    if able:
        return counted(words.about_to_be_offered, len(able), names=words.both(able))
    order = list(Fails)
    closest = max((it.found.fails for it in judged if it.found.fails), key=order.index, default=None)
    if closest is None:
        return words.nobody_works
    asked = asked_of(item, voice, now)
    text = words.waits[closest].format(
        target=voice.agent(item.target_agent), preferred=voice.agents(item.preferred),
        span=span(preferred_for(item, voice)), queues=voice.queues(asked.queues), needs=voice.needs(asked.needs),
    )  # fmt: skip
    # What is asked for matters once somebody came so far that they were held against it.
    is_asked = closest in (Fails.QUEUE, Fails.SKILL)
    return _joined([text, relaxed(item, voice, now, is_waiting=True) if is_asked else ""])


def _joined(sentences: Sequence[str]) -> str:
    return " ".join(filter(None, sentences))


def _decided_by(item: WorkItem, able: Sequence[Judged], voice: Voice, now: datetime) -> str:
    """The first thing in which the best differs from the next."""
    words, queue = voice.words, voice.centre.queues.get(item.queue)
    best, following = able[0].found.key or (), able[1].found.key or ()
    differs = next((number for number, pair in enumerate(zip(best, following, strict=True)) if pair[0] != pair[1]), 5)
    method = queue.method if queue else Method.LONGEST_IDLE
    is_idle_method = method is Method.LONGEST_IDLE
    texts = (
        words.decided_by_preference, words.decided_by_refusals, words.decided_by_levels,
        words.decided_by_method[method], words.decided_by_method[method] if is_idle_method else words.decided_by_idle,
        words.decided_by_id,
    )  # fmt: skip
    return texts[differs].format(span=_idle(able[0].found.key, now))


def _fails(item: WorkItem, agent: AgentState, why: Explanation, voice: Voice, now: datetime) -> str:
    profile, words = voice.centre.agents.get(agent.id), voice.words
    match why.fails:
        case Fails.PRESENCE if profile:
            return _absent(agent, profile, voice)
        case Fails.FOR_ANOTHER:
            return words.for_another.format(name=voice.agent(item.target_agent))
        case Fails.REFUSED:
            return counted(words.refused, item.refusals.get(agent.id, 0))
        case Fails.FOR_PREFERRED:
            names = voice.agents(item.preferred)
            return words.for_preferred.format(names=names, span=span(preferred_for(item, voice)))
        case Fails.QUEUE:
            queues = asked_of(item, voice, now).queues
            return counted(words.not_served, len(queues), queues=voice.queues(queues))
        case Fails.SKILL if profile:
            return words.lacks.format(skills=_lacked(item, profile, voice, now))
        case Fails.CAPACITY if profile:
            return _full(item, agent, profile, voice)
    return words.not_here


def _absent(agent: AgentState, profile: AgentProfile, voice: Voice) -> str:
    shown = effective(agent, profile.capacity)
    text = voice.words.presence_reasons.get(shown.reason or "", voice.words.presences[shown.presence])
    return text.format(used=agent.used, capacity=profile.capacity)


def _lacked(item: WorkItem, profile: AgentProfile, voice: Voice, now: datetime) -> str:
    words = voice.words
    parts = []
    for need in needs_of(item, voice, now):
        level = profile.skills.get(need.skill, 0)
        if level >= need.level:
            continue
        text = words.has_level if level else words.has_none if need.level > 1 else "{need}"
        parts.append(text.format(need=voice.need(need), level=level))
    return words.both(parts)


def _full(item: WorkItem, agent: AgentState, profile: AgentProfile, voice: Voice) -> str:
    of_channel = sum(held.channel == item.channel for held in agent.held.values())
    limit = profile.channels.get(item.channel)
    if limit is not None and of_channel >= limit:
        return counted(voice.words.channel_full, limit, has=str(of_channel), channel=item.channel)
    return voice.words.no_room.format(used=agent.used, capacity=profile.capacity, units=item.units)


def _suits(item: WorkItem, why: Explanation, voice: Voice, now: datetime) -> str:
    preferred, refusals, lacks, by_method, _, _ = why.key or (0, 0, 0, 0, 0, "")
    queue, words = voice.centre.queues.get(item.queue), voice.words
    parts = []
    if preferred < len(item.preferred):
        parts.append(words.preferred)
    if refusals:
        parts.append(counted(words.refused_before, refusals))
    if queue and queue.match is Match.CLOSEST:
        parts.append(words.exact if not lacks else counted(words.short_of, lacks))
    match queue.method if queue else Method.LONGEST_IDLE:
        case Method.ROUND_ROBIN:
            ago = words.given_before.format(span=span(now - moment(by_method))) if by_method >= 0 else None
            parts.append(ago or words.never_given)
        case Method.LEAST_ACTIVE:
            parts.append(counted(words.holds, by_method))
        case Method.HIGHEST_CAPACITY:
            parts.append(counted(words.free, -by_method))
        case Method.BEST_MATCH:
            parts.append(counted(words.levels, -by_method))
    parts.append(words.idle.format(span=_idle(why.key, now)))
    return ", ".join(parts)


def _idle(key: tuple[Any, ...] | None, now: datetime) -> str:
    return span(now - moment(key[4])) if key else span(now - now)
