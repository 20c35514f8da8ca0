"""The agents of a pool as columns of numbers: their skills, and who could take what now.

An agent's index is their place by id, so that the first of several equal ones is the one with the lowest id.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from shared.domain.centre import AgentProfile
from shared.domain.presence import AgentState
from shared.domain.routing.eligibility import room, works_here
from shared.domain.routing.order import NEVER, micros

if TYPE_CHECKING:
    from shared.domain.routing.line import Signature

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Levels = NDArray[np.uint8]
Rows = tuple[tuple[int, int], ...]
"""Needs by the roster's rows of skills: row, level."""


class Crew:
    """Agents with the same queues and skills: what one of them may take, all of them may."""

    __slots__ = ("by_mask", "key", "members", "queues", "seen", "skills", "slots", "young")

    def __init__(self, key: object, profile: AgentProfile) -> None:
        self.key, self.members = key, 0
        self.queues, self.skills = profile.queues, tuple(profile.skills)
        # What follows is kept by the demand's index.
        self.slots: Ints | None = None  # lines for them; None: nobody has looked yet
        self.by_mask: dict[int, Ints] = {}
        self.young: list[Signature] = []  # not yet in `slots`
        self.seen = 0


class Roster:
    """Agents by index. A class is a channel and a number of units; a mask has a bit for each that fits now."""

    def __init__(self, profiles: Iterable[AgentProfile], rotating: Iterable[str]) -> None:
        self.profiles = sorted(profiles, key=lambda profile: profile.id)
        self.index = {profile.id: index for index, profile in enumerate(self.profiles)}
        self.size = len(self.profiles)
        self.masks = [0] * self.size
        self._works = [works_here(profile) for profile in self.profiles]
        self._idle = [0] * self.size
        self._assigned: list[Mapping[str, datetime]] = [{}] * self.size  # as it stands in `turns`
        self.holding: Ints = np.zeros(self.size, np.int64)
        self.spare: Ints = np.zeros(self.size, np.int64)
        self.turns: dict[str, Ints] = {queue: np.full(self.size, -1, np.int64) for queue in rotating}
        self.classes: list[tuple[str, int]] = []
        self.idle_if_free: list[Ints] = []  # by class: idle since, in microseconds, or NEVER
        self.edits = 0  # of skills and queues
        self._class_of: dict[tuple[str, int], int] = {}
        self._skills: dict[str, int] = {}
        self._levels: Levels = np.zeros((16, self.size), np.uint8)  # by skill, by agent
        self.having = [0] * 16  # how many have each skill, by row
        self._skill_edits: list[int] = [0] * 16
        self._serving: dict[frozenset[str], Bools] = {}
        self._queue_edits = 0
        self._crews: dict[object, Crew] = {}
        self.crews: list[Crew] = []
        for skill in sorted({skill for profile in self.profiles for skill in profile.skills}):
            self.skill(skill)
        for index, profile in enumerate(self.profiles):
            for skill, level in profile.skills.items():
                self._levels[self._skills[skill], index] = level
                self.having[self._skills[skill]] += level > 0
            self.crews.append(self._join(index, profile))

    def skill(self, name: str) -> int:
        """The row of a skill; row 0 is no skill, which everybody has at level 0."""
        if name not in self._skills:
            row = self._skills[name] = len(self._skills) + 1
            if row >= len(self._levels):
                self._levels = np.concatenate([self._levels, np.zeros_like(self._levels)])
                self._skill_edits += [0] * len(self._skill_edits)
                self.having += [0] * len(self.having)
        return self._skills[name]

    def class_of(self, channel: str, units: int, states: dict[str, AgentState]) -> int:
        """The number of a class; one that is new is looked up for everybody."""
        known = self._class_of.get((channel, units))
        if known is not None:
            return known
        number = self._class_of[channel, units] = len(self.classes)
        self.classes.append((channel, units))
        self.idle_if_free.append(np.full(self.size, NEVER, np.int64))
        for state in states.values():
            self.update(state)
        return number

    def update(self, state: AgentState) -> int:
        """Take an agent's newest state; the bits of the mask that it did not have before, -1 for a stranger."""
        index = self.index.get(state.id)
        if index is None:
            return -1
        profile = self.profiles[index]
        free = room(state, profile) if self._works[index] else 0
        mask, idle = 0, 0
        if free:
            mask, idle = self._fitting(state, profile, free), micros(state.idle_since)
            self.holding[index] = len(state.held)
            self.spare[index] = free
            if self._assigned[index] is not state.assigned_at:
                self._take_turns(index, state)
        before = self.masks[index]
        if mask != before or idle != self._idle[index]:
            bit = 1
            for keys in self.idle_if_free:
                if (mask | before) & bit:
                    keys[index] = idle if mask & bit else NEVER
                bit <<= 1
            self.masks[index], self._idle[index] = mask, idle
        return mask & ~before

    def _fitting(self, state: AgentState, profile: AgentProfile, free: int) -> int:
        """The classes for which there is room."""
        mask, bit, limits = 0, 1, profile.channels
        for channel, units in self.classes:
            if units <= free and (
                channel not in limits
                or sum(held.channel == channel for held in state.held.values()) < limits[channel]
            ):  # fmt: skip
                mask |= bit
            bit <<= 1
        return mask

    def _take_turns(self, index: int, state: AgentState) -> None:
        for queue in self._assigned[index]:
            if queue in self.turns:
                self.turns[queue][index] = -1
        for queue, at in state.assigned_at.items():
            if queue in self.turns:
                self.turns[queue][index] = micros(at)
        self._assigned[index] = state.assigned_at

    def revise(self, profile: AgentProfile) -> None:
        """Somebody has other skills, queues, limits or rights; KeyError for a stranger. `update` comes after it."""
        index = self.index[profile.id]
        before, self.profiles[index] = self.profiles[index], profile
        self._works[index] = works_here(profile)
        if before.skills == profile.skills and before.queues == profile.queues:
            return
        self.edits += 1
        for name in before.skills.keys() | profile.skills.keys():
            if before.skills.get(name, 0) != profile.skills.get(name, 0):
                row, level = self.skill(name), profile.skills.get(name, 0)
                self.having[row] += (level > 0) - (before.skills.get(name, 0) > 0)
                self._levels[row, index] = level
                self._skill_edits[row] = self.edits
        if before.queues != profile.queues:
            self._queue_edits = self.edits
            for queues, serving in self._serving.items():
                serving[index] = not queues.isdisjoint(profile.queues)
        self._leave(self.crews[index])
        self.crews[index] = self._join(index, profile)

    def serving(self, queues: frozenset[str]) -> Bools:
        """Who serves any of these queues."""
        if queues not in self._serving:
            serves = (not queues.isdisjoint(profile.queues) for profile in self.profiles)
            self._serving[queues] = np.fromiter(serves, np.bool_, self.size)
        return self._serving[queues]

    def skilled(self, queues: frozenset[str], rows: Rows) -> Ints:
        """Who serves any of these queues and has all these skills (row, level)."""
        serves = self.serving(queues)
        for row, level in rows:
            serves = serves & (self._levels[row] >= level)
        found: Ints = serves.nonzero()[0]
        return found

    def suits(self, index: int, queues: frozenset[str], rows: Rows) -> bool:
        """Whether one agent is among them."""
        profile = self.profiles[index]
        return not queues.isdisjoint(profile.queues) and all(self._levels[row, index] >= level for row, level in rows)

    def column(self, index: int) -> Levels:
        """An agent's levels by row."""
        return self._levels[:, index].copy()

    def levels(self, row: int, indexes: Ints) -> Ints:
        """Levels of a skill."""
        levels: Ints = self._levels[row].take(indexes).astype(np.int64)
        return levels

    def last_edit(self, rows: Rows) -> int:
        """The last edit that concerns who has these skills or serves a queue."""
        return max([self._queue_edits, *(self._skill_edits[row] for row, _ in rows)])

    def _join(self, index: int, profile: AgentProfile) -> Crew:
        key = (profile.queues, frozenset(profile.skills.items()))
        crew = self._crews.get(key)
        if crew is None:
            crew = self._crews[key] = Crew(key, profile)
        crew.members += 1
        return crew

    def _leave(self, crew: Crew) -> None:
        crew.members -= 1
        if not crew.members:
            del self._crews[crew.key]
