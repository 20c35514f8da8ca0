"""What time asks for: offers that end, capacity that is given back, work that asks for less or leaves its queue."""

from collections.abc import Callable, Mapping
from datetime import datetime

from shared.domain.centre import OfferRules
from shared.domain.presence import AgentState, release, settled
from shared.domain.routing.deadlines import AT_ONCE, Deadline, Deadlines, Due
from shared.domain.routing.line import Waiting
from shared.domain.routing.order import micros
from shared.domain.routing.rules import QueueRules
from shared.domain.routing.work import Assignment, Offer, OfferState, Pool, WorkState, end_offer, is_gone, moved


class Agenda:
    """Of the router's own records, which it reads."""

    def __init__(
        self, pool: Pool, waiting: Mapping[str, Waiting], rules: Mapping[str, QueueRules], offers: OfferRules,
        capacity: Callable[[AgentState], int],
    ) -> None:  # fmt: skip
        self._pool, self._waiting, self._rules, self._offers, self._capacity = pool, waiting, rules, offers, capacity
        self.deadlines = Deadlines(self._holds)

    def watch_offer(self, offer: Offer) -> None:
        """It ends at its time, or at once if its agent is gone."""
        agent = self._pool.agents.get(offer.agent_id)
        if agent and is_gone(agent):
            self.deadlines.add(AT_ONCE, Due.REVOKED, offer.id)
        self.deadlines.add(micros(offer.expires_at), Due.OFFER, offer.id)

    def watch_holds(self, agent: AgentState) -> None:
        """Some capacity is held for a time only."""
        for work_id, held in agent.held.items():
            if held.until is not None:
                self.deadlines.add(micros(held.until), Due.HOLD, agent.id, work_id)

    def watch_item(self, waiting: Waiting, at: int) -> None:
        """Its waiting time has it wait elsewhere then."""
        self.deadlines.add(at, Due.ITEM, waiting.item.id, waiting.serial)

    def decision(self, deadline: Deadline, at: int, now: datetime) -> Assignment | None:
        """What is due, at the time `at`, which is `now`; None for an item that asks for less from now on."""
        due_at, due, id_, of = deadline
        if due is Due.ITEM:
            return self._overflow(self._waiting[id_], due_at, at)
        if due is Due.HOLD:
            agent = self._pool.agents[id_]
            after = settled(agent, release(agent, str(of), now), self._capacity(agent), now)
            return Assignment(self._pool.items[str(of)], after)
        offer = self._pool.offers[id_]
        agent = self._pool.agents[offer.agent_id]
        state = OfferState.REVOKED if is_gone(agent) else OfferState.EXPIRED
        current = Assignment(self._pool.items[offer.work_id], agent, offer)
        return end_offer(current, state, self._offers, self._capacity(agent), now)

    def _overflow(self, waiting: Waiting, due_at: int, at: int) -> Assignment | None:
        """The item leaves its queue, if that is what is due."""
        rules = self._rules[waiting.item.queue]
        leaves_at = rules.leaves_at(waiting.item)
        rule = None if leaves_at is None or due_at < leaves_at else rules.overflow(waiting.item, at)
        return Assignment(moved(waiting.item, WorkState.OVERFLOWED, reason=rule)) if rule else None

    def _holds(self, deadline: Deadline) -> bool:
        at, due, id_, of = deadline
        if due is Due.ITEM:
            waiting = self._waiting.get(id_)
            return waiting is not None and waiting.serial == of
        pool = self._pool
        if due is Due.HOLD:
            agent = pool.agents.get(id_)
            held = agent.held.get(str(of)) if agent else None
            return held is not None and held.until is not None and micros(held.until) == at and of in pool.items
        offer = pool.offers.get(id_)
        agent = pool.agents.get(offer.agent_id) if offer else None
        item = pool.items.get(offer.work_id) if offer else None
        if offer is None or agent is None or item is None or item.offer_id != offer.id:
            return False
        return is_gone(agent) if due is Due.REVOKED else micros(offer.expires_at) == at
