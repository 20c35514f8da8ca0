"""Everything that use cases work with, put together once by the composition root."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from shared.domain.centre import AgentProfile, ContactCentre
from shared.ports import Bot, ChannelSender, Clock, Documents, Ids, Realtime, Subscription, WorkQueue
from shared.records.conversations import Conversations
from shared.records.history import RoutingHistory
from shared.records.inbox import Inboxes
from shared.records.insights import Insights
from shared.records.routing import PoolFollower, RoutingStore
from shared.usecases.policies import PolicySource

GATHER_SECONDS = 0.02
"""A message and the bot's answer to it cost one request together; nobody notices the delay."""


@dataclass(frozen=True, slots=True)
class Services:
    """Ports and records. `choose(n)` gives a number below n."""

    policies: PolicySource
    clock: Clock
    ids: Ids
    choose: Callable[[int], int]
    documents: Documents
    conversations: Conversations
    routing: RoutingStore
    history: RoutingHistory
    inboxes: Inboxes
    insights: Insights
    queue: WorkQueue
    realtime: Realtime
    bot: Bot
    senders: Mapping[str, ChannelSender]
    pools: dict[str, PoolFollower]
    beats: dict[str, datetime]  # when each agent's heartbeat was last stored by this process
    address_key: Callable[[str, str], str]

    @property
    def centre(self) -> ContactCentre:
        """The policy that counts now."""
        return self.policies.current

    def pool(self, pool: str) -> PoolFollower:
        """The follower of a pool in this process."""
        if pool not in self.pools:
            self.pools[pool] = PoolFollower(self.routing, pool)
        return self.pools[pool]

    def capacity(self, agent_id: str) -> int:
        """Units an agent may hold; none once the configuration no longer knows them."""
        profile = self.centre.agents.get(agent_id)
        return profile.capacity if profile else 0

    def profile(self, agent_id: str) -> AgentProfile | None:
        """Who that is."""
        return self.centre.agents.get(agent_id)


def conversation_topic(conversation_id: str) -> str:
    """The topic of news in one conversation."""
    return f"conversation/{conversation_id}"


def inbox_topic(agent_id: str) -> str:
    """The topic of news in one inbox."""
    return f"inbox/{agent_id}"


async def gathered(news: Subscription, seconds: float) -> bool:
    """Wait for news as a long poll does: what comes right after the first belongs to the same answer."""
    if not await news.wait(seconds):
        return False
    await asyncio.sleep(min(GATHER_SECONDS, seconds))
    return True
