"""The simulator finds bugs: each of these, put into the real code at run time, is caught within a few seeds."""

import functools
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shared.domain import conversation as domain
from shared.domain import life, overflow, presence, routing
from shared.domain.centre import ContactCentre
from shared.domain.conversation import Draft, Kind
from shared.domain.policy import OverflowRule
from shared.domain.routing import WorkState, roster
from shared.domain.routing.eligibility import room
from shared.ports import Container
from shared.records.routing import PoolFollower, RoutingStore
from shared.usecases import agents, closures, queueing, stages, steering, work
from shared.usecases.policies import Policies
from sim import process
from sim.durable.bells import SimBells
from sim.run import run_seed
from sim.scenario import BUSY, CHANGING, CHAOS, POLICY, QUIET, Scenario
from triggers.store_feed import SINKS

SEEDS_MAX = 25
TOUGH = replace(BUSY, name="tough", customers=14, transfers=0.3, declines=0.2, last_moment=0.2, sets_aside=0.1)
STUBBORN = replace(QUIET, name="stubborn", declines=0.7, misses=0.0, customers=6, patience=300.0, agents=2)

Patch = Callable[[pytest.MonkeyPatch], None]


def capacity_is_not_given_back(patch: pytest.MonkeyPatch) -> None:
    original = routing.finish
    patch.setattr(work, "finish", lambda *given: replace(original(*given), agent=None))


def nothing_is_ever_finished(patch: pytest.MonkeyPatch) -> None:
    """Wrap-up never releases."""

    async def finish_all(*_: Any) -> None:
        return

    patch.setattr(stages, "finish_all", finish_all)


def an_offer_is_accepted_at_its_very_end(patch: pytest.MonkeyPatch) -> None:
    original = routing.accept
    patch.setattr(routing, "accept", lambda now, cap, at: original(now, cap, at - timedelta(milliseconds=1)))


def an_offer_that_is_over_is_accepted(patch: pytest.MonkeyPatch) -> None:
    original = routing.accept
    patch.setattr(routing, "accept", lambda now, cap, at: original(now, cap, at - timedelta(hours=1)))


def nobody_compares_before_setting(patch: pytest.MonkeyPatch) -> None:
    """Twins overwrite each other: etags are read anew just before the write."""
    original = RoutingStore.commit

    async def commit(self: RoutingStore, pool: str, changes: Any, etags: Any) -> bool:
        fresh = dict(etags)
        for id_ in [*etags, *(f"work:{change.item.id}" for change in changes)]:
            found = await self._documents.read(Container.ROUTING, pool, id_)
            fresh[id_] = found.etag if found else None
        return await original(self, pool, changes, fresh)

    patch.setattr(RoutingStore, "commit", commit)


def agents_take_one_more_than_they_can(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(presence.AgentState, "used", property(lambda agent: 0))
    patch.setattr(roster, "room", lambda agent, profile: profile.capacity)


def the_epoch_stays(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Draft, "own", lambda self, owner, epoch=None: self.set(owner=owner))


def an_event_is_stored_as_often_as_it_comes(patch: pytest.MonkeyPatch) -> None:
    original = Draft.say

    def say(self: Draft, id_: str, sender: Any, *more: Any, **named: Any) -> None:
        is_customer = sender.kind is Kind.CUSTOMER
        original(self, f"{id_}.{self.conversation.version}" if is_customer else id_, sender, *more, **named)

    patch.setattr(Draft, "say", say)


def the_bell_of_the_wait_before_is_rung(patch: pytest.MonkeyPatch) -> None:
    """And the change feed is off."""
    original = SimBells.ring

    async def ring(self: SimBells, conversation_id: str, token: int) -> None:
        await original(self, conversation_id, token - 1)

    patch.setattr(SimBells, "ring", ring)
    _without_the_feed(patch)


def no_bell_is_rung(patch: pytest.MonkeyPatch) -> None:
    """And the change feed is off."""
    patch.setattr(domain.Change, "rings", property(lambda self: None))
    _without_the_feed(patch)


def a_decline_loses_the_work(patch: pytest.MonkeyPatch) -> None:
    original = routing.end_offer

    def end_offer(*given: Any) -> Any:
        ended = original(*given)
        return replace(ended, item=replace(ended.item, state=WorkState.DONE))

    patch.setattr(routing, "end_offer", end_offer)


def a_decline_sends_to_the_end_of_the_line(patch: pytest.MonkeyPatch) -> None:
    original = routing.end_offer

    def end_offer(*given: Any) -> Any:
        ended = original(*given)
        return replace(ended, item=replace(ended.item, enqueued_at=given[-1]))

    patch.setattr(routing, "end_offer", end_offer)


def a_transfer_frees_nothing(patch: pytest.MonkeyPatch) -> None:
    original = life._reflect_transfer

    def reflect(draft: Draft, *more: Any) -> None:
        stale = draft.conversation.stale
        original(draft, *more)
        draft.set(stale=stale)

    patch.setattr(life, "_reflect_transfer", reflect)


def the_end_signals_nobody(patch: pytest.MonkeyPatch) -> None:
    original = Draft.signal
    patch.setattr(Draft, "signal", lambda self: None if self.conversation.status == "closed" else original(self))


def an_agent_s_screen_is_not_told(patch: pytest.MonkeyPatch) -> None:
    """And the change feed is off."""

    async def tell_agent(*_: Any) -> None:
        return

    patch.setattr(work, "tell_agent", tell_agent)
    _without_the_feed(patch)


def doorbells_are_not_rung(patch: pytest.MonkeyPatch) -> None:
    """When work is enqueued: only the sweep finds it, after up to 5 s."""

    async def enqueue_item(services: Any, pool: str, item: Any) -> None:
        await services.routing.create_item(pool, item)

    patch.setattr(stages, "enqueue_item", enqueue_item)


def relaxation_is_ignored(patch: pytest.MonkeyPatch) -> None:
    _misread(patch, lambda centre: _with_queues(centre, relaxation=()))


def rules_of_overflow_fire_early(patch: pytest.MonkeyPatch) -> None:
    def early(centre: ContactCentre) -> ContactCentre:
        queues = {
            id_: replace(queue, overflow=tuple(_sooner(rule) for rule in queue.overflow))
            for id_, queue in centre.queues.items()
        }  # fmt: skip
        return replace(centre, queues=queues)

    _misread(patch, early)


def nothing_overflows(patch: pytest.MonkeyPatch) -> None:
    """Out of the queue; into it, as ever."""
    _misread(patch, lambda centre: _with_queues(centre, overflow=()))


def queues_that_are_not_full_turn_away(patch: pytest.MonkeyPatch) -> None:
    original = overflow._holds

    def holds(rule: OverflowRule, *more: Any) -> bool:
        return original(replace(rule, items_waiting=0) if rule.items_waiting else rule, *more)

    patch.setattr(overflow, "_holds", holds)


def hours_are_ignored(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(overflow, "is_closed", lambda *_: False)


def a_closed_queue_lets_in(patch: pytest.MonkeyPatch) -> None:
    """One that a supervisor has closed."""

    async def closures_of(*_: Any) -> dict[str, Any]:
        return {}

    patch.setattr(queueing, "_closures", closures_of)
    patch.setattr(closures, "is_new", lambda *_: False)


def who_is_barred_is_asked_again(patch: pytest.MonkeyPatch) -> None:
    _misread(patch, lambda centre: replace(centre, offers=replace(centre.offers, refusals_max=100)))


def work_is_not_kept_for_preferred_agents(patch: pytest.MonkeyPatch) -> None:
    _misread(patch, lambda centre: _with_queues(centre, preferred_for=timedelta()))


def limits_by_channel_are_ignored(patch: pytest.MonkeyPatch) -> None:
    def unlimited(centre: ContactCentre) -> ContactCentre:
        return replace(centre, agents={id_: replace(agent, channels={}) for id_, agent in centre.agents.items()})

    _misread(patch, unlimited)


def who_drains_is_offered_work(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(roster, "room", lambda agent, profile: room(replace(agent, next=None), profile))


def wrap_up_holds_for_ever(patch: pytest.MonkeyPatch) -> None:
    """Where it should for a time only."""
    original = work._held

    def held(*given: Any) -> Any:
        after = original(*given)
        return replace(after, held={id_: replace(each, until=None) for id_, each in after.held.items()})

    patch.setattr(work, "_held", held)


def a_twin_never_learns_of_another_policy(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Policies, "_is_due", lambda self: self._looked_at is None)


def the_router_keeps_its_first_policy(patch: pytest.MonkeyPatch) -> None:
    original = PoolFollower.router

    def router(self: PoolFollower, centre: ContactCentre, now: Any) -> Any:
        return original(self, self._router.centre if self._router else centre, now)

    patch.setattr(PoolFollower, "router", router)


def who_loses_their_agent_stays_with_them(patch: pytest.MonkeyPatch) -> None:
    async def requeue_all(*_: Any) -> None:
        return

    patch.setattr(agents, "_requeue_all", requeue_all)


def nobody_is_told_that_it_was_forced(patch: pytest.MonkeyPatch) -> None:
    original: Callable[..., Any] = steering._given
    patch.setattr(steering, "_given", lambda *given: original(*given[:-1], {}))


def _misread(patch: pytest.MonkeyPatch, misread: Callable[[ContactCentre], ContactCentre]) -> None:
    """The router goes by a policy that is not the one that counts."""
    original = PoolFollower.router
    known = functools.cache(lambda version: misread(centres[version]))
    centres: dict[str, ContactCentre] = {}

    def router(self: PoolFollower, centre: ContactCentre, now: Any) -> Any:
        centres[centre.version] = centre
        return original(self, known(centre.version), now)

    patch.setattr(PoolFollower, "router", router)


def _with_queues(centre: ContactCentre, **changes: Any) -> ContactCentre:
    return replace(centre, queues={id_: replace(queue, **changes) for id_, queue in centre.queues.items()})


def _sooner(rule: OverflowRule) -> OverflowRule:
    return replace(rule, waited=rule.waited / 2) if rule.waited else rule


def _without_the_feed(patch: pytest.MonkeyPatch) -> None:
    async def nothing(*_: Any) -> None:
        return

    patch.setattr(process, "SINKS", {name: (container, nothing) for name, (container, _) in SINKS.items()})


MUTANTS: Mapping[Patch, tuple[Scenario, set[str]]] = {
    capacity_is_not_given_back: (QUIET, {"I3"}),
    nothing_is_ever_finished: (QUIET, {"I3", "I8"}),
    an_offer_is_accepted_at_its_very_end: (TOUGH, {"I2"}),
    an_offer_that_is_over_is_accepted: (TOUGH, {"I2"}),
    nobody_compares_before_setting: (replace(CHAOS, mishaps={}, outages=0), {"I2", "I3", "place", "error"}),
    agents_take_one_more_than_they_can: (TOUGH, {"I3"}),
    the_epoch_stays: (QUIET, {"I2"}),
    an_event_is_stored_as_often_as_it_comes: (CHAOS, {"I1"}),
    the_bell_of_the_wait_before_is_rung: (QUIET, {"I5"}),
    no_bell_is_rung: (QUIET, {"I5"}),
    a_decline_loses_the_work: (TOUGH, {"I8"}),
    a_decline_sends_to_the_end_of_the_line: (TOUGH, {"place"}),
    a_transfer_frees_nothing: (TOUGH, {"I3", "I8"}),
    the_end_signals_nobody: (QUIET, {"I3", "I5"}),
    an_agent_s_screen_is_not_told: (QUIET, {"I7"}),
    doorbells_are_not_rung: (QUIET, {"I4"}),
    relaxation_is_ignored: (POLICY, {"I4"}),
    rules_of_overflow_fire_early: (POLICY, {"policy"}),
    nothing_overflows: (POLICY, {"I4"}),
    queues_that_are_not_full_turn_away: (POLICY, {"policy"}),
    hours_are_ignored: (POLICY, {"policy"}),
    a_closed_queue_lets_in: (POLICY, {"policy"}),
    who_is_barred_is_asked_again: (STUBBORN, {"policy"}),
    work_is_not_kept_for_preferred_agents: (POLICY, {"policy"}),
    limits_by_channel_are_ignored: (POLICY, {"policy"}),
    who_drains_is_offered_work: (POLICY, {"policy"}),
    wrap_up_holds_for_ever: (replace(POLICY, file=15.0), {"I3"}),
    a_twin_never_learns_of_another_policy: (CHANGING, {"policy", "I4"}),
    the_router_keeps_its_first_policy: (CHANGING, {"policy", "I4"}),
    who_loses_their_agent_stays_with_them: (replace(QUIET, cuts=8, patience=200.0), {"lost"}),
    nobody_is_told_that_it_was_forced: (CHANGING, {"I3"}),
}


@pytest.mark.slow
@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: str(mutant.__name__))
def test_a_bug_is_caught(mutant: Patch, monkeypatch: pytest.MonkeyPatch) -> None:
    scenario, invariants = MUTANTS[mutant]
    mutant(monkeypatch)
    for seed in range(SEEDS_MAX):
        failure = run_seed(seed, scenario).failure
        if failure:
            assert failure.invariant in invariants, failure
            return
    pytest.fail(f"{SEEDS_MAX} seeds have not caught it")
