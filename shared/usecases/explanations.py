"""Explanations: computed when they are asked for, from routing's records and the conversation's timeline."""

from collections.abc import Sequence

from shared.contracts import explanation as wire
from shared.domain.conversation import Conversation, Event
from shared.domain.explaining.judging import judge, why_waiting
from shared.domain.explaining.policy import began, changes_ahead, needs_of
from shared.domain.explaining.story import TRANSFER_REQUESTED, Told, closed_queue, policy_of, tell
from shared.domain.explaining.voice import Voice, words_for
from shared.domain.explaining.words import Words
from shared.domain.presence import AgentState
from shared.domain.routing import WorkState
from shared.errors import not_found
from shared.usecases.chat import place_of
from shared.usecases.closures import closure_of
from shared.usecases.decisions import agents_of, candidates, decisions_about, tallies_of
from shared.usecases.services import Services


async def explanation(services: Services, conversation_id: str, locale: str) -> wire.Explanation:
    """All of it, in the language that suits the locale. Problem: not-found."""
    conversation = await services.conversations.get(conversation_id)
    if conversation is None:
        raise not_found("conversation")
    words = words_for(locale)
    events = await _timeline(services, conversation_id)
    decisions = await _story(services, events, words)
    decisions += await decisions_about(services, _work_ids(conversation, events), words)
    decisions.sort(key=lambda decision: decision.at)
    return wire.Explanation(
        conversation_id=conversation_id, decisions=decisions, waiting=await _waiting(services, conversation, words)
    )


async def _timeline(services: Services, conversation_id: str) -> list[Event]:
    events: list[Event] = []
    while page := await services.conversations.timeline(
        conversation_id, after=events[-1].sequence if events else 0
    ):  # fmt: skip
        events += page
    return events


def _work_ids(conversation: Conversation, events: Sequence[Event]) -> list[str]:
    """The ids that conversations give to their work: by epoch, by transfer, taken up again, given by supervisors."""
    transfers = [event.data["transferId"] for event in events if event.type == TRANSFER_REQUESTED]
    given = {f".assigned.{event.data['agentId']}" for event in events if "assignedBy" in event.data}
    epochs = range(conversation.epoch + 2)
    by_epoch = [f"{epoch}{kind}" for epoch in epochs for kind in ("", ".reopened", *sorted(given))]
    return [f"{conversation.id}.{name}" for name in (*by_epoch, *transfers)]


async def _story(services: Services, events: Sequence[Event], words: Words) -> list[wire.Decision]:
    found = [await _told(services, event, words) for event in events]
    return [_decision(told) for told in found if told]


async def _told(services: Services, event: Event, words: Words) -> Told | None:
    """What an event tells, under the policy of then."""
    version = policy_of(event.data)
    centre = await services.policies.version(version) if version else None
    queue = closed_queue(event)
    closure = await closure_of(services, queue, event.at) if queue else None
    return tell(event, Voice(centre or services.centre, words), closure.by if closure else None)


def _decision(told: Told) -> wire.Decision:
    return wire.Decision(
        at=told.at, work_id=None, queue=told.queue, kind=told.kind, agent_id=told.agent_id, offer_id=None,
        policy_version=None, state_version=None, rule=told.rule, text=told.text, is_reproduced=None, candidates=[],
        tallies=[],
    )  # fmt: skip


async def _waiting(services: Services, conversation: Conversation, words: Words) -> wire.Waiting | None:
    """Why its work waits now; None if it does not."""
    work = conversation.work
    if work is None:
        return None
    follower = services.pool(work.pool)
    await follower.catch_up()
    item = follower.state.items.get(work.id)
    if item is None or item.state is not WorkState.WAITING:
        return None
    voice, now = Voice(services.centre, words), services.clock()
    offline = {id_: AgentState(id_, since=now, idle_since=now) for id_ in agents_of(voice.centre, work.pool)}
    known = {id_: state for id_, state in follower.state.agents.items() if id_ in offline}
    judged = judge(item, (offline | known).values(), voice, now)
    found = await place_of(services, conversation)
    return wire.Waiting(
        since=began(item), queue=item.queue, position=found.position if found else 1,
        estimated_wait_seconds=found.estimated_wait_seconds if found else None,
        needs=[str(one) for one in needs_of(item, voice, now)], text=why_waiting(item, judged, voice, now),
        candidates=candidates(judged, voice), tallies=tallies_of(judged, voice),
        next=[wire.NextChange(at=at, text=text) for at, text in changes_ahead(item, voice, now)],
    )  # fmt: skip
