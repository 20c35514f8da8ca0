"""What a pool's follower knows about waits: it learns from each version of a record that the follower takes, and tells
places from it.

How long work holds its agent is learnt from what agents' states were, with the moments of their writing. They are
read only when somebody asks for an estimate, once in LOOK_SECONDS of the pool's clock and at most VERSIONS_MAX of them,
which makes it a sample where a lot is going on. A follower that starts cold begins with the last half an hour of them;
it has arrivals from the records themselves, as what is over is kept for two days.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from shared.domain.centre import ContactCentre
from shared.domain.flow import Flow
from shared.domain.presence import AgentState
from shared.domain.routing import Offer, Place, Places, Pool, WorkItem
from shared.domain.routing.learning import Learner
from shared.ports import Unavailable
from shared.records.history import Past, RoutingHistory

LOOK_SECONDS = 5.0
VERSIONS_MAX = 300
BEHIND_MAX = timedelta(minutes=30)
"""Older versions are not looked at."""


class PoolWaits:
    """Of one pool; `pool` is what its follower holds."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._learner = Learner()
        self._places: Places | None = None
        self._changed: dict[str, None] = {}  # agents whose versions have not been read yet, the longest first
        self._read: dict[str, datetime] = {}  # up to when those of each agent were
        self._next_look = 0.0
        self._is_looking = False

    def see(self, before: WorkItem | AgentState | Offer | None, after: WorkItem | AgentState | Offer) -> None:
        """The follower has taken a version; `before` is the one it had, if there was one."""
        self._learner.see(before, after)
        if isinstance(after, AgentState):
            self._changed[after.id] = None
        if self._places:
            self._places.take(after)

    def places(self, centre: ContactCentre) -> Places:
        """Where items wait, by a policy."""
        if self._places is None:
            self._places = Places(self._pool, centre, self._learner.flow)
        self._places.configure(centre)
        return self._places

    def flow(self, queue: str) -> Flow:
        """What is known of a queue by now."""
        return self._learner.flow(queue)

    def place(self, item: WorkItem, centre: ContactCentre, now: datetime) -> Place:
        """Of an item that waits, or of one that would come now."""
        return self.places(centre).place(item, now)

    async def learn(self, pool: str, history: RoutingHistory, load: Callable[[Past], Any]) -> None:
        """Look at some of what agents' states were since the last look."""
        clock = self._learner.clock
        if self._is_looking or not self._changed or clock < self._next_look:
            return
        self._is_looking, self._next_look = True, clock + LOOK_SECONDS
        try:
            left = VERSIONS_MAX
            for agent_id in list(self._changed):
                left -= await self._look(agent_id, pool, history, load, left)
                if left <= 0:
                    return
        finally:
            self._is_looking = False

    async def _look(
        self, agent_id: str, pool: str, history: RoutingHistory, load: Callable[[Past], Any], limit: int
    ) -> int:  # fmt: skip
        earliest = datetime.fromtimestamp(self._learner.clock, UTC) - BEHIND_MAX
        after = self._read.get(agent_id, earliest)
        if after < earliest:
            self._learner.forget(agent_id)
            after = earliest
        self._changed.pop(agent_id)
        try:
            versions = await history.later(pool, f"agent:{agent_id}", after, limit)
        except Unavailable:
            self._changed[agent_id] = None
            raise
        for past in versions:
            self._learner.see_past(load(past), past.at)
        self._read[agent_id] = versions[-1].at if versions else after
        if len(versions) == limit:
            self._changed[agent_id] = None  # there may be more
        return max(len(versions), 1)
