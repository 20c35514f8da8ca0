"""A pool where anything happens at random, to the router and to the reference at once."""

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from shared.domain.centre import AgentProfile, ContactCentre, OfferRules, Penalty, QueueProfile, Role
from shared.domain.policy import Match, Method, OverflowAction, OverflowKind, OverflowRule, Relaxation
from shared.domain.presence import AgentState, Held, Hold, Presence, settled
from shared.domain.routing import (
    Assignment,
    OfferGone,
    OfferState,
    Pool,
    WorkItem,
    WorkKind,
    WorkState,
    accept,
    end_offer,
    explain,
    finish,
)
from shared.domain.routing.router import Router
from tests.domain import reference_router as reference
from tests.domain.cast import MINUTE, NOW, SECOND, agent, centre, queue

QUEUES = ("care", "night", "sales", "vip")
SKILLS = ("de", "en", "fr", "pt")
PEOPLE = tuple(f"a{number}" for number in range(6))
CHANNELS = {"chat": 1, "mail": 1, "voice": 2}
SPAN = 20 * SECOND
LEAVE = OverflowAction(OverflowKind.END)


class World:
    """Each step is an event; `decide` compares what both make of it."""

    def __init__(self, seed: int, size: int = 10) -> None:
        self.random, self.size = random.Random(seed), size
        self.now, self.numbers, self.decisions = NOW, 0, 0
        self.centre = self.policy()
        self.pool = Pool()
        self.ended: dict[str, Any] = {}
        self.router = Router(self.centre, self.now)

    # The policy

    def policy(self) -> ContactCentre:
        some, chance = self.random, self.random.random
        return centre(
            *[self.profile(id_) for id_ in PEOPLE],
            queues={id_: self.queue(id_) for id_ in QUEUES},
            offers=OfferRules(some.choice(list(Penalty)), Penalty.NONE, some.choice([1, 1, 2, 3])),
            ageing=some.choice([None, timedelta(seconds=7), 2 * MINUTE]),
            version=str(chance()),
        )

    def queue(self, id_: str) -> QueueProfile:
        some = self.random
        return replace(
            queue(id_, *self.skills(0.2)), method=some.choice(list(Method)),
            match=some.choice([Match.EXACT, Match.EXACT, Match.CLOSEST]), offer=some.choice([SECOND, SPAN, MINUTE]),
            preferred_for=some.choice([timedelta(), SPAN, MINUTE]), relaxation=some.choice([(), self.relaxation()]),
            overflow=some.choice([(), (), self.overflow()]),
        )  # fmt: skip

    def relaxation(self) -> tuple[Relaxation, ...]:
        some = self.random
        return tuple(
            Relaxation(
                after, frozenset(some.sample(SKILLS, some.choice([0, 0, 1]))),
                {some.choice(SKILLS): some.randint(1, 5)}, frozenset(some.sample(QUEUES, some.choice([0, 1, 2]))),
            )
            for after in sorted({some.randint(0, 60) * SECOND for _ in range(some.randint(1, 3))})
        )  # fmt: skip

    def overflow(self) -> tuple[OverflowRule, ...]:
        waits = (None, *(self.random.randint(10, 90) * SECOND for _ in range(2)))
        return tuple(OverflowRule(f"r{number}", LEAVE, waited=waited) for number, waited in enumerate(waits))

    def skills(self, likely: float) -> list[str]:
        levels = ("", "", ">=3", ">=5", ">=9")
        return [skill + self.random.choice(levels) for skill in SKILLS if self.random.random() < likely]

    def profile(self, id_: str) -> AgentProfile:
        some = self.random
        return replace(
            agent(id_, capacity=some.choice([1, 2, 3, 3, 5]), queues=tuple(some.sample(QUEUES, some.randint(1, 3)))),
            skills={skill: some.randint(1, 10) for skill in SKILLS if some.random() < 0.7},
            channels={channel: some.randint(0, 2) for channel in CHANNELS if some.random() < 0.25},
            enabled=some.random() < 0.95,
            roles=frozenset({Role.AGENT if some.random() < 0.95 else Role.SUPERVISOR}),
        )

    # What happens

    def new_id(self) -> str:
        self.numbers += 1
        return f"{self.numbers:05}"

    def store(self, change: Assignment) -> None:
        reference.take(self.pool, change)
        for record in (change.item, change.agent, change.offer):
            if record:
                self.router.apply(record)

    def set_agent(self, state: AgentState) -> None:
        self.pool.agents[state.id] = state
        self.router.apply(state)

    def work_comes(self) -> None:
        some = self.random
        if len(self.pool.items) > self.size:
            return self.work_ends()
        id_, channel = f"w{self.new_id()}", some.choice(list(CHANNELS))
        target = some.choice([*PEOPLE, "stranger"]) if some.random() < 0.1 else None
        enqueued = self.now - some.choice([0, 0, 5, 30]) * SECOND
        item = WorkItem(
            id_, f"c-{id_}", WorkKind.TRANSFER if target or some.random() < 0.1 else WorkKind.NEW, channel,
            some.choice([*QUEUES, *QUEUES, "closed down"]), tuple(self.skills(0.2)),
            some.choice([1, 2, 5, 5, 2000, -999]), enqueued,
            some.choice([CHANNELS[channel], CHANNELS[channel], 3]), 1, is_front=some.random() < 0.1,
            target_agent=target, queued_at=some.choice([None, self.now - 3 * SECOND]),
            refusals={id_: some.randint(0, 2) for id_ in some.sample(PEOPLE, some.choice([0, 0, 0, 1, 3]))},
            preferred=tuple(some.choices([*PEOPLE, "stranger"], k=some.choice([0, 0, 0, 1, 3]))),
            is_promised=some.random() < 0.1,
        )  # fmt: skip
        self.pool.items[id_] = item
        self.router.apply(item)
        return None

    def current(self, item: WorkItem) -> Assignment:
        named = self.pool.agents.get(item.agent_id) if item.agent_id else None
        return Assignment(item, named, self.pool.offers.get(item.offer_id) if item.offer_id else None)

    def one(self, *states: WorkState) -> Assignment | None:
        found = sorted(id_ for id_, item in self.pool.items.items() if item.state in states)
        return self.current(self.pool.items[self.random.choice(found)]) if found else None

    def capacity(self, change: Assignment) -> int:
        profile = self.centre.agents.get(change.agent.id) if change.agent else None
        return profile.capacity if profile else 0

    def work_ends(self) -> None:
        current = self.one(*WorkState)
        if current:
            self.store(finish(current, self.capacity(current), self.now))

    def offer_is_answered(self) -> None:
        current = self.one(WorkState.OFFERED)
        if current is None or current.agent is None or current.offer is None:
            return
        answer: Callable[[Assignment], Assignment] = self.random.choice([
            lambda current: accept(current, self.capacity(current), self.now),
            lambda current: end_offer(
                current, OfferState.DECLINED, self.centre.offers, self.capacity(current), self.now
            ),
        ])  # fmt: skip
        try:
            self.store(answer(current))
        except OfferGone:
            return

    def wrap_up_begins(self) -> None:
        current = self.one(WorkState.ASSIGNED)
        held = current.agent.held.get(current.item.id) if current and current.agent else None
        if current is None or current.agent is None or held is None:
            return
        wrap_up = Held(held.units, Hold.WRAP_UP, held.conversation_id, held.channel, self.now + self.seconds())
        state = replace(current.agent, held={**current.agent.held, current.item.id: wrap_up})
        self.set_agent(settled(current.agent, state, self.capacity(current), self.now))

    def somebody_changes(self) -> None:
        some = self.random
        id_ = some.choice([*PEOPLE, *PEOPLE, "stranger"])
        state = self.pool.agents.get(id_) or AgentState(id_, self.now, self.now)
        if some.random() < 0.6:
            state = replace(state, chosen=Presence.AVAILABLE, penalty=Penalty.NONE, is_connected=True, next=None)
        else:
            state = replace(
                state, chosen=some.choice([Presence.AWAY, Presence.OFFLINE, Presence.AVAILABLE, Presence.BUSY]),
                is_connected=some.random() < 0.8, next=some.choice([None, None, Presence.AWAY]),
                idle_since=self.now - some.choice([0, 7]) * SECOND,
            )  # fmt: skip
        self.set_agent(state)

    def seconds(self) -> timedelta:
        return self.random.choice([1, 5, 20, 45]) * SECOND

    def time_passes(self) -> None:
        self.now += self.seconds() + timedelta(microseconds=self.random.choice([0, 1]))

    def somebody_learns(self) -> None:
        profile = self.profile(self.random.choice(PEOPLE))
        if profile.id in self.centre.agents:
            self.centre = replace(self.centre, agents={**self.centre.agents, profile.id: profile})
            self.router.configure(self.centre, self.now)

    def policy_changes(self) -> None:
        self.centre = self.policy()
        if self.random.random() < 0.5:
            some = [id_ for id_ in PEOPLE if self.random.random() < 0.8]
            self.centre = replace(self.centre, agents={id_: self.centre.agents[id_] for id_ in some})
        self.router.configure(self.centre, self.now)

    # What is compared

    def decide(self) -> None:
        limit = self.random.choice([1, 2, 15])
        if self.random.random() < 0.1:  # refused: nothing of it has happened
            self.router.restore(self.router.decide(self.now, limit, self.new_id), self.pool)
        first = self.numbers
        expected = reference.decide(self.pool, self.centre, self.now, limit, self.new_id)
        self.numbers = first
        found = self.router.decide(self.now, limit, self.new_id)
        assert found == expected
        self.decisions += len(found)
        if not found:
            assert self.router.next_deadline() == reference.next_deadline(self.pool, self.centre, self.now)
        assert self.router.pool == self.pool

    def explanations(self) -> None:
        """Each predicate and each order, pair by pair."""
        work = reference.waiting(self.pool)
        if not work or not self.pool.agents:
            return
        item = self.random.choice(work)
        keys = []
        for state in self.pool.agents.values():
            why = explain(item, state, self.centre, self.now)
            assert why.fails == reference.failing(item, state, self.centre, self.now)
            if why.fails is None:
                keys.append((why.key, reference.suitability(item, state, self.centre, self.now)))
        assert [b for _, b in sorted(keys, key=lambda pair: pair[0] or ())] == sorted(b for _, b in keys)

    def step(self) -> None:
        """Something happens; mostly somebody decides then."""
        happen = self.random.choices(
            [self.work_comes, self.work_ends, self.offer_is_answered, self.wrap_up_begins, self.somebody_changes,
             self.time_passes, self.somebody_learns, self.policy_changes, self.explanations],
            [30, 8, 12, 5, 12, 12, 3, 0.3, 6],
        )[0]  # fmt: skip
        happen()
        if self.random.random() < 0.8:
            self.decide()
