"""How long each waiting item of a pool will wait: its records and policy put as crews and lines, and played forward.

Counted are agents who take offers or would if they were not full. Who is there, and what work asks for, is taken as it
is now; that some work waits for preferred agents first, and who has refused what, is left out.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import NamedTuple

from shared.domain.centre import AgentProfile, ContactCentre, Penalty
from shared.domain.flow import Flow
from shared.domain.presence import AgentState, Presence
from shared.domain.routing.eligibility import lacking, works_here
from shared.domain.routing.order import Rank, micros, span
from shared.domain.routing.rules import QueueRules
from shared.domain.routing.work import Pool, WorkItem
from shared.domain.waiting import Coming, Crew, Line, waits

FlowOf = Callable[[str], Flow]


class Asking(NamedTuple):
    """What items that wait in one line have in common."""

    queue: str
    skills: tuple[str, ...]
    steps: int  # of relaxation
    channel: str
    units: int


@dataclass(frozen=True, slots=True)
class Outlook:
    """Waits by line, each with the ranks of those in it; None for lines that nobody serves. `effort`: what it took."""

    lines: Mapping[Asking, tuple[Sequence[Rank], Sequence[float] | None]]
    effort: int

    def wait(self, asking: Asking, rank: Rank) -> float | None:
        """Of an item in one of the lines; of one that was not there it is that of whose place it takes."""
        ranks, found = self.lines[asking]
        if found is None:
            return None
        place = bisect_left(ranks, rank)
        return found[place] if place < len(found) else found[-1] * (len(found) + 1) / len(found)


class Rulebook:
    """What a policy says about who may take what; it remembers what it was asked."""

    def __init__(self, centre: ContactCentre) -> None:
        self.centre = centre
        self.ageing = span(centre.ageing) if centre.ageing else None
        self._rules: dict[str, QueueRules] = {}
        self._kinds: dict[object, int] = {}
        self.profiles: list[AgentProfile] = []  # one of each kind
        self.kinds = {agent.id: self._kind(agent) for agent in centre.agents.values() if works_here(agent)}
        self._slots: dict[tuple[int, Asking], int] = {}

    def asking(self, item: WorkItem, at: int) -> Asking:
        """What an item asks for at a moment, in microseconds."""
        steps = self._of(item.queue).stage(item, at).steps
        return Asking(item.queue, item.skills, steps, item.channel, item.units)

    def coming(self, queue: str) -> Asking:
        """What new work of a queue is taken to ask for: what the queue does."""
        channels = self.centre.channels.values()
        channel = next((one for one in channels if one.queue == queue), next(iter(channels)))
        return Asking(queue, (), 0, channel.id, channel.units)

    def slots(self, kind: int, asking: Asking) -> int:
        """How many such items an agent of a kind may hold, 0 if none at all."""
        known = self._slots.get((kind, asking))
        if known is None:
            if len(self._slots) > REMEMBERED_MAX:
                self._slots.clear()
            profile, rules = self.profiles[kind], self._of(asking.queue)
            asked = rules.asked(asking.skills, asking.steps)
            is_able = bool(asked.queues & profile.queues) and (rules.is_closest or not lacking(profile, asked.needs))
            known = self._slots[kind, asking] = _room(profile, asking) if is_able else 0
        return known

    def _of(self, queue: str) -> QueueRules:
        if queue not in self._rules:
            self._rules[queue] = QueueRules(queue, self.centre.queues.get(queue))
        return self._rules[queue]

    def _kind(self, agent: AgentProfile) -> int:
        """Agents who may take the same, and as much, are of a kind."""
        key = (agent.queues, frozenset(agent.skills.items()), agent.capacity, frozenset(agent.channels.items()))
        if key not in self._kinds:
            self._kinds[key] = len(self.profiles)
            self.profiles.append(agent)
        return self._kinds[key]


REMEMBERED_MAX = 500_000
AGENT_EFFORT, ITEM_EFFORT = 10, 5
"""Of making crews and lines of them, measured in looks at a line."""


def outlook(
    pool: Pool, lines: Mapping[Asking, Sequence[Rank]], book: Rulebook, flow_of: FlowOf, now: datetime
) -> Outlook:  # fmt: skip
    """Play what waits in these lines."""
    flows = {queue: flow_of(queue) for queue in book.centre.queues}
    flows |= {asking.queue: flow_of(asking.queue) for asking in lines if asking.queue not in flows}
    askings = list(lines)
    played = [Line(ranks, flows[at.queue].handle_seconds, flows[at.queue].impatience) for at, ranks in lines.items()]
    last = max((ranks[-1] for ranks in lines.values()), default=None)
    for queue, priority, rate in _overtaking(book, flows, last, now):
        askings.append(book.coming(queue))
        rank_in = partial(_rank_in, priority, micros(now), book.ageing)
        played.append(Line((), flows[queue].handle_seconds, 0.0, Coming(rate, rank_in)))
    crews = _crews(pool, book, askings, flows)
    served = {line for crew in crews for line in crew.lines}
    dense = {line: place for place, line in enumerate(sorted(served))}
    crews = [Crew({dense[n]: cost for n, cost in crew.lines.items()}, *_figures(crew)) for crew in crews]
    found, effort = waits(crews, [played[line] for line in dense])
    by_line = {line: found[place] for line, place in dense.items()}
    told = {asking: (ranks, by_line.get(line)) for line, (asking, ranks) in enumerate(lines.items())}
    return Outlook(told, effort + AGENT_EFFORT * len(pool.agents) + ITEM_EFFORT * sum(map(len, lines.values())))


def _figures(crew: Crew) -> tuple[float, float, float]:
    return crew.slots, crew.free, crew.handle_seconds


def _overtaking(
    book: Rulebook, flows: Mapping[str, Flow], last: Rank | None, now: datetime
) -> Iterable[tuple[str, int, float]]:  # fmt: skip
    """Queue, priority and rate of work that may come before some of that which waits."""
    for queue in book.centre.queues:
        for priority, rate in flows[queue].coming.items():
            if last is not None and _rank_in(priority, micros(now), book.ageing, 0.0) < last:
                yield queue, priority, rate


def _rank_in(priority: int, now: int, ageing: int | None, seconds: float) -> Rank:
    at = now + int(seconds * 1_000_000)
    return (1, priority if ageing is None else priority * ageing + at, at, "")


@dataclass(slots=True)
class _Group:
    """Agents of a kind: what they may take, and what they have in hand."""

    lines: dict[int, int]
    classes: Sequence[Asking]  # one line of each channel and size
    agents: int = 0
    free: int = 0
    held: int = 0
    handle_seconds: float = 0.0


def _crews(pool: Pool, book: Rulebook, askings: Sequence[Asking], flows: Mapping[str, Flow]) -> list[Crew]:
    groups: dict[int, _Group] = {}
    for state in pool.agents.values():
        kind = book.kinds.get(state.id)
        if kind is None or not _is_at_work(state):
            continue
        if kind not in groups:
            can = {line: book.slots(kind, asking) for line, asking in enumerate(askings)}
            able = {line: slots for line, slots in can.items() if slots}
            classes = {(askings[line].channel, askings[line].units): askings[line] for line in able}
            groups[kind] = _Group(able, list(classes.values()))
        group = groups[kind]
        if not group.lines:
            continue
        group.agents += 1
        group.free += max(_free(state, book.profiles[kind], asking) for asking in group.classes)
        for work_id in state.held:
            item = pool.items.get(work_id)
            if item and item.queue in flows:
                group.held += 1
                group.handle_seconds += flows[item.queue].handle_seconds
    return _merged(groups.values(), askings, flows)


def _merged(groups: Iterable[_Group], askings: Sequence[Asking], flows: Mapping[str, Flow]) -> list[Crew]:
    """Kinds that may take the same of what waits are one crew."""
    crews: dict[object, Crew] = {}
    for group in groups:
        if not group.lines:
            continue
        most = max(group.lines.values())
        lines = {line: most / slots for line, slots in group.lines.items()}
        seen = group.handle_seconds / group.held if group.held else flows[askings[min(lines)].queue].handle_seconds
        key = frozenset(lines.items())
        before = crews.get(key)
        slots, free = float(most * group.agents), float(group.free)
        if before:
            seen = (seen * slots + before.handle_seconds * before.slots) / (slots + before.slots)
            slots, free = slots + before.slots, free + before.free
        crews[key] = Crew(lines, slots, free, max(seen, 1.0))
    return list(crews.values())


def _is_at_work(agent: AgentState) -> bool:
    """Whether the agent takes offers, or would if there was room."""
    return (
        agent.chosen is Presence.AVAILABLE and agent.is_connected and agent.penalty is Penalty.NONE
        and agent.next is None
    )  # fmt: skip


def _room(profile: AgentProfile, asking: Asking) -> int:
    return min(profile.capacity // max(asking.units, 1), profile.channels.get(asking.channel, profile.capacity))


def _free(agent: AgentState, profile: AgentProfile, asking: Asking) -> int:
    """How many such items the agent could take now."""
    room = (profile.capacity - agent.used) // max(asking.units, 1)
    limit = profile.channels.get(asking.channel)
    if limit is not None:
        room = min(room, limit - sum(held.channel == asking.channel for held in agent.held.values()))
    return max(room, 0)
