"""Who gets which work: a pool's records go in as they change, decisions come out. docs/routing.md says by which rules.

The router keeps the records and sees to it that its index knows them: lines of work (`Demand`), agents (`Roster`), what
has changed (`Matching`) and what time asks for (`Agenda`). This module imports numpy; import it where a router is made.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from shared.domain.centre import AgentProfile, ContactCentre
from shared.domain.policy import Method
from shared.domain.presence import AgentState
from shared.domain.routing.agenda import Agenda
from shared.domain.routing.deadlines import Due
from shared.domain.routing.demand import Demand
from shared.domain.routing.line import Waiting
from shared.domain.routing.matching import Matching
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
        is_more = self._roster.revise(profile)
        self._agents[profile.id] = profile
        state = self.pool.agents.get(profile.id)
        if state:
            self._changed(self._roster.index[profile.id], state, is_more=is_more)

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
            decisions.append(decision)
            decided.add(decision.item.id)
        return decisions

    def next_deadline(self) -> datetime | None:
        """When the pool needs to be looked at again without being rung; once nothing is left to decide."""
        deadline = self._agenda.deadlines.first()
        return moment(deadline[0]) if deadline else None

    # Records

    def _rebuild(self, centre: ContactCentre, pool: Pool) -> None:
        self.centre = centre
        self._agents = dict(centre.agents)
        self._ageing = span(centre.ageing) if centre.ageing else None
        self._rules = {id_: QueueRules(id_, profile) for id_, profile in centre.queues.items()}
        rotating = [id_ for id_, queue in centre.queues.items() if queue.method is Method.ROUND_ROBIN]
        self._roster = Roster(centre.agents.values(), rotating)
        for channel in centre.channels.values():
            self._roster.class_of(channel.id, channel.units, {})
        self._demand = Demand(self._roster)
        self._matching = Matching(self._roster, self._demand, centre.offers.refusals_max)
        self._waiting: dict[str, Waiting] = {}
        self._serials = 0
        self._is_held_up: bool = False
        self._pending: dict[str, set[str]] = {}  # offers by agent
        self.pool: Pool = Pool()
        self._agenda = Agenda(self.pool, self._waiting, self._rules, centre.offers, self._capacity)
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
                self._agenda.watch_offer(self.pool.offers[item.offer_id])
        elif state is WorkState.ASSIGNED and item.agent_id in self.pool.agents:
            self._agenda.watch_holds(self.pool.agents[item.agent_id])

    def _drop_item(self, id_: str) -> None:
        self._unplace(id_)
        self.pool.items.pop(id_, None)

    def _apply_agent(self, agent: AgentState) -> None:
        before = self.pool.agents.get(agent.id)
        self.pool.agents[agent.id] = agent
        if before is None or is_gone(agent):
            for offer_id in self._pending.get(agent.id, ()):
                self._agenda.watch_offer(self.pool.offers[offer_id])
        self._agenda.watch_holds(agent)
        index = self._roster.index.get(agent.id)
        if index is not None:
            self._changed(index, agent)

    def _changed(self, index: int, agent: AgentState, *, is_more: bool = False) -> None:
        if self._roster.update(index, agent) or is_more:
            self._matching.gained(index)
        else:
            self._matching.lost(index)

    def _apply_offer(self, offer: Offer) -> None:
        pending = self._pending.setdefault(offer.agent_id, set())
        if offer.state is OfferState.PENDING:
            self.pool.offers[offer.id] = offer
            pending.add(offer.id)
            self._agenda.watch_offer(offer)
            return
        self.pool.offers.pop(offer.id, None)
        pending.discard(offer.id)
        if not pending:
            del self._pending[offer.agent_id]

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
        self._matching.placed(waiting)
        if item.target_agent:
            return  # it is decided on at once
        if waiting.is_reserved:
            self._demand.reserve(waiting, class_, self._preferred(item))
        else:
            self._demand.add(waiting)
        if stage.deadline is not None:
            self._agenda.watch_item(waiting, stage.deadline)

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

    # Decisions

    def _expire(self, now: datetime, decided: set[str]) -> Assignment | None:
        """The first decision that time asks for; items that ask for less from now on move on the way."""
        self._is_held_up = False
        while deadline := self._agenda.deadlines.due(self._now):
            decision = self._agenda.decision(deadline, self._now, now)
            if decision and decision.item.id in decided:
                self._is_held_up = True  # for the next batch
                return None
            self._agenda.deadlines.drop_first()
            if decision:
                self._take(decision)
                return decision
            waiting = self._waiting[deadline[2]]
            self._unplace(deadline[2])
            self._place(waiting)
        return None

    def _match(self, now: datetime, new_id: NewId, decided: set[str]) -> Assignment | None:
        """The first item in order that somebody may take goes to whom it suits best."""
        match = self._matching.next(decided)
        if match is None:
            return None
        waiting, index = match
        if index is not None:
            return self._offer(waiting.item, index, now, new_id)
        decision = Assignment(moved(waiting.item, WorkState.FAILED, reason="agent-unavailable"))
        self._take(decision)
        return decision

    def _offer(self, item: WorkItem, index: int, now: datetime, new_id: NewId) -> Assignment:
        """Hold work out to an agent. Taken at once as `_take` would, without asking what may have changed."""
        pool, profile = self.pool, self._roster.profiles[index]
        decision = offer_to(item, pool.agents[profile.id], profile, self.centre.queues.get(item.queue), now, new_id)
        agent, offer = decision.agent, decision.offer
        assert agent is not None and offer is not None  # noqa: S101  # it is an offer
        self._unplace(item.id)
        pool.items[item.id], pool.agents[agent.id], pool.offers[offer.id] = decision.item, agent, offer
        self._pending.setdefault(agent.id, set()).add(offer.id)
        self._agenda.deadlines.add(micros(offer.expires_at), Due.OFFER, offer.id)
        self._changed(index, agent)
        return decision

    def _take(self, decision: Assignment) -> None:
        self._apply_item(decision.item)
        if decision.agent:
            self._apply_agent(decision.agent)
        if decision.offer:
            self._apply_offer(decision.offer)

    def _capacity(self, agent: AgentState) -> int:
        profile = self._agents.get(agent.id)
        return profile.capacity if profile else 0
