"""What routing decided about pieces of work, from the versions of its records.

For each offer the agents of the pool are read as the decider had seen them, under the policy that it decided by; the
router's own predicates then say who could have taken the work and why not the others.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from shared.contracts import explanation as wire
from shared.domain.centre import ContactCentre, Role
from shared.domain.explaining.judging import Judged, judge, tallies, why_offered
from shared.domain.explaining.voice import Voice
from shared.domain.explaining.words import Words
from shared.domain.presence import AgentState
from shared.domain.routing import Offer, OfferState, WorkItem, WorkState
from shared.records.history import Past
from shared.usecases.services import Services

CANDIDATES_MAX = 200
BREATH = 50
"""So many point reads, then others have their turn."""


@dataclass(frozen=True, slots=True)
class _Step:
    """Two versions of a work item that follow each other."""

    pool: str
    before: WorkItem | None
    after: WorkItem
    past: Past


async def decisions_about(services: Services, work_ids: Sequence[str], words: Words) -> list[wire.Decision]:
    """All decisions about work under these ids that are still kept."""
    steps = await _steps(services, work_ids)
    return [found for step in steps if (found := await _decision(services, step, words))]


async def _steps(services: Services, work_ids: Sequence[str]) -> list[_Step]:
    """All versions of all work items under these ids."""
    pools = sorted({queue.pool for queue in services.centre.queues.values()})
    steps: list[_Step] = []
    for item_id in work_ids:
        for pool in pools:
            versions = await services.history.versions(pool, f"work:{item_id}")
            items: list[WorkItem] = [services.routing.past_value(past) for past in versions]
            befores: list[WorkItem | None] = [None, *items]
            steps += [
                _Step(pool, before, item, past)
                for before, item, past in zip(befores, items, versions, strict=False)
            ]  # fmt: skip
    return steps


async def _decision(services: Services, step: _Step, words: Words) -> wire.Decision | None:
    """None where the conversation's timeline tells it, or there is nothing to tell."""
    before, after = step.before, step.after
    if before is None or before.state is after.state:
        return None
    voice = Voice(services.centre, words)
    if after.offer_id and after.state is WorkState.OFFERED:
        return await _offered(services, step, before, voice)
    if before.offer_id and after.state is WorkState.WAITING:
        ended = await services.routing.offer(step.pool, before.offer_id)
        state = ended.value.state if ended else OfferState.REVOKED
        return _plain(step, "offerEnded", words.offer_ended[state], voice, before.agent_id)
    match after.state:
        case WorkState.ASSIGNED:
            text = words.accepted if before.offer_id else words.given
            return _plain(step, "assigned", text, voice, after.agent_id)
        case WorkState.FAILED:
            reason = after.reason or ""
            text = words.transfer_failed.get(reason, words.transfer_failed["agent-unavailable"])
            return _plain(step, "failed", text, voice, after.target_agent)
        case WorkState.DONE if before.state is WorkState.OFFERED:
            return _plain(step, "offerEnded", words.offer_ended[OfferState.CANCELLED], voice, before.agent_id)
        case WorkState.DONE if before.state is WorkState.ASSIGNED:
            return _plain(step, "done", words.freed, voice, before.agent_id)
    return None


def _plain(step: _Step, kind: str, text: str, voice: Voice, agent_id: str | None) -> wire.Decision:
    return wire.Decision.model_validate(
        {
            "at": step.past.at, "workId": step.after.id, "queue": step.after.queue, "kind": kind, "agentId": agent_id,
            "offerId": step.after.offer_id, "policyVersion": None, "stateVersion": None, "rule": None,
            "text": text.format(name=voice.agent(agent_id)), "isReproduced": None, "candidates": [], "tallies": [],
        }
    )  # fmt: skip


async def _offered(services: Services, step: _Step, before: WorkItem, voice: Voice) -> wire.Decision:
    words, offer_id, chosen = voice.words, step.after.offer_id or "", step.after.agent_id
    versions = await services.history.versions(step.pool, f"offer:{offer_id}")
    offer: Offer | None = services.routing.past_value(versions[0]) if versions else None
    centre = await services.policies.version(offer.policy) if offer else None
    if offer is None or centre is None:
        return _plain(step, "offered", f"{words.offered} {words.why_not_kept}", voice, chosen)
    past = Voice(centre, words)
    judged = judge(before, await _agents_as_of(services, centre, step.pool, offer), past, offer.created_at)
    return wire.Decision(
        at=offer.created_at, work_id=before.id, queue=before.queue, kind="offered", agent_id=offer.agent_id,
        offer_id=offer_id, policy_version=offer.policy, state_version=offer.seen, rule=None,
        text=why_offered(before, judged, offer.agent_id, past, offer.created_at),
        is_reproduced=bool(judged) and judged[0].place == 1 and judged[0].agent.id == offer.agent_id,
        candidates=candidates(judged, past), tallies=tallies_of(judged, past),
    )  # fmt: skip


async def _agents_as_of(
    services: Services, centre: ContactCentre, pool: str, offer: Offer
) -> list[AgentState]:  # fmt: skip
    """The pool's agents as the decider had seen them; who was never heard of is offline."""
    found: list[AgentState] = []
    for number, agent_id in enumerate(agents_of(centre, pool)):
        past = await services.history.as_of(pool, f"agent:{agent_id}", offer.created_at, offer.seen)
        state = services.routing.past_value(past) if past else None
        found.append(state or AgentState(agent_id, since=offer.created_at, idle_since=offer.created_at))
        if number % BREATH == BREATH - 1:
            await asyncio.sleep(0)
    return found


def agents_of(centre: ContactCentre, pool: str) -> list[str]:
    """Who takes work in a pool, as the policy has it."""
    return [agent.id for agent in centre.agents.values() if agent.pool == pool and Role.AGENT in agent.roles]


def candidates(judged: Sequence[Judged], voice: Voice) -> list[wire.Candidate]:
    """As the API shows them."""
    return [
        wire.Candidate(
            agent_id=it.agent.id, name=voice.agent(it.agent.id), place=it.place, text=it.text,
            fails=it.found.fails.value if it.found.fails else None,
        )
        for it in judged[:CANDIDATES_MAX]
    ]  # fmt: skip


def tallies_of(judged: Sequence[Judged], voice: Voice) -> list[wire.Tally]:
    """As the API shows them."""
    return [wire.Tally(fails=fails.value, count=count, text=text) for fails, count, text in tallies(judged, voice)]
