"""Whom a waiting item suits best, of all who could take it now."""

from collections.abc import Callable

import numpy as np

from shared.domain.policy import Method
from shared.domain.routing.demand import Demand
from shared.domain.routing.line import Signature, Waiting
from shared.domain.routing.order import NEVER
from shared.domain.routing.roster import Ints, Roster
from shared.domain.routing.work import WorkItem


def best_agent(roster: Roster, demand: Demand, waiting: Waiting, signature: Signature, refusals_max: int) -> int | None:
    """The index of the agent whom an item is to be offered to."""
    item = waiting.item
    named = (item.target_agent,) if item.target_agent else item.preferred
    is_for_them = bool(item.target_agent) or waiting.is_reserved
    for agent_id in named:
        index = roster.index.get(agent_id)
        if (
            index is not None
            and roster.masks[index] >> signature.class_ & 1
            and item.refusals.get(agent_id, 0) < refusals_max
            and (is_for_them or roster.suits(index, signature.queues, signature.asks))
        ):
            return index
    if is_for_them:
        return None
    idle_if_free = roster.idle_if_free[signature.class_]
    if signature.edits != roster.edits and not _is_anybody_free(idle_if_free[roster.serving(signature.queues)]):
        return None  # who of them has the skills need not be found out
    eligible = demand.eligible(signature)
    idle = idle_if_free[eligible]
    if not _is_anybody_free(idle):
        return None
    if item.refusals:
        return _of_the_willing(roster, item, signature, eligible, idle, refusals_max)
    place = _best_place(roster, signature, eligible, idle)
    return None if place is None else int(eligible[place])


def _is_anybody_free(idle: Ints) -> bool:
    return idle.size > 0 and idle.item(idle.argmin()) != NEVER


def _of_the_willing(
    roster: Roster, item: WorkItem, signature: Signature, eligible: Ints, idle: Ints, refusals_max: int
) -> int | None:  # fmt: skip
    """Who refused less comes first."""
    by_count: dict[int, list[int]] = {}
    for agent_id, count in item.refusals.items():
        index = roster.index.get(agent_id)
        place = -1 if index is None else int(eligible.searchsorted(index))
        if count > 0 and 0 <= place < eligible.size and eligible[place] == index:
            by_count.setdefault(count, []).append(place)
    others = idle.copy()
    for places in by_count.values():
        others[places] = NEVER
    found = _best_place(roster, signature, eligible, others) if refusals_max > 0 else None
    for count in sorted(by_count):
        if found is not None or count >= refusals_max:
            break
        some = np.full_like(idle, NEVER)
        some[by_count[count]] = idle[by_count[count]]
        found = _best_place(roster, signature, eligible, some)
    return None if found is None else int(eligible[found])


def _best_place(roster: Roster, signature: Signature, eligible: Ints, idle: Ints) -> int | None:
    """The place among `eligible`; `idle` is NEVER for those who are not asked."""
    if signature.method is not Method.LONGEST_IDLE or signature.is_closest:
        places = (idle != NEVER).nonzero()[0]
        if not places.size:
            return None
        if signature.lacking is not None:
            places = _least(places, signature.lacking.take(places))
        worth = _BY_METHOD.get(signature.method)
        if worth is not None and places.size > 1:
            places = _least(places, worth(roster, signature, eligible, places))
        return int(places[idle.take(places).argmin()])
    place = int(idle.argmin())  # the first of several: the lowest id
    return None if idle[place] == NEVER else place


def _least(places: Ints, values: Ints) -> Ints:
    least: Ints = places[values == values[values.argmin()]]
    return least


def _matching(roster: Roster, signature: Signature, eligible: Ints, places: Ints) -> Ints:
    return places if signature.matching is None else signature.matching.take(places)


_BY_METHOD: dict[Method, Callable[[Roster, Signature, Ints, Ints], Ints]] = {
    Method.ROUND_ROBIN: lambda roster, signature, eligible, places: roster.turns[signature.queue].take(
        eligible.take(places)
    ),
    Method.LEAST_ACTIVE: lambda roster, _, eligible, places: roster.holding.take(eligible.take(places)),
    Method.HIGHEST_CAPACITY: lambda roster, _, eligible, places: -roster.spare.take(eligible.take(places)),
    Method.BEST_MATCH: _matching,
}
