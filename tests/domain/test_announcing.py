"""What customers are told of their wait: when, in which words, and not too often."""

from dataclasses import replace
from datetime import timedelta

import pytest

from shared.domain.announcing import announce, due_at, minutes_of
from shared.domain.conversation import Conversation, Draft, Status
from shared.domain.life import enqueue
from shared.domain.policy import Announcements
from shared.domain.routing import Place
from tests.domain.cast import CENTRE, MINUTE, NOW, at, conversation

RULE = Announcements(after=MINUTE, every=timedelta(minutes=2), most=3)
TEXTS = {
    "en": {
        **CENTRE.texts["en"], "wait_position": "Number {position}.", "wait_minute": "About a minute.",
        "wait_minutes": "About {minutes} minutes.", "wait_long": "More than an hour.",
    },
    "pt": {"wait_position": "Número {position}.", "wait_minutes": "Cerca de {minutes} minutos."},
}  # fmt: skip
TELLING = replace(
    CENTRE, texts=TEXTS, queues={**CENTRE.queues, "sales": replace(CENTRE.queues["sales"], announcements=RULE)}
)


def waiting(**fields: object) -> Conversation:
    return replace(conversation(Status.QUEUED), **fields)  # type: ignore[arg-type]  # fields of a Conversation


def told(
    before: Conversation, place: Place | None, seconds: float = 60, rule: Announcements = RULE
) -> tuple[Conversation, list[str]]:
    """What becomes of it, and what is said."""
    draft = Draft(before, at(seconds))
    queues = {**CENTRE.queues, "sales": replace(CENTRE.queues["sales"], announcements=rule)}
    announce(draft, replace(TELLING, queues=queues), place)
    change = draft.done()
    return change.after, [message.text for message in change.messages]


@pytest.mark.parametrize(
    ("seconds", "minutes"),
    [(None, None), (0, 1), (20, 1), (60, 1), (61, 2), (599, 10), (601, 15), (1_500, 25), (3_500, 60), (9_999, 61)],
)
def test_minutes_are_rounded_up_and_never_none(seconds: int | None, minutes: int | None) -> None:
    assert minutes_of(seconds) == minutes


@pytest.mark.parametrize(
    ("place", "said"),
    [
        (Place(2, 150), ["Number 2. About 3 minutes."]),
        (Place(1, 0), ["Number 1. About a minute."]),
        (Place(70, 7_000), ["Number 70. More than an hour."]),
        (Place(4, None), ["Number 4."]),
        (None, []),
    ],
)
def test_the_words(place: Place | None, said: list[str]) -> None:
    assert told(waiting(), place)[1] == said


def test_in_the_customers_language() -> None:
    assert told(waiting(locale="pt-BR"), Place(2, 150))[1] == ["Número 2. Cerca de 3 minutos."]


def test_only_what_the_queue_wants_told() -> None:
    assert told(waiting(), Place(2, 150), rule=replace(RULE, wait=False))[1] == ["Number 2."]
    assert told(waiting(), Place(2, 150), rule=replace(RULE, position=False))[1] == ["About 3 minutes."]
    assert told(waiting(), Place(2, None), rule=replace(RULE, position=False))[1] == []


def test_only_news_is_told_and_only_so_often() -> None:
    before = waiting()
    assert due_at(before, TELLING) == at(60)
    before, said = told(before, Place(3, 480), 61)
    assert said and due_at(before, TELLING) == at(181)
    before, said = told(before, Place(3, 420), 181)
    assert not said and due_at(before, TELLING) == at(301), "8 or 7 minutes are the same"
    before, said = told(before, Place(3, 300), 301)
    assert said == ["Number 3. About 5 minutes."]
    before, said = told(before, Place(2, 300), 421)
    assert said == ["Number 2. About 5 minutes."]
    assert due_at(before, TELLING) is None, "three times are enough"


def test_nothing_is_told_to_one_who_is_being_offered() -> None:
    after, said = told(conversation(Status.OFFERED), Place(1, 5))
    assert not said and after.announced and (after.announced.at, after.announced.times) == (at(60), 0)


def test_another_wait_is_told_of_anew() -> None:
    before, _ = told(waiting(waiting_since=NOW), Place(3, 480))
    draft = Draft(before, at(500))
    enqueue(draft, TELLING, "sales")
    assert due_at(draft.conversation, TELLING) == at(560)
    draft = Draft(before, at(100))
    enqueue(draft, TELLING, "sales", is_overflow=True)
    assert due_at(draft.conversation, TELLING) == due_at(before, TELLING), "overflow goes on with the same wait"


def test_nobody_is_told_without_a_rule_or_after_a_promise() -> None:
    assert due_at(waiting(), CENTRE) is None
    assert due_at(waiting(queue="closed down"), TELLING) is None
    assert due_at(waiting(callback_at=NOW), TELLING) is None
    assert told(waiting(queue="care"), Place(1, 60))[1] == []


def test_who_waits_since_before_there_were_waits_is_told_nothing() -> None:
    assert due_at(waiting(queued_at=None, waiting_since=None), TELLING) is None
