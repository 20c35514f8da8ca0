"""Agents: who they are, what they chose, whether they are still there."""

from dataclasses import replace
from datetime import datetime, timedelta

from shared.contracts import agents as wire
from shared.contracts import records
from shared.domain import presence
from shared.domain.centre import AgentProfile, Role
from shared.domain.conversation import Change, Conversation, Draft, Status, Step
from shared.domain.life import enqueue, system_says
from shared.domain.presence import AgentState, Connection, Downtime, Hold, Presence, connection, silence
from shared.errors import invalid_request
from shared.ports import Bells, Conflict, Container, Write
from shared.records.codec import Codec
from shared.records.inbox import Heartbeat
from shared.usecases import views
from shared.usecases.publish import publish
from shared.usecases.services import Services
from shared.usecases.work import change_agent

BEAT_EVERY = timedelta(seconds=5)
"""A heartbeat is stored at most so often; that is how far a stored one may be behind."""
SWEEP_GAP = timedelta(seconds=15)
"""A longer gap between two sweeps means that the server was down."""
DOWNTIMES_KEPT = timedelta(minutes=10)
_downtimes = Codec(Downtime)


async def me(services: Services, profile: AgentProfile) -> records.Agent:
    """The agent as routing sees them."""
    state = await services.routing.agent(profile.pool, profile.id, services.clock())
    return views.agent(state.value, profile)


async def set_presence(services: Services, profile: AgentProfile, body: wire.SetPresence) -> records.Agent:
    """Choose a presence, and what to become once all work is done."""
    if body.presence is None and body.next is None and "next" not in body.model_fields_set:
        raise invalid_request("presence or next must be given")
    chosen = Presence(body.presence) if body.presence else None
    later = Presence(body.next) if body.next else None
    state = await change_agent(services, profile.id, lambda agent: presence.choose(agent, chosen, later))
    return views.agent(state, profile)


async def seen(services: Services, agent_id: str) -> None:
    """The agent has called. One who was lost and is back in time gets back what was chosen."""
    now = services.clock()
    last = services.beats.get(agent_id)
    if last is not None and now - last < BEAT_EVERY:
        return
    services.beats[agent_id] = now
    stored = await services.inboxes.heartbeat(agent_id)
    if not await services.inboxes.beat(Heartbeat(agent_id, now), stored.etag if stored else None):
        return
    # Routing is asked, not the heartbeat before: a crash, or a sweep at the same time, may have come between the two.
    profile = services.profile(agent_id)
    if profile and not (await services.routing.agent(profile.pool, agent_id, now)).value.is_connected:
        await change_agent(services, agent_id, lambda agent: replace(agent, is_connected=True))


async def sweep(services: Services, bells: Bells) -> None:
    """Act on agents of whom nothing was heard: offline, then their conversations go to others, then given up."""
    now = services.clock()
    downtimes = await _note_sweep(services, now)
    rules = services.centre.connection
    for heartbeat in await services.inboxes.silent_since(now - rules.offline_after):
        if heartbeat.seen_at is None:
            continue
        found = connection(silence(heartbeat.seen_at, now, downtimes), rules)
        if found is Connection.THERE or found is heartbeat.stage:
            continue
        await _lose(services, bells, heartbeat, found)


async def _lose(services: Services, bells: Bells, heartbeat: Heartbeat, stage: Connection) -> None:
    agent_id = heartbeat.agent_id
    profile = services.profile(agent_id)
    stored = await services.inboxes.heartbeat(agent_id)
    if stored is None or stored.value != heartbeat:
        return  # heard of in the meantime
    if profile and Role.AGENT in profile.roles:
        state = await change_agent(services, agent_id, lambda agent: _lost(agent, stage))
        if stage is not Connection.OFFLINE:
            await _requeue_all(services, bells, state)
    seen_at = None if stage is Connection.GONE else heartbeat.seen_at
    await services.inboxes.beat(Heartbeat(agent_id, seen_at, stage), stored.etag)


def _lost(agent: AgentState, stage: Connection) -> AgentState:
    if agent.chosen is Presence.OFFLINE:
        return agent
    if stage is Connection.GONE:
        return replace(agent, chosen=Presence.OFFLINE, next=None, is_connected=True)
    return replace(agent, is_connected=False)


async def _requeue_all(services: Services, bells: Bells, agent: AgentState) -> None:
    """Conversations of a lost agent go first in line."""
    for held in agent.held.values():
        if held.state is not Hold.ACTIVE:
            continue

        def decide(conversation: Conversation) -> Change | None:
            if conversation.status is not Status.ACTIVE or conversation.agent_id != agent.id or not conversation.queue:
                return None
            draft = Draft(conversation, services.clock())
            draft.step(Step.RELEASED, reason="agent-lost", agentId=agent.id)
            enqueue(draft, services.centre, conversation.queue, is_front=True)
            system_says(draft, services.centre, "agent_lost")
            return draft.done()

        change = await services.conversations.update(held.conversation_id, decide)
        if change:
            await publish(services, change, bells)


async def _note_sweep(services: Services, now: datetime) -> tuple[Downtime, ...]:
    """Remember that the server is there; the times of late when it was not."""
    stored = await services.documents.read(Container.INBOX, "server", "sweep")
    downtimes = [_downtimes.load(body) for body in stored.body["downtimes"]] if stored else []
    if stored:
        last = datetime.fromisoformat(stored.body["last"])
        if now - last > SWEEP_GAP:
            downtimes.append(Downtime(last, now))
    recent = tuple(downtime for downtime in downtimes if downtime.end > now - DOWNTIMES_KEPT)
    body = {"last": now.isoformat(), "downtimes": [_downtimes.dump(downtime) for downtime in recent]}
    try:
        write = Write("sweep", "sweep", body, stored.etag if stored else None)
        await services.documents.commit(Container.INBOX, "server", [write])
    except Conflict:
        return recent  # a twin sweeps, too
    return recent
