"""What dialogs choose from: queues with who waits, agents with their presence, skills, dispositions."""

from shared.contracts.agents import DirectoryEntry
from shared.contracts.wire import Page
from shared.domain.centre import AgentProfile, QueueProfile, Role
from shared.domain.presence import effective
from shared.domain.routing import WorkState
from shared.usecases.services import Services


async def search(
    services: Services, kind: str | None, q: str, cursor: str | None, limit: int
) -> Page[DirectoryEntry]:  # fmt: skip
    """Entries by name; `q` is a part of it. Of Teams users none are known yet."""
    wanted = q.casefold()
    entries = {_key(entry): entry for entry in await _entries(services, kind) if wanted in entry.name.casefold()}
    keys = sorted(key for key in entries if cursor is None or key > cursor)
    page = keys[:limit]
    return Page(items=[entries[key] for key in page], next_cursor=page[-1] if len(keys) > limit else None)


def _key(entry: DirectoryEntry) -> str:
    return f"{entry.kind}:{entry.name.casefold()}:{entry.id}"


async def _entries(services: Services, kind: str | None) -> list[DirectoryEntry]:
    centre = services.centre
    entries: list[DirectoryEntry] = []
    if kind in (None, "queue"):
        entries += [await _queue(services, queue) for queue in centre.queues.values()]
    if kind in (None, "agent"):
        agents = [agent for agent in centre.agents.values() if agent.enabled and Role.AGENT in agent.roles]
        entries += [await _agent(services, agent) for agent in agents]
    if kind in (None, "skill"):
        entries += [DirectoryEntry(kind="skill", id=id_, name=name) for id_, name in centre.skills.items()]
    if kind in (None, "disposition"):
        entries += [DirectoryEntry(kind="disposition", id=id_, name=name) for id_, name in centre.dispositions.items()]
    return entries


async def _queue(services: Services, queue: QueueProfile) -> DirectoryEntry:
    follower = services.pool(queue.pool)
    await follower.catch_up()
    waits = (WorkState.WAITING, WorkState.OFFERED)
    since = [
        item.enqueued_at for item in follower.state.items.values() if item.queue == queue.id and item.state in waits
    ]
    longest = int((services.clock() - min(since)).total_seconds()) if since else 0
    return DirectoryEntry(
        kind="queue", id=queue.id, name=queue.name, waiting=len(since), longest_wait_seconds=max(0, longest)
    )


async def _agent(services: Services, agent: AgentProfile) -> DirectoryEntry:
    state = await services.routing.agent(agent.pool, agent.id, services.clock())
    presence = effective(state.value, agent.capacity).presence
    return DirectoryEntry(kind="agent", id=agent.id, name=agent.name, presence=presence.value)
