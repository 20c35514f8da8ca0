"""Who gets which work: a pool's records go in as they change, decisions come out. docs/routing.md says by which rules.

No decision scans the pool. What has changed since the last decision is kept in mind: items that are new at their place
(`_fresh`) and agents who may take more than before (`_seeking`). Nobody else can have become a match, so that the first
item in order is the first of the fresh ones or the best one for a seeking agent. This module imports numpy; import it
where a router is made.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from heapq import heappop, heappush

from shared.domain.centre import AgentProfile, ContactCentre
from shared.domain.policy import Method
from shared.domain.presence import AgentState, release, settled
from shared.domain.routing.choice import best_agent
from shared.domain.routing.deadlines import AT_ONCE, Deadline, Deadlines, Due
from shared.domain.routing.demand import Demand
from shared.domain.routing.line import Entry, Waiting
from shared.domain.routing.order import micros, moment, packed, rank_of, span
from shared.domain.routing.roster import Roster
from shared.domain.routing.rules import QueueRules
from shared.domain.routing.work import (
    Assignment,
    NewId,
    Offer,
    OfferState,
    Pool,
    WorkItem,
    WorkState,
    end_offer,
    is_gone,
    moved,
    offer_to,
)

Record = WorkItem | AgentState | Offer


class Router:
    """Of one pool, deterministic. `pool` holds the newest records that are not over, own decisions included."""

    def __init__(self, centre: ContactCentre, now: datetime, pool: Pool | None = None) -> None:
        self.centre, self._now = centre, micros(now)
        self._rebuild(centre, pool or Pool())

    def configure(self, centre: ContactCentre, now: datetime) -> None:
        """Go by a new policy. Changed agents are looked at one by one, anything else takes a new index."""
        before = self.centre
        if centre is before:
            return
        same = replace(centre, version=before.version, agents=before.agents) == before
        if not same or centre.agents.keys() != before.agents.keys():
            self._now = max(self._now, micros(now))
            self._rebuild(centre, self.pool)
            return
        for id_, profile in centre.agents.items():
            if profile is not before.agents[id_] and profile != before.agents[id_]:
                self.revise(profile)
        self.centre = centre

    def revise(self, profile: AgentProfile) -> None:
        """An agent's profile has changed; KeyError for one whom the policy does not know."""
        self._roster.revise(profile)
        self._agents[profile.id] = profile
        state = self.pool.agents.get(profile.id)
        if state:
            self._roster.update(state)
            self._seek(self._roster.index[profile.id])

    def apply(self, record: Record) -> None:
        """Take the newest version of a record, which may be over."""
        if isinstance(record, AgentState):
            self._apply_agent(record)
        elif isinstance(record, WorkItem):
            if self.pool.items.get(record.id) != record:
                self._apply_item(record)
        else:
            self._apply_offer(record)

    def restore(self, decisions: Iterable[Assignment], stored: Pool) -> None:
        """Go back to what is stored of what these decisions concern: they were not committed."""
        for decision in decisions:
            item = stored.items.get(decision.item.id)
            if item:
                self._apply_item(item)
            else:
                self._drop_item(decision.item.id)
            if decision.agent and decision.agent.id in stored.agents:
                self._apply_agent(stored.agents[decision.agent.id])
            if decision.offer:
                self._apply_offer(
                    stored.offers.get(decision.offer.id, replace(decision.offer, state=OfferState.CANCELLED))
                )

    def decide(self, now: datetime, limit: int, new_id: NewId) -> list[Assignment]:
        """The next decisions, at most `limit`, each made on what those before it have changed.

        A batch has one decision on an item at most, and ends early where there would be another one; a batch of none
        means that nothing is left to decide. Time never goes back: an earlier `now` is taken as the latest known.
        """
        at = micros(now)
        if at < self._now:
            now = moment(self._now)
        self._now = max(self._now, at)
        decisions: list[Assignment] = []
        decided: set[str] = set()
        while len(decisions) < limit:
            decision = self._expire(now, decided)
            if decision is None and not self._is_held_up:
                decision = self._match(now, new_id, decided)
            if decision is None:
                break
            self._take(decision)
            decisions.append(decision)
            decided.add(decision.item.id)
        return decisions

    def next_deadline(self) -> datetime | None:
        """When the pool needs to be looked at again without being rung; once nothing is left to decide."""
        deadline = self._deadlines.first()
        return moment(deadline[0]) if deadline else None

    # Records

    def _rebuild(self, centre: ContactCentre, pool: Pool) -> None:
        self.centre = centre
        self._agents = dict(centre.agents)
        self._ageing = span(centre.ageing) if centre.ageing else None
        self._refusals_max = centre.offers.refusals_max
        self._rules = {id_: QueueRules(id_, profile) for id_, profile in centre.queues.items()}
        rotating = [id_ for id_, queue in centre.queues.items() if queue.method is Method.ROUND_ROBIN]
        self._roster = Roster(centre.agents.values(), rotating)
        for channel in centre.channels.values():
            self._roster.class_of(channel.id, channel.units, {})
        self._demand = Demand(self._roster)
        self._deadlines = Deadlines(self._holds)
        self._waiting: dict[str, Waiting] = {}
        self._serials = 0
        self._gains = 0  # times that somebody could take more than before
        self._is_held_up: bool = False
        self._fresh: list[Entry] = []
        self._seekers: set[int] = set()  # agents who may be a match for work that is not fresh
        self._unasked: set[int] = set()  # those of them whose best item is not in `_finds`
        self._finds: list[tuple[Entry, int, int]] = []  # with the agent and their stamp
        self._stamps = [0] * self._roster.size
        self._pending: dict[str, set[str]] = {}  # offers by agent
        self.pool: Pool = Pool()
        for records in (pool.offers, pool.agents, pool.items):
            for record in records.values():
                self.apply(record)

    def _apply_item(self, item: WorkItem) -> None:
        self._unplace(item.id)
        state = item.state
        if state is WorkState.DONE or state is WorkState.FAILED:
            self.pool.items.pop(item.id, None)
            return
        self.pool.items[item.id] = item
        if state is WorkState.WAITING:
            rank = rank_of(item, self._ageing)
            self._place(Waiting(item, rank, packed(rank, self._ageing)))
        elif state is WorkState.OFFERED:
            if item.offer_id in self.pool.offers:
                self._watch(self.pool.offers[item.offer_id])
        elif state is WorkState.ASSIGNED and item.agent_id in self.pool.agents:
            self._watch_holds(self.pool.agents[item.agent_id])

    def _drop_item(self, id_: str) -> None:
        self._unplace(id_)
        self.pool.items.pop(id_, None)

    def _apply_agent(self, agent: AgentState) -> None:
        before = self.pool.agents.get(agent.id)
        self.pool.agents[agent.id] = agent
        if before is None or is_gone(agent):
            for offer_id in self._pending.get(agent.id, ()):
                self._watch(self.pool.offers[offer_id])
        self._watch_holds(agent)
        gained = self._roster.update(agent)
        if gained >= 0:
            index = self._roster.index[agent.id]
            if gained or index in self._seekers:
                self._seek(index)

    def _apply_offer(self, offer: Offer) -> None:
        pending = self._pending.setdefault(offer.agent_id, set())
        if offer.state is OfferState.PENDING:
            self.pool.offers[offer.id] = offer
            pending.add(offer.id)
            self._watch(offer)
            return
        self.pool.offers.pop(offer.id, None)
        pending.discard(offer.id)
        if not pending:
            del self._pending[offer.agent_id]

    def _take(self, decision: Assignment) -> None:
        self._apply_item(decision.item)
        if decision.agent:
            self._apply_agent(decision.agent)
        if decision.offer:
            self._apply_offer(decision.offer)

    def _seek(self, index: int) -> None:
        self._stamps[index] += 1
        self._gains += 1
        self._seekers.add(index)
        self._unasked.add(index)

    # Waiting

    def _place(self, waiting: Waiting) -> None:
        """Put an item where its waiting time has it wait."""
        item = waiting.item
        rules = self._rules.get(item.queue)
        if rules is None:
            rules = self._rules[item.queue] = QueueRules(item.queue, None)
        stage = rules.stage(item, self._now)
        class_ = self._roster.class_of(item.channel, item.units, self.pool.agents)
        self._serials += 1
        waiting.serial = self._serials
        waiting.signature = self._demand.signature(rules, item.skills, stage.steps, class_)
        waiting.is_reserved = stage.is_reserved and not item.target_agent
        self._waiting[item.id] = waiting
        heappush(self._fresh, (waiting.key, waiting.rank, waiting.serial, waiting))
        if item.target_agent:
            return  # it is decided on at once
        if waiting.is_reserved:
            self._demand.reserve(waiting, class_, self._preferred(item))
        else:
            self._demand.add(waiting)
        if stage.deadline is not None:
            self._deadlines.add(stage.deadline, Due.ITEM, item.id, waiting.serial)

    def _unplace(self, id_: str) -> None:
        waiting = self._waiting.pop(id_, None)
        if waiting is None:
            return
        waiting.serial = 0
        if waiting.item.target_agent:
            return
        if waiting.is_reserved:
            self._demand.unreserve(waiting, waiting.signature.class_, self._preferred(waiting.item))
        else:
            self._demand.remove(waiting)

    def _preferred(self, item: WorkItem) -> list[int]:
        index = self._roster.index
        return [index[id_] for id_ in dict.fromkeys(item.preferred) if id_ in index]

    # Time

    def _watch(self, offer: Offer) -> None:
        agent = self.pool.agents.get(offer.agent_id)
        if agent and is_gone(agent):
            self._deadlines.add(AT_ONCE, Due.REVOKED, offer.id)
        self._deadlines.add(micros(offer.expires_at), Due.OFFER, offer.id)

    def _watch_holds(self, agent: AgentState) -> None:
        for work_id, held in agent.held.items():
            if held.until is not None:
                self._deadlines.add(micros(held.until), Due.HOLD, agent.id, work_id)

    def _holds(self, deadline: Deadline) -> bool:
        at, due, id_, of = deadline
        if due is Due.ITEM:
            waiting = self._waiting.get(id_)
            return waiting is not None and waiting.serial == of
        if due is Due.HOLD:
            agent = self.pool.agents.get(id_)
            held = agent.held.get(str(of)) if agent else None
            return held is not None and held.until is not None and micros(held.until) == at and of in self.pool.items
        offer = self.pool.offers.get(id_)
        agent = self.pool.agents.get(offer.agent_id) if offer else None
        item = self.pool.items.get(offer.work_id) if offer else None
        if offer is None or agent is None or item is None or item.offer_id != offer.id:
            return False
        return is_gone(agent) if due is Due.REVOKED else micros(offer.expires_at) == at

    def _expire(self, now: datetime, decided: set[str]) -> Assignment | None:
        """The first decision that time asks for; items that ask for less from now on move on the way."""
        self._is_held_up = False
        while (deadline := self._deadlines.first()) and deadline[0] <= self._now:
            at, due, id_, of = deadline
            if due is Due.ITEM:
                waiting = self._waiting[id_]
                rule = self._overflow(waiting.item, at)
                if rule is None:
                    self._deadlines.drop_first()
                    self._unplace(id_)
                    self._place(waiting)
                    continue
                decision = Assignment(moved(waiting.item, WorkState.OVERFLOWED, reason=rule))
            elif due is Due.HOLD:
                decision = self._give_back(self.pool.agents[id_], str(of), now)
            else:
                decision = self._end(self.pool.offers[id_], now)
            if decision.item.id in decided:
                self._is_held_up = True  # for the next batch
                return None
            self._deadlines.drop_first()
            return decision
        return None

    def _overflow(self, item: WorkItem, due: int) -> str | None:
        """The rule by which an item leaves its queue, if that is what is due."""
        rules = self._rules[item.queue]
        leaves_at = rules.leaves_at(item)
        return None if leaves_at is None or due < leaves_at else rules.overflow(item, self._now)

    def _end(self, offer: Offer, now: datetime) -> Assignment:
        agent = self.pool.agents[offer.agent_id]
        state = OfferState.REVOKED if is_gone(agent) else OfferState.EXPIRED
        current = Assignment(self.pool.items[offer.work_id], agent, offer)
        return end_offer(current, state, self.centre.offers, self._capacity(agent), now)

    def _give_back(self, agent: AgentState, work_id: str, now: datetime) -> Assignment:
        after = settled(agent, release(agent, work_id, now), self._capacity(agent), now)
        return Assignment(self.pool.items[work_id], after)

    def _capacity(self, agent: AgentState) -> int:
        profile = self._agents.get(agent.id)
        return profile.capacity if profile else 0

    # Matching

    def _match(self, now: datetime, new_id: NewId, decided: set[str]) -> Assignment | None:
        """The first item in order that somebody may take, with whom it suits best; or a transfer that fails."""
        while True:
            find = self._first_find()
            fresh = self._first_fresh()
            if fresh is None and find is None:
                return None
            if fresh is None or (find is not None and find[0] < fresh):
                assert find is not None  # noqa: S101  # one of the two is there
                entry, index, _ = find
                if entry[3].item.id in decided:
                    return None
                if len(self._finds) > 1:  # they may suit somebody else better
                    found = best_agent(self._roster, self._demand, entry[3], entry[3].signature, self._refusals_max)
                    index = index if found is None else found
                return self._offer(entry[3].item, index, now, new_id)
            waiting = fresh[3]
            found = self._somebody(waiting)
            if waiting.item.id in decided and (found is not None or waiting.item.target_agent):
                return None
            heappop(self._fresh)
            if found is not None:
                return self._offer(waiting.item, found, now, new_id)
            if waiting.item.target_agent:
                return Assignment(moved(waiting.item, WorkState.FAILED, reason="agent-unavailable"))

    def _offer(self, item: WorkItem, index: int, now: datetime, new_id: NewId) -> Assignment:
        profile = self._roster.profiles[index]
        return offer_to(item, self.pool.agents[profile.id], profile, self.centre.queues.get(item.queue), now, new_id)

    def _first_fresh(self) -> Entry | None:
        fresh = self._fresh
        while fresh and fresh[0][3].serial != fresh[0][2]:
            heappop(fresh)
        return fresh[0] if fresh else None

    def _first_find(self) -> tuple[Entry, int, int] | None:
        """The first of the best items of those who seek."""
        finds = self._finds
        while True:
            for index in self._unasked:
                best = self._demand.best_for(index, self._roster.masks[index], self._refusals_max)
                if best:
                    heappush(finds, (best, index, self._stamps[index]))
                else:
                    self._seekers.discard(index)
            self._unasked.clear()
            while finds and finds[0][2] != self._stamps[finds[0][1]]:
                heappop(finds)
            if not finds or finds[0][0][3].serial == finds[0][0][2]:
                return finds[0] if finds else None
            self._unasked.add(heappop(finds)[1])  # somebody else got that

    def _somebody(self, waiting: Waiting) -> int | None:
        """Who gets a fresh item. Where nobody could take one like it a moment ago, nobody is looked for."""
        signature = waiting.signature
        is_ordinary = not waiting.is_reserved and not waiting.item.target_agent
        if is_ordinary and signature.nobody == self._gains:
            return None
        found = best_agent(self._roster, self._demand, waiting, signature, self._refusals_max)
        if found is None and is_ordinary and not waiting.item.refusals:
            signature.nobody = self._gains
        return found
