"""Any sequence of work, decisions, answers and presence changes keeps the books of a pool in order."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from shared.domain.centre import OfferRules, Penalty
from shared.domain.presence import Hold, Presence, choose, settled, takes_offers
from shared.domain.routing import (
    Assignment,
    Offer,
    OfferGone,
    OfferState,
    Pool,
    WorkItem,
    WorkKind,
    WorkState,
    accept,
    end_offer,
    finish,
)
from shared.domain.routing.router import Record, Router
from tests.domain.cast import NOW, SECOND, agent, centre, queue, working

PEOPLE = ("alice", "bob", "charlie")
CENTRE = centre(
    agent("alice", "pt", capacity=3),
    agent("bob", "pt", "vip", capacity=2),
    agent("charlie", capacity=1, queues=("care",)),
    queues={which.id: which for which in (queue("sales"), queue("care", priority=2))},
    offers=OfferRules(Penalty.INACTIVE, Penalty.DO_NOT_DISTURB, 2),
)
ROUNDS_MAX = 40
CHOICES = [presence for presence in Presence if presence is not Presence.INACTIVE]


class RoutingMachine(RuleBasedStateMachine):
    """`pool` is what a follower keeps: what is over is dropped from it; `offers` are all that ever were."""

    def __init__(self) -> None:
        super().__init__()
        self.now = NOW
        self.pool = Pool(agents={id_: working(id_) for id_ in PEOPLE})
        self.router = Router(CENTRE, NOW, self.pool)
        self.offers: dict[str, Offer] = {}
        self.ended: dict[str, OfferState] = {}
        self.numbers = 0

    def new_id(self) -> str:
        self.numbers += 1
        return f"{self.numbers:04}"

    def tell(self, *records: Record | None) -> None:
        """The router hears of each change, as by a follower."""
        for record in records:
            if record is not None:
                self.router.apply(record)

    def capacity(self, id_: str) -> int:
        return CENTRE.agents[id_].capacity

    def commit(self, changes: Sequence[Assignment]) -> None:
        """As the store does: one document per id, the last write counts."""
        for change in changes:
            self.tell(change.item, change.agent, change.offer)
            stored = self.pool.items.get(change.item.id)
            assert stored is None or change.item.revision == stored.revision + 1
            self.pool.items[change.item.id] = change.item
            if change.item.state in (WorkState.DONE, WorkState.FAILED):
                del self.pool.items[change.item.id]
            if change.agent:
                self.pool.agents[change.agent.id] = change.agent
            if change.offer:
                self.offers[change.offer.id] = self.pool.offers[change.offer.id] = change.offer
                if change.offer.state is not OfferState.PENDING:
                    assert change.offer.id not in self.ended, "an offer ends once"
                    self.ended[change.offer.id] = change.offer.state
                    del self.pool.offers[change.offer.id]

    def current(self, item: WorkItem) -> Assignment:
        """The item with the agent and the offer that it names, as the store reads them."""
        named = self.pool.agents.get(item.agent_id) if item.agent_id else None
        return Assignment(item, named, self.offers.get(item.offer_id) if item.offer_id else None)

    @rule(
        queue=st.sampled_from(["sales", "sales", "care", "unheard of"]),
        skills=st.sampled_from([(), (), ("pt",), ("vip",), ("fr",)]),
        units=st.integers(1, 3),
        priority=st.integers(1, 3),
        is_front=st.booleans(),
        meant_for=st.sampled_from([None, None, None, *PEOPLE]),
    )
    def work_comes(self, meant_for: str | None, **fields: Any) -> None:
        kind = WorkKind.TRANSFER if meant_for else WorkKind.NEW
        id_ = f"w{self.new_id()}"
        item = WorkItem(
            id_, f"c-{id_}", kind, "chat", enqueued_at=self.now, epoch=1, target_agent=meant_for,
            **{"queue": "sales", **fields},
        )  # fmt: skip
        self.pool.items[id_] = item
        self.tell(item)

    def round(self, limit: int = 15) -> list[Assignment]:
        decisions = self.router.decide(self.now, limit, self.new_id)
        assert len(decisions) <= limit
        concerned = [decision.item.id for decision in decisions]
        assert len(concerned) == len(set(concerned)), "one decision on an item a batch"
        for decision in decisions:  # one after the other: each is made on what those before it have changed
            if decision.item.state is WorkState.OFFERED:
                self.check_offer(decision)
            self.commit([decision])
        assert self.router.pool == self.pool
        return decisions

    def check_offer(self, decision: Assignment) -> None:
        offer, item = decision.offer, self.pool.items[decision.item.id]
        assert offer and decision.agent
        before, profile = self.pool.agents[offer.agent_id], CENTRE.agents[offer.agent_id]
        assert item.state is WorkState.WAITING
        assert takes_offers(before, profile.capacity)
        assert before.used + item.units <= profile.capacity
        assert item.refusals.get(offer.agent_id, 0) < CENTRE.offers.refusals_max
        if item.target_agent:
            assert item.target_agent == offer.agent_id
        else:
            assert item.queue in profile.queues and set(item.skills) <= profile.skills.keys()
        assert offer.expires_at > self.now

    @rule(limit=st.sampled_from([1, 2, 15]))
    def one_round(self, limit: int) -> None:
        self.round(limit)

    @rule()
    def rounds_until_nothing_is_left(self) -> None:
        for _ in range(ROUNDS_MAX):
            if not self.round():
                break
        else:
            raise AssertionError("it decides for ever")
        self.nobody_waits_for_an_agent_who_could_take_it()
        assert all(item.target_agent is None for item in self.waiting()), "a transfer fails or is offered"
        deadline = self.router.next_deadline()
        assert deadline is None or deadline > self.now

    def waiting(self) -> list[WorkItem]:
        return [item for item in self.pool.items.values() if item.state is WorkState.WAITING]

    def nobody_waits_for_an_agent_who_could_take_it(self) -> None:
        """I4."""
        for item in self.waiting():
            for who in self.pool.agents.values():
                profile = CENTRE.agents[who.id]
                assert not (
                    item.queue in profile.queues
                    and set(item.skills) <= profile.skills.keys()
                    and takes_offers(who, profile.capacity)
                    and who.used + item.units <= profile.capacity
                    and item.refusals.get(who.id, 0) < CENTRE.offers.refusals_max
                ), (item, who)

    def answer(self, data: Any, do: Callable[[Assignment], Assignment]) -> None:
        """One of all offers that ever were is answered, by whoever has it on an old screen."""
        offer = self.offers[data.draw(st.sampled_from(sorted(self.offers)))]
        item = self.pool.items.get(offer.work_id)
        current = Assignment(item, self.pool.agents[offer.agent_id], offer) if item else None
        is_open = offer.state is OfferState.PENDING and offer.expires_at > self.now
        try:
            if current is None:
                raise OfferGone(offer.state)
            change = do(current)
        except OfferGone as gone:
            assert gone.state is (OfferState.EXPIRED if offer.state is OfferState.PENDING else offer.state)
            assert not is_open
            return
        assert offer.state is OfferState.PENDING
        if change.item.state is WorkState.ASSIGNED:
            assert is_open, "accepted after its time was up"
        self.commit([change])

    @precondition(lambda self: self.offers)
    @rule(data=st.data())
    def somebody_accepts(self, data: Any) -> None:
        self.answer(
            data, lambda current: accept(current, self.capacity(current.agent.id if current.agent else ""), self.now)
        )

    @precondition(lambda self: self.offers)
    @rule(data=st.data())
    def somebody_declines(self, data: Any) -> None:
        def decline(current: Assignment) -> Assignment:
            assert current.agent
            return end_offer(current, OfferState.DECLINED, CENTRE.offers, self.capacity(current.agent.id), self.now)

        self.answer(data, decline)

    @precondition(lambda self: self.pool.items)
    @rule(data=st.data())
    def work_is_over(self, data: Any) -> None:
        """The customer has left, or the conversation has ended."""
        item = self.pool.items[data.draw(st.sampled_from(sorted(self.pool.items)))]
        current = self.current(item)
        before = current.agent.used if current.agent else 0
        change = finish(current, self.capacity(current.agent.id) if current.agent else 0, self.now)
        self.commit([change])
        if change.agent:
            assert change.agent.used == before - item.units

    @rule(
        id_=st.sampled_from(PEOPLE), chosen=st.sampled_from([None, *CHOICES]), next_=st.sampled_from([None, *CHOICES])
    )
    def somebody_chooses(self, id_: str, chosen: Presence | None, next_: Presence | None) -> None:
        before = self.pool.agents[id_]
        self.pool.agents[id_] = settled(before, choose(before, chosen, next_), self.capacity(id_), self.now)
        self.tell(self.pool.agents[id_])

    @rule(id_=st.sampled_from(PEOPLE))
    def somebody_is_available(self, id_: str) -> None:
        self.somebody_chooses(id_, Presence.AVAILABLE, None)

    @rule(id_=st.sampled_from(PEOPLE), is_connected=st.booleans())
    def a_connection_changes(self, id_: str, is_connected: bool) -> None:
        before = self.pool.agents[id_]
        after = replace(before, is_connected=is_connected)
        self.pool.agents[id_] = settled(before, after, self.capacity(id_), self.now)
        self.tell(self.pool.agents[id_])

    @rule(seconds=st.integers(1, 40))
    def time_passes(self, seconds: int) -> None:
        self.now += seconds * SECOND

    @invariant()
    def nobody_holds_more_than_they_can(self) -> None:
        """I3."""
        for who in self.pool.agents.values():
            assert who.used <= self.capacity(who.id)

    @invariant()
    def every_offer_has_its_work_and_its_hold(self) -> None:
        pending = {offer.work_id: offer for offer in self.pool.offers.values()}
        assert len(pending) == len(self.pool.offers), "two pending offers of one work item"
        offered = {item.id: item for item in self.pool.items.values() if item.state is WorkState.OFFERED}
        assert pending.keys() == offered.keys()
        for item in offered.values():
            offer = pending[item.id]
            assert (offer.id, offer.agent_id, offer.conversation_id) == (
                item.offer_id,
                item.agent_id,
                item.conversation_id,
            )
            assert self.pool.agents[offer.agent_id].held[item.id].state is Hold.OFFERED

    @invariant()
    def every_hold_has_its_work(self) -> None:
        states = {Hold.OFFERED: WorkState.OFFERED, Hold.ACTIVE: WorkState.ASSIGNED}
        holds = 0
        for who in self.pool.agents.values():
            for work_id, held in who.held.items():
                item = self.pool.items[work_id]
                assert (item.state, item.agent_id, item.units) == (states[held.state], who.id, held.units)
                assert item.conversation_id == held.conversation_id
                holds += 1
        busy = [item for item in self.pool.items.values() if item.state in (WorkState.OFFERED, WorkState.ASSIGNED)]
        assert len(busy) == holds

    @invariant()
    def what_waits_belongs_to_nobody(self) -> None:
        for item in self.waiting():
            assert (item.offer_id, item.agent_id, item.assignment_epoch) == (None, None, 0)
        for who in self.pool.agents.values():
            assert who.next is None or who.held

    @invariant()
    def an_offer_that_is_over_stays_so(self) -> None:
        assert {id_: offer.state for id_, offer in self.offers.items() if id_ not in self.pool.offers} == self.ended


TestRouting = RoutingMachine.TestCase
TestRouting.settings = settings(max_examples=100, stateful_step_count=40, deadline=None)
