"""What is simulated: how many people, how they behave, what goes wrong. And from it, with a seed, a plan."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

from sim.acts import Act, Assign, CloseQueue, ForceClose, Publish, SetPresence
from sim.centre import BASE, PLAIN, RICH
from sim.faults import Blow, Fault, LineCut, Mishap, MuteHeart, Outage, Storm, Throttle, WayFault, WriteFault

STORIES = (
    "person", "person", "person", "person-left", "queue-left", "bot-ends", "bot-left", "bot-idle", "billing", "vacant",
    "comes-again", "chatty", "direct", "direct-again",
)  # fmt: skip
"""What a customer is up to; what is here twice is twice as likely."""
RICH_STORIES = (*STORIES, "sales", "sales", "night", "night", "wants", "wants", "billing", "comes-again")


@dataclass(frozen=True, slots=True)
class Scenario:
    """Means are in seconds of virtual time, the rest are probabilities or counts."""

    name: str
    customers: int = 12
    arrivals_every: float = 4.0
    patience: float = 60.0
    pause: float = 3.0  # between two messages of one person
    agents: int = 4
    capacity: int = 2
    think: float = 1.5  # before an offer is answered
    file: float = 4.0  # wrap-up
    declines: float = 0.08
    misses: float = 0.06
    last_moment: float = 0.05
    transfers: float = 0.12
    sets_aside: float = 0.12
    leaves_it: float = 0.05  # the agent neither ends nor files
    breaks_every: float = 60.0
    processes: int = 1
    latency: float = 0.002
    permutes: bool = True
    bot_fails: float = 0.0
    bot_slow: float = 0.0
    policy: str = PLAIN
    stories: tuple[str, ...] = STORIES
    shifts: int = 0  # agents who come and go; the others stay
    drains: float = 0.0  # of breaks: what is under way is finished first
    carrier_fails: float = 0.0
    publishes: int = 0
    editions: tuple[str, ...] = (BASE, "skills", "rules", "disabled", "without-spare")
    closures: int = 0
    interventions: int = 0  # by a supervisor: assignments, conversations closed, presences set
    blows: int = 0
    mishaps: Mapping[Mishap, int] = field(default_factory=dict)
    outages: int = 0
    throttles: int = 0
    storms: int = 0
    cuts: int = 0
    mutes: int = 0
    rest: float = 420.0  # after the last arrival all must be over within this


@dataclass(frozen=True, slots=True)
class CustomerPlan:
    """One customer: when they come and what they are up to."""

    number: int
    at: float
    story: str
    patience: float


@dataclass(frozen=True, slots=True)
class Shift:
    """When an agent is at work. `drains` says whether they finish what they have, or just go."""

    agent: str
    begin: float
    end: float
    drains: bool


PARTS = ("faults", "acts", "shifts", "customers")


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that is given beforehand. What happens follows from it alone."""

    seed: int
    scenario: Scenario
    customers: tuple[CustomerPlan, ...]
    faults: tuple[Fault, ...] = ()
    acts: tuple[Act, ...] = ()
    shifts: tuple[Shift, ...] = ()  # who has none is always at work

    def without(self, part: str, begin: int, end: int) -> "Plan":
        """The same without some of one of its parts, by place."""
        whole = getattr(self, part)
        changes: dict[str, Any] = {part: whole[:begin] + whole[end:]}
        return replace(self, **changes)


QUIET = Scenario("quiet", customers=8, arrivals_every=8.0, agents=4)
BUSY = Scenario("busy", customers=24, arrivals_every=1.5, agents=4, capacity=3, processes=2, cuts=1)
FAULTY = Scenario(
    "faulty", customers=10, arrivals_every=4.0, bot_fails=0.05, bot_slow=0.05, carrier_fails=0.05, blows=3, outages=1,
    throttles=1, storms=1, cuts=2, mutes=1,
    mishaps={
        Mishap.DUPLICATE: 3, Mishap.TWIN: 2, Mishap.LATE: 2, Mishap.LOST_RING: 3, Mishap.LOST_BELL: 3, Mishap.TWICE: 3,
        Mishap.AGAIN: 3, Mishap.LOST_REPLY: 4, Mishap.POISON: 1,
    },
)  # fmt: skip
CHAOS = Scenario(
    "chaos", customers=12, arrivals_every=2.0, agents=5, processes=2, latency=0.02, bot_fails=0.1, bot_slow=0.1,
    carrier_fails=0.1, blows=10, outages=2, throttles=1, storms=1, cuts=3, mutes=1, declines=0.15, misses=0.15,
    mishaps={
        Mishap.DUPLICATE: 8, Mishap.TWIN: 8, Mishap.LATE: 6, Mishap.LOST_RING: 10, Mishap.LOST_BELL: 10,
        Mishap.TWICE: 10, Mishap.AGAIN: 8, Mishap.LOST_REPLY: 15, Mishap.POISON: 2,
    },
)  # fmt: skip
POLICY = Scenario(
    "policy", customers=26, arrivals_every=2.5, agents=5, capacity=2, processes=2, latency=0.005, file=8.0, policy=RICH,
    stories=RICH_STORIES, shifts=2, drains=0.3, cuts=1, interventions=2, closures=1,
)  # fmt: skip
CHANGING = Scenario(
    "changing", customers=22, arrivals_every=3.0, agents=6, capacity=2, processes=2, latency=0.01, file=8.0,
    policy=RICH, stories=RICH_STORIES, shifts=3, drains=0.3, publishes=4, closures=2, interventions=4, blows=2, cuts=1,
    mishaps={Mishap.LOST_RING: 3, Mishap.LOST_REPLY: 4, Mishap.TWIN: 2, Mishap.AGAIN: 2},
)  # fmt: skip
PRESETS = {scenario.name: scenario for scenario in (QUIET, BUSY, FAULTY, CHAOS, POLICY, CHANGING)}

WRITES_EACH = 70
THINGS_EACH = {
    Mishap.DUPLICATE: 14, Mishap.TWIN: 14, Mishap.LATE: 4, Mishap.LOST_RING: 15, Mishap.LOST_BELL: 5, Mishap.TWICE: 8,
    Mishap.LOST_REPLY: 40, Mishap.POISON: 4, Mishap.AGAIN: 8,
}  # fmt: skip
"""About how many of each there are for one customer: faults are spread over them."""
SERVICES = ("store", "disk", "queue", "durable")
"""What can be away; without its disk, a store can be read."""
OUTAGE_SECONDS_MAX = 9.0
"""A longer one makes the queue give up messages: see tests/sim/test_found.py."""


def plan_of(seed: int, scenario: Scenario) -> Plan:
    """What a seed makes of a scenario."""
    chance = Random(f"plan/{scenario.name}/{seed}")
    at, customers = 3.0, []
    for number in range(scenario.customers):
        at += chance.expovariate(1 / scenario.arrivals_every)
        patience = chance.expovariate(1 / scenario.patience)
        customers.append(CustomerPlan(number, at, chance.choice(scenario.stories), patience))
    faults = [*_things_hit(chance, scenario), *_times_of_trouble(chance, scenario, at)]
    acts = tuple(sorted(_acts(chance, scenario, at), key=lambda act: act.at))
    return Plan(seed, scenario, tuple(customers), tuple(faults), acts, tuple(_shifts(chance, scenario, at)))


def _things_hit(chance: Random, scenario: Scenario) -> Iterator[Fault]:
    writes, blows = scenario.customers * WRITES_EACH, tuple(Blow)
    for _ in range(scenario.blows):
        yield WriteFault(chance.randrange(10, writes), chance.choice(blows))
    for mishap, count in scenario.mishaps.items():
        last = scenario.customers * THINGS_EACH[mishap]
        for _ in range(count):
            yield WayFault(chance.randrange(1, last), mishap)


def _times_of_trouble(chance: Random, scenario: Scenario, end: float) -> Iterator[Fault]:
    for _ in range(scenario.outages):
        share = chance.choice((1.0, 0.3))
        service, begin = chance.choice(SERVICES), chance.uniform(2, end + 60)
        yield Outage(service, begin, chance.uniform(0.5, OUTAGE_SECONDS_MAX), share)
    for _ in range(scenario.throttles):
        yield Throttle(chance.uniform(2, end + 60), chance.uniform(2, 15), chance.uniform(10, 80))
    for _ in range(scenario.storms):
        yield Storm(chance.uniform(2, end + 60), chance.uniform(2, 15), chance.choice((0.5, 0.9)))
    for _ in range(scenario.cuts):
        yield LineCut(_agent(chance, scenario), chance.uniform(5, end + 60), chance.choice((4.0, 25.0, 45.0, 90.0)))
    for _ in range(scenario.mutes):
        yield MuteHeart(_agent(chance, scenario), chance.uniform(5, end + 60), chance.choice((10.0, 25.0, 45.0, 90.0)))


def _acts(chance: Random, scenario: Scenario, end: float) -> Iterator[Act]:
    """The last policy to be published is the one from the beginning, so that everybody can go home."""
    for _ in range(scenario.publishes):
        yield Publish(chance.uniform(5, end + 30), chance.choice(scenario.editions))
    if scenario.publishes:
        yield Publish(end + 60, BASE)
    for _ in range(scenario.closures):
        queue = chance.choice(("general", "billing", "sales"))
        yield CloseQueue(chance.uniform(5, end), queue, chance.uniform(5, 30), chance.random() < 0.3)
    for _ in range(scenario.interventions):
        at = chance.uniform(10, end + 40)
        kind = chance.randrange(4)
        if kind < 2:
            yield Assign(at, _agent(chance, scenario))
        elif kind == 2:
            yield ForceClose(at)
        else:
            yield SetPresence(at, _agent(chance, scenario), chance.choice(("available", "away", "offline")))


def _shifts(chance: Random, scenario: Scenario, end: float) -> Iterator[Shift]:
    """Of the last agents: the first ones can do everything."""
    for number in range(scenario.agents - scenario.shifts, scenario.agents):
        begin = chance.uniform(0, end / 2)
        yield Shift(f"agent-{number}", begin, chance.uniform(begin + 10, end + 60), chance.random() < 0.5)


def _agent(chance: Random, scenario: Scenario) -> str:
    return f"agent-{chance.randrange(scenario.agents)}"
