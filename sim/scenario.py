"""What is simulated: how many people, how they behave, what goes wrong. And from it, with a seed, a plan."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from random import Random

from sim.faults import Blow, Fault, LineCut, Mishap, Outage, WayFault, WriteFault

STORIES = (
    "person", "person", "person", "person-left", "queue-left", "bot-ends", "bot-left", "bot-idle", "billing", "vacant",
    "comes-again", "chatty", "direct", "direct-again",
)  # fmt: skip
"""What a customer is up to; what is here twice is twice as likely."""


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
    blows: int = 0
    mishaps: Mapping[Mishap, int] = field(default_factory=dict)
    outages: int = 0
    cuts: int = 0
    rest: float = 420.0  # after the last arrival all must be over within this


@dataclass(frozen=True, slots=True)
class CustomerPlan:
    """One customer: when they come and what they are up to."""

    number: int
    at: float
    story: str
    patience: float


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that is given beforehand. What happens follows from it alone."""

    seed: int
    scenario: Scenario
    customers: tuple[CustomerPlan, ...]
    faults: tuple[Fault, ...]

    def without(self, customers: frozenset[int], faults: frozenset[int]) -> "Plan":
        """The same without some customers (by number) and faults (by place)."""
        return replace(
            self,
            customers=tuple(customer for customer in self.customers if customer.number not in customers),
            faults=tuple(fault for place, fault in enumerate(self.faults) if place not in faults),
        )


QUIET = Scenario("quiet", customers=8, arrivals_every=8.0, agents=4)
BUSY = Scenario("busy", customers=24, arrivals_every=1.5, agents=4, capacity=3, processes=2, cuts=1)
FAULTY = Scenario(
    "faulty", customers=10, arrivals_every=4.0, bot_fails=0.05, bot_slow=0.05, blows=3, outages=1, cuts=2,
    mishaps={
        Mishap.DUPLICATE: 3, Mishap.TWIN: 2, Mishap.LATE: 2, Mishap.LOST_RING: 3, Mishap.LOST_BELL: 3, Mishap.TWICE: 3,
        Mishap.LOST_REPLY: 4, Mishap.POISON: 1,
    },
)  # fmt: skip
CHAOS = Scenario(
    "chaos", customers=12, arrivals_every=2.0, agents=5, processes=2, latency=0.02, bot_fails=0.1, bot_slow=0.1,
    blows=10, outages=2, cuts=3, declines=0.15, misses=0.15,
    mishaps={
        Mishap.DUPLICATE: 8, Mishap.TWIN: 8, Mishap.LATE: 6, Mishap.LOST_RING: 10, Mishap.LOST_BELL: 10,
        Mishap.TWICE: 10, Mishap.LOST_REPLY: 15, Mishap.POISON: 2,
    },
)  # fmt: skip
# No preset has Mishap.AGAIN: the product does not stand it yet. docs/simulator.md, "Left out", says why, and
# tests/sim/test_found.py holds the bug fast.
PRESETS = {scenario.name: scenario for scenario in (QUIET, BUSY, FAULTY, CHAOS)}

WRITES_EACH = 70
THINGS_EACH = {
    Mishap.DUPLICATE: 14, Mishap.TWIN: 14, Mishap.LATE: 4, Mishap.LOST_RING: 15, Mishap.LOST_BELL: 5, Mishap.TWICE: 8,
    Mishap.LOST_REPLY: 40, Mishap.POISON: 4, Mishap.AGAIN: 8,
}  # fmt: skip
"""About how many of each there are for one customer: faults are spread over them."""
SERVICES = ("store", "queue", "durable")


def plan_of(seed: int, scenario: Scenario) -> Plan:
    """What a seed makes of a scenario."""
    chance = Random(f"plan/{scenario.name}/{seed}")
    at, customers = 3.0, []
    for number in range(scenario.customers):
        at += chance.expovariate(1 / scenario.arrivals_every)
        patience = chance.expovariate(1 / scenario.patience)
        customers.append(CustomerPlan(number, at, chance.choice(STORIES), patience))
    return Plan(seed, scenario, tuple(customers), tuple(_faults(chance, scenario, at)))


def _faults(chance: Random, scenario: Scenario, end: float) -> list[Fault]:
    faults: list[Fault] = []
    writes = scenario.customers * WRITES_EACH
    blows = tuple(Blow)
    faults += [WriteFault(chance.randrange(10, writes), chance.choice(blows)) for _ in range(scenario.blows)]
    for mishap, count in scenario.mishaps.items():
        last = scenario.customers * THINGS_EACH[mishap]
        faults += [WayFault(chance.randrange(1, last), mishap) for _ in range(count)]
    for _ in range(scenario.outages):
        share = chance.choice((1.0, 0.3))
        faults.append(Outage(chance.choice(SERVICES), chance.uniform(2, end + 60), chance.uniform(0.5, 12), share))
    for _ in range(scenario.cuts):
        agent = f"agent-{chance.randrange(scenario.agents)}"
        faults.append(LineCut(agent, chance.uniform(5, end + 60), chance.choice((4.0, 25.0, 45.0, 90.0))))
    return faults
