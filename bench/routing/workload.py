"""A large contact centre under its full policy: busy queues with a backlog, quiet ones with idle agents.

Every random choice comes from one seed, so that all who are measured see the same.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from shared.domain.centre import (
    AgentProfile,
    ChannelProfile,
    ConnectionRules,
    ContactCentre,
    Limits,
    OfferRules,
    Penalty,
    QueueProfile,
    Role,
)
from shared.domain.policy import Match, Method, Relaxation
from shared.domain.presence import AgentState, Presence
from shared.domain.routing import Pool, WorkItem, WorkKind

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
HOUR = 60 * MINUTE
CHANNELS = {"chat": 1, "mail": 1, "voice": 3}
METHODS = tuple(Method)
SKILLS_OF_A_QUEUE = 20


@dataclass(frozen=True, slots=True)
class Size:
    """How large: agents, waiting items, skills, queues, and how many requirement sets work is drawn from."""

    agents: int = 10_000
    waiting: int = 100_000
    skills: int = 200
    queues: int = 40
    sets: int = 15_000
    quiet: float = 0.3  # the share of queues without a backlog
    is_simple: bool = False  # required skills, capacity 1 and longest idle only, as the peers know it


class Workload:
    """The centre, the records to begin with, and more of them."""

    def __init__(self, size: Size, seed: int = 1) -> None:
        self.size, self.random = size, random.Random(seed)
        self._skills = [f"s{number:03}" for number in range(size.skills)]
        self._queues = [f"q{number:02}" for number in range(size.queues)]
        self._of_queue = {
            id_: self.random.sample(self._skills, min(SKILLS_OF_A_QUEUE, size.skills)) for id_ in self._queues
        }
        quiet = max(1, int(size.queues * size.quiet))
        self._quiet, self._busy = self._queues[:quiet], self._queues[quiet:]
        self._numbers = 0
        quiet_sets = max(1, int(size.sets * size.quiet))
        self._sets = {True: self._requirement_sets(self._quiet, quiet_sets)}
        self._sets[False] = self._requirement_sets(self._busy, size.sets - quiet_sets)
        self.profiles = {profile.id: profile for profile in map(self._profile, range(size.agents))}
        self.centre = self._centre()
        self.agents = {id_: self._state(id_) for id_ in self.profiles}

    def pool(self) -> Pool:
        """Agents who are all available, and the backlog."""
        return Pool({item.id: item for item in self.backlog(self.size.waiting)}, dict(self.agents))

    def backlog(self, count: int) -> Iterator[WorkItem]:
        """Work of busy queues that came in the last ten minutes."""
        for _ in range(count):
            yield self.item(NOW - self.random.randrange(600_000_000) * timedelta(microseconds=1))

    def item(self, now: datetime, *, quiet: bool = False, is_new_set: bool = False) -> WorkItem:
        """A work item that comes now."""
        some = self.random
        sets = self._sets[quiet]
        queue, skills = sets[int(len(sets) * some.random() ** 1.5)]
        if is_new_set:
            queue, skills = self._requirement_set(self._quiet if quiet else self._busy, 4)
        self._numbers += 1
        id_ = f"w{self._numbers:07}"
        item = WorkItem(id_, f"c{id_}", WorkKind.NEW, "chat", queue, skills, 5, now, 1, 1)
        if self.size.is_simple:
            return item
        channel = some.choice(("chat", "chat", "mail", "voice"))
        people = tuple(self.profiles)
        return replace(
            item, channel=channel, units=CHANNELS[channel], priority=some.randint(1, 9), is_front=some.random() < 0.01,
            refusals={some.choice(people): some.randint(1, 3)} if some.random() < 0.03 else {},
            preferred=(some.choice(people), some.choice(people)) if some.random() < 0.05 else (),
        )  # fmt: skip

    def edited(self, profile: AgentProfile) -> AgentProfile:
        """With one skill more, less or at another level."""
        skills = dict(profile.skills)
        skill = self.random.choice(self._of_queue[min(profile.queues)])
        level = self.random.randint(0, 10)
        skills.pop(skill, None)
        return replace(profile, skills=skills | ({skill: level} if level else {}))

    def quiet_sets(self) -> Iterator[WorkItem]:
        """An item of each requirement set of the quiet queues and each channel: what a day has seen before."""
        for queue, skills in self._sets[True]:
            for channel, units in CHANNELS.items():
                item = replace(self.item(NOW), queue=queue, skills=skills, preferred=(), refusals={})
                yield item if self.size.is_simple else replace(item, channel=channel, units=units)

    def _requirement_sets(self, queues: list[str], count: int) -> list[tuple[str, tuple[str, ...]]]:
        return [self._requirement_set(queues, 3) for _ in range(count)]

    def _requirement_set(self, queues: list[str], skills_max: int) -> tuple[str, tuple[str, ...]]:
        some = self.random
        queue = some.choice(queues)
        skills = sorted(some.sample(self._of_queue[queue], min(some.randint(1, skills_max), self.size.skills)))
        if self.size.is_simple:
            return queue, tuple(skills)
        return queue, tuple(skill + some.choice(("", "", ">=3", ">=5")) for skill in skills)

    def _profile(self, number: int) -> AgentProfile:
        some, simple = self.random, self.size.is_simple
        queues = some.sample(some.choice((self._quiet, self._busy, self._busy)), 1)
        known = some.sample(self._of_queue[queues[0]], min(some.randint(5, 12), self.size.skills))
        skills = {skill: 1 if simple else some.randint(1, 10) for skill in known}
        channels = {} if simple or some.random() < 0.5 else {"chat": 2, "voice": 1}
        return AgentProfile(
            f"a{number:05}", f"Agent {number}", frozenset({Role.AGENT}), "main", frozenset(queues), skills,
            1 if simple else 3, channels=channels,
        )  # fmt: skip

    def _state(self, id_: str) -> AgentState:
        since = NOW - self.random.randrange(3_600_000_000) * timedelta(microseconds=1)
        return AgentState(id_, since, since, Presence.AVAILABLE)

    def _queue(self, number: int) -> QueueProfile:
        id_ = self._queues[number]
        queue = QueueProfile(id_, id_, "main", frozenset(), 5, 10 * MINUTE, MINUTE)
        if self.size.is_simple:
            return queue
        family = self._quiet if id_ in self._quiet else self._busy
        ring = Relaxation(20 * MINUTE, queues=frozenset({self.random.choice(family)}))
        lower = Relaxation(40 * MINUTE, lower=dict.fromkeys(self._of_queue[id_], 2))
        return replace(
            queue, method=METHODS[number % len(METHODS)], match=Match.CLOSEST if number % 10 == 9 else Match.EXACT,
            relaxation=(ring, lower), preferred_for=15 * MINUTE,
        )  # fmt: skip

    def _centre(self) -> ContactCentre:
        queues = {id_: self._queue(number) for number, id_ in enumerate(self._queues)}
        return ContactCentre(
            version="bench", name="Bench", default_locale="en", texts={"en": {}}, agents=self.profiles, queues=queues,
            channels={id_: ChannelProfile(id_, self._queues[0], None, units) for id_, units in CHANNELS.items()},
            bots={}, skills={}, dispositions={}, limits=Limits(*[MINUTE] * 7),
            offers=OfferRules(Penalty.NONE, Penalty.NONE, 3), connection=ConnectionRules(MINUTE, MINUTE, MINUTE),
            ageing=None if self.size.is_simple else 2 * MINUTE,
        )  # fmt: skip
