"""How long work will wait: the line is played forward at the pace that was seen of it so far.

Crews of agents who may take the same work complete what they hold; each completion takes the first work in line that
the crew may take, as the router has it: what others take is gone, and work that comes later but ranks higher goes
first. Several crews after the same work get to it as fast as they are together. Of those ahead some give up meanwhile;
who asks does not (Whitt 1999, "Predicting queueing delays"). Times are taken as memoryless: of how long somebody will
still be busy nothing is known but the mean. A moving average of past waits, as others tell it, knows none of this.
"""

import math
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from typing import Any

Rank = tuple[Any, ...]
"""Lower goes first."""

WAIT_SECONDS_MAX = 4 * 3600.0
"""Nothing is said about what lies beyond."""
RUSH_SECONDS = 900.0
EFFORT_MAX = 50_000
"""Heads of lines that are looked at. Whoever the play has not come to by then is taken to go on at the pace so far."""


@dataclass(frozen=True, slots=True)
class Coming:
    """Work that will come: so many a second now; the rank of what comes in so many seconds.

    No rush goes on for ever: the rate is taken to fall by half every RUSH_SECONDS.
    """

    rate: float
    rank_in: Callable[[float], Rank]

    def seconds_to(self, number: int) -> float:
        """When the first, the second, … comes; infinite for those after the last."""
        share = number * math.log(2) / (self.rate * RUSH_SECONDS)
        return -RUSH_SECONDS * math.log2(1 - share) if share < 1 else math.inf


@dataclass(frozen=True, slots=True)
class Line:
    """Work that asks for the same. `impatience` is the rate at which one who waits gives up."""

    ranks: Sequence[Rank]  # in order
    handle_seconds: float
    impatience: float = 0.0
    coming: Coming | None = None


@dataclass(frozen=True, slots=True)
class Crew:
    """Agents who may take work of the same `lines` (by index), with how many slots it takes of them.

    `free` of their slots are empty now; what is in the others takes `handle_seconds` on average.
    """

    lines: Mapping[int, float]
    slots: float
    free: float
    handle_seconds: float


def waits(crews: Sequence[Crew], lines: Sequence[Line]) -> tuple[list[list[float]], int]:
    """For each line the seconds until each of those in it is taken, and what effort it was to find out.

    To be asked only about lines that some crew serves.
    """
    play = _Play(crews, lines)
    play.run()
    play.go_on()
    return play.waits, play.effort


class _Play:
    """Each crew is after the first work of its lines: a line's `_progress` is 1 when a completion has come to that."""

    def __init__(self, crews: Sequence[Crew], lines: Sequence[Line]) -> None:
        self._crews, self._lines = crews, lines
        self._now, self.effort = 0.0, 0
        self.waits: list[list[float]] = [[] for _ in lines]
        self._left = sum(len(line.ranks) for line in lines)
        self._heads: list[Rank | None] = [line.ranks[0] if line.ranks else None for line in lines]
        self._come = [1] * len(lines)  # the number of the next that comes, or is at the head
        # Of each line, as of `_since`: the crews after its first, with their paces (completions a second) and the sum.
        self._after: list[dict[int, float]] = [{} for _ in lines]
        self._pace = [0.0] * len(lines)
        self._progress = [0.0] * len(lines)
        self._there = [1.0] * len(lines)  # how likely somebody in line is still there
        self._since = [0.0] * len(lines)
        self._agenda: list[tuple[float, int, int]] = []  # when something happens in which line, unless it was replanned
        self._plans = [0] * len(lines)
        # Of each crew: what it is after, the mean of what it holds, completions that those who had left did not need.
        self._targets: list[int | None] = [None] * len(crews)
        self._handles = [crew.handle_seconds for crew in crews]
        self._spare = [0.0] * len(crews)

    def run(self) -> None:
        """Until everybody was taken, or that takes too long."""
        self._fill()
        for number in range(len(self._crews)):
            self._choose(number)
        for line in range(len(self._lines)):
            self._plan(line)
        while self._agenda and self._left and self.effort < EFFORT_MAX:
            at, line, plan = heappop(self._agenda)
            if at > WAIT_SECONDS_MAX:
                return
            if plan == self._plans[line]:
                self._now = at
                self._touch(line)
                if self._heads[line] is None:
                    self._arrive(line)
                else:
                    self._serve(line)

    def go_on(self) -> None:
        """Those to whom the play did not come: at the pace of their line or, if none of it was taken, of all."""
        taken = sum(map(len, self.waits))
        pace = self._now / taken if taken else math.inf
        left = sorted(
            rank for line, found in zip(self._lines, self.waits, strict=True) for rank in line.ranks[len(found) :]
        )
        for line, found in zip(self._lines, self.waits, strict=True):
            behind = line.ranks[len(found) :]
            last, own = (found[-1], found[-1] / len(found)) if found else (0.0, 0.0)
            for place, rank in enumerate(behind, start=1):
                further = place * own if own else (bisect_left(left, rank) + 1) * pace
                found.append(min((last if own else self._now) + further, WAIT_SECONDS_MAX))

    def _fill(self) -> None:
        """Who is free takes work at once."""
        for number, crew in enumerate(self._crews):
            free = crew.free
            while (line := self._first(number)) is not None and free >= crew.lines[line]:
                free -= crew.lines[line]
                self._take(line)

    def _touch(self, line: int) -> None:
        """Bring a line up to now."""
        seconds = self._now - self._since[line]
        self._progress[line] += self._pace[line] * seconds
        self._there[line] /= 1.0 + self._lines[line].impatience * seconds
        self._since[line] = self._now

    def _plan(self, line: int) -> None:
        """What happens next in a line: something comes, or its first is taken."""
        self._plans[line] += 1
        coming, pace = self._lines[line].coming, self._pace[line]
        if self._heads[line] is not None:
            at = self._now + max(1.0 - self._progress[line], 0.0) / pace if pace > 0 else math.inf
        else:
            at = coming.seconds_to(self._come[line]) if coming else math.inf
        if at < math.inf:
            heappush(self._agenda, (at, line, self._plans[line]))

    def _arrive(self, line: int) -> None:
        """What has come may be before that which the crews are after."""
        coming = self._lines[line].coming
        assert coming is not None  # noqa: S101  # or nothing was planned
        self._heads[line] = coming.rank_in(self._now)
        changed = {line}
        for number, crew in enumerate(self._crews):
            if line in crew.lines:
                changed |= self._choose(number)
        for each in changed:
            self._plan(each)

    def _serve(self, line: int) -> None:
        """The first of a line is taken, if they are still there; the crews go after what is next."""
        taken, after = self._lines[line], self._after[line]
        pace, is_there = self._pace[line], self._there[line]
        for number, own in after.items():
            share, crew = own / pace, self._crews[number]
            self._spare[number] += (1.0 - is_there) * share
            drift = (taken.handle_seconds - self._handles[number]) * min(share * is_there / crew.slots, 1.0)
            self._handles[number] += drift
            self._targets[number] = None
        self._after[line], self._pace[line], self._progress[line] = {}, 0.0, 0.0
        self._take(line)
        changed = {line}
        for number in after:
            changed |= self._choose(number)
        for each in changed:
            self._plan(each)

    def _take(self, line: int) -> None:
        """The next one is first in the line."""
        taken = self._lines[line]
        if taken.coming is None:
            self.waits[line].append(self._now)
            self._left -= 1
            place = len(self.waits[line])
            self._heads[line] = taken.ranks[place] if place < len(taken.ranks) else None
            return
        self._come[line] += 1
        seconds = taken.coming.seconds_to(self._come[line])
        self._heads[line] = taken.coming.rank_in(seconds) if seconds <= self._now else None

    def _first(self, number: int) -> int | None:
        """The line of the first work that a crew may take."""
        lines, heads = self._crews[number].lines, self._heads
        self.effort += len(lines)
        best: Rank | None = None
        at = None
        for line in lines:
            head = heads[line]
            if head is not None and (best is None or head < best):
                best, at = head, line
        return at

    def _choose(self, number: int) -> set[int]:
        """Have a crew go after the first work of its lines; the lines for which that changes something."""
        before, target = self._targets[number], self._first(number)
        if target == before:
            return set()
        changed = set()
        if before is not None:
            self._touch(before)
            self._pace[before] -= self._after[before].pop(number)
            changed.add(before)
        if target is not None:
            self._touch(target)
            crew = self._crews[number]
            pace = self._after[target][number] = crew.slots / (self._handles[number] * crew.lines[target])
            self._pace[target] += pace
            self._progress[target] += self._spare[number]
            self._spare[number] = 0.0
            changed.add(target)
        self._targets[number] = target
        return changed
