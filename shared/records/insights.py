"""What figures are made of: which conversations are open, and each one's contribution to the days of its queues.

A contribution is replaced, never added to, so that whatever is told twice counts once. Readers keep the sums in memory
and read only what has changed.
"""

import asyncio
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Generic, TypeVar

from shared.domain.conversation import Status
from shared.ports import Clock, Conflict, Container, Documents, Unavailable, Write
from shared.records.codec import Codec

CONTRIBUTIONS_LIVE = timedelta(days=400)
CLOSED_LIVE = timedelta(days=1)
"""How long a follower of what is open can still learn that it is not any more."""
SHARDS = 8
"""Partitions of what is open: one alone would take all of a large contact centre's writes."""
ATTEMPTS_MAX = 20

T = TypeVar("T")


class Outcome(StrEnum):
    """What has become of a stay in a queue."""

    WAITING = "waiting"
    ANSWERED = "answered"
    ABANDONED = "abandoned"
    SHORT_ABANDONED = "shortAbandoned"
    MOVED = "moved"  # to another queue
    CLOSED = "closed"  # ended by the contact centre


@dataclass(frozen=True, slots=True)
class Stay:
    """One wait in one queue. By the queue's thresholds when it was counted."""

    began: datetime
    milliseconds: int = 0  # until it was over
    outcome: Outcome = Outcome.WAITING
    is_in_time: bool = False  # answered within the service level


@dataclass(frozen=True, slots=True)
class Contribution:
    """A conversation's stays in a queue that began on a day; `events` of its timeline have been looked at."""

    conversation_id: str
    events: int
    stays: tuple[Stay, ...]


@dataclass(frozen=True, slots=True)
class Open:
    """Where a conversation is."""

    conversation_id: str
    version: int
    status: Status
    queue: str | None
    agent: str | None


@dataclass(frozen=True, slots=True)
class Tally:
    """Sums over stays."""

    offered: int = 0
    answered: int = 0
    in_time: int = 0
    abandoned: int = 0
    short_abandoned: int = 0
    answer_milliseconds: int = 0

    def plus(self, other: "Tally", sign: int = 1) -> "Tally":
        """The sum with, or (sign -1) without, the other."""
        return Tally(*(getattr(self, f.name) + sign * getattr(other, f.name) for f in fields(Tally)))


def tally(contribution: Contribution) -> Tally:
    """What a contribution amounts to."""
    stays = contribution.stays
    answered = [stay for stay in stays if stay.outcome is Outcome.ANSWERED]
    return Tally(
        offered=len(stays),
        answered=len(answered),
        in_time=sum(stay.is_in_time for stay in answered),
        abandoned=sum(stay.outcome is Outcome.ABANDONED for stay in stays),
        short_abandoned=sum(stay.outcome is Outcome.SHORT_ABANDONED for stay in stays),
        answer_milliseconds=sum(stay.milliseconds for stay in answered),
    )


class Insights:
    """The container `insights`, as one process reads and writes it."""

    def __init__(self, documents: Documents, clock: Clock) -> None:
        self._documents, self._clock = documents, clock
        self._days: dict[str, tuple[str, _DayFollower]] = {}
        self._open: tuple[_OpenFollower, ...] = ()
        self._open_at = clock()

    async def contribute(self, queue: str, day: str, contribution: Contribution) -> None:
        """Put a contribution in the place of the one before; nothing if that has seen as much. Raises Unavailable."""
        id_ = contribution.conversation_id
        for _ in range(ATTEMPTS_MAX):
            stored = await self._documents.read(Container.INSIGHTS, _day_partition(queue, day), id_)
            known = _contributions.load(stored.body) if stored else None
            if known and (known.events >= contribution.events or known.stays == contribution.stays):
                return
            body = _contributions.dump(contribution)
            write = Write(id_, "contribution", body, stored.etag if stored else None, lives=CONTRIBUTIONS_LIVE)
            if await self._commit(_day_partition(queue, day), write):
                return
        raise Unavailable(f"the contribution of {id_} changes too fast")

    async def note(self, open_: Open) -> None:
        """Note where a conversation is; nothing if that is known, or outdated. Raises Unavailable."""
        id_, partition = open_.conversation_id, _open_partition(open_.conversation_id)
        is_closed = open_.status is Status.CLOSED
        for _ in range(ATTEMPTS_MAX):
            stored = await self._documents.read(Container.INSIGHTS, partition, id_)
            known = _opens.load(stored.body) if stored else None
            if known is None and is_closed:
                return
            if known and (known.version >= open_.version or _place(known) == _place(open_)):
                return
            lives = CLOSED_LIVE if is_closed else None
            if await self._commit(
                partition, Write(id_, "open", _opens.dump(open_), stored.etag if stored else None, lives=lives)
            ):
                return
        raise Unavailable(f"what is known of {id_} changes too fast")

    async def day(self, queue: str, day: str) -> Tally:
        """The sums of a queue's day."""
        known = self._days.get(queue)
        follower = known[1] if known and known[0] == day else _DayFollower(self._documents, _day_partition(queue, day))
        self._days[queue] = (day, follower)
        await follower.catch_up()
        return follower.total

    async def open(self) -> dict[str, Open]:
        """The conversations that are open, by id."""
        now = self._clock()
        if not self._open or now - self._open_at > CLOSED_LIVE / 2:
            self._open = tuple(_OpenFollower(self._documents, f"open:{shard}") for shard in range(SHARDS))
        self._open_at = now
        await asyncio.gather(*(follower.catch_up() for follower in self._open))
        return {id_: open_ for follower in self._open for id_, open_ in follower.kept.items()}

    async def _commit(self, partition: str, write: Write) -> bool:
        try:
            await self._documents.commit(Container.INSIGHTS, partition, [write])
        except Conflict:
            return False
        return True


class _Follower(Generic[T]):
    """A partition in memory, kept up with its changes."""

    def __init__(self, documents: Documents, partition: str, load: Callable[[Mapping[str, object]], T]) -> None:
        self._documents, self._partition, self._load = documents, partition, load
        self._turn = asyncio.Lock()
        self._since: str | None = None
        self.kept: dict[str, T] = {}

    async def catch_up(self) -> None:
        """Read what has changed."""
        async with self._turn:
            while True:
                found, self._since = await self._documents.changes(Container.INSIGHTS, self._partition, self._since)
                if not found:
                    return
                for document in found:
                    self._take(document.id, self._load(document.body))

    def _take(self, id_: str, value: T) -> None:
        self.kept[id_] = value


class _DayFollower(_Follower[Tally]):
    """The contributions to a day, and their sum."""

    def __init__(self, documents: Documents, partition: str) -> None:
        super().__init__(documents, partition, lambda body: tally(_contributions.load(body)))
        self.total = Tally()

    def _take(self, id_: str, value: Tally) -> None:
        self.total = self.total.plus(self.kept.get(id_, Tally()), -1).plus(value)
        super()._take(id_, value)


class _OpenFollower(_Follower[Open]):
    """What is open."""

    def __init__(self, documents: Documents, partition: str) -> None:
        super().__init__(documents, partition, _opens.load)

    def _take(self, id_: str, value: Open) -> None:
        super()._take(id_, value)
        if value.status is Status.CLOSED:
            del self.kept[id_]


_contributions, _opens = Codec(Contribution), Codec(Open)


def _place(open_: Open) -> tuple[Status, str | None, str | None]:
    return open_.status, open_.queue, open_.agent


def _day_partition(queue: str, day: str) -> str:
    return f"{queue}:{day}"


def _open_partition(conversation_id: str) -> str:
    return f"open:{zlib.crc32(conversation_id.encode()) % SHARDS}"
