"""The table of transitions, drafts and changes."""

from collections.abc import Set as AbstractSet
from dataclasses import FrozenInstanceError, replace

import pytest

from shared.domain.conversation import (
    MESSAGE,
    PREVIEW_CHARS_MAX,
    TRANSITIONS,
    Draft,
    InvalidStep,
    Kind,
    Sender,
    Status,
    Step,
    Wait,
)
from tests.domain.cast import ALICE, BOB, HELPER, MINUTE, NOW, conversation, draft

NEW, QUEUED, OFFERED, ACTIVE = Status.NEW, Status.QUEUED, Status.OFFERED, Status.ACTIVE
BOT, WAITING, WRAP_UP, CLOSED = Status.BOT, Status.WAITING, Status.WRAP_UP, Status.CLOSED

# As features.md describes it. A customer may leave before anybody serves them; an offered one waits in the queue, too.
DESCRIBED: dict[Status, AbstractSet[Status]] = {
    NEW: {BOT, QUEUED, CLOSED},
    BOT: {QUEUED, CLOSED},
    QUEUED: {QUEUED, OFFERED, CLOSED},
    OFFERED: {ACTIVE, QUEUED, CLOSED},
    ACTIVE: {WRAP_UP, WAITING, QUEUED, ACTIVE},
    WAITING: {QUEUED, ACTIVE, CLOSED},
    WRAP_UP: {CLOSED},
    CLOSED: set(),
}
STEPS = [(status, step) for status in Status for step in Step]
CUSTOMER = Sender(Kind.CUSTOMER, "Charlie")


def reachable(start: Status) -> set[Status]:
    found = {start}
    while more := {after for status in found for after in TRANSITIONS[status].values()} - found:
        found |= more
    return found


def test_the_table_is_what_was_described() -> None:
    assert {status: set(steps.values()) for status, steps in TRANSITIONS.items()} == DESCRIBED


def test_every_status_is_reached_from_new_and_reaches_closed() -> None:
    assert reachable(NEW) == set(Status)
    assert all(CLOSED in reachable(status) for status in Status)


def test_closed_is_the_only_end() -> None:
    assert [status for status in Status if not TRANSITIONS[status]] == [CLOSED]
    assert [status for status in Status if NEW in TRANSITIONS[status].values()] == []


def test_every_step_is_possible_somewhere_and_a_customer_may_always_leave_who_talks_to_somebody() -> None:
    assert {step for steps in TRANSITIONS.values() for step in steps} == set(Step)
    assert {status for status in Status if Step.CUSTOMER_LEFT not in TRANSITIONS[status]} == {WRAP_UP, CLOSED}


def test_no_status_but_new_waits_for_ever() -> None:
    """I5: new and offered conversations are looked at by the bot's turn and by the queue's limit."""
    assert {status for status in Status if Step.TIMED_OUT not in TRANSITIONS[status]} == {NEW, CLOSED}


@pytest.mark.parametrize(("status", "step"), STEPS)
def test_a_step_follows_the_table_or_changes_nothing(status: Status, step: Step) -> None:
    taken = draft(status, NOW + MINUTE)
    before = taken.conversation
    if step in TRANSITIONS[status]:
        taken.step(step, why="because")
        change = taken.done()
        after = TRANSITIONS[status][step]
        assert (change.after.status, change.after.since) == (after, NOW + MINUTE)
        assert change.after.closed_at == (NOW + MINUTE if after is CLOSED else None)
        assert [(event.sequence, event.type, event.at) for event in change.events] == [(1, step, NOW + MINUTE)]
        assert change.events[0].data == {"from": status, "to": after, "why": "because"}
        return
    with pytest.raises(InvalidStep) as caught:
        taken.step(step)
    assert (caught.value.status, caught.value.step) == (status, step)
    assert str(status) in str(caught.value) and str(step) in str(caught.value)
    assert taken.conversation is before
    assert taken.done().events == ()


def test_a_draft_leaves_what_it_was_made_of_alone() -> None:
    original = conversation(NEW)
    taken = Draft(original, NOW)
    taken.step(Step.BOT_TOOK_OVER)
    taken.own(HELPER)
    taken.say("m1", CUSTOMER, "hello")
    taken.signal()
    assert original == conversation(NEW)
    with pytest.raises(FrozenInstanceError):
        original.status = CLOSED  # type: ignore[misc]  # that it is refused is what is tested


def test_a_change_raises_the_version_by_one_and_numbers_on() -> None:
    taken = draft(BOT, version=4, sequence=7, events=11)
    taken.say("m1", CUSTOMER, "hello")
    taken.note("noted", {})
    taken.say("m2", Sender(Kind.BOT, "Helper"), "hi")
    change = taken.done()
    assert change.before == conversation(BOT, version=4, sequence=7, events=11)
    assert (change.after.version, change.after.sequence, change.after.events) == (5, 9, 14)
    assert [message.sequence for message in change.messages] == [8, 9]
    assert [(event.sequence, event.type) for event in change.events] == [(12, MESSAGE), (13, "noted"), (14, MESSAGE)]
    assert change.events[0].data == {"messageId": "m1", "sequence": 8, "sender": "customer"}


def test_a_new_conversation_has_nothing_before_it() -> None:
    change = Draft(conversation(), NOW, is_new=True).done()
    assert change.before is None
    assert change.after.version == 1


def test_saying_something_keeps_the_conversation_alive_and_the_customers_words_in_the_preview() -> None:
    taken = draft(ACTIVE, NOW + MINUTE)
    taken.say("m1", CUSTOMER, "x" * (PREVIEW_CHARS_MAX + 1), delivery="sent", late=True)
    taken.say("m2", Sender(Kind.AGENT, "Alice", "alice"), "a note", visibility="internal")
    change = taken.done()
    assert (change.after.active_at, change.after.last_message) == (NOW + MINUTE, "x" * PREVIEW_CHARS_MAX)
    first, second = change.messages
    assert (first.text, first.delivery, first.late, first.visibility) == ("x" * 201, "sent", True, "public")
    assert (second.sender, second.visibility, second.delivery, second.late) == (
        Sender(Kind.AGENT, "Alice", "alice"), "internal", "delivered", False,
    )  # fmt: skip


def test_a_change_of_owner_raises_the_epoch() -> None:
    taken = draft(ACTIVE, epoch=4)
    taken.own(BOB)
    assert (taken.conversation.owner, taken.conversation.epoch) == (BOB, 5)
    taken.own(ALICE, 9)
    assert (taken.conversation.owner, taken.conversation.epoch) == (ALICE, 9)
    taken.own(None)
    assert (taken.conversation.owner, taken.conversation.epoch) == (None, 10)


@pytest.mark.parametrize(
    ("status", "owner", "agent_id"),
    [(BOT, HELPER, None), (QUEUED, None, None), (OFFERED, None, None), (ACTIVE, ALICE, "alice"),
     (WAITING, ALICE, "alice"), (WRAP_UP, ALICE, "alice"), (CLOSED, ALICE, None), (ACTIVE, HELPER, None)],
)  # fmt: skip
def test_whose_screen_it_is_on(status: Status, owner: object, agent_id: str | None) -> None:
    assert conversation(status, owner=owner).agent_id == agent_id


def told(taken: Draft) -> list[tuple[str, ...]]:
    return [event.told for event in taken.done().events]


def test_messages_are_told_to_the_agent_who_has_it_on_the_screen() -> None:
    taken = draft(ACTIVE)
    taken.say("m1", CUSTOMER, "hello")
    assert told(taken) == [("alice",)]
    unheard = draft(QUEUED)
    unheard.say("m1", CUSTOMER, "hello")
    assert told(unheard) == [()]


def test_the_last_event_that_is_no_message_tells_both_the_old_and_the_new_agent() -> None:
    taken = draft(ACTIVE)
    taken.note("transferRequested", {})
    taken.step(Step.REASSIGNED)
    taken.own(BOB)
    taken.say("m1", Sender(Kind.SYSTEM, "Lumen"), "Bob is here.")
    assert told(taken) == [(), ("alice", "bob"), ("bob",)]


def test_who_was_told_already_stays_told() -> None:
    taken = draft(ACTIVE)
    taken.note("transferEnded", {}, ("charlie",))
    taken.note("noted", {}, ("bob",))
    assert told(taken) == [("charlie",), ("alice", "bob")]


def test_one_who_loses_it_from_the_screen_is_told_too() -> None:
    released, closed = draft(ACTIVE), draft(WRAP_UP)
    released.step(Step.RELEASED)
    released.own(None)
    closed.step(Step.WRAPPED_UP)
    assert told(released) == told(closed) == [("alice",)]


def test_without_an_agent_nobody_is_told() -> None:
    taken = draft(BOT)
    taken.step(Step.ENQUEUED)
    assert told(taken) == [()]
    silent = draft(ACTIVE)
    silent.set(priority=1)
    assert told(silent) == []


@pytest.mark.parametrize(
    ("before", "signals", "rings"),
    [
        (Wait(token=3, signals=5, seen=5), 1, 3),
        (Wait(token=3, signals=5, seen=5), 2, 3),
        (Wait(token=3, signals=5, seen=5), 0, None),
        (Wait(token=3, signals=6, seen=5), 1, None),  # whoever gave the first reason rings
        (Wait(token=0, signals=0, seen=0), 1, None),  # not begun: it will look at everything
    ],
)  # fmt: skip
def test_only_the_first_reason_to_look_rings(before: Wait, signals: int, rings: int | None) -> None:
    taken = draft(BOT, wait=before)
    for _ in range(signals):
        taken.signal()
    assert taken.done().rings == rings


def test_a_conversation_read_anew_rings_for_what_was_not_looked_at() -> None:
    waits = conversation(BOT, wait=Wait(token=3, signals=6, seen=5))
    assert Draft(waits, NOW, is_new=True).done().rings == 3
    assert waits.bell == 3
    assert replace(waits, wait=Wait(token=0, signals=6, seen=5)).bell is None
    assert replace(waits, wait=Wait(token=3, signals=5, seen=5)).bell is None
