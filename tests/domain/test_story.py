"""A conversation's way in words, from the events that its life notes."""

from datetime import timedelta
from typing import Any

import pytest

from shared.domain.classification import Route
from shared.domain.conversation import Draft, Event, Kind, Status, Step
from shared.domain.explaining.portuguese import PORTUGUESE
from shared.domain.explaining.story import Told, closed_queue, path_of, tell
from shared.domain.explaining.voice import Voice
from shared.domain.life import QUEUE_REMOVED, end_work, enter, move_on, reflect
from shared.domain.overflow import CLOSURE, Applied, Entry
from shared.domain.routing import WorkItem, WorkKind, WorkState
from tests.domain.cast import NOW, OVERFLOWING, WORK, at, draft, rule

VOICE = Voice(OVERFLOWING)
CLOSED = OVERFLOWING.queues["night"].overflow[0]
EMERGENCY = rule(CLOSURE, says="Fire drill.", ends=True)


def told_of(taken: Draft, closed_by: str | None = None, voice: Voice = VOICE) -> list[Told]:
    """What is told of the events that a draft has collected."""
    return [told for event in taken.done().events if (told := tell(event, voice, closed_by))]


def entering(entry: Entry, *rules: str) -> Draft:
    taken = draft(Status.BOT)
    enter(taken, OVERFLOWING, Route("night", (), None, (), rules), entry, None)
    return taken


def event(type_: str, **data: Any) -> Event:
    return Event(1, type_, NOW, data)


def text_of(type_: str, closed_by: str | None = None, **data: Any) -> str | None:
    found = tell(event(type_, **data), VOICE, closed_by)
    return found.text if found else None


def test_where_it_began_to_wait_and_by_which_rule() -> None:
    assert told_of(entering(Entry("sales"))) == [Told(NOW, "queued", "Began to wait in the queue Sales.", "sales")]
    (told,) = told_of(entering(Entry("sales"), "gold"))
    assert told.text == "Began to wait in the queue Sales; the channel’s rule gold held for it."


def test_where_it_went_instead() -> None:
    moved = rule("full", "sales", items_waiting=5, predicted_wait=timedelta(minutes=10))
    taken = entering(Entry("sales", (Applied("night", CLOSED), Applied("care", moved))))
    (told,) = told_of(taken)
    assert (told.kind, told.queue, told.rule) == ("overflowed", "sales", "full")
    assert told.text == (
        "Meant for the queue Night, it went to the queue Sales instead, because Night was outside its opening hours "
        "(rule closed) and the rule full of the queue Care held."
    )


def test_a_promise_is_told_by_its_own_step() -> None:
    later = rule("callback", says="Later.", out_of_hours=True)
    queued, promised = told_of(entering(Entry("sales", (Applied("sales", later),))))
    assert (queued.kind, queued.text) == ("queued", "Began to wait in the queue Sales.")
    assert (promised.kind, promised.rule) == ("callback", "callback")
    assert promised.text == (
        "The customer was promised that we come back to them, because it had waited in Sales for 1 min (rule "
        "callback). It keeps its place in the queue."
    )


def test_that_it_was_ended_before_the_queue_and_why() -> None:
    (told,) = told_of(entering(Entry("night", (Applied("night", CLOSED),))))
    assert (told.kind, told.queue, told.rule) == ("ended", "night", "closed")
    assert told.text == (
        "The conversation was ended, because Night was outside its opening hours (rule closed)."
    )  # fmt: skip


def test_who_had_closed_the_queue() -> None:
    taken = entering(Entry("night", (Applied("night", EMERGENCY),)))
    found = taken.done().events
    assert [closed_queue(event) for event in found if event.type == Step.ENDED] == ["night"]
    assert closed_queue(event(Step.ENDED, by="overflow", rule="full", queue="sales")) is None
    (told,) = told_of(entering(Entry("night", (Applied("night", EMERGENCY),))), "alice")
    assert told.rule == CLOSURE
    assert told.text == "The conversation was ended, because Alice had closed Night in an emergency."
    assert text_of(Step.ENDED, by="closure", queue="sales") == (
        "The conversation was ended, because Sales was closed in an emergency."
    )


def test_where_it_went_after_waiting() -> None:
    work = WorkItem(
        WORK.id, "c1", WorkKind.NEW, "chat", "sales", (), 5, NOW, 1, 1, state=WorkState.OVERFLOWED, revision=3,
        reason="to-night",
    )  # fmt: skip
    taken = draft(Status.QUEUED, at(60))
    reflect(taken, work, OVERFLOWING)
    (told,) = told_of(taken)
    assert (told.kind, told.queue, told.rule) == ("overflowed", "night", "to-night")
    assert told.text == (
        "Left the queue Sales for the queue Night, because it had waited in Sales for 1 min (rule to-night)."
    )


def test_that_its_queue_is_no_more() -> None:
    taken = draft(Status.QUEUED, queue="gone")
    move_on(taken, OVERFLOWING, "sales")
    (told,) = told_of(taken)
    assert (told.kind, told.queue, told.rule) == ("overflowed", "sales", QUEUE_REMOVED)
    assert told.text == (
        "Left the queue gone for the queue Sales, because the queue gone was taken out of the configuration."
    )  # fmt: skip


def test_of_older_timelines_the_last_rule_is_told() -> None:
    assert path_of(event(Step.ENQUEUED, queue="sales", overflow=["full"])) == []
    assert path_of(event(Step.OVERFLOWED, queue="night", fromQueue="sales", rule="late")) == [("late", "sales")]
    assert text_of(Step.ENDED, by="overflow", queue="gone", rule="late") == (
        "The conversation was ended, because the rule late of the queue gone held."
    )


@pytest.mark.parametrize(
    ("type_", "data", "text"),
    [
        (
            Step.RELEASED, {"reason": "agent-lost", "agentId": "bob"},
            "The connection to Bob was lost, so it waits again, as the first in line.",
        ),
        (
            Step.RELEASED, {"reason": "transfer", "agentId": "bob", "queue": "care"},
            "Bob transferred it to the queue Care.",
        ),
        (Step.RETURNED, {}, "The customer wrote again, so it waits for an agent again."),
        (Step.SET_ASIDE, {"agentId": "bob"}, "Bob set it aside until the customer writes again."),
        (Step.REOPENED, {"agentId": "bob"}, "Bob took it up again."),
        (Step.REOPENED, {"agentId": "bob", "assignedBy": "sam"}, "sam assigned it to Bob."),
        (
            Step.ACCEPTED, {"agentId": "bob", "assignedBy": "sam", "isOverCapacity": True},
            "sam assigned it to Bob, beyond their capacity.",
        ),
        (Step.ACCEPTED, {"agentId": "bob"}, None),
        (Step.OFFERED, {"agentId": "bob"}, None),
        ("transferRequested", {"to": "bob", "by": "alice", "transferId": "t1"}, "Alice asked Bob to take it over."),
        (Step.ENDED, {"by": "agent", "agentId": "bob"}, "Bob ended the conversation."),
        (
            Step.ENDED, {"by": "supervisor", "byId": "bob", "reason": "spam"},
            "Bob ended the conversation as a supervisor. Reason given: spam",
        ),
        (Step.ENDED, {"by": "bot"}, "The bot ended the conversation."),
        (Step.ENDED, {}, "The conversation was ended."),
        (Step.CUSTOMER_LEFT, {}, "The customer left."),
        (Step.TIMED_OUT, {"limit": "wrapUp"}, "It was not filed in time, so it was closed without."),
        (Step.TIMED_OUT, {"limit": "another"}, "The conversation was ended."),
    ],
)  # fmt: skip
def test_what_else_happened(type_: str, data: dict[str, Any], text: str | None) -> None:
    assert text_of(type_, **data) == text


def test_it_is_told_in_portuguese_as_well() -> None:
    (told,) = told_of(entering(Entry("night", (Applied("night", CLOSED),))), voice=Voice(OVERFLOWING, PORTUGUESE))
    assert told.text == "A conversa foi encerrada, porque Night estava fora do horário (regra closed)."


def test_every_limit_has_its_words() -> None:
    taken = draft(Status.ACTIVE)
    taken.step(Step.TIMED_OUT, limit="activeIdle")
    end_work(taken, Kind.SYSTEM)
    (told,) = told_of(taken)
    assert (told.kind, told.text) == ("ended", "Nobody said anything any more, so the conversation ended.")
