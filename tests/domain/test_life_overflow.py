"""Entering queues by classification and overflow, and leaving them by a rule."""

from dataclasses import replace
from datetime import timedelta

import pytest

from shared.domain.classification import Route
from shared.domain.conversation import Change, Conversation, Draft, Kind, Message, Status, Step, WorkRef
from shared.domain.life import enter, new_item, reflect
from shared.domain.overflow import Applied, Entry
from shared.domain.routing import WorkItem, WorkKind, WorkState
from tests.domain.cast import BOB, CENTRE, NOW, OVERFLOWING, WORK, at, conversation, draft, rule

ROUTE = Route("care", ("vip>=2",), 7, ("bob", "alice"), ("gold",))
NIGHT = at(10 * 3600)  # seven in the evening


def entered(status: Status, entry: Entry, route: Route = ROUTE, locale: str = "pt-BR") -> Change:
    taken = draft(status, at(5), locale=locale, config_version="old")
    enter(taken, CENTRE, route, entry, "billing")
    return taken.done()


def steps(change: Change) -> list[str]:
    return [event.type for event in change.events if event.type != "message"]


def said(messages: tuple[Message, ...]) -> list[str]:
    return [message.text for message in messages]


@pytest.mark.parametrize("status", [Status.NEW, Status.BOT])
def test_a_conversation_enters_the_queue_of_its_route(status: Status) -> None:
    change = entered(status, Entry("care"))
    found = change.after
    assert (found.status, found.queue, found.priority, found.preferred) == (Status.QUEUED, "care", 7, ("bob", "alice"))
    assert (found.skills, found.topic, found.config_version) == (("pt", "vip>=2"), "billing", "v1")
    assert (found.enqueued_at, found.queued_at, found.waiting_since) == (at(5), at(5), at(5))
    (enqueued,) = [event for event in change.events if event.type == Step.ENQUEUED]
    assert {"queue": "care", "topic": "billing", "rules": ["gold"]}.items() <= enqueued.data.items()
    assert "overflow" not in enqueued.data
    assert said(change.messages) == ["Please wait."]
    item = new_item(found, CENTRE)
    assert (item.queued_at, item.preferred, item.skills) == (at(5), ("bob", "alice"), ("pt", "vip>=2"))


def test_without_a_priority_that_of_the_last_queue_counts() -> None:
    over = Entry("care", (Applied("sales", rule("full", "care", "Somewhere else.", items_waiting=3)),))
    change = entered(Status.BOT, over, replace(ROUTE, queue="sales", priority=None, rules=()))
    assert (change.after.queue, change.after.priority) == ("care", 3)
    assert change.events[0].data["overflow"] == ["full"]
    assert "rules" not in change.events[0].data
    assert said(change.messages) == ["Somewhere else."]


def test_a_promise_before_the_queue_keeps_a_place_in_it() -> None:
    change = entered(Status.NEW, Entry("care", (Applied("care", rule("later", says="Later.", out_of_hours=True)),)))
    assert steps(change) == [Step.ENQUEUED, Step.CALLBACK_PROMISED]
    assert (change.after.status, change.after.callback_at, said(change.messages)) == (Status.QUEUED, at(5), ["Later."])
    assert change.after.work


@pytest.mark.parametrize("status", [Status.NEW, Status.BOT])
def test_an_end_before_the_queue(status: Status) -> None:
    closed = Applied("care", rule("closed", says="We are closed.", ends=True, out_of_hours=True))
    change = entered(status, Entry("care", (closed,)))
    found = change.after
    assert (found.status, found.ended_by, found.work, found.wait.signals) == (Status.CLOSED, Kind.SYSTEM, None, 1)
    assert (steps(change), said(change.messages)) == ([Step.ENDED], ["We are closed."])
    ended = change.events[-1].data
    assert {"by": "overflow", "queue": "care", "rule": "closed"}.items() <= ended.items()


def over(reason: str, ref: WorkRef = WORK, revision: int = 3, queue: str = "sales") -> WorkItem:
    return WorkItem(
        ref.id, "c1", WorkKind.NEW, "chat", queue, (), 5, NOW, 1, 1, state=WorkState.OVERFLOWED, revision=revision,
        reason=reason,
    )  # fmt: skip


def overflowed(found: Conversation, *items: WorkItem, seconds: float = 60) -> Change:
    taken = Draft(found, at(seconds))
    for one in items:
        reflect(taken, one, OVERFLOWING)
    return taken.done()


WAITS = conversation(Status.QUEUED, waiting_since=NOW)


def test_work_goes_to_another_queue_at_its_place() -> None:
    change = overflowed(WAITS, over("to-night"))
    found = change.after
    assert (found.status, found.queue, found.enqueued_at, found.queued_at) == (Status.QUEUED, "night", NOW, at(60))
    assert (found.waiting_since, found.work, found.stale) == (NOW, WorkRef("night", "c1.2"), (WORK,))
    assert (found.wait.signals, found.routing_revision) == (1, 0)
    assert (steps(change), said(change.messages)) == ([Step.OVERFLOWED], ["Next door."])
    assert {"queue": "night", "fromQueue": "sales", "rule": "to-night"}.items() <= change.events[0].data.items()
    assert new_item(found, OVERFLOWING).enqueued_at == NOW


def test_a_queue_that_is_closed_does_not_take_it() -> None:
    taken = Draft(WAITS, NIGHT)
    reflect(taken, over("to-night"), OVERFLOWING)
    change = taken.done()
    assert change.after.status is Status.CLOSED
    assert said(change.messages) == ["Next door.", "Closed."]
    assert change.events[-1].data["rule"] == "closed"


def test_an_offer_that_was_missed_ends_first() -> None:
    change = overflowed(conversation(Status.OFFERED), over("to-night"))
    assert steps(change) == [Step.OFFER_ENDED, Step.OVERFLOWED]


def test_a_callback_is_promised_once_and_the_place_is_kept() -> None:
    first = overflowed(WAITS, over("callback"))
    promised = first.after
    assert (steps(first), said(first.messages)) == ([Step.CALLBACK_PROMISED], ["We will call."])
    assert (promised.status, promised.callback_at, promised.enqueued_at) == (Status.QUEUED, at(60), NOW)
    assert promised.work and promised.work != WORK and promised.stale == (WORK,)
    for reason in ("callback", "end", "to-night"):
        again = overflowed(promised, over(reason, promised.work), seconds=120)
        assert (again.events, again.messages) == ((), ())
        assert (again.after.queue, again.after.callback_at, again.after.enqueued_at) == ("sales", at(60), NOW)
        assert again.after.status is Status.QUEUED and again.after.work not in (None, promised.work)


def test_a_promise_is_over_when_somebody_talks() -> None:
    promised = overflowed(WAITS, over("callback")).after
    assert promised.work
    taken = replace(over("", promised.work), state=WorkState.ASSIGNED, agent_id="bob")
    talks = overflowed(promised, taken).after
    assert (talks.status, talks.owner, talks.callback_at) == (Status.ACTIVE, BOB, None)


def test_work_is_ended_with_a_text() -> None:
    change = overflowed(WAITS, over("end"))
    assert (change.after.status, change.after.ended_by, change.after.stale) == (Status.CLOSED, Kind.SYSTEM, (WORK,))
    assert (steps(change), said(change.messages)) == ([Step.ENDED], ["Try again."])


@pytest.mark.parametrize("item", [over("gone"), over("to-night", queue="gone")])
def test_work_whose_rule_is_gone_waits_on(item: WorkItem) -> None:
    change = overflowed(WAITS, item)
    assert (change.events, change.after.status, change.after.queue) == ((), Status.QUEUED, "sales")
    assert (change.after.enqueued_at, change.after.stale) == (NOW, (WORK,))
    assert change.after.work not in (None, WORK)


def test_overflow_is_carried_out_once() -> None:
    once = overflowed(WAITS, over("to-night")).after
    assert overflowed(WAITS, over("to-night"), over("to-night")).after == once
    taken = Draft(once, at(99))
    reflect(taken, over("to-night"), OVERFLOWING)
    assert taken.conversation is once


def test_the_customer_reads_their_own_language_if_there_is_a_text() -> None:
    texts = {"en": "Later.", "pt": "Depois."}
    later = rule("later", says="x", waited=timedelta(seconds=1))
    later = replace(later, action=replace(later.action, texts=texts))
    for locale, text in (("pt-BR", "Depois."), ("fr", "Later.")):
        assert said(entered(Status.NEW, Entry("care", (Applied("care", later),)), locale=locale).messages) == [text]
