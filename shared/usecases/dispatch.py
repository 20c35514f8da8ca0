"""The dispatcher of a pool: catch up, decide, commit, tell; until there is nothing left to decide."""

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
        # Refused if anything decided on has changed, or a twin of this dispatcher was faster: look again.
        decisions = await follower.decide(services.centre, services.clock(), DECISIONS_MAX, services.ids)
        if decisions:
            await tell(services, decisions, bells)
        elif decisions is not None:
            break
    else:
        await services.queue.ring(pool)
    deadline = follower.router(services.centre, services.clock()).next_deadline()
    if deadline:
        await services.queue.ring(pool, at=deadline)
