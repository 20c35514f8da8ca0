"""Queues with sessions: at least once, in order within a session, duplicates dropped, dead letters; and faults."""

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import Any, Protocol

from shared.ports import Unavailable
from sim.faults import FaultPlan, Mishap
from sim.link import Link
from sim.outside import Outside, seconds_at

DELIVERIES_MAX = 20
REMEMBERED_SECONDS = 600.0
AGAIN_AFTER = 0.5
CHANNEL_EVENTS = "channel-events"
DEAD_LETTERS = f"{CHANNEL_EVENTS}/$deadletterqueue"
WORK = "work"
POISON = "poison-"


@dataclass(slots=True)
class Message:
    """What was sent; `number` is the order of acceptance."""

    number: int
    queue: str
    session: str
    body: bytes
    id: str
    enqueued_at: datetime
    deliveries: int = 0


class Reader(Protocol):
    """A process that takes messages."""

    link: Link

    async def take(self, message: Message) -> None:
        """Handle one; what it raises has it delivered again."""

    def spawn(self, work: Coroutine[Any, Any, None]) -> Any:
        """Run something that dies with the process."""


@dataclass(slots=True)
class _Session:
    messages: list[Message] = field(default_factory=list)
    reader: Reader | None = None


class Broker:
    """All queues. What it has accepted survives every crash."""

    def __init__(self, outside: Outside, plan: FaultPlan, chance: Random, reader: Callable[[], Reader | None]) -> None:
        self._outside, self._plan, self._chance, self._reader = outside, plan, chance, reader
        self._sessions: dict[tuple[str, str], _Session] = {}
        self._seen: dict[tuple[str, str], float] = {}
        self._number = 0
        self.accepted: Counter[str] = Counter()
        self.done: dict[int, int] = {}  # how often each message was completed
        self.dead: dict[int, Message] = {}
        self.poisoned = 0
        self._not_due: Counter[str] = Counter()

    def send(self, queue: str, session: str, body: bytes, id_: str | None, at: datetime | None = None) -> None:
        """Accept a message, now or then; nothing if its id came of late."""
        now = self._outside.loop.time()
        if id_ is not None and self._seen.get((queue, id_), -REMEMBERED_SECONDS) > now - REMEMBERED_SECONDS:
            return
        if id_ is not None:
            self._seen[queue, id_] = now
        if queue == WORK and self._plan.hits(Mishap.LOST_RING):
            if at is not None:  # that is when it is missed
                self._outside.at(max(seconds_at(at), now), self._plan.disturb)
            return
        if queue == CHANNEL_EVENTS and self._plan.hits(Mishap.POISON):
            self.poisoned += 1
            self._accept(queue, session, b'{"nobody": "can read this', f"{POISON}{self._number}", now)
        due = max(now, seconds_at(at)) if at else now
        if queue == CHANNEL_EVENTS and self._plan.hits(Mishap.LATE):
            due += self._chance.uniform(0.1, 3.0)
        self._accept(queue, session, body, id_ or "", due)

    def pending(self, queue: str) -> list[Message]:
        """What has arrived and is not done."""
        return [m for (name, _), s in self._sessions.items() if name == queue for m in s.messages]

    def not_due(self) -> int:
        """How many messages are still to arrive."""
        return self._not_due.total()

    def is_empty(self, queue: str) -> bool:
        """Whether everything that was accepted is over."""
        return not self._not_due[queue] and not self.pending(queue)

    def abandon(self, reader: Reader) -> None:
        """A process has died: its sessions go to others, a moment later."""
        for key, session in self._sessions.items():
            if session.reader is reader:
                session.reader = None
                self._outside.after(self._chance.uniform(0, 2), self._serve, *key)

    def wake(self) -> None:
        """A process has begun to read."""
        for key in list(self._sessions):
            self._outside.soon(self._serve, *key)

    def _accept(self, queue: str, session: str, body: bytes, id_: str, due: float) -> None:
        self._number += 1
        self.accepted[queue] += 1
        message = Message(self._number, queue, session, body, id_, self._outside.now())
        if due <= self._outside.loop.time():
            self._arrive(message)
        else:
            self._not_due[queue] += 1
            self._outside.at(due, self._arrive_late, message)

    def _arrive_late(self, message: Message) -> None:
        self._not_due[message.queue] -= 1
        self._arrive(message)

    def _arrive(self, message: Message) -> None:
        key = (message.queue, message.session)
        self._sessions.setdefault(key, _Session()).messages.append(message)
        self._outside.soon(self._serve, *key)

    def _serve(self, queue: str, name: str) -> None:
        session = self._sessions[queue, name]
        if session.reader is not None or not session.messages:
            return
        reader = self._reader()
        if reader is not None:
            session.reader = reader
            reader.spawn(self._deliver(queue, name, session, reader))

    async def _deliver(self, queue: str, name: str, session: _Session, reader: Reader) -> None:
        while session.messages:
            message = session.messages[0]
            message.deliveries += 1
            if self._plan.hits(Mishap.TWIN):
                self._outside.soon(self._deliver_twin, message)
            try:
                await reader.take(message)
            except Exception:
                if message.deliveries >= DELIVERIES_MAX:
                    self._give_up(session, message)
                await asyncio.sleep(AGAIN_AFTER)
            else:
                await self._settle(session, message, reader)
        session.reader = None

    def _give_up(self, session: _Session, message: Message) -> None:
        """Into the dead letter queue, which has a reader of its own."""
        session.messages.remove(message)
        self.dead[message.number] = message
        if message.queue == CHANNEL_EVENTS:
            self._accept(DEAD_LETTERS, message.session, message.body, message.id, self._outside.loop.time())

    async def _settle(self, session: _Session, message: Message, reader: Reader) -> None:
        """Tell that a message was handled, until it is heard."""
        while True:
            try:
                await reader.link.write("queue", lambda: self._complete(session, message), lambda: f"done {message.id}")
            except Unavailable:
                await asyncio.sleep(AGAIN_AFTER)
            else:
                return

    def _deliver_twin(self, message: Message) -> None:
        """Its lock was lost: somebody else gets it, too."""
        reader = self._reader()

        async def take_again(reader: Reader) -> None:
            try:
                await reader.take(message)
            except Exception:
                return  # the first reader settles what becomes of it

        if reader is not None:
            reader.spawn(take_again(reader))

    def _complete(self, session: _Session, message: Message) -> None:
        if self._plan.hits(Mishap.DUPLICATE):
            return
        if message in session.messages:
            session.messages.remove(message)
            self.done[message.number] = self.done.get(message.number, 0) + 1
