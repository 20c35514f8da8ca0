"""What supervisors see: the pools' state as it is in memory, with the figures of the day."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypeVar

from shared.contracts import records
from shared.contracts import supervisor as wire
from shared.contracts.wire import Page
from shared.domain import conversation as domain
from shared.domain.centre import AgentProfile, QueueProfile, Role
from shared.domain.conversation import Status
from shared.domain.presence import AgentState, Effective, Presence, effective
from shared.domain.routing import WorkItem, WorkState
from shared.records.insights import Tally
from shared.usecases import views
from shared.usecases.closures import closure_of
from shared.usecases.insights import day_of
from shared.usecases.services import Services

T = TypeVar("T")

_WAITS = (Status.QUEUED, Status.OFFERED)
_AT_WORK = (Effective(Presence.BUSY, "load"), Effective(Presence.DO_NOT_DISTURB, "at-capacity"))


async def overview(services: Services) -> wire.Overview:
    """The contact centre at a glance."""
    now = services.clock()
    agents = await _agents(services, now)
    opened = (await services.insights.open()).values()
    by_place = Counter((open_.status, open_.queue) for open_ in opened)
    presences = Counter(effective(state, profile.capacity).presence for profile, state in agents)
    at_work = [
        (profile, state)
        for profile, state in agents
        if state.held or effective(state, profile.capacity).presence is not Presence.OFFLINE
    ]
    total = Tally()
    for queue in services.centre.queues:
        total = total.plus(await services.insights.day(queue, day_of(now)))
    return wire.Overview(
        at=now,
        day=day_of(now),
        open=[
            wire.OpenConversations(status=status.value, queue=queue, count=count)
            for (status, queue), count in sorted(by_place.items(), key=str)
        ],
        agents=[wire.PresenceCount(presence=presence.value, count=presences[presence]) for presence in Presence],
        capacity=records.Capacity(
            used=sum(state.used for _, state in at_work), total=sum(profile.capacity for profile, _ in at_work)
        ),
        today=_figures(total),
    )


async def queues(services: Services, cursor: str | None, limit: int) -> Page[wire.SupervisedQueue]:
    """Queues by name."""
    now = services.clock()
    page = _page(list(services.centre.queues.values()), _name_of, cursor, limit)
    agents = await _agents(services, now) if page.items else []
    items = [await _queue(services, queue, agents, now) for queue in page.items]
    return Page(items=items, next_cursor=page.next_cursor)


async def agents(services: Services, cursor: str | None, limit: int) -> Page[wire.SupervisedAgent]:
    """Agents by name, with the work that they hold."""
    found = await _agents(services, services.clock())
    page = _page(found, lambda agent: _name_of(agent[0]), cursor, limit)
    items = [_agent(profile, state) for profile, state in page.items]
    return Page(items=items, next_cursor=page.next_cursor)


async def conversations(
    services: Services, status: str, queue: str | None, agent: str | None, cursor: str | None, limit: int
) -> Page[wire.SupervisedConversation]:  # fmt: skip
    """Conversations, the newest first."""
    found = await (_open if status == "open" else _of_status)(services, status, queue, agent, cursor, limit + 1)
    now = services.clock()
    items = [_conversation(conversation, now) for conversation in found[:limit]]
    return Page(items=items, next_cursor=found[limit - 1].id if len(found) > limit else None)


async def _of_status(
    services: Services, status: str, queue: str | None, agent: str | None, cursor: str | None, limit: int
) -> list[domain.Conversation]:  # fmt: skip
    wanted = {"status": status, "queue": queue, "owner.id": agent}
    where: dict[str, str | bool] = {name: value for name, value in wanted.items() if value is not None}
    return await services.conversations.search(where, cursor, limit)


async def _open(
    services: Services, _: str, queue: str | None, agent: str | None, cursor: str | None, limit: int
) -> list[domain.Conversation]:  # fmt: skip
    """The store cannot search for all but one status: the ids come from the figures, the heads from the store."""
    opened = (await services.insights.open()).values()
    ids = sorted(
        (
            open_.conversation_id
            for open_ in opened
            if queue in (None, open_.queue)
            and agent in (None, open_.agent)
            and (cursor is None or open_.conversation_id < cursor)
        ),
        reverse=True,
    )
    found: list[domain.Conversation] = []
    for id_ in ids:
        conversation = await services.conversations.get(id_)
        # The figures are a second behind: some have been closed since.
        if conversation and conversation.status is not Status.CLOSED:
            found.append(conversation)
        if len(found) == limit:
            break
    return found


async def _agents(services: Services, now: datetime) -> list[tuple[AgentProfile, AgentState]]:
    """Those who work here, and whoever still holds work."""
    profiles = services.centre.agents.values()
    for pool in sorted({profile.pool for profile in profiles}):
        await services.pool(pool).catch_up()
    found = []
    for profile in profiles:
        state = services.pool(profile.pool).state.agents.get(profile.id)
        works = profile.enabled and Role.AGENT in profile.roles
        if works or (state and state.held):
            found.append((profile, state or AgentState(profile.id, since=now, idle_since=now)))
    return found


async def _queue(
    services: Services, queue: QueueProfile, agents: Sequence[tuple[AgentProfile, AgentState]], now: datetime
) -> wire.SupervisedQueue:  # fmt: skip
    follower = services.pool(queue.pool)
    await follower.catch_up()
    items = [item for item in follower.state.items.values() if item.queue == queue.id]
    states = Counter(item.state for item in items)
    since = [_queued_at(item) for item in items if item.state in (WorkState.WAITING, WorkState.OFFERED)]
    theirs = [effective(state, profile.capacity) for profile, state in agents if queue.id in profile.queues]
    closure = await closure_of(services, queue.id, now)
    return wire.SupervisedQueue(
        id=queue.id,
        name=queue.name,
        waiting=states[WorkState.WAITING],
        offered=states[WorkState.OFFERED],
        longest_wait_seconds=_seconds(min(since, default=now), now),
        agents_available=sum(found.presence is Presence.AVAILABLE for found in theirs),
        agents_busy=sum(found in _AT_WORK for found in theirs),
        service_level_seconds=int(queue.service_level.total_seconds()),
        today=_figures(await services.insights.day(queue.id, day_of(now))),
        closure=closure.view() if closure else None,
    )


def _agent(profile: AgentProfile, state: AgentState) -> wire.SupervisedAgent:
    items = [
        wire.HeldItem(
            conversation_id=held.conversation_id, state=held.state.value, channel=held.channel, units=held.units
        )
        for held in state.held.values()
    ]
    return wire.SupervisedAgent(**dict(views.agent(state, profile)), items=items)


def _conversation(value: domain.Conversation, now: datetime) -> wire.SupervisedConversation:
    waits_since = (value.waiting_since or value.queued_at) if value.status in _WAITS else None
    return wire.SupervisedConversation(
        **dict(views.conversation(value)),
        customer_name=value.customer_name,
        topic=value.topic,
        waiting_seconds=_seconds(waits_since, now) if waits_since else None,
    )


def _figures(tally: Tally) -> wire.Figures:
    reached = tally.answered + tally.abandoned
    return wire.Figures(
        offered=tally.offered,
        answered=tally.answered,
        abandoned=tally.abandoned,
        short_abandoned=tally.short_abandoned,
        answered_in_time=tally.in_time,
        service_level=tally.in_time / reached if reached else None,
        average_answer_seconds=tally.answer_milliseconds / 1000 / tally.answered if tally.answered else None,
    )


def _queued_at(item: WorkItem) -> datetime:
    return item.queued_at or item.enqueued_at


def _seconds(since: datetime, now: datetime) -> int:
    return max(0, int((now - since).total_seconds()))


def _name_of(entry: AgentProfile | QueueProfile) -> str:
    return f"{entry.name.casefold()}:{entry.id}"


def _page(entries: Sequence[T], key: Callable[[T], str], cursor: str | None, limit: int) -> Page[T]:
    """A part of a list in memory, in the order of its keys."""
    found = sorted((entry for entry in entries if cursor is None or key(entry) > cursor), key=key)
    return Page.model_construct(items=found[:limit], next_cursor=key(found[limit - 1]) if len(found) > limit else None)
