"""Publishing a policy: checked as at start-up; work of a queue that it removes goes on to the queue's fallback."""

import asyncio

from shared.config.errors import ConfigError
from shared.config.files import load_files
from shared.contracts import manage as wire
from shared.contracts.wire import Violation
from shared.domain.centre import ContactCentre
from shared.domain.routing import WorkState
from shared.errors import ProblemError, invalid_request, unavailable
from shared.usecases.draining import drain, is_lost, successor
from shared.usecases.policies import Policies
from shared.usecases.services import Services
from shared.usecases.sweep import ring_pools

VIOLATIONS_MAX = 100


async def read(policies: Policies) -> wire.Policy:
    """The policy that counts. Problem: unavailable, before the first one is stored."""
    published = await policies.published()
    if published is None:
        raise unavailable()
    return wire.Policy(
        version=published.version, published_at=published.at, published_by=published.by, files=dict(published.files)
    )


async def publish(services: Services, policies: Policies, body: wire.PublishPolicy, by: str) -> wire.PolicyPublished:
    """Have a policy count. Problems: invalid-request with file and line, stale, queue-in-use."""
    before = policies.current
    if body.replaces is not None and body.replaces != before.version:
        raise ProblemError(412, "stale", f"the version that counts is {before.version}")
    try:
        centre = await asyncio.to_thread(load_files, body.files)
    except ConfigError as error:
        wrong = [Violation(pointer=f"{it.file}:{it.line}", message=str(it)) for it in error.findings[:VIOLATIONS_MAX]]
        raise invalid_request("the configuration cannot be used", *wrong) from None
    lost = await _lost_queues(services, before, centre)
    await policies.publish(centre, body.files, by)
    await drain(services, {before.queues[queue].pool for queue in lost}, None)
    await ring_pools(services)
    return wire.PolicyPublished(version=centre.version, replaced=before.version)


async def _lost_queues(services: Services, before: ContactCentre, after: ContactCentre) -> set[str]:
    """Those that nobody serves any more or that are in another pool; refused if work would have nowhere to go."""
    lost = {queue.id for queue in before.queues.values() if is_lost(after, queue.id, queue.pool)}
    ends = {queue for queue in lost if successor(before, after, queue) is None}
    for pool in {before.queues[queue].pool for queue in ends}:
        follower = services.pool(pool)
        await follower.catch_up()
        waiting = {
            item.queue
            for item in follower.state.items.values()
            if item.state in (WorkState.WAITING, WorkState.OFFERED) and item.queue in ends
        }
        if waiting:
            detail = f"work waits in: {', '.join(sorted(waiting))}; give them a fallback before you remove them"
            raise ProblemError(409, "queue-in-use", detail)
    return lost
