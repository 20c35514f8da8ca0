"""Recorded traffic under another policy: a simulation of events over the real router.

Kept from the recording: who came when and for what, who worked when, how long work took, how agents answered offers.
Modelled: patience beyond the recorded wait (drawn from what was seen of others), which offers are declined or missed
(drawn from each agent's habits), the handling of work that another agent does (the recorded time).
"""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from heapq import heappop, heappush

from shared.domain.backtest.patience import Patience, patience_of
from shared.domain.backtest.recording import Arrival, Habit, Recording, Turn
from shared.domain.centre import ContactCentre
from shared.domain.presence import AgentState, settled
from shared.domain.routing import Assignment, Offer, OfferState, Pool, WorkItem, WorkState, accept, end_offer, finish
from shared.domain.routing.router import Router

BATCH_MAX = 15
HANDLING_DEFAULT = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an arrival; what still waits or is held at the end has neither an answer nor a wait's end."""

    arrival: Arrival
    wait: timedelta | None  # until the answer, or until they left
    agent_id: str | None
    has_left: bool
    overflow: str | None  # the rule by which it left its queue


@dataclass(frozen=True, slots=True)
class Run:
    """All outcomes, in the order of arrival, and how long each agent was signed in and held work, in seconds."""

    outcomes: tuple[Outcome, ...]
    signed_in: Mapping[str, float]
    busy: Mapping[str, float]


Happening = Callable[[], None]


def what_if(recording: Recording, centre: ContactCentre, seed: int = 0) -> Run:
    """The recording under a policy. The same seed gives the same run."""
    return _World(recording, centre, seed).run()


class _World:
    """The pool while it is simulated. Events at one moment happen in the order in which they were set."""

    def __init__(self, recording: Recording, centre: ContactCentre, seed: int) -> None:
        self._recording, self._centre = recording, centre
        self._chance = random.Random(seed)  # noqa: S311  # a simulation
        self._patience: Patience = patience_of(recording.arrivals)
        self._handling = _mean([arrival.handling for arrival in recording.arrivals if arrival.handling])
        self._now = recording.begin
        self._router = Router(centre, self._now, Pool())
        self._coming: list[tuple[datetime, int, Happening]] = []
        self._numbers = 0
        self._arrivals = {arrival.item.id: arrival for arrival in recording.arrivals}
        self._answered: dict[str, tuple[timedelta, str]] = {}
        self._left: dict[str, timedelta] = {}
        self._overflowed: dict[str, str] = {}
        self._since: dict[str, datetime] = {}
        self._signed_in: dict[str, float] = {}
        self._busy: dict[str, float] = {}

    def run(self) -> Run:
        """Until the recording ends."""
        for arrival in self._recording.arrivals:
            self._set(arrival.at, lambda it=arrival: self._arrive(it))  # type: ignore[misc]  # bound at once
        for turn in self._recording.turns:
            self._set(turn.at, lambda it=turn: self._turn(it))  # type: ignore[misc]  # bound at once
        while True:
            deadline = self._router.next_deadline()
            at = self._coming[0][0] if self._coming else None
            following = min((moment for moment in (deadline, at) if moment), default=None)
            if following is None or following > self._recording.end:
                break
            self._now = max(self._now, following)
            while self._coming and self._coming[0][0] <= self._now:
                heappop(self._coming)[2]()
            self._decide()
        for agent_id in list(self._router.pool.agents):
            self._count(agent_id)
        return Run(tuple(map(self._outcome, self._recording.arrivals)), self._signed_in, self._busy)

    def _set(self, at: datetime, happening: Happening) -> None:
        self._numbers += 1
        heappush(self._coming, (at, self._numbers, happening))

    def _new_id(self) -> str:
        self._numbers += 1
        return f"offer-{self._numbers}"

    def _arrive(self, arrival: Arrival) -> None:
        self._router.apply(arrival.item)
        queue = self._centre.queues.get(arrival.item.queue)
        if queue is None:
            return  # nobody serves it under this policy: it waits for as long as the customer does
        self._await_patience(arrival)

    def _await_patience(self, arrival: Arrival) -> None:
        patience = arrival.patience or self._patience.beyond(arrival.wait or timedelta(), self._chance.random())
        if patience is not None:
            self._set(arrival.at + patience, lambda: self._leave(arrival))

    def _leave(self, arrival: Arrival) -> None:
        item = self._router.pool.items.get(arrival.item.id)
        if item is None or item.state not in (WorkState.WAITING, WorkState.OFFERED):
            return
        self._left[item.id] = self._now - arrival.at
        self._apply(finish(self._current(item), self._capacity(item.agent_id), self._now))

    def _turn(self, turn: Turn) -> None:
        self._count(turn.agent_id)
        agent = self._agent(turn.agent_id)
        after = replace(agent, chosen=turn.chosen, next=turn.next, is_connected=turn.is_connected)
        self._router.apply(settled(agent, after, self._capacity(turn.agent_id), self._now))

    def _decide(self) -> None:
        while decisions := self._router.decide(self._now, BATCH_MAX, self._new_id):
            for decision in decisions:
                if decision.offer and decision.offer.state is OfferState.PENDING and decision.agent:
                    self._count(decision.agent.id)
                    self._await_answer(decision.offer)
                elif decision.item.state is WorkState.OVERFLOWED:
                    self._overflow(decision.item)

    def _overflow(self, item: WorkItem) -> None:
        """Work goes to the other queue; a callback or an end is where this simulation leaves it."""
        self._overflowed[item.id] = item.reason or ""
        queue = self._centre.queues.get(item.queue)
        action = next((rule.action for rule in queue.overflow if rule.id == item.reason), None) if queue else None
        other = self._centre.queues.get(action.queue or "") if action else None
        if other is not None and other.pool == (queue.pool if queue else None):
            self._router.apply(
                replace(
                    item, state=WorkState.WAITING, queue=other.id, priority=other.priority, queued_at=self._now,
                    reason=None, revision=item.revision + 1,
                )
            )  # fmt: skip

    def _await_answer(self, offer: Offer) -> None:
        habit = self._recording.habits.get(offer.agent_id, Habit())
        drawn = self._chance.random()
        if drawn < habit.missed:
            return  # the offer expires by itself
        if drawn < habit.missed + habit.declined:
            after, state = timedelta(seconds=habit.decline_seconds), OfferState.DECLINED
        else:
            after, state = timedelta(seconds=habit.accept_seconds), OfferState.ACCEPTED
        self._set(self._now + after, lambda: self._answer(offer, state))

    def _answer(self, offer: Offer, state: OfferState) -> None:
        item = self._router.pool.items.get(offer.work_id)
        if item is None or item.offer_id != offer.id or offer.expires_at <= self._now:
            return
        current, capacity = self._current(item), self._capacity(offer.agent_id)
        self._count(offer.agent_id)
        if state is OfferState.DECLINED:
            self._apply(end_offer(current, state, self._centre.offers, capacity, self._now))
            return
        self._apply(accept(current, capacity, self._now))
        arrival = self._arrivals[item.id]
        self._answered[item.id] = (self._now - arrival.at, offer.agent_id)
        self._set(self._now + (arrival.handling or self._handling), lambda: self._end(item.id, offer.agent_id))

    def _end(self, item_id: str, agent_id: str) -> None:
        self._count(agent_id)
        item = self._router.pool.items[item_id]
        self._apply(finish(self._current(item), self._capacity(agent_id), self._now))

    def _apply(self, change: Assignment) -> None:
        self._router.apply(change.item)
        if change.agent:
            self._router.apply(change.agent)
        if change.offer:
            self._router.apply(change.offer)

    def _current(self, item: WorkItem) -> Assignment:
        pool = self._router.pool
        agent = pool.agents.get(item.agent_id) if item.agent_id else None
        return Assignment(item, agent, pool.offers.get(item.offer_id) if item.offer_id else None)

    def _agent(self, agent_id: str) -> AgentState:
        known = self._router.pool.agents.get(agent_id)
        return known or AgentState(agent_id, since=self._now, idle_since=self._now)

    def _capacity(self, agent_id: str | None) -> int:
        profile = self._centre.agents.get(agent_id or "")
        return profile.capacity if profile else 0

    def _count(self, agent_id: str) -> None:
        """Add the time since the agent's last change to what they were signed in and busy for."""
        since, self._since[agent_id] = self._since.get(agent_id), self._now
        agent = self._router.pool.agents.get(agent_id)
        if since is None or agent is None:
            return
        seconds = (self._now - since).total_seconds()
        if agent.is_connected and agent.chosen != "offline":
            self._signed_in[agent_id] = self._signed_in.get(agent_id, 0.0) + seconds
        capacity = self._capacity(agent_id)
        if agent.held and capacity:
            self._busy[agent_id] = self._busy.get(agent_id, 0.0) + seconds * agent.used / capacity

    def _outcome(self, arrival: Arrival) -> Outcome:
        id_ = arrival.item.id
        wait, agent_id = self._answered.get(id_, (self._left.get(id_), None))
        return Outcome(arrival, wait, agent_id, id_ in self._left, self._overflowed.get(id_))


def _mean(spans: list[timedelta]) -> timedelta:
    return sum(spans, timedelta()) / len(spans) if spans else HANDLING_DEFAULT
