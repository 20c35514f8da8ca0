"""What supervisors see and do."""

import azure.durable_functions as df

from shared.contracts.agents import ConversationAnswer
from shared.contracts.explanation import Explanation
from shared.contracts.records import Agent
from shared.contracts.supervisor import (
    AgentPresenceChange,
    Assign,
    Close,
    Override,
    Overview,
    QueueOverride,
    SupervisedAgent,
    SupervisedConversation,
    SupervisedQueue,
)
from shared.contracts.wire import Page
from shared.usecases import closures, explanations, steering, supervisor
from triggers.api import Call, operation

bp = df.Blueprint()


@operation(bp, "readOverview")
async def read_overview(call: Call[None]) -> Overview:
    """The contact centre at a glance."""
    return await supervisor.overview(call.services)


@operation(bp, "superviseQueues")
async def supervise_queues(call: Call[None]) -> Page[SupervisedQueue]:
    """Who waits where, and how the day goes."""
    return await supervisor.queues(call.services, **call.query)


@operation(bp, "superviseAgents")
async def supervise_agents(call: Call[None]) -> Page[SupervisedAgent]:
    """Who works, and on what."""
    return await supervisor.agents(call.services, **call.query)


@operation(bp, "superviseConversations")
async def supervise_conversations(call: Call[None]) -> Page[SupervisedConversation]:
    """Conversations by status, queue or agent."""
    return await supervisor.conversations(call.services, **call.query)


@operation(bp, "assign")
async def assign(call: Call[Assign]) -> ConversationAnswer:
    """Give a conversation to an agent."""
    given = await steering.assign(call.services, call.bells, call.profile, call.id, call.body.agent_id)
    return ConversationAnswer(conversation=given)


@operation(bp, "close")
async def close(call: Call[Close]) -> ConversationAnswer:
    """End a conversation."""
    closed = await steering.close(call.services, call.bells, call.profile, call.id, call.body.reason)
    return ConversationAnswer(conversation=closed)


@operation(bp, "setPresenceOf")
async def set_presence_of(call: Call[AgentPresenceChange]) -> Agent:
    """Set an agent's presence."""
    return await steering.set_presence(call.services, call.id, call.body.presence, call.profile.id)


@operation(bp, "overrideQueue")
async def override_queue(call: Call[Override]) -> QueueOverride:
    """Close a queue in an emergency, or open it again."""
    return await closures.override(call.services, call.id, call.body, call.profile.id)


@operation(bp, "explainConversation")
async def explain_conversation(call: Call[None]) -> Explanation:
    """Every routing decision about a conversation, and why it still waits."""
    return await explanations.explanation(call.services, call.id, **call.query)
