"""Explanations: computed when they are asked for, from what routing's records were.

For each decision the agents of the pool are read as the decider had seen them, under the policy that it decided by; the
router's own predicates then say who could have taken the work and why not the others.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from shared.contracts import explanation as wire
from shared.domain.centre import ContactCentre, Role
from shared.domain.conversation import Conversation
from shared.domain.explaining import Judged, changes_ahead, judge, needs_of, summary, tallies
from shared.domain.presence import AgentState
from shared.domain.routing import Offer, OfferState, WorkItem, WorkState
from shared.errors import not_found
from shared.records.history import Past
from shared.usecases.chat import place_of
from shared.usecases.services import Services

CANDIDATES_MAX = 200
BREATH = 50
"""So many point reads, then others have their turn."""

_ENDED = {
    OfferState.DECLINED: "declined the offer",
    OfferState.EXPIRED: "did not answer the offer in time",
    OfferState.REVOKED: "went away; the offer was revoked",
    OfferState.CANCELLED: "no longer needs to answer: the work is over",
}


@dataclass(frozen=True, slots=True)
class _Step:
    """Two versions of a work item that follow each other."""

    pool: str
    before: WorkItem | None
    after: WorkItem
    past: Past


async def explanation(services: Services, conversation_id: str) -> wire.Explanation:
    """All of it. Problem: not-found."""
    conversation = await services.conversations.get(conversation_id)
    if conversation is None:
        raise not_found("conversation")
    decisions = [
        decision for step in await _steps(services, conversation) if (decision := await _decision(services, step))
    ]
    decisions.sort(key=lambda decision: decision.at)
    return wire.Explanation(
        conversation_id=conversation_id, decisions=decisions, waiting=await _waiting(services, conversation)
    )


async def _steps(services: Services, conversation: Conversation) -> list[_Step]:
    """All versions of all work items of a conversation."""
    pools = sorted({queue.pool for queue in services.centre.queues.values()})
    steps: list[_Step] = []
    for item_id in await _work_ids(services, conversation):
        for pool in pools:
            versions = await services.history.versions(pool, f"work:{item_id}")
            items: list[WorkItem] = [services.routing.past_value(past) for past in versions]
            befores: list[WorkItem | None] = [None, *items]
            steps += [
                _Step(pool, before, item, past)
                for before, item, past in zip(befores, items, versions, strict=False)
            ]  # fmt: skip
    return steps


async def _work_ids(services: Services, conversation: Conversation) -> list[str]:
    """Under the ids that conversations give to their work: by epoch, by transfer, taken up again."""
    epochs = range(conversation.epoch + 2)
    found = [f"{conversation.id}.{epoch}" for epoch in epochs]
    found += [f"{conversation.id}.{epoch}.reopened" for epoch in epochs]
    after = 0
    while events := await services.conversations.timeline(conversation.id, after=after):
        found += [
            f"{conversation.id}.{event.data['transferId']}"
            for event in events
            if event.type == "transferRequested" and "transferId" in event.data
        ]
        after = events[-1].sequence
    return found


async def _decision(services: Services, step: _Step) -> wire.Decision | None:
    before, after = step.before, step.after
    if before and after.offer_id and after.offer_id != before.offer_id and after.state is WorkState.OFFERED:
        return await _offered(services, step, before, after.offer_id)
    if before is None or before.state is after.state:
        return None
    if before.offer_id and after.state is WorkState.WAITING:
        ended = await services.routing.offer(step.pool, before.offer_id)
        state = ended.value.state if ended else OfferState.REVOKED
        name = _named(services.centre, before.agent_id)
        return _plain(step, "offerEnded", f"{name} {_ENDED.get(state, 'gave the offer back')}.", before.agent_id)
    match after.state:
        case WorkState.ASSIGNED:
            how = "accepted the offer" if before.offer_id else "was given the work without an offer"
            return _plain(step, "assigned", f"{_named(services.centre, after.agent_id)} {how}.", after.agent_id)
        case WorkState.OVERFLOWED:
            return _plain(step, "overflowed", f"It left the queue {after.queue} by the rule {after.reason}.")
        case WorkState.FAILED:
            return _plain(step, "failed", f"The transfer came to nothing: {after.reason}.")
        case WorkState.DONE:
            return _plain(step, "done", "The work is over.")
    return None


def _plain(step: _Step, kind: str, text: str, agent_id: str | None = None) -> wire.Decision:
    return wire.Decision.model_validate(
        {
            "at": step.past.at, "workId": step.after.id, "queue": step.after.queue, "kind": kind, "agentId": agent_id,
            "offerId": step.after.offer_id, "policyVersion": None, "stateVersion": None, "text": text,
            "isReproduced": None, "candidates": [], "tallies": [],
        }
    )  # fmt: skip


async def _offered(services: Services, step: _Step, before: WorkItem, offer_id: str) -> wire.Decision:
    versions = await services.history.versions(step.pool, f"offer:{offer_id}")
    offer: Offer | None = services.routing.past_value(versions[0]) if versions else None
    if offer is None:
        return _plain(step, "offered", "It was offered; why is no longer kept.", step.after.agent_id)
    centre = await services.policies.version(offer.policy)
    if centre is None:
        return _plain(step, "offered", "It was offered under a policy that is no longer kept.", offer.agent_id)
    agents = await _agents_as_of(services, centre, step.pool, offer)
    judged = judge(before, agents, centre, offer.created_at)
    first = judged[0] if judged and judged[0].place else None
    chosen = next((it for it in judged if it.agent.id == offer.agent_id), None)
    why = f": {chosen.text}" if chosen and chosen.place else ""
    return wire.Decision(
        at=offer.created_at, work_id=before.id, queue=before.queue, kind="offered", agent_id=offer.agent_id,
        offer_id=offer_id, policy_version=offer.policy, state_version=offer.seen,
        text=f"Offered to {_named(centre, offer.agent_id)}{why}. {summary(judged)}",
        is_reproduced=first is not None and first.agent.id == offer.agent_id,
        candidates=_candidates(judged, centre), tallies=_tallies(judged),
    )  # fmt: skip


async def _agents_as_of(
    services: Services, centre: ContactCentre, pool: str, offer: Offer
) -> list[AgentState]:  # fmt: skip
    """The pool's agents as the decider had seen them; who was never heard of is offline."""
    found: list[AgentState] = []
    for number, agent_id in enumerate(_agents(centre, pool)):
        past = await services.history.as_of(pool, f"agent:{agent_id}", offer.created_at, offer.seen)
        state = services.routing.past_value(past) if past else None
        found.append(state or AgentState(agent_id, since=offer.created_at, idle_since=offer.created_at))
        if number % BREATH == BREATH - 1:
            await asyncio.sleep(0)
    return found


async def _waiting(services: Services, conversation: Conversation) -> wire.Waiting | None:
    """Why its work waits now; None if it does not."""
    work = conversation.work
    if work is None:
        return None
    follower = services.pool(work.pool)
    await follower.catch_up()
    item = follower.state.items.get(work.id)
    if item is None or item.state is not WorkState.WAITING:
        return None
    centre, now = services.centre, services.clock()
    offline = {id_: AgentState(id_, since=now, idle_since=now) for id_ in _agents(centre, work.pool)}
    known = {id_: state for id_, state in follower.state.agents.items() if id_ in offline}
    judged = judge(item, (offline | known).values(), centre, now)
    queue = centre.queues.get(item.queue)
    found = await place_of(services, conversation)
    return wire.Waiting(
        since=item.queued_at or item.enqueued_at, queue=item.queue, position=found.position if found else 1,
        estimated_wait_seconds=found.estimated_wait_seconds if found else None,
        needs=[str(one) for one in needs_of(item, queue, now)], text=summary(judged),
        candidates=_candidates(judged, centre), tallies=_tallies(judged),
        next=[wire.NextChange(at=at, text=text) for at, text in changes_ahead(item, queue, now)],
    )  # fmt: skip


def _agents(centre: ContactCentre, pool: str) -> list[str]:
    return [agent.id for agent in centre.agents.values() if agent.pool == pool and Role.AGENT in agent.roles]


def _candidates(judged: Sequence[Judged], centre: ContactCentre) -> list[wire.Candidate]:
    return [
        wire.Candidate(
            agent_id=it.agent.id, name=_named(centre, it.agent.id), place=it.place, text=it.text,
            fails=it.found.fails.value if it.found.fails else None,
        )
        for it in judged[:CANDIDATES_MAX]
    ]  # fmt: skip


def _tallies(judged: Sequence[Judged]) -> list[wire.Tally]:
    return [wire.Tally(fails=fails.value, count=count, text=text) for fails, count, text in tallies(judged)]


def _named(centre: ContactCentre, agent_id: str | None) -> str:
    profile = centre.agents.get(agent_id or "")
    return profile.name if profile else agent_id or "nobody"
