"""The usual ways to route, on a simple policy: required skills, one item an agent, longest idle. They only choose.

Each knows an item by its place (`Asked`) and an agent by theirs (`Idle`); all of them must choose alike.
"""

import bisect
from collections.abc import Iterable, Mapping
from heapq import heappop, heappush
from typing import NamedTuple, Protocol

import numpy as np

from shared.domain.centre import AgentProfile
from shared.domain.routing import WorkItem
from shared.domain.routing.order import NEVER, micros

NEEDS_MAX = 3


class Asked(NamedTuple):
    """A waiting item in the order of the pool."""

    enqueued: int
    id: str
    queue: str
    skills: frozenset[str]

    @classmethod
    def of(cls, item: WorkItem) -> "Asked":
        """Without what a simple policy does not know."""
        return cls(micros(item.enqueued_at), item.id, item.queue, frozenset(item.skills))


class Peer(Protocol):
    """A pool: agents who are idle and items that wait, none of whom match."""

    def free(self, agent_id: str, since: int) -> str | None:
        """An agent is idle since then; the item they get."""

    def arrive(self, asked: Asked) -> str | None:
        """An item comes; the agent who gets it."""


class _IdleList:
    """Idle agents in order, scanned."""

    def __init__(self, profiles: Mapping[str, AgentProfile], idle: Iterable[tuple[int, str]]) -> None:
        self.profiles, self._idle = profiles, sorted(idle)

    def take(self, asked: Asked) -> str | None:
        for place, (_, agent_id) in enumerate(self._idle):
            profile = self.profiles[agent_id]
            if asked.queue in profile.queues and asked.skills <= profile.skills.keys():
                del self._idle[place]
                return agent_id
        return None

    def add(self, agent_id: str, since: int) -> None:
        bisect.insort(self._idle, (since, agent_id))


class Scan:
    """Lists in order."""

    def __init__(
        self, profiles: Mapping[str, AgentProfile], idle: Iterable[tuple[int, str]], waiting: Iterable[Asked]
    ) -> None:
        self._idle = _IdleList(profiles, idle)
        self._waiting = sorted(waiting, key=lambda asked: asked[:2])

    def free(self, agent_id: str, since: int) -> str | None:
        profile = self._idle.profiles[agent_id]
        queues, skills = profile.queues, profile.skills.keys()
        for place, asked in enumerate(self._waiting):
            if asked.queue in queues and asked.skills <= skills:
                del self._waiting[place]
                return asked.id
        self._idle.add(agent_id, since)
        return None

    def arrive(self, asked: Asked) -> str | None:
        found = self._idle.take(asked)
        if found is None:
            bisect.insort(self._waiting, asked, key=lambda each: each[:2])
        return found


class NumpyScan:
    """Columns of all waiting items and of all agents."""

    def __init__(
        self, profiles: Mapping[str, AgentProfile], idle: Iterable[tuple[int, str]], waiting: Iterable[Asked]
    ) -> None:
        self._agents = sorted(profiles)
        self._index = {id_: index for index, id_ in enumerate(self._agents)}
        skills = sorted({skill for profile in profiles.values() for skill in profile.skills})
        queues = sorted({queue for profile in profiles.values() for queue in profile.queues})
        self._skill = {name: row + 1 for row, name in enumerate(skills)}
        self._queue = {name: row for row, name in enumerate(queues)}
        self._has = np.zeros((len(self._agents), len(skills) + 1), np.bool_)
        self._has[:, 0] = True
        self._serves = np.zeros((len(self._agents), len(queues)), np.bool_)
        for index, id_ in enumerate(self._agents):
            self._has[index, [self._skill[skill] for skill in profiles[id_].skills]] = True
            self._serves[index, [self._queue[queue] for queue in profiles[id_].queues]] = True
        self._since = np.full(len(self._agents), NEVER, np.int64)
        for since, id_ in idle:
            self._since[self._index[id_]] = since
        self._ids: list[str] = []
        size = 1024
        self._keys = np.full(size, NEVER, np.int64)
        self._needs, self._queues = np.zeros((size, NEEDS_MAX), np.int64), np.zeros(size, np.int64)
        for asked in sorted(waiting):
            self._append(asked)

    def free(self, agent_id: str, since: int) -> str | None:
        agent, count = self._index[agent_id], len(self._ids)
        may = self._has[agent][self._needs[:count]].all(1) & self._serves[agent][self._queues[:count]]
        keys = np.where(may, self._keys[:count], NEVER)
        place = int(keys.argmin())
        if keys[place] == NEVER:
            self._since[agent] = since
            return None
        self._keys[place] = NEVER
        return self._ids[place]

    def arrive(self, asked: Asked) -> str | None:
        needs, queue = self._row(asked)
        may = self._has[:, needs].all(1) & self._serves[:, queue]
        since = np.where(may, self._since, NEVER)
        agent = int(since.argmin())
        if since[agent] == NEVER:
            self._append(asked)
            return None
        self._since[agent] = NEVER
        return self._agents[agent]

    def _row(self, asked: Asked) -> tuple[list[int], int]:
        needs = [self._skill[skill] for skill in asked.skills]
        return needs + [0] * (NEEDS_MAX - len(needs)), self._queue[asked.queue]

    def _append(self, asked: Asked) -> None:
        place = len(self._ids)
        if place == len(self._keys):
            self._keys = np.concatenate([self._keys, np.full(place, NEVER, np.int64)])
            self._needs = np.concatenate([self._needs, np.zeros_like(self._needs)])
            self._queues = np.concatenate([self._queues, np.zeros_like(self._queues)])
        self._ids.append(asked.id)
        self._keys[place] = asked.enqueued
        self._needs[place], self._queues[place] = self._row(asked)


class Heaps:
    """A heap per requirement set; an agent compares the heads of all that they meet."""

    def __init__(
        self, profiles: Mapping[str, AgentProfile], idle: Iterable[tuple[int, str]], waiting: Iterable[Asked]
    ) -> None:
        self._idle = _IdleList(profiles, idle)
        self._heaps: dict[str, dict[frozenset[str], list[Asked]]] = {}
        for asked in waiting:
            self._push(asked)

    def free(self, agent_id: str, since: int) -> str | None:
        profile = self._idle.profiles[agent_id]
        skills, best = profile.skills.keys(), None
        for queue in profile.queues:
            for needs, heap in self._heaps.get(queue, {}).items():
                if heap and needs <= skills and (best is None or heap[0][:2] < best[0][:2]):
                    best = heap
        if best is None:
            self._idle.add(agent_id, since)
            return None
        return heappop(best).id

    def arrive(self, asked: Asked) -> str | None:
        found = self._idle.take(asked)
        if found is None:
            self._push(asked)
        return found

    def _push(self, asked: Asked) -> None:
        heappush(self._heaps.setdefault(asked.queue, {}).setdefault(asked.skills, []), asked)


PEERS: dict[str, type[Scan] | type[NumpyScan] | type[Heaps]] = {"scan": Scan, "numpy": NumpyScan, "heaps": Heaps}
