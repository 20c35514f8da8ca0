"""What happens to work items, offers and agents' capacity: commit to routing, then tell whom it concerns.

`tell` reflects a work item in its conversation and tells the agents' screens. It is safe to repeat; the change feed
repeats it for commits that a crash kept from being told.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from shared.domain.conversation import Change, Conversation, Draft, WorkRef
from shared.domain.life import reflect
from shared.domain.policy import Blocks, WrapUpRule
from shared.domain.presence import AgentState, Held, Hold, hold, release, settled
from shared.domain.routing import Assignment, Offer, WorkItem, WorkState, finish
from shared.ports import Bells, Unavailable
from shared.usecases.publish import publish
from shared.usecases.screens import repeat_agent, repeat_offer, tell_agent
from shared.usecases.services import Services

ATTEMPTS_MAX = 20


async def enqueue_item(services: Services, pool: str, item: WorkItem) -> None:
    """Have the dispatcher find somebody for a work item; nothing if it is there already."""
    if await services.routing.create_item(pool, item):
        await services.queue.ring(pool)


async def finish_all(services: Services, refs: Sequence[WorkRef], bells: Bells | None = None) -> None:
    """Work that is over: capacity is given back, pending offers are cancelled."""
    for ref in refs:
        await change_item(services, ref, lambda current: _finished(services, current), bells)


def _finished(services: Services, current: Assignment) -> Assignment | None:
    if current.item.state is WorkState.DONE:
        return None
    capacity = services.capacity(current.agent.id) if current.agent else 0
    return finish(current, capacity, services.clock())


async def hold_as(services: Services, ref: WorkRef, conversation: Conversation, state: Hold) -> None:
    """See to it that the owner's capacity is held for the work, and why. Repairs what a crash left undone.

    Wrap-up holds it for as long as the work's queue says.
    """
    owner = conversation.owner
    if owner is None:
        return
    capacity = services.capacity(owner.id)

    def decide(current: Assignment) -> Assignment | None:
        agent = current.agent
        if agent is None or agent.id != owner.id or current.item.state is not WorkState.ASSIGNED:
            return None
        queue = services.centre.queues.get(current.item.queue)
        rule = queue.wrap_up if queue and state is Hold.WRAP_UP else WrapUpRule()
        now = services.clock()
        after = _held(agent, ref.id, current.item, state, rule, now)
        return Assignment(current.item, settled(agent, after, capacity, now)) if after != agent else None

    changed = await change_item(services, ref, decide, None)
    held = changed.agent.held.get(ref.id) if changed and changed.agent else None
    if held and held.until:
        await services.queue.ring(ref.pool, at=held.until)


def _held(
    agent: AgentState, work_id: str, item: WorkItem, state: Hold, rule: WrapUpRule, now: datetime
) -> AgentState:  # fmt: skip
    """The agent with the capacity held as it should be. What wrap-up has given back is not taken again."""
    held = agent.held.get(work_id)
    if (held and held.state is state) or (held is None and rule.blocks is not Blocks.ALWAYS):
        return agent
    if rule.blocks is Blocks.NEVER:
        return release(agent, work_id, now)
    until = now + rule.lasts if rule.blocks is Blocks.FOR else None
    units = held.units if held else item.units
    return hold(agent, work_id, Held(units, state, item.conversation_id, item.channel, until), now)


async def change_item(
    services: Services, ref: WorkRef, decide: Callable[[Assignment], Assignment | None], bells: Bells | None
) -> Assignment | None:  # fmt: skip
    """Decide on a work item with its agent and offer, commit and tell; None if there is nothing to do.

    What `decide` raises comes through; it may run again on newer versions.
    """
    for _ in range(ATTEMPTS_MAX):
        item = await services.routing.item(ref.pool, ref.id)
        if item is None:
            return None
        current, etags = await services.routing.assignment(ref.pool, item)
        decided = decide(current)
        if decided is None:
            return None
        if await services.routing.commit(ref.pool, [decided], etags):
            await tell(services, [decided], bells)
            if decided.agent and current.agent and decided.agent.used < current.agent.used:
                await services.queue.ring(ref.pool)
            return decided
    raise Unavailable("the work item changes too fast")


async def change_agent(
    services: Services, agent_id: str, decide: Callable[[AgentState], AgentState]
) -> AgentState:  # fmt: skip
    """Decide on an agent's state, commit, tell the agent's screen and have the dispatcher look."""
    profile = services.centre.agents[agent_id]
    for _ in range(ATTEMPTS_MAX):
        now = services.clock()
        current = await services.routing.agent(profile.pool, agent_id, now)
        decided = decide(current.value)
        if decided == current.value and current.etag is not None:
            return decided
        after = settled(current.value, decided, profile.capacity, now)
        if await services.routing.save_agent(profile.pool, after, current.etag):
            await tell_agent(services, agent_id)
            await services.queue.ring(profile.pool)
            return after
    raise Unavailable("the agent's state changes too fast")


async def tell(services: Services, changes: Sequence[Assignment], bells: Bells | None) -> None:
    """Tell of committed changes, which concern different work items and agents."""
    await asyncio.gather(*(_tell_one(services, change, bells) for change in changes))


async def _tell_one(services: Services, change: Assignment, bells: Bells | None) -> None:
    """The conversation first, then the agent's screen."""
    await reflect_item(services, change.item, bells)
    if change.agent:
        await tell_agent(services, change.agent.id, change.offer)


async def tell_record(services: Services, record: WorkItem | AgentState | Offer, bells: Bells) -> None:
    """Tell again of one document that the change feed shows."""
    if isinstance(record, WorkItem):
        await reflect_item(services, record, bells)
    elif isinstance(record, AgentState):
        await repeat_agent(services, record)
    else:
        await repeat_offer(services, record)


async def reflect_item(services: Services, item: WorkItem, bells: Bells | None) -> Conversation | None:
    """Bring a conversation up to its work item; the conversation as it is then."""

    def decide(conversation: Conversation) -> Change | None:
        draft = Draft(conversation, services.clock())
        reflect(draft, item, services.centre)
        return None if draft.conversation is conversation else draft.done()

    conversation = await services.conversations.get(item.conversation_id)
    if conversation is None or decide(conversation) is None:
        return conversation
    change = await services.conversations.update(item.conversation_id, decide)
    if change is None:
        return await services.conversations.get(item.conversation_id)
    await publish(services, change, bells)
    return change.after


async def assign_directly(
    services: Services, ref: WorkRef, item: WorkItem, agent_id: str, *, is_forced: bool = False
) -> bool:  # fmt: skip
    """Give an agent work without an offer (a conversation taken up again, or given by a supervisor).

    False if there is no room, which is not asked for if it is forced.
    """
    profile = services.centre.agents[agent_id]
    for _ in range(ATTEMPTS_MAX):
        now = services.clock()
        existing = await services.routing.item(ref.pool, ref.id)
        if existing and existing.value.state is WorkState.ASSIGNED:
            return True  # by an earlier try that was cut off: it holds its room already
        current = await services.routing.agent(ref.pool, agent_id, now)
        if not is_forced and current.value.used + item.units > profile.capacity:
            return False
        after = hold(current.value, item.id, Held(item.units, Hold.ACTIVE, item.conversation_id, item.channel), now)
        revision = existing.value.revision + 1 if existing else 0
        assigned = replace(item, state=WorkState.ASSIGNED, agent_id=agent_id, revision=revision)
        change = Assignment(assigned, settled(current.value, after, profile.capacity, now))
        etags = {f"agent:{agent_id}": current.etag, f"work:{ref.id}": existing.etag if existing else None}
        if await services.routing.commit(ref.pool, [change], etags):
            await tell_agent(services, agent_id)
            return True
    raise Unavailable("the agent's state changes too fast")
