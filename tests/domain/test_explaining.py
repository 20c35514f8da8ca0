"""Routing's reasons in words."""

import string
from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from datetime import timedelta
from typing import Any

import pytest

from shared.domain.centre import AgentProfile, ContactCentre, Penalty
from shared.domain.explaining.english import ENGLISH
from shared.domain.explaining.judging import judge, tallies, why_offered, why_waiting
from shared.domain.explaining.policy import changes_ahead, needs_of, relaxed
from shared.domain.explaining.portuguese import PORTUGUESE
from shared.domain.explaining.voice import LANGUAGES, Voice, words_for
from shared.domain.explaining.words import Words, span
from shared.domain.policy import Match, Method, Need, OverflowAction, OverflowKind, OverflowRule, Relaxation
from shared.domain.presence import AgentState, Held, Hold, Presence
from shared.domain.routing import Fails, OfferState, WorkItem, WorkKind
from tests.domain.cast import CENTRE, HOUR, MINUTE, NOW, SECOND, agent, at, centre

SALES = CENTRE.queues["sales"]
BUSY = {"held": {"w0": Held(3, Hold.ACTIVE, "c0", "chat")}}


def item(**fields: Any) -> WorkItem:
    """Work that waits in `sales`."""
    base = WorkItem("w1", "c1", WorkKind.NEW, "chat", "sales", (), 5, NOW, 1, 1)
    return replace(base, **fields)


def state(id_: str, idle: float = 0, **fields: Any) -> AgentState:
    """Somebody who is available and idle since so many seconds after NOW."""
    given: dict[str, Any] = {"since": NOW, "idle_since": at(idle), "chosen": Presence.AVAILABLE}
    return AgentState(id_, **(given | fields))


def text_of(work: WorkItem, who: AgentState, profile: AgentProfile, words: Words = ENGLISH, **fields: Any) -> str:
    (judged,) = judge(work, [who], Voice(centre(profile, **fields), words), at(60))
    return judged.text


def with_sales(**fields: Any) -> dict[str, Any]:
    return {"queues": {**CENTRE.queues, "sales": replace(SALES, **fields)}}


def texts_of(words: Words) -> Iterator[tuple[str, str]]:
    """All texts of a language by where they stand."""
    for field in fields(words):
        value = getattr(words, field.name)
        entries = value.items() if isinstance(value, Mapping) else [("", value)]
        for key, text in entries:
            for number, form in enumerate((text,) if isinstance(text, str) else text):
                yield f"{field.name}.{key}.{number}", form


def test_all_languages_fill_in_the_same_values_everywhere() -> None:
    def placeholders(words: Words) -> dict[str, set[str | None]]:
        parse = string.Formatter().parse
        return {where: {name for _, name, _, _ in parse(text) if name} for where, text in texts_of(words)}

    assert placeholders(PORTUGUESE) == placeholders(ENGLISH)
    assert all(text for words in LANGUAGES.values() for _, text in texts_of(words))


@pytest.mark.parametrize("words", LANGUAGES.values())
def test_there_are_words_for_everything(words: Words) -> None:
    assert (set(words.tallies), set(words.waits)) == (set(Fails), set(Fails))
    assert (set(words.presences), set(words.offer_ended)) == (set(Presence), set(OfferState))
    assert set(words.decided_by_method) == set(Method)


@pytest.mark.parametrize(("locale", "words"), [("pt", PORTUGUESE), ("PT-pt", PORTUGUESE), ("en-GB", ENGLISH)])
def test_the_language_that_suits_is_spoken(locale: str, words: Words) -> None:
    assert words_for(locale) is words
    assert words_for("de") is ENGLISH


@pytest.mark.parametrize(
    ("length", "text"),
    [
        (-SECOND, "0 s"), (SECOND / 2, "< 1 s"), (20 * SECOND, "20 s"), (2 * MINUTE, "2 min"),
        (65 * SECOND, "1 min 5 s"), (3 * HOUR, "3 h"), (HOUR + 61 * SECOND, "1 h 1 min"),
    ],
)  # fmt: skip
def test_times_are_said_in_their_largest_units(length: timedelta, text: str) -> None:
    assert span(length) == text


def test_who_could_take_it_comes_first_and_the_longest_idle_leads() -> None:
    staff: ContactCentre = centre(agent("alice"), agent("bob"), agent("carla", queues=("care",)), agent("dora"))
    agents = [state("alice", 30), state("bob", 10), state("carla"), replace(state("dora"), chosen=Presence.AWAY)]
    voice = Voice(staff)
    judged = judge(item(), agents, voice, at(60))
    assert [(it.agent.id, it.place) for it in judged] == [("bob", 1), ("alice", 2), ("carla", None), ("dora", None)]
    assert [it.text for it in judged] == [
        "without new work for 50 s", "without new work for 30 s", "does not serve the queue Sales", "is away",
    ]  # fmt: skip
    assert [text for _, _, text in tallies(judged, voice)] == ["1 is not available", "1 does not serve the queue"]
    assert why_offered(item(), judged, "bob", voice, at(60)) == (
        "Offered to Bob, the first choice among 2 agents who could take it: without new work for the longest time "
        "(50 s). Of the others, 1 is not available and 1 does not serve the queue."
    )
    assert why_offered(item(), judged, "alice", voice, at(60)).startswith(
        "Offered to Alice. The records that are kept do not lead to this choice again."
    )


@pytest.mark.parametrize(
    ("work", "who", "profile", "english", "portuguese"),
    [
        ({}, {}, agent("bob", enabled=False), "does not work here any more", "não trabalha mais aqui"),
        (
            {}, {"penalty": Penalty.INACTIVE}, agent("bob"), "did not answer an offer and has not come back since",
            "não respondeu a uma oferta e ainda não voltou",
        ),
        ({}, {"is_connected": False}, agent("bob"), "has lost the connection", "perdeu a conexão"),
        ({}, {"chosen": Presence.OFFLINE}, agent("bob"), "is offline", "está offline"),
        (
            {}, BUSY, agent("bob"), "has no room: 3 of 3 units are taken",
            "não tem espaço: 3 de 3 unidades estão ocupadas",
        ),
        (
            {"target_agent": "bob"}, {}, agent("dora"), "may not take it: it is a transfer to bob",
            "não pode recebê-la: é uma transferência para bob",
        ),
        (
            {"refusals": {"bob": 3}}, {}, agent("bob"),
            "was offered it 3 times and did not take it, so is not asked again",
            "recebeu a oferta 3 vezes e não a aceitou; não é consultado de novo",
        ),
        ({}, {}, agent("bob", queues=("care",)), "does not serve the queue Sales", "não atende a fila Sales"),
        (
            {"skills": ("pt", "vip>=7", "fr", "de>=2")}, {}, agent("bob", "pt", "vip"),
            "lacks de at level 2 (has none), fr and Key accounts at level 7 (has level 1)",
            "não tem de no nível 2 (não tem), fr e Key accounts no nível 7 (tem nível 1)",
        ),
        (
            {"units": 2}, {"held": {"w0": Held(2, Hold.ACTIVE, "c0", "chat")}}, agent("bob"),
            "has no room: 2 of 3 units are taken, and this takes 2",
            "não tem espaço: 2 de 3 unidades estão ocupadas e esta ocupa 2",
        ),
        (
            {}, {"held": {"w0": Held(1, Hold.ACTIVE, "c0", "chat")}}, agent("bob", channels={"chat": 1}),
            "has 1 of at most 1 conversation on the channel chat already",
            "já tem 1 de no máximo 1 conversa no canal chat",
        ),
    ],
)  # fmt: skip
def test_what_failed(
    work: dict[str, Any], who: dict[str, Any], profile: AgentProfile, english: str, portuguese: str
) -> None:
    found = item(**work), state(profile.id, **who), profile
    assert (text_of(*found), text_of(*found, words=PORTUGUESE)) == (english, portuguese)


@pytest.mark.parametrize(
    ("fields", "who", "expected"),
    [
        ({"method": Method.ROUND_ROBIN}, {}, "was never given work of this queue, without new work for 1 min"),
        (
            {"method": Method.ROUND_ROBIN}, {"assigned_at": {"sales": at(5)}},
            "was last given work of this queue 55 s ago, without new work for 1 min",
        ),
        ({"method": Method.LEAST_ACTIVE}, {}, "holds 0 conversations, without new work for 1 min"),
        ({"method": Method.HIGHEST_CAPACITY}, {}, "has 3 units free, without new work for 1 min"),
        ({"method": Method.BEST_MATCH}, {}, "has 1 level of the skills asked for, without new work for 1 min"),
        ({"match": Match.CLOSEST}, {}, "has every skill that is asked for, without new work for 1 min"),
    ],
)  # fmt: skip
def test_what_spoke_for_somebody(fields: dict[str, Any], who: dict[str, Any], expected: str) -> None:
    assert text_of(item(skills=("pt",)), state("bob", **who), agent("bob", "pt"), **with_sales(**fields)) == expected


ALICE = state("alice", idle_since=NOW - MINUTE)
TWO = (agent("alice", "pt", "vip"), agent("bob", "pt"))


@pytest.mark.parametrize(
    ("work", "fields", "alice", "bob", "why"),
    [
        ({"preferred": ("alice",)}, {}, {}, {}, "a preferred agent of this customer"),
        ({"refusals": {"bob": 1}}, {}, {}, {}, "refused it less often than the others"),
        ({"skills": ("vip",)}, {"match": Match.CLOSEST}, {}, {}, "closest to the skills asked for"),
        (
            {}, {"method": Method.LEAST_ACTIVE}, {}, {"held": {"w0": Held(1, Hold.ACTIVE, "c0", "chat")}},
            "holds the fewest conversations",
        ),
        ({}, {}, {}, {"idle_since": NOW}, "without new work for the longest time (2 min)"),
        (
            {}, {"method": Method.HIGHEST_CAPACITY}, {}, {"idle_since": NOW},
            "equal to others otherwise, but without new work for the longest time (2 min)",
        ),
        ({}, {}, {}, {}, "equal to others in everything, and first by id"),
    ],
)  # fmt: skip
def test_what_decided_between_two(
    work: dict[str, Any], fields: dict[str, Any], alice: dict[str, Any], bob: dict[str, Any], why: str
) -> None:
    voice = Voice(centre(*TWO, **with_sales(**fields)))
    agents = [replace(ALICE, **alice), replace(ALICE, **{"id": "bob"} | bob)]
    judged = judge(item(**work), agents, voice, at(60))
    assert why_offered(item(**work), judged, "alice", voice, at(60)) == (
        f"Offered to Alice, the first choice among 2 agents who could take it: {why}."
    )


def test_preferred_agents_are_waited_for_and_then_named() -> None:
    work, policy = item(preferred=("alice",)), with_sales(preferred_for=2 * MINUTE)
    for_bob = "may not take it yet: for its first 2 min it is kept for alice"
    assert text_of(work, state("bob"), agent("bob"), **policy) == for_bob
    assert text_of(work, state("alice"), agent("alice"), **policy) == (
        "is a preferred agent of this customer, without new work for 1 min"
    )


EASED = replace(
    SALES,
    skills=frozenset({"pt>=7"}),
    preferred_for=90 * SECOND,
    relaxation=(
        Relaxation(20 * SECOND, lower={"pt": 5}, drop=frozenset({"unasked"})),
        Relaxation(30 * SECOND, drop=frozenset({"unasked"})),
        Relaxation(2 * MINUTE, drop=frozenset({"vip"}), queues=frozenset({"care"})),
    ),
    overflow=(
        OverflowRule("later", OverflowAction(OverflowKind.END), waited=9 * MINUTE),
        OverflowRule("late", OverflowAction(OverflowKind.QUEUE, "night"), waited=5 * MINUTE),
    ),
)
EASED_VOICE = Voice(centre(agent("alice"), agent("bob"), queues={**CENTRE.queues, "sales": EASED}))


def test_what_time_will_change() -> None:
    work = item(skills=("pt>=5", "vip"), preferred=("alice",))
    assert [str(need) for need in needs_of(work, EASED_VOICE, NOW)] == ["pt>=7", "vip"]
    assert needs_of(work, EASED_VOICE, at(120)) == (Need("pt", 5),)
    assert [(when - NOW, text) for when, text in changes_ahead(work, EASED_VOICE, NOW)] == [
        (20 * SECOND, "Portuguese at level 5 is enough instead of level 7"),
        (90 * SECOND, "others than Alice may take it"),
        (2 * MINUTE, "Key accounts is no longer asked for and agents of Care may help"),
        (5 * MINUTE, "it goes to the queue Night (rule late)"),
    ]
    assert changes_ahead(work, EASED_VOICE, NOW + HOUR) == []
    assert changes_ahead(replace(work, is_promised=True), EASED_VOICE, at(130)) == []
    assert changes_ahead(item(queue="gone"), EASED_VOICE, NOW) == []


def test_what_was_eased_by_waiting() -> None:
    work = item(skills=("vip",))
    assert relaxed(work, EASED_VOICE, at(19)) == ""
    assert relaxed(work, EASED_VOICE, at(125)) == (
        "It had waited for 2 min 5 s, so less was asked for: after 20 s, Portuguese at level 5 is enough instead of "
        "level 7; after 2 min, Key accounts is no longer asked for and agents of Care may help."
    )


@pytest.mark.parametrize(
    ("work", "agents", "text"),
    [
        ({}, [], "It waits because no agent belongs to this part of the contact centre."),
        ({}, [state("alice")], "Alice could take it: it is about to be offered."),
        (
            {}, [state("alice"), state("bob")],
            "Alice and Bob could take it: it is about to be offered to one of them.",
        ),
        ({}, [state("alice", chosen=Presence.AWAY)], "It waits because no agent is available."),
        (
            {"preferred": ("bob",)}, [state("alice")],
            "It waits for Bob, for whom it is kept for its first 1 min 30 s in the queue.",
        ),
        ({"queue": "night"}, [state("alice")], "It waits because nobody who is available serves Night."),
        (
            {"queue": "sales", "skills": ("vip>=3",), "queued_at": at(50)},
            [state("alice"), state("bob", chosen=Presence.OFFLINE)],
            "It waits because nobody who is available and serves Sales has Portuguese at level 7 and Key accounts at "
            "level 3.",
        ),
        (
            {"queue": "sales"}, [state("alice")],
            "It waits because nobody who is available and serves Sales has Portuguese at level 5. It has waited for "
            "1 min, so less is asked for: after 20 s, Portuguese at level 5 is enough instead of level 7.",
        ),
        (
            {"units": 2}, [state("alice", held={"w0": Held(2, Hold.ACTIVE, "c0", "chat")})],
            "It waits because those who may take it have no room for it.",
        ),
    ],
)  # fmt: skip
def test_why_it_waits(work: dict[str, Any], agents: list[AgentState], text: str) -> None:
    kept = replace(SALES, id="kept", name="Kept", preferred_for=90 * SECOND)
    staff = [agent(id_, queues=("sales", "kept")) for id_ in ("alice", "bob")]
    voice = Voice(centre(*staff, queues={**CENTRE.queues, "sales": EASED, "kept": kept}))
    found = item(**{"queue": "kept"} | work)
    assert why_waiting(found, judge(found, agents, voice, at(60)), voice, at(60)) == text
