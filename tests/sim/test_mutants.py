"""The simulator finds bugs: each of these, put into the real code at run time, is caught within a few seeds."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shared.domain import conversation as domain
from shared.domain import life, presence, routing
from shared.domain.conversation import Draft, Kind
from shared.domain.routing import WorkState, roster
from shared.ports import Container
from shared.records.routing import RoutingStore
from shared.usecases import stages, work
from sim import process
from sim.durable.bells import SimBells
from sim.run import run_seed
from sim.scenario import BUSY, CHAOS, QUIET, Scenario
from triggers.store_feed import SINKS

SEEDS_MAX = 25
TOUGH = replace(BUSY, name="tough", customers=14, transfers=0.3, declines=0.2, last_moment=0.2, sets_aside=0.1)

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
