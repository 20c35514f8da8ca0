"""The last net: what nothing else has caught is found here within a minute."""

import logging
from datetime import timedelta
from typing import Protocol

from shared.domain.conversation import Status, WorkRef
from shared.domain.routing import WorkState
from shared.ports import Bells
from shared.usecases.draining import drain
from shared.usecases.services import Services
from shared.usecases.work import finish_all

OVERDUE_AFTER = timedelta(seconds=60)
OVERDUE_MAX = 200

log = logging.getLogger(__name__)


class Orchestrations(Bells, Protocol):
    """Bells that can also begin anew what has failed."""

    async def is_running(self, conversation_id: str) -> bool:
        """Whether the orchestration lives."""

    async def restart(self, conversation_id: str) -> None:
        """Begin it, unless it runs."""


async def ring_pools(services: Services) -> None:
    """Have each dispatcher look, in case a doorbell was lost."""
    for pool in _pools(services):
        await services.queue.ring(pool)


async def overdue(services: Services, orchestrations: Orchestrations) -> None:
    """Conversations whose orchestration should have acted a minute ago: begun anew if it has died, rung if not."""
    for conversation in await services.conversations.overdue(services.clock() - OVERDUE_AFTER, OVERDUE_MAX):
        if not await orchestrations.is_running(conversation.id):
            log.error("the orchestration of conversation %s had died; it begins anew", conversation.id)
            await orchestrations.restart(conversation.id)
        else:
            await orchestrations.ring(conversation.id, conversation.wait.token)


async def orphans(services: Services) -> None:
    """Assigned work that its conversation knows nothing of: a crash while a conversation was taken up again."""
    for pool in _pools(services):
        follower = services.pool(pool)
        await follower.catch_up()
        items = list(follower.state.items.values())
        for item in items:
            if item.state is not WorkState.ASSIGNED or services.clock() - item.enqueued_at < OVERDUE_AFTER:
                continue
            conversation = await services.conversations.get(item.conversation_id)
            ref = WorkRef(pool, item.id)
            is_known = conversation is not None and (
                ref == conversation.work
                or ref in conversation.stale
                or (conversation.transfer is not None and conversation.transfer.work == ref)
            )
            if not is_known and (conversation is None or conversation.status is not Status.NEW):
                log.error("work item %s was held by nobody's conversation; it is finished", item.id)
                await finish_all(services, [ref])


async def stranded(services: Services, bells: Bells) -> None:
    """Work that came to a queue after a policy had removed it, or whose offer has come to nothing since."""
    await drain(services, set(_pools(services)), bells)


def _pools(services: Services) -> list[str]:
    return sorted({queue.pool for queue in services.centre.queues.values()})
