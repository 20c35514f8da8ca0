"""A contact centre with its services, processes and people, as a plan has them; run until all is over."""

import asyncio
import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

from shared.adapters.scripted_bot import ScriptedBot
from shared.domain.bot import BotReply
from shared.domain.centre import ContactCentre, Role
from shared.errors import ProblemError
from shared.ports import BotFailed, BotTurn, Container, Unavailable
from shared.records.conversations import Conversations
from shared.records.history import RoutingHistory
from shared.records.inbox import Inboxes
from shared.records.insights import Insights
from shared.records.policies import PolicyStore
from shared.records.routing import RoutingStore
from shared.usecases.policies import Policies
from shared.usecases.services import Services
from sim.broker import CHANNEL_EVENTS, Broker
from sim.centre import EDITIONS, centre_of, files_of
from sim.documents import MemoryDocuments
from sim.durable.bells import SimBells
from sim.durable.hub import Hub
from sim.faults import FaultPlan
from sim.invariants.policy import PolicyInForce
from sim.invariants.watch import Watch
from sim.link import FaultyLink
from sim.loop import VirtualLoop, discard
from sim.orchestrator import CONVERSATION
from sim.outside import Outside
from sim.people.agent import Agent
from sim.people.customer import Customer
from sim.people.screen import Screen
from sim.people.supervisor import Supervisor
from sim.process import Process
from sim.queue import MemoryQueue
from sim.realtime import MemoryRealtime
from sim.scenario import Plan, Shift
from sim.store import MemoryStore
from sim.trace import Trace

LOOK_EVERY = 5.0
QUIET, TROUBLED = 10.0, 30.0
"""What was under way when everybody had stopped is done after this: if all went well of late, and if not."""


@dataclass(frozen=True, slots=True)
class Failure:
    """The first invariant that did not hold."""

    invariant: str
    text: str
    at: float


class MoodyBot:
    """The scripted bot, which sometimes fails and sometimes takes its time."""

    def __init__(self, bot: ScriptedBot, chance: Random, fails: float, slow: float) -> None:
        self._bot, self._chance, self._fails, self._slow = bot, chance, fails, slow

    async def reply(self, turn: BotTurn) -> BotReply:
        """See the port Bot."""
        mood = self._chance.random()
        if mood < self._fails:
            raise BotFailed("not in the mood")
        if mood < self._fails + self._slow:
            await asyncio.sleep(self._chance.uniform(2.0, 9.0))
        return await self._bot.reply(turn)


class MoodyCarrier:
    """The port ChannelSender: counts what it is given, and sometimes takes nothing."""

    def __init__(self, watch: Watch, chance: Random, fails: float) -> None:
        self._watch, self._chance, self._fails = watch, chance, fails

    async def send(self, conversation_id: str, message_id: str, text: str) -> None:
        """See the port."""
        if self._chance.random() < self._fails:
            raise Unavailable("the carrier has too much to do")
        self._watch.promises.sent(f"{conversation_id}/{message_id}")


class World:
    """One run of a plan. `failure` is what it has found."""

    def __init__(self, plan: Plan, *, traces: bool = False) -> None:
        self.scenario, self.seed = plan.scenario, plan.seed
        self._customers, self._acts = plan.customers, plan.acts
        self.shifts: Mapping[str, Shift] = {shift.agent: shift for shift in plan.shifts}
        chance = Random(f"world/{plan.seed}")
        self.loop = VirtualLoop(Random(f"order/{plan.seed}") if plan.scenario.permutes else None)
        self._outside = Outside(self.loop)
        self.story = Trace(self.loop.time, traces)
        self.plan = FaultPlan(plan.faults, self.loop.time)
        self.failure: Failure | None = None
        self.centre = centre_of(*self._setting())
        self.policy = PolicyInForce(self.centre, self._editions, self.loop.time)
        self.watch = Watch(self.policy, self.loop.time, lambda: self.plan.disturbed_at, self.fail)
        self._store = MemoryStore()
        self._store.observers.append(self.watch.wrote)
        self.realtime = MemoryRealtime()
        self._chance = chance
        self._processes: list[Process | None] = [None] * plan.scenario.processes
        self._ids = self._begun = 0
        self.broker = Broker(self._outside, self.plan, chance, self._any)
        self.hub = Hub(self._outside, self.plan, chance, self._any, CONVERSATION)
        self.loop.after_jump = self.watch.tick
        self.conversations = 0

    def run(self) -> Failure | None:
        """Play the plan; what went wrong, if anything did."""
        try:
            self.loop.run(self._play())
        except Exception as error:
            if self.failure is None:
                self.unexpected("the simulation", error)
        finally:
            self._close()
        self.conversations = len(self.watch.conversations.heads)
        return self.failure

    def files(self, edition: str) -> Mapping[str, str]:
        """See Surroundings."""
        return files_of(*self._setting(), edition)

    def _setting(self) -> tuple[int, int, str]:
        return self.scenario.agents, self.scenario.capacity, self.scenario.policy

    def _editions(self) -> Mapping[str, ContactCentre]:
        """Every policy that may come to count, by its version."""
        centres = [centre_of(*self._setting(), edition) for edition in EDITIONS]
        return {centre.version: centre for centre in centres}

    def fail(self, invariant: str, text: str) -> None:
        """An invariant does not hold: everything stops."""
        if self.failure is None:
            self.failure = Failure(invariant, text, self.loop.time())
            self.trace("CHECK", f"{invariant}: {text}")
            self.loop.stop()

    def events(self) -> list[Mapping[str, Any]]:
        """What has happened to all conversations."""
        documents = self._store.of_type(Container.CONVERSATIONS, "event", self._outside.now().timestamp())
        return [document.body for document in documents]

    def unexpected(self, what: str, error: BaseException) -> None:
        """See Surroundings."""
        self.fail("error", f"{what}: {error!r}")

    def time(self) -> float:
        """See Surroundings."""
        return self.loop.time()

    def trace(self, who: str, what: str) -> None:
        """See Surroundings."""
        self.story.add(who, what)

    def front(self, chance: Random) -> Process | None:
        """See Surroundings."""
        alive = [process for process in self._processes if process and process.group.is_alive]
        return chance.choice(alive) if alive else None

    async def _play(self) -> None:
        for place in range(len(self._processes)):
            self._begin(place)
        agents = [Agent(self, id_) for id_, profile in self.centre.agents.items() if Role.AGENT in profile.roles]
        at_work = [asyncio.create_task(agent.run()) for agent in agents]
        if self._acts:
            at_work.append(asyncio.create_task(Supervisor(self, self._acts).run()))
        customers = [asyncio.create_task(Customer(self, plan).play()) for plan in self._customers]
        end = max([plan.at for plan in self._customers], default=0.0) + self.scenario.rest
        while not self._is_over(customers) and self.loop.time() < end:
            await asyncio.sleep(LOOK_EVERY)
        for task in at_work:
            if task.done() and (error := task.exception()):
                raise error
        for customer in customers:
            if customer.done() and (error := customer.exception()):
                raise error
        await self._compare_screens(agents)
        self.watch.check_end(self.broker, self.hub.longest)

    def _is_over(self, customers: list[asyncio.Task[None]]) -> bool:
        if not all(task.done() for task in customers) or self.watch.conversations.open:
            return False
        return self.broker.is_empty(CHANNEL_EVENTS) and not self.watch.routing.held()

    async def _compare_screens(self, agents: list[Agent]) -> None:
        """apply(snapshot, events) is a fresh snapshot, once all has been told."""
        for agent in agents:
            agent.rest()
        is_troubled = self.plan.disturbed_at > self.loop.time() - TROUBLED
        await asyncio.sleep(TROUBLED if is_troubled else QUIET)
        for agent in agents:
            if not agent.is_ready:
                continue
            fresh = await self._told_all(agent)
            if fresh and agent.screen.shown() != fresh.shown():
                self.fail("I7", f"{agent.name} sees {agent.screen.shown()}, should see {fresh.shown()}")

    async def _told_all(self, agent: Agent) -> Screen | None:
        """A fresh screen when the agent's own has been told all; None if they do not work here any more."""
        with contextlib.suppress(ProblemError):
            for _ in range(20):
                while await agent.catch_up():
                    pass
                fresh = await agent.snapshot()
                if fresh.position == agent.screen.position:
                    break
            return fresh
        return None

    def _begin(self, place: int) -> None:
        """A process starts, with nothing in its memory."""
        self._begun += 1
        name = f"process-{self._begun}"
        link = FaultyLink(
            self.plan,
            self._chance,
            self.scenario.latency,
            lambda: self._die(place),
            lambda what: self.trace(name, what),
        )
        store = MemoryDocuments(self._store, self._outside.now, link)
        bells = SimBells(self.hub, link)
        policies = Policies(
            PolicyStore(store), self.centre, files_of(*self._setting()), self._outside.now, self.loop.time
        )
        services = self._services(store, link, policies)
        process = Process(name, self.loop, services, policies, store, bells, link, self.unexpected)
        self._processes[place] = process
        self.trace(name, "begins")
        if self._begun > len(self._processes):
            self.plan.disturb()
        process.begin()
        self.broker.wake()
        self.hub.wake()

    def _die(self, place: int) -> None:
        """In the middle of something: so nothing of it may run on, and the rest is done from outside."""
        process = self._processes[place]
        if process is None:
            return
        process.group.is_alive = False
        self._processes[place] = None
        self._outside.soon(self._bury, process, place)

    def _bury(self, process: Process, place: int) -> None:
        process.end()
        self.broker.abandon(process)
        self.hub.abandon(process)
        self._outside.after(self._chance.uniform(0.2, 3.0), self._begin, place)

    def _services(self, store: MemoryDocuments, link: FaultyLink, policies: Policies) -> Services:
        scenario, chance = self.scenario, self._chance
        bot = MoodyBot(
            ScriptedBot(lambda: policies.current.bots, chance.randrange), chance, scenario.bot_fails, scenario.bot_slow
        )
        members: dict[str, Any] = {
            "policies": policies, "clock": self._outside.now, "ids": self._new_id,
            "choose": chance.randrange, "documents": store, "conversations": Conversations(store),
            "routing": RoutingStore(store, self._outside.now), "history": RoutingHistory(store),
            "inboxes": Inboxes(store, self._outside.now), "insights": Insights(store, self._outside.now),
            "queue": MemoryQueue(self.broker, link, is_alone=len(self._processes) == 1), "realtime": self.realtime,
            "bot": bot, "pools": {}, "beats": {},
            "senders": {"chat": MoodyCarrier(self.watch, chance, scenario.carrier_fails)},
            "address_key": lambda channel, address: f"{channel}.{address}",
        }  # fmt: skip
        return Services(**members)

    def _new_id(self) -> str:
        """Ids rise with time, and in the order of their making."""
        self._ids += 1
        return f"{round(self.loop.time() * 1000):09d}-{self._ids:06d}"

    def _any(self) -> Process | None:
        return self.front(self._chance)

    def _close(self) -> None:
        """Nothing of this run stays behind."""
        for process in self._processes:
            if process:
                process.end()
        for task in asyncio.all_tasks(self.loop):
            discard(task)
        self.loop.close()
