"""Queues that a policy has lost: who waits there goes on to the queue that takes their work over, its `fallback`."""

import logging

from shared.domain.centre import ContactCentre
from shared.domain.conversation import Change, Conversation, Draft, Status
from shared.domain.life import move_on
from shared.domain.routing import WorkKind, WorkState
from shared.ports import Bells
from shared.usecases.publish import publish
from shared.usecases.services import Services

log = logging.getLogger(__name__)


def successor(before: ContactCentre, after: ContactCentre, queue: str) -> str | None:
    """The queue that takes over a lost queue's work: its fallback, or that one's; None if there is none."""
    seen: set[str] = set()
    following: str | None = queue
    while following is not None and following not in after.queues and following not in seen:
        seen.add(following)
        profile = before.queues.get(following)
        following = profile.fallback if profile else None
    return following if following in after.queues else None


def is_lost(centre: ContactCentre, queue: str, pool: str) -> bool:
    """Whether work of that queue and pool is nobody's under a policy."""
    return queue not in centre.queues or centre.queues[queue].pool != pool


async def drain(services: Services, pools: set[str], bells: Bells | None) -> None:
    """Move on whoever waits in a queue that is no longer there; who has an offer once that comes to nothing.

    Safe to repeat: the sweep does, as a process that learns of a policy late may still fill a lost queue.
    """
    for pool in sorted(pools):
        follower = services.pool(pool)
        await follower.catch_up()
        for item in list(follower.state.items.values()):
            is_waiting = item.state is WorkState.WAITING and item.kind is WorkKind.NEW
            if is_waiting and is_lost(services.centre, item.queue, pool):
                await move_on_if_lost(services, item.conversation_id, bells)


async def move_on_if_lost(services: Services, conversation_id: str, bells: Bells | None) -> Conversation | None:
    """Have a conversation wait elsewhere if its queue is no longer there; the conversation then, None if it is."""
    centre, read = services.centre, await services.conversations.get(conversation_id)
    if read is None or not _waits_in_vain(centre, read):
        return None
    to = await _taken_over_by(services, centre, read)

    def decide(current: Conversation) -> Change | None:
        if not _waits_in_vain(centre, current) or current.queue != read.queue:
            return None
        draft = Draft(current, services.clock())
        move_on(draft, centre, to)
        return draft.done()

    change = await services.conversations.update(conversation_id, decide)
    if change is None:
        return None
    log.warning("conversation %s waited in the lost queue %s and goes on to %s", conversation_id, read.queue, to)
    await publish(services, change, bells)
    return change.after


def _waits_in_vain(centre: ContactCentre, conversation: Conversation) -> bool:
    queue, work = conversation.queue, conversation.work
    is_queued = conversation.status is Status.QUEUED and queue is not None and work is not None
    return is_queued and is_lost(centre, queue or "", work.pool if work else "")


async def _taken_over_by(services: Services, centre: ContactCentre, read: Conversation) -> str:
    """By the policy under which the conversation was enqueued; without a fallback it is the channel's queue."""
    queue = read.queue or ""
    if queue in centre.queues:
        return queue  # in another pool
    pinned = await services.policies.version(read.config_version)
    return (successor(pinned, centre, queue) if pinned else None) or centre.channels[read.channel].queue
