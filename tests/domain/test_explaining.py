"""Routing's reasons in words."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shared.domain.centre import AgentProfile, ContactCentre, Penalty
from shared.domain.explaining import changes_ahead, judge, needs_of, summary, tallies
from shared.domain.policy import Match, Method, Need, OverflowAction, OverflowKind, OverflowRule, Relaxation
from shared.domain.presence import AgentState, Held, Hold, Presence
from shared.domain.routing import WorkItem, WorkKind
from tests.domain.cast import CENTRE, MINUTE, NOW, SECOND, agent, at, centre

SALES = CENTRE.queues["sales"]


def item(**fields: Any) -> WorkItem:
    """Work that waits in `sales`."""
    base = WorkItem("w1", "c1", WorkKind.NEW, "chat", "sales", (), 5, NOW, 1, 1)
    return replace(base, **fields)


def state(id_: str, idle: float = 0, **fields: Any) -> AgentState:
    """Somebody who is available and idle since so many seconds after NOW."""
    return AgentState(id_, since=NOW, idle_since=at(idle), chosen=Presence.AVAILABLE, **fields)


def text_of(work: WorkItem, who: AgentState, profile: AgentProfile, **fields: Any) -> str:
    (judged,) = judge(work, [who], centre(profile, **fields), at(60))
    return judged.text


def with_sales(**fields: Any) -> dict[str, Any]:
    return {"queues": {**CENTRE.queues, "sales": replace(SALES, **fields)}}


def test_who_could_take_it_comes_first_and_the_longest_idle_leads() -> None:
    staff: ContactCentre = centre(agent("alice"), agent("bob"), agent("carla", queues=("care",)), agent("dora"))
    agents = [state("alice", 30), state("bob", 10), state("carla"), replace(state("dora"), chosen=Presence.AWAY)]
    judged = judge(item(), agents, staff, at(60))
    assert [(it.agent.id, it.place) for it in judged] == [("bob", 1), ("alice", 2), ("carla", None), ("dora", None)]
    assert [it.text for it in judged] == [
        "idle for 50 s", "idle for 30 s", "does not serve the queue sales", "is away",
    ]  # fmt: skip
    assert [text for _, _, text in tallies(judged)] == ["1 not available", "1 do not serve the queue"]
    assert summary(judged) == "2 of 4 agents could take it; 1 not available, 1 do not serve the queue."
    assert summary([]) == "The pool has no agents."


@pytest.mark.parametrize(
    ("work", "who", "profile", "expected"),
    [
        ({}, {}, agent("bob", enabled=False), "is no agent of this contact centre any more"),
        ({}, {"penalty": Penalty.INACTIVE}, agent("bob"), "is inactive (missed-offer)"),
        ({}, {"is_connected": False}, agent("bob"), "is offline (connection-lost)"),
        (
            {}, {"held": {"w0": Held(3, Hold.ACTIVE, "c0", "chat")}}, agent("bob"),
            "is doNotDisturb (at-capacity)",
        ),
        ({"target_agent": "alice"}, {}, agent("bob"), "the work is for alice"),
        ({"refusals": {"bob": 3}}, {}, agent("bob"), "has refused it 3 times"),
        ({"skills": ("pt", "vip>=7")}, {}, agent("bob", "pt", "vip"), "lacks vip>=7 (has 1)"),
        (
            {"units": 2}, {"held": {"w0": Held(2, Hold.ACTIVE, "c0", "chat")}}, agent("bob"),
            "has 1 of 3 units free, 2 are needed",
        ),
        (
            {}, {"held": {"w0": Held(1, Hold.ACTIVE, "c0", "chat")}}, agent("bob", channels={"chat": 1}),
            "has 1 of at most 1 of chat",
        ),
    ],
)  # fmt: skip
def test_what_failed(work: dict[str, Any], who: dict[str, Any], profile: AgentProfile, expected: str) -> None:
    assert text_of(item(**work), state("bob", **who), profile) == expected


@pytest.mark.parametrize(
    ("fields", "who", "expected"),
    [
        ({"method": Method.ROUND_ROBIN}, {}, "was never given work of this queue, idle for 1 min 0 s"),
        (
            {"method": Method.ROUND_ROBIN}, {"assigned_at": {"sales": at(5)}},
            "was last given work of this queue at 09:00:05 UTC, idle for 1 min 0 s",
        ),
        ({"method": Method.LEAST_ACTIVE}, {}, "holds 0 items, idle for 1 min 0 s"),
        ({"method": Method.HIGHEST_CAPACITY}, {}, "has 3 units free, idle for 1 min 0 s"),
        ({"method": Method.BEST_MATCH}, {}, "has 1 levels of what is asked for, idle for 1 min 0 s"),
        ({"match": Match.CLOSEST}, {}, "has all that is asked for, idle for 1 min 0 s"),
    ],
)  # fmt: skip
def test_what_spoke_for_somebody(fields: dict[str, Any], who: dict[str, Any], expected: str) -> None:
    assert text_of(item(skills=("pt",)), state("bob", **who), agent("bob", "pt"), **with_sales(**fields)) == expected


def test_preferred_agents_are_waited_for_and_then_named() -> None:
    work, policy = item(preferred=("alice",)), with_sales(preferred_for=2 * MINUTE)
    assert text_of(work, state("bob"), agent("bob"), **policy) == "it waits for alice until 09:02:00 UTC"
    assert text_of(work, state("alice"), agent("alice"), **policy) == "is a preferred agent, idle for 1 min 0 s"


def test_what_time_will_change() -> None:
    queue = replace(
        SALES,
        preferred_for=90 * SECOND,
        relaxation=(
            Relaxation(20 * SECOND, drop=frozenset({"vip"})),
            Relaxation(2 * MINUTE, lower={"pt": 3}, queues=frozenset({"care"})),
        ),
        overflow=(OverflowRule("late", OverflowAction(OverflowKind.END), waited=5 * MINUTE),),
    )
    work = item(skills=("pt>=5", "vip"), preferred=("alice",))
    assert [str(need) for need in needs_of(work, queue, NOW)] == ["pt>=5", "vip"]
    assert needs_of(work, queue, at(120)) == (Need("pt", 3),)
    assert [(when - NOW, text) for when, text in changes_ahead(work, queue, at(30))] == [
        (90 * SECOND, "others than the preferred agents may take it"),
        (2 * MINUTE, "it asks for no more than pt>=3; agents of care may help"),
        (5 * MINUTE, "it leaves the queue by the rule late"),
    ]
    assert changes_ahead(work, queue, NOW + timedelta(hours=1)) == []
    assert changes_ahead(work, None, NOW) == []
