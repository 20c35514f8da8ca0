"""What supervisors do: give conversations to agents, close them, set presences. Committed as on an agent's desk."""

import logging

from shared.contracts import records
from shared.domain import presence
from shared.domain.centre import AgentProfile, Role
from shared.domain.conversation import Change, Conversation, Draft, Kind, Owner, Status, Step, WorkRef
from shared.domain.life import drop_work, end_work, resumed_item, system_says
from shared.domain.presence import Presence, effective
from shared.errors import ProblemError, invalid_request, invalid_state, not_found
from shared.ports import Bells
from shared.usecases import views
from shared.usecases.desk import change_conversation
from shared.usecases.services import Services
from shared.usecases.work import assign_directly, change_agent, finish_all

log = logging.getLogger(__name__)

_STEPS = {Status.ACTIVE: Step.REASSIGNED, Status.WAITING: Step.REOPENED, Status.OFFERED: Step.ACCEPTED}


async def assign(
    services: Services, bells: Bells, by: AgentProfile, id_: str, agent_id: str
) -> records.Conversation:  # fmt: skip
    """Have an agent own a conversation, whether or not there is capacity. Problems: not-found, invalid-state.

    The agent gets a work item of its own in their pool; whose the conversation is, is decided by its commit. Work that
    it had before is finished: an offer of it is cancelled, an acceptance that comes too late finds somebody else.
    """
    agent = await _who_is_there(services, agent_id)
    conversation = await services.conversations.get(id_)
    if conversation is None:
        raise not_found("conversation")
    if _is_with(conversation, agent_id):
        return views.conversation(conversation)
    if conversation.status not in (Status.QUEUED, *_STEPS):
        raise invalid_state(f"the conversation is {conversation.status}")
    # By epoch and agent: what an earlier try that was cut off has left is this agent's, or nobody's.
    ref = WorkRef(agent.pool, f"{id_}.{conversation.epoch + 1}.assigned.{agent_id}")
    now = services.clock()
    item = resumed_item(conversation, ref, now, services.centre)
    await assign_directly(services, ref, item, agent_id, is_forced=True)
    state = (await services.routing.agent(agent.pool, agent_id, now)).value
    is_over = state.used > agent.capacity

    def decide(current: Conversation) -> Change | None:
        if current.work == ref:
            return None
        if current.epoch != conversation.epoch:
            raise invalid_state("the conversation has moved on")
        return _given(services, current, agent, ref, {"assignedBy": by.id, "isOverCapacity": is_over})

    try:
        changed = await change_conversation(services, bells, id_, decide)
    except ProblemError:
        await finish_all(services, [ref], bells)  # the customer, or another supervisor, was faster
        raise
    # The orchestration does the same; but agents should not be offered for a moment longer what is taken.
    await finish_all(services, [conversation.work] if conversation.work else [], bells)
    return changed


def _given(
    services: Services, conversation: Conversation, agent: AgentProfile, ref: WorkRef, how: dict[str, object]
) -> Change:  # fmt: skip
    draft = Draft(conversation, services.clock())
    if conversation.status is Status.QUEUED:
        draft.step(Step.OFFERED, agentId=agent.id)
    draft.step(_STEPS.get(conversation.status, Step.ACCEPTED), agentId=agent.id, **how)
    drop_work(draft)
    draft.own(Owner(Kind.AGENT, agent.id, agent.name))
    draft.set(work=ref, is_front=False, active_at=draft.now, callback_at=None)
    system_says(draft, services.centre, "agent_joined", agent=agent.name)
    draft.signal()
    return draft.done()


async def close(
    services: Services, bells: Bells, by: AgentProfile, id_: str, reason: str | None
) -> records.Conversation:  # fmt: skip
    """End a conversation at any stage; what an agent talks about goes to wrap-up, and to close from there.

    Problem: not-found. Nothing if it is closed.
    """

    def decide(conversation: Conversation) -> Change | None:
        if conversation.status is Status.CLOSED:
            return None
        draft = Draft(conversation, services.clock())
        if conversation.status is not Status.WRAP_UP:  # else the customer was told when that began
            system_says(draft, services.centre, "ended")
        data = {"by": "supervisor", "byId": by.id, **({"reason": reason} if reason else {})}
        draft.step(Step.ENDED, **data)
        end_work(draft, Kind.SYSTEM)
        return draft.done()

    return await change_conversation(services, bells, id_, decide)


async def set_presence(services: Services, agent_id: str, wanted: str, by: str) -> records.Agent:
    """Set an agent's presence; their screen is told, and the log says `by` whom.

    Problems: not-found, invalid-state for who is not signed in.
    """
    profile = services.profile(agent_id)
    if profile is None or Role.AGENT not in profile.roles:
        raise not_found("agent")
    if wanted != Presence.OFFLINE and not await _is_heard_of(services, agent_id):
        raise invalid_state("nothing is heard of the agent: they could only be set offline")
    state = await change_agent(services, agent_id, lambda agent: presence.choose(agent, Presence(wanted), None))
    log.info("%s set the presence of %s to %s", by, agent_id, wanted)
    return views.agent(state, profile)


async def _who_is_there(services: Services, agent_id: str) -> AgentProfile:
    """An agent who could look after a conversation."""
    agent = services.profile(agent_id)
    if agent is None or Role.AGENT not in agent.roles or not agent.enabled:
        raise invalid_request(f"there is no agent {agent_id!r}")
    state = (await services.routing.agent(agent.pool, agent_id, services.clock())).value
    if effective(state, agent.capacity).presence is Presence.OFFLINE:
        raise invalid_state("the agent is offline")
    return agent


async def _is_heard_of(services: Services, agent_id: str) -> bool:
    stored = await services.inboxes.heartbeat(agent_id)
    if stored is None or stored.value.seen_at is None:
        return False
    return services.clock() - stored.value.seen_at < services.centre.connection.offline_after


def _is_with(conversation: Conversation, agent_id: str) -> bool:
    owner = conversation.owner
    is_theirs = owner is not None and owner.kind is Kind.AGENT and owner.id == agent_id
    return is_theirs and conversation.status is Status.ACTIVE
