"""Places: kept as records change they are what one would find anew; estimates follow the policy."""

import random
from dataclasses import replace
from datetime import timedelta

import pytest

from shared.domain.flow import Flow
from shared.domain.policy import Match, Relaxation
from shared.domain.presence import AgentState, Held, Hold, Presence
from shared.domain.routing import Place, Places, Pool, WorkItem, WorkKind, WorkState, place
from tests.domain.cast import CENTRE, MINUTE, NOW, SECOND, agent, at, centre, working

SIXTY = Flow(handle_seconds=60)


def flow(_: str) -> Flow:
    return SIXTY


def item(id_: str, queue: str = "sales", seconds: float = 0, **fields: object) -> WorkItem:
    base = WorkItem(id_, f"c-{id_}", WorkKind.NEW, "chat", queue, (), 5, at(seconds), 1, 1)
    return replace(base, **fields)  # type: ignore[arg-type]  # fields of a WorkItem


def pool(*records: WorkItem | AgentState) -> Pool:
    return Pool(
        {record.id: record for record in records if isinstance(record, WorkItem)},
        {record.id: record for record in records if isinstance(record, AgentState)},
    )


def full(id_: str, count: int = 3, queue: str = "sales") -> tuple[AgentState, list[WorkItem]]:
    """Somebody without room, and their work."""
    held = {f"{id_}-{n}": Held(1, Hold.ACTIVE, f"c{n}", "chat") for n in range(count)}
    work = [item(name, queue, -100, state=WorkState.ASSIGNED, agent_id=id_) for name in held]
    return working(id_, held=held), work


def seconds(found: Place) -> int | None:
    return found.estimated_wait_seconds


def test_work_that_nobody_has_the_skills_for_is_told_no_wait() -> None:
    alice, work = full("alice")
    mine, theirs = item("w1", skills=("vip",)), item("w2", seconds=1)
    found = pool(alice, *work, mine, theirs)
    assert place(found, mine, CENTRE, flow, at(60)) == Place(1, None)
    assert place(found, theirs, CENTRE, flow, at(60)) == Place(2, 20)  # nothing is ahead that alice may take


def test_relaxation_and_closest_matches_count() -> None:
    alice, work = full("alice")
    mine = item("w1", skills=("vip",))
    found = pool(alice, *work, mine)
    relaxed = replace(CENTRE.queues["sales"], relaxation=(Relaxation(MINUTE, drop=frozenset({"vip"})),))
    closest = replace(CENTRE.queues["sales"], match=Match.CLOSEST)
    by_time = centre(queues={**CENTRE.queues, "sales": relaxed})
    assert seconds(place(found, mine, by_time, flow, at(59))) is None
    assert seconds(place(found, mine, by_time, flow, at(60))) == 20
    assert seconds(place(found, mine, centre(queues={**CENTRE.queues, "sales": closest}), flow, NOW)) == 20


def test_other_queues_count_by_who_shares_their_agents() -> None:
    """Work of `care` needs pt, which both have, and goes first."""
    alice, work = full("alice")
    mine = item("w1")
    before = [item(f"x{n}", "care", priority=3) for n in range(6)]
    assert seconds(place(pool(alice, *work, mine), mine, CENTRE, flow, NOW)) == 20
    assert seconds(place(pool(alice, *work, mine, *before), mine, CENTRE, flow, NOW)) == 140
    unrelated = [item(f"x{n}", "night", priority=3) for n in range(6)]
    assert seconds(place(pool(alice, *work, mine, *unrelated), mine, CENTRE, flow, NOW)) == 20


def test_what_agents_hold_counts_by_its_own_queue() -> None:
    def by_queue(queue: str) -> Flow:
        return Flow(handle_seconds={"sales": 60.0, "care": 600.0}[queue] if queue in ("sales", "care") else 1.0)

    mine = item("w1")
    slow, work = full("alice", queue="care")
    assert seconds(place(pool(slow, *work, mine), mine, CENTRE, by_queue, NOW)) == 200


@pytest.mark.parametrize(
    "gone", [{"chosen": Presence.AWAY}, {"next": Presence.AWAY}, {"is_connected": False}, {"chosen": Presence.OFFLINE}]
)
def test_who_takes_nothing_new_is_not_counted(gone: dict[str, object]) -> None:
    alice, work = full("alice")
    bob, more = full("bob")
    mine = item("w1")
    found = pool(alice, replace(bob, **gone), *work, *more, mine)  # type: ignore[arg-type]
    assert seconds(place(found, mine, CENTRE, flow, NOW)) == 20
    assert seconds(place(pool(alice, bob, *work, *more, mine), mine, CENTRE, flow, NOW)) == 10


def test_channel_limits_and_units_count() -> None:
    one_chat = centre(agent("alice", capacity=3, channels={"chat": 1}))
    alice, work = full("alice", 1)
    mine = item("w1")
    assert seconds(place(pool(alice, *work, mine), mine, one_chat, flow, NOW)) == 60
    call = item("w2", channel="voice", units=3)
    busy, more = full("alice")
    assert seconds(place(pool(busy, *more, call), call, CENTRE, flow, NOW)) == 60


def test_the_answer_to_the_offer_is_waited_for() -> None:
    mine = item("w1")
    answering = Flow(handle_seconds=60, answer_seconds=7)
    assert seconds(place(pool(working("alice"), mine), mine, CENTRE, lambda _: answering, NOW)) == 7
    offered = replace(mine, state=WorkState.OFFERED)
    assert place(pool(offered), offered, CENTRE, lambda _: answering, NOW) == Place(1, 7)


def test_urgent_work_that_will_come_counts() -> None:
    alice, work = full("alice")
    line = [item(f"w{n:02}", seconds=n) for n in range(10)]
    found = pool(alice, *work, *line)

    def rushing(queue: str) -> Flow:
        return Flow(60, coming={3: 0.03}) if queue == "care" else SIXTY

    calm = seconds(place(found, line[-1], CENTRE, flow, at(20)))
    rush = seconds(place(found, line[-1], CENTRE, rushing, at(20)))
    assert calm == 200 and rush is not None and rush > 250
    aged = replace(CENTRE, ageing=SECOND)  # what comes later than that is not more urgent any more
    assert seconds(place(found, line[-1], aged, rushing, at(20))) == 200


def test_somebody_who_would_come_now_is_last_of_their_kind_and_leaves_no_trace() -> None:
    alice, work = full("alice")
    line = [item(f"w{n}", seconds=n) for n in range(3)]
    places = Places(pool(alice, *work, *line), CENTRE, flow)
    newcomer = item("new", seconds=50)
    assert places.place(newcomer, at(50)) == Place(4, 80)
    assert places.place(item("pt", seconds=50, skills=("pt",)), at(50)) == Place(4, 80)
    assert [places.place(it, at(50)) for it in line] == [Place(1, 20), Place(2, 40), Place(3, 60)]
    assert places.waiting("sales") == 3 and places.waiting("nothing") == 0


@pytest.mark.parametrize("seed", range(6))
def test_places_that_are_kept_are_those_one_would_find_anew(seed: int) -> None:
    chance = random.Random(seed)
    found = pool(working("alice"), working("bob"))
    places, ageing = Places(found, CENTRE, flow), CENTRE
    for step in range(150):
        now = at(step * 60)  # so that no estimate is kept
        name = f"w{chance.randrange(30)}"
        states = [WorkState.WAITING, WorkState.WAITING, WorkState.OFFERED, WorkState.DONE]
        record = item(
            name, chance.choice(["sales", "care"]), chance.randrange(500), state=chance.choice(states),
            priority=chance.randrange(4), skills=chance.choice([(), ("vip",)]), is_front=chance.random() < 0.1,
        )  # fmt: skip
        if record.state is WorkState.DONE:
            found.items.pop(name, None)
        else:
            found.items[name] = record
        places.take(record)
        if step % 40 == 39:
            ageing = replace(CENTRE, ageing=chance.choice([None, MINUTE, timedelta(seconds=7)]))
            places.configure(ageing)
        for it in found.items.values():
            assert places.place(it, now) == place(found, it, ageing, flow, now)


def test_an_estimate_that_took_long_is_kept_for_a_moment() -> None:
    alice, work = full("alice")
    line = [item(f"w{n:03}", seconds=n) for n in range(200)]  # five looks each, and one to play them
    found = pool(alice, *work, *line)
    places = Places(found, CENTRE, flow)
    assert places.place(line[-1], at(300)) == Place(200, 4000)
    del found.items["w000"]
    places.take(replace(line[0], state=WorkState.DONE))
    assert places.place(line[-1], at(300.01)) == Place(199, 4000)
    assert places.place(line[-1], at(306)) == Place(199, 3980)
