"""An agent's inbox: a snapshot, then the events since. `apply(snapshot, events) == a fresh snapshot`."""

import time

from shared.contracts import agents as wire
from shared.contracts import records
from shared.domain.centre import AgentProfile
from shared.domain.conversation import Kind, Status
from shared.domain.presence import Hold
from shared.errors import ProblemError
from shared.records.inbox import StoredNotice
from shared.usecases import views
from shared.usecases.services import Services, gathered, inbox_topic

EVENTS_MAX = 200
CONVERSATIONS_MAX = 200
ECHO_SECONDS = 0.25
_ON_SCREEN = (Status.ACTIVE, Status.WAITING, Status.WRAP_UP)


async def read(services: Services, profile: AgentProfile, after: str | None, wait_seconds: float) -> wire.Inbox:
    """Without `after` a snapshot. Problem: cursor-expired, if events since then are no longer kept."""
    if after is None:
        return await _snapshot(services, profile)
    position = _position(after)
    async with services.realtime.listen(inbox_topic(profile.id)) as news:
        deadline = time.monotonic() + wait_seconds
        while True:
            events = await _since(services, profile.id, position)
            if events:
                deadline = min(deadline, time.monotonic() + (0 if any(map(_is_urgent, events)) else ECHO_SECONDS))
            left = deadline - time.monotonic()
            if left <= 0 or not await gathered(news, left):
                break
    last = events[-1].sequence if events else position
    return wire.Inbox(event_id=str(last), events=[_shown(event) for event in events])


def _is_urgent(event: StoredNotice) -> bool:
    """The agent waits for offers and for what others do. Their own words, and what follows from what they have done
    themselves, can wait a moment for that."""
    if event.type == "message.upserted":
        return bool(event.data["message"]["sender"]["kind"] != Kind.AGENT)
    return event.type not in ("agent.updated", "offer.ended")


async def _since(services: Services, agent_id: str, position: int) -> list[StoredNotice]:
    """What came after a position that was given out, which may be ahead of the head as this process knows it."""
    head = await services.inboxes.head(agent_id)
    if head == position:
        return []
    events = await services.inboxes.after(agent_id, position, EVENTS_MAX)
    if events:
        is_known = events[0].sequence == position + 1
    else:
        is_known = bool(await services.inboxes.after(agent_id, position - 1, 1))
    if not is_known:
        raise _expired()
    return events


async def _snapshot(services: Services, profile: AgentProfile) -> wire.Inbox:
    """The position is read first: what happens meanwhile is in the snapshot and comes again as an event."""
    position = await services.inboxes.head(profile.id)
    state = (await services.routing.agent(profile.pool, profile.id, services.clock())).value
    offers = [
        offer
        for work_id, held in state.held.items()
        if held.state is Hold.OFFERED and (offer := await _offer(services, profile.pool, work_id))
    ]
    conversations = []
    for status in _ON_SCREEN:
        where = {"owner.id": profile.id, "status": status.value}
        conversations += await services.conversations.search(where, None, CONVERSATIONS_MAX)
    return wire.Inbox(
        event_id=str(position),
        agent=views.agent(state, profile),
        offers=offers,
        conversations=[views.conversation(conversation) for conversation in conversations],
    )


async def _offer(services: Services, pool: str, work_id: str) -> records.Offer | None:
    """The offer that a work item is held for."""
    item = await services.routing.item(pool, work_id)
    if item is None or item.value.offer_id is None:
        return None
    offer = await services.routing.offer(pool, item.value.offer_id)
    about = await services.conversations.get(item.value.conversation_id)
    return views.offer(offer.value, about, item.value, services.centre) if offer and about else None


def _position(after: str) -> int:
    if not after.isascii() or not after.isdigit() or len(after) > 18:
        raise _expired()
    return int(after)


def _expired() -> ProblemError:
    return ProblemError(410, "cursor-expired", "take a new snapshot: call without after")


def _shown(event: StoredNotice) -> wire.InboxEvent:
    return wire.InboxEvent(event_id=str(event.sequence), type=event.type, at=event.at, data=dict(event.data))
