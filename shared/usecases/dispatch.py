"""The dispatcher of a pool: catch up, decide, commit, tell; until there is nothing left to decide."""

from shared.domain.routing import decide, next_deadline
from shared.ports import Bells
from shared.usecases.services import Services
from shared.usecases.work import tell

DECISIONS_MAX = 15
ROUNDS_MAX = 40


async def dispatch(services: Services, pool: str, bells: Bells) -> None:
    """Decide all that can be decided now; a doorbell is set for the next deadline. Safe to repeat."""
    services.queue.taken(pool)
    follower = services.pool(pool)
    for _ in range(ROUNDS_MAX):
        await follower.catch_up()
        decisions = decide(follower.state, services.centre, services.clock(), DECISIONS_MAX, services.ids)
        if not decisions:
            break
        # Refused if anything decided on has changed, or a twin of this dispatcher was faster: look again.
        if await services.routing.commit(pool, decisions, follower.etags):
            await tell(services, decisions, bells)
    else:
        await services.queue.ring(pool)
    deadline = next_deadline(follower.state)
    if deadline:
        await services.queue.ring(pool, at=deadline)
