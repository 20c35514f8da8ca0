"""Which way a conversation goes when people are to take over: asks what classification and overflow need to know.

It is found outside of any commit; whoever carries it out sees to it that the conversation is still where it was.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from shared.domain.bot import HandOffRequest
from shared.domain.centre import ContactCentre
from shared.domain.classification import Facts, Route, classify
from shared.domain.conversation import Conversation, Kind, Status
from shared.domain.overflow import Closure, Entry, Figures, Surroundings, asks_figures, entering
from shared.domain.routing import Place, WorkItem, WorkKind
from shared.domain.streams import LAST_AGENT
from shared.records.flows import PoolWaits
from shared.usecases.closures import closure_of
from shared.usecases.services import Services

REMEMBERED_MAX = 10
"""How many of a customer's earlier conversations are asked for the agent they talked to."""


@dataclass(frozen=True, slots=True)
class Way:
    """Where a conversation goes, by which version of the policy."""

    centre: ContactCentre
    route: Route
    entry: Entry
    topic: str | None


async def find_way(
    services: Services, conversation: Conversation, request: HandOffRequest, context: Mapping[str, Any]
) -> Way:
    """Classify the conversation, then follow the overflow rules from its queue."""
    centre, now = services.centre, services.clock()
    facts = Facts(
        conversation_id=conversation.id,
        channel=conversation.channel,
        locale=conversation.locale,
        topic=request.topic,
        queue=request.queue,
        skills=request.skills,
        customer={"id": conversation.customer_id, "name": conversation.customer_name},
        context=context,
        last_agent=await _last_agent(services, centre, conversation),
    )
    route = classify(centre, facts, now)
    figures = {
        queue: await _figures(services, centre, conversation, route, queue, now)
        for queue in sorted(asks_figures(centre, route.queue))
    }
    around = Surroundings(now, figures, await _closures(services, centre, route.queue, now))
    return Way(centre, route, entering(centre, route.queue, around), request.topic)


async def find_place(services: Services, conversation: Conversation) -> Place | None:
    """Where a conversation waits, and about how long; None if it does not."""
    work = conversation.work
    if work is None or conversation.status not in (Status.QUEUED, Status.OFFERED):
        return None
    waits = await _waits(services, work.pool)
    item = services.pool(work.pool).state.items.get(work.id)
    return waits.place(item, services.centre, services.clock()) if item else None


async def _waits(services: Services, pool: str) -> PoolWaits:
    """What is known of a pool's waits by now."""
    follower = services.pool(pool)
    await follower.catch_up()
    await follower.waits.learn(pool, services.history, services.routing.past_value)
    return follower.waits


async def _closures(
    services: Services, centre: ContactCentre, queue: str, now: datetime
) -> dict[str, Closure]:  # fmt: skip
    """Emergency closures of a queue and of those that its overflow leads to."""
    found: dict[str, Closure] = {}
    ahead, seen = [queue], {queue}
    while ahead:
        profile = centre.queues.get(ahead.pop())
        if profile is None:
            continue
        if closed := await closure_of(services, profile.id, now):
            found[profile.id] = Closure(closed.closed_until, {centre.default_locale: closed.message})
        further = {rule.action.queue for rule in profile.overflow if rule.action.queue} - seen
        ahead += sorted(further)
        seen |= further
    return found


async def _last_agent(services: Services, centre: ContactCentre, conversation: Conversation) -> str | None:
    """Who talked to the customer last, if the channel's stream asks for it."""
    stream = centre.streams.get(conversation.channel)
    if stream is None or LAST_AGENT not in stream.preferred:
        return None
    before = conversation.previous_conversation_id
    for _ in range(REMEMBERED_MAX):
        earlier = await services.conversations.get(before) if before else None
        if earlier is None:
            return None
        if earlier.owner and earlier.owner.kind is Kind.AGENT:
            return earlier.owner.id
        before = earlier.previous_conversation_id
    return None


async def _figures(
    services: Services, centre: ContactCentre, conversation: Conversation, route: Route, queue: str, now: datetime
) -> Figures:  # fmt: skip
    """What somebody who came to a queue now would find there."""
    profile, channel = centre.queues[queue], centre.channels[conversation.channel]
    waits = await _waits(services, profile.pool)
    priority = profile.priority if route.priority is None else route.priority
    newcomer = WorkItem(
        conversation.id, conversation.id, WorkKind.NEW, channel.id, queue, route.skills, priority, now, channel.units, 0
    )
    seconds = waits.place(newcomer, centre, now).estimated_wait_seconds
    waiting = waits.places(centre).waiting(queue)
    return Figures(waiting, None if seconds is None else timedelta(seconds=seconds))
