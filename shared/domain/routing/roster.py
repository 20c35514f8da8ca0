"""The agents of a pool as columns of numbers: their skills, and who could take what now.

An agent's index is their place by id, so that the first of several equal ones is the one with the lowest id.
"""

from bisect import insort
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
    from shared.domain.routing.board import Board

Ints = NDArray[np.int64]
Levels = NDArray[np.uint8]
Rows = tuple[tuple[int, int], ...]
"""Needs by the roster's rows of skills: row, level."""


class Crew:
    """Agents with the same queues and skills: what one of them may take, all of them may."""

    __slots__ = ("boards", "by_mask", "key", "members", "queues", "seen", "slots")

    def __init__(self, key: object, profile: AgentProfile) -> None:
        self.key, self.members, self.queues = key, 0, profile.queues
        # What follows is kept by the demand's index.
        self.boards: tuple[Board, ...] = ()
        self.slots: Ints = np.zeros(0, np.int64)  # the lines for them when they looked
        self.by_mask: dict[int, Ints] = {}
        self.seen = 0  # the birth of the newest line then


class Roster:
    """Agents by index. A class is a channel and a number of units; a mask has a bit for each that fits now."""

    def __init__(self, profiles: Iterable[AgentProfile], rotating: Iterable[str]) -> None:
        self.profiles = sorted(profiles, key=lambda profile: profile.id)
        self.ids = [profile.id for profile in self.profiles]
        self.index = {id_: index for index, id_ in enumerate(self.ids)}
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
        self._of_channel: dict[str, int] = {}  # the classes of each channel, as a mask
        self._within: list[int] = [0]  # the classes that so many free units suffice for, as masks
        self._skills: dict[str, int] = {"": 0}
        self._levels: list[Levels] = [np.zeros(self.size, np.uint8)]  # by skill, by agent
        self._skill_edits = [0]
        self._queue_edits = 0
        self._serving: dict[frozenset[str], Ints] = {}
        self._crews: dict[object, Crew] = {}
        self.crews: list[Crew] = []
        for index, profile in enumerate(self.profiles):
            for skill, level in profile.skills.items():
                self._levels[self.skill(skill)][index] = level
            self.crews.append(self._join(profile))
        self._members: dict[str, list[int]] = {}
        for index, profile in enumerate(self.profiles):
            for queue in profile.queues:
                self._members.setdefault(queue, []).append(index)

    def skill(self, name: str) -> int:
        """The row of a skill; row 0 is no skill, which everybody has at level 0."""
        row = self._skills.get(name)
        if row is None:
            row = self._skills[name] = len(self._skills)
            self._levels.append(np.zeros(self.size, np.uint8))
            self._skill_edits.append(0)
        return row

    def class_of(self, channel: str, units: int, states: dict[str, AgentState]) -> int:
        """The number of a class; one that is new is looked up for everybody."""
        known = self._class_of.get((channel, units))
        if known is not None:
            return known
        number = self._class_of[channel, units] = len(self.classes)
        self.classes.append((channel, units))
        self.idle_if_free.append(np.full(self.size, NEVER, np.int64))
        self._of_channel[channel] = self._of_channel.get(channel, 0) | 1 << number
        widest = max(units for _, units in self.classes)
        self._within = [
            sum(1 << number for number, (_, units) in enumerate(self.classes) if free and units <= free)
            for free in range(widest + 1)
        ]
        for state in states.values():
            if state.id in self.index:
                self.update(self.index[state.id], state)
        return number

    def update(self, index: int, state: AgentState) -> int:
        """Take an agent's newest state; the bits of the mask that it did not have before."""
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
        within = self._within
        mask = within[free] if free < len(within) else within[-1]
        for channel, limit in profile.channels.items():
            if mask & self._of_channel.get(channel, 0):
                for held in state.held.values():
                    if held.channel == channel:
                        limit -= 1
                if limit <= 0:
                    mask &= ~self._of_channel[channel]
        return mask

    def _take_turns(self, index: int, state: AgentState) -> None:
        before, after, turns = self._assigned[index], state.assigned_at, self.turns
        for queue, at in after.items():
            if queue in turns and before.get(queue) is not at:
                turns[queue][index] = micros(at)
        if not before.keys() <= after.keys():
            for queue in (before.keys() - after.keys()) & turns.keys():
                turns[queue][index] = -1
        self._assigned[index] = after

    def revise(self, profile: AgentProfile) -> bool:
        """Somebody has other skills, queues, limits or rights; KeyError for a stranger. `update` comes after it.

        True if they have more skills, or serve more queues, than before.
        """
        index = self.index[profile.id]
        before, self.profiles[index] = self.profiles[index], profile
        self._works[index] = works_here(profile)
        has, had = profile.skills, before.skills
        if had == has and before.queues == profile.queues:
            return False
        self.edits += 1
        is_more = not profile.queues <= before.queues
        for name in {name for name, _ in has.items() ^ had.items()}:
            row, level = self.skill(name), has.get(name, 0)
            is_more = is_more or level > had.get(name, 0)
            self._levels[row][index] = level
            self._skill_edits[row] = self.edits
        if before.queues != profile.queues:
            self._serve(index, before.queues, profile.queues)
        self._leave(self.crews[index])
        self.crews[index] = self._join(profile)
        return is_more

    def _serve(self, index: int, before: frozenset[str], after: frozenset[str]) -> None:
        self._queue_edits = self.edits
        for queue in before - after:
            self._members[queue].remove(index)
        for queue in after - before:
            insort(self._members.setdefault(queue, []), index)
        changed = before ^ after
        for queues in [queues for queues in self._serving if not queues.isdisjoint(changed)]:
            del self._serving[queues]

    def serving(self, queues: frozenset[str]) -> Ints:
        """Who serves any of these queues."""
        found = self._serving.get(queues)
        if found is None:
            members = set[int]().union(*(self._members.get(queue, ()) for queue in queues))
            found = self._serving[queues] = np.array(sorted(members), np.int64)
        return found

    def skilled(self, queues: frozenset[str], rows: Rows) -> Ints:
        """Who serves any of these queues and has all these skills (row, level)."""
        found = self.serving(queues)
        for row, level in rows:
            found = found[self._levels[row][found] >= level]
        return found

    def suits(self, index: int, queues: frozenset[str], rows: Rows) -> bool:
        """Whether one agent is among them."""
        if queues.isdisjoint(self.profiles[index].queues):
            return False
        return all(self._levels[row].item(index) >= level for row, level in rows)

    def levels_of(self, index: int) -> Levels:
        """An agent's levels by row."""
        levels = bytearray(len(self._levels))
        for name, level in self.profiles[index].skills.items():
            levels[self._skills[name]] = level
        return np.frombuffer(levels, np.uint8)

    def levels(self, row: int, indexes: Ints) -> Ints:
        """Levels of a skill."""
        levels: Ints = self._levels[row][indexes].astype(np.int64)
        return levels

    def last_edit(self, rows: Rows) -> int:
        """The last edit that concerns who has these skills or serves a queue."""
        last = self._queue_edits
        for row, _ in rows:
            last = max(last, self._skill_edits[row])
        return last

    def _join(self, profile: AgentProfile) -> Crew:
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
