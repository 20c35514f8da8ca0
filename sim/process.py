"""A process of the contact centre: services with caches of their own, and what the app's triggers do, on virtual time.

Whatever it holds in memory is gone when it dies.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextvars import copy_context
from typing import Any, TypeVar

from shared.ports import Unavailable
from shared.records.events import Poison, event_from_json
from shared.usecases import agents, dead_letters, sweep
from shared.usecases.dispatch import dispatch
from shared.usecases.ingest import receive
from shared.usecases.policies import Policies
from shared.usecases.services import Services
from sim.broker import CHANNEL_EVENTS, DEAD_LETTERS, WORK, Message
from sim.documents import MemoryDocuments
from sim.durable.bells import SimBells
from sim.durable.execution import Execution
from sim.link import Link
from sim.loop import GROUP, Group, VirtualLoop
from sim.orchestrator import take_turn
from triggers.store_feed import ITEMS_MAX, ROUNDS_MAX, SINKS

T = TypeVar("T")
PATIENCE = 240.0
TRIES_MAX = 10

Unexpected = Callable[[str, BaseException], None]


class Lost(Exception):
    """The connection broke: whether it was done, the caller does not know."""


class Process:
    """One process. `unexpected` is told of errors that no use case should raise."""

    def __init__(
        self, name: str, loop: VirtualLoop, services: Services, policies: Policies, store: MemoryDocuments,
        bells: SimBells, link: Link, unexpected: Unexpected,
    ) -> None:  # fmt: skip
        self.group = Group(name)
        self.name, self._loop, self._unexpected = name, loop, unexpected
        self.services, self.policies, self.store, self.bells, self.link = services, policies, store, bells, link
        self.executions: dict[str, tuple[int, Execution]] = {}
        self._callers: dict[asyncio.Future[Any], None] = {}

    def spawn(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Run something that dies with this process."""
        context = copy_context()
        context.run(GROUP.set, self.group)
        task = self._loop.create_task(work, context=context)
        task.add_done_callback(self._look_at, context=context)
        return task

    def _look_at(self, task: asyncio.Task[Any]) -> None:
        error = None if task.cancelled() else task.exception()
        if error:
            self._unexpected("a task", error)

    def begin(self) -> None:
        """Start the timers."""
        self.spawn(self._every(1.0, 0.0, "pump", self._pump))
        self.spawn(self._every(5.0, 0.0, "presence", self._presence_sweep))
        self.spawn(self._every(60.0, 30.0, "conversations", self._conversation_sweep))
        self.spawn(self._every(600.0, 15.0, "purge", self._purge))

    def end(self) -> None:
        """Die: those who wait for an answer find the connection broken."""
        self._loop.kill(self.group)
        self.store.close()
        self.executions.clear()
        callers, self._callers = self._callers, {}
        for caller in callers:
            if not caller.done():
                caller.set_exception(Lost(self.name))

    async def call(self, do: Callable[["Process"], Coroutine[Any, Any, T]]) -> T:
        """A request from outside. Raises Lost if the process dies on it."""
        if not self.group.is_alive:
            raise Lost(self.name)
        answer: asyncio.Future[T] = self._loop.create_future()
        self._callers[answer] = None

        async def serve() -> None:
            try:
                await self._freshen()
                result = await do(self)
            except Exception as error:
                _settle(answer, None, error)
            else:
                _settle(answer, result, None)

        self.spawn(serve())
        try:
            return await answer
        finally:
            self._callers.pop(answer, None)

    async def _freshen(self) -> None:
        """What `shared.app.fresh` does: work by the policy that counts. Raises Unavailable."""
        if await self.policies.freshen():
            await sweep.ring_pools(self.services)

    async def take(self, message: Message) -> None:
        """See broker.Reader: what triggers/consume.py does."""
        if message.queue == DEAD_LETTERS:
            await self._park(message, "given up by the queue")
            return
        await self._freshen()
        if message.queue == WORK:
            await _patiently(lambda: dispatch(self.services, message.body.decode(), self.bells))
            return
        try:
            event = event_from_json(message.body)
            await _patiently(lambda: receive(self.services, event, self.bells))
        except Poison as error:
            await self._park(message, str(error))
        except Unavailable:
            raise
        except Exception as error:
            self._unexpected("an event", error)
            if message.deliveries < TRIES_MAX:
                raise
            await self._park(message, repr(error))

    async def act(self, name: str, input_: Any) -> Any:
        """See hub.Worker."""
        await self._freshen()
        try:
            return await take_turn(self.services, name, input_)
        except Unavailable:
            raise
        except Exception as error:
            self._unexpected(f"activity {name}", error)
            raise

    async def _park(self, message: Message, reason: str) -> None:
        text = message.body.decode("utf-8", "replace")
        await dead_letters.park(self.services, CHANNEL_EVENTS, message.id, message.enqueued_at, reason, text)

    async def _every(self, seconds: float, offset: float, name: str, do: Callable[[], Awaitable[None]]) -> None:
        """As timer triggers do: at round times, never twice at once; one that failed is tried again next time."""
        number = 0
        while True:
            now = self._loop.time()
            # Never the same one again: seconds are rounded.
            number = max(number + 1, int((now - offset) // seconds) + 1)
            await asyncio.sleep(max(offset + number * seconds - now, 0.0))
            try:
                await do()
            except Unavailable:
                continue
            except Exception as error:
                self._unexpected(f"timer {name}", error)

    async def _pump(self) -> None:
        for name, (container, sink) in SINKS.items():
            position = await self.store.position(name)
            for _ in range(ROUNDS_MAX):
                documents, following = await self.store.feed(container, position, ITEMS_MAX)
                if not documents:
                    break
                await sink(self.services, documents, self.bells)
                await self.store.keep_position(name, following)
                position = following

    async def _presence_sweep(self) -> None:
        await self._freshen()
        await agents.sweep(self.services, self.bells)
        await sweep.ring_pools(self.services)

    async def _conversation_sweep(self) -> None:
        await self._freshen()
        await sweep.overdue(self.services, self.bells)
        await sweep.orphans(self.services)
        await sweep.stranded(self.services, self.bells)

    async def _purge(self) -> None:
        await self.store.purge()


def _settle(answer: "asyncio.Future[T]", result: Any, error: Exception | None) -> None:
    if answer.done():
        return
    if error:
        answer.set_exception(error)
    else:
        answer.set_result(result)


async def _patiently(attempt: Callable[[], Awaitable[None]]) -> None:
    """Try again while a dependency is away, as long as the message's lock is renewed."""
    loop = asyncio.get_running_loop()
    deadline, pause = loop.time() + PATIENCE, 0.1
    while True:
        try:
            return await attempt()
        except Unavailable:
            if loop.time() > deadline:
                raise
        await asyncio.sleep(pause)
        pause = min(pause * 2, 10.0)
