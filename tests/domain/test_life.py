"""What is done to a conversation: queueing, reflecting what routing did, transfers, leaving."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.conversation import (
    TRANSFER_ENDED,
    TRANSITIONS,
    Conversation,
    Draft,
    Kind,
    Owner,
    Status,
    Step,
    Transfer,
    WorkRef,
)
from shared.domain.life import (
    STAGES,
    drop_work,
    end_transfer,
    end_work,
    enqueue,
    leave,
    move_on,
    new_item,
    reflect,
    required_skills,
    stage_of,
    system_says,
    transfer_item,
)
from shared.domain.routing import WorkItem, WorkKind, WorkState
from tests.domain.cast import ALICE, BOB, CENTRE, HELPER, NOW, OVERFLOWING, WORK, at, conversation, draft

OLD, ASKED = WorkRef("main", "c1.0"), WorkRef("main", "c1.t1")
TRANSFER = Transfer("t1", "bob", "alice", NOW, ASKED)


def item(state: WorkState, revision: int, agent: str | None = None, ref: WorkRef = WORK, epoch: int = 1) -> WorkItem:
    kind = WorkKind.TRANSFER if ref is ASKED else WorkKind.NEW
    return WorkItem(
        ref.id, "c1", kind, "chat", "sales", (), 5, NOW, 1, epoch, state=state, revision=revision, agent_id=agent,
        offer_id=f"o{revision}" if agent else None, assignment_epoch=epoch + 1 if state is WorkState.ASSIGNED else 0,
        reason="declined" if state is WorkState.FAILED else None,
    )  # fmt: skip


def reflected(found: Conversation, *items: WorkItem) -> Conversation:
    """What the items make of it, each in a change of its own."""
    for one in items:
        taken = Draft(found, at(1))
        reflect(taken, one, CENTRE)
        if taken.conversation is not found:
            found = taken.done().after
    return found


def test_every_status_has_its_stage() -> None:
    assert set(STAGES) == set(Status)
    assert stage_of(conversation(Status.ACTIVE)) == "agent"
    assert stage_of(conversation(Status.ACTIVE, transfer=TRANSFER)) == "transfer"


def test_a_bots_conversation_enters_the_queue() -> None:
    taken = draft(Status.BOT, at(60), config_version="old")
    taken.step(Step.ENQUEUED)
    enqueue(taken, CENTRE, "care")
    found = taken.conversation
    assert found.config_version == "v1"
    assert (found.owner, found.epoch, found.work) == (None, 2, WorkRef("main", "c1.2"))
    assert (found.queue, found.priority, found.enqueued_at, found.queued_at) == ("care", 3, at(60), at(60))
    assert (found.routing_revision, found.is_front, found.stale) == (0, False, ())
    assert found.wait.signals == 1


def test_work_that_comes_back_to_its_queue_keeps_its_priority() -> None:
    for queue, expected in (("sales", 2), ("care", 3)):
        taken = draft(Status.ACTIVE, at(60), priority=2)
        taken.step(Step.RELEASED)
        enqueue(taken, CENTRE, queue)
        assert taken.conversation.priority == expected


def test_a_priority_that_classification_gave_goes_along() -> None:
    for queue in ("sales", "care"):
        taken = draft(Status.ACTIVE, at(60), priority=9, own_priority=7)
        taken.step(Step.RELEASED)
        enqueue(taken, CENTRE, queue)
        assert taken.conversation.priority == 7


def test_who_waits_in_a_lost_queue_moves_on_and_keeps_their_place() -> None:
    waits = draft(Status.QUEUED, at(60), queue="gone", work=OLD, enqueued_at=at(10), waiting_since=at(10))
    move_on(waits, CENTRE, "care")
    found = waits.conversation
    assert (found.status, found.queue, found.stale) == (Status.QUEUED, "care", (OLD,))
    assert (found.enqueued_at, found.queued_at, found.waiting_since) == (at(10), at(60), at(10))


def test_a_queue_that_the_policy_has_lost_is_the_channels() -> None:
    taken = draft(Status.WAITING, queue="gone")
    enqueue(taken, CENTRE, "gone")
    assert taken.conversation.queue == "sales"


def test_a_transferred_conversation_keeps_its_place_and_lets_go_of_its_work() -> None:
    taken = draft(Status.ACTIVE, at(60), routing_revision=7, transfer=TRANSFER, stale=(OLD,))
    taken.step(Step.RELEASED)
    enqueue(taken, CENTRE, "care", is_front=True)
    found = taken.conversation
    assert (found.enqueued_at, found.queued_at, found.is_front) == (NOW, at(60), True)
    assert (found.owner, found.epoch, found.work) == (None, 3, WorkRef("main", "c1.3"))
    assert found.transfer is None and found.routing_revision == 0
    assert found.stale == (OLD, ASKED, WORK)


def test_each_enqueueing_has_a_work_item_of_its_own() -> None:
    found = conversation(Status.BOT)
    refs = []
    for step in (Step.ENQUEUED, Step.RELEASED, Step.RELEASED):
        taken = Draft(found, NOW)
        taken.step(step)
        enqueue(taken, CENTRE, "sales")
        refs.append(taken.conversation.work)
        queued = taken.done().after
        found = reflected(
            queued, replace(new_item(queued, CENTRE), state=WorkState.ASSIGNED, agent_id="bob", revision=2)
        )
        assert found.status is Status.ACTIVE
    assert len(set(refs)) == 3


def test_the_language_is_a_skill_if_the_contact_centre_has_it() -> None:
    assert required_skills(CENTRE, "pt-BR", ("vip",)) == ("pt", "vip")
    assert required_skills(CENTRE, "PT", ()) == ("pt",)
    assert required_skills(CENTRE, "en-US", ("vip", "vip")) == ("vip",)
    assert required_skills(CENTRE, "", ()) == ()
    assert required_skills(CENTRE, "pt", ("vip>=2", "pt>=5", "vip")) == ("pt>=5", "vip>=2")


def test_letting_go_of_work_ends_a_transfer_and_keeps_the_current_work_if_asked() -> None:
    taken = draft(Status.ACTIVE, transfer=TRANSFER)
    drop_work(taken, keep_current=True)
    assert (taken.conversation.work, taken.conversation.stale) == (WORK, (ASKED,))
    drop_work(taken)
    assert (taken.conversation.work, taken.conversation.stale) == (None, (ASKED, WORK))
    (ended,) = taken.done().events
    assert (ended.type, ended.told) == (TRANSFER_ENDED, ("alice",))
    assert ended.data == {
        "transferId": "t1", "by": "alice", "state": "cancelled", "reason": "conversation-moved-on",
    }  # fmt: skip


def test_ending_a_transfer_that_is_none_changes_nothing() -> None:
    taken = draft(Status.ACTIVE)
    before = taken.conversation
    end_transfer(taken, "failed", "timed-out")
    drop_work(taken, keep_current=True)
    assert taken.conversation is before


@pytest.mark.parametrize("status", list(Status))
def test_a_customer_may_leave_at_any_time(status: Status) -> None:
    taken = draft(status, at(1), transfer=TRANSFER if status is Status.ACTIVE else None)
    before = taken.conversation
    leave(taken)
    found = taken.conversation
    if status in (Status.WRAP_UP, Status.CLOSED):
        assert found is before
        return
    assert (found.ended_by, found.wait.signals, found.transfer) == (Kind.CUSTOMER, 1, None)
    if status is Status.ACTIVE:
        assert (found.status, found.work, found.stale, found.owner) == (Status.WRAP_UP, WORK, (ASKED,), ALICE)
    else:
        assert (found.status, found.closed_at, found.work) == (Status.CLOSED, at(1), None)
        assert found.stale == ((before.work,) if before.work else ())


def test_who_ended_it_first_is_kept() -> None:
    taken = draft(Status.WRAP_UP, ended_by=Kind.CUSTOMER)
    taken.step(Step.TIMED_OUT)
    end_work(taken, Kind.SYSTEM)
    assert taken.conversation.ended_by is Kind.CUSTOMER


def test_the_contact_centre_speaks_the_customers_language_once_per_version() -> None:
    taken = draft(Status.ACTIVE, locale="pt-BR", version=4)
    system_says(taken, CENTRE, "agent_joined", agent="Bob")
    system_says(taken, CENTRE, "ended")
    first, second = taken.done().messages
    assert (first.id, first.text, first.sender.kind, first.sender.name) == (
        "agent_joined-4", "Bob está aqui.", Kind.SYSTEM, "Lumen",
    )  # fmt: skip
    assert second.text == "Bye."


def test_work_items_say_what_is_needed() -> None:
    queued = conversation(
        Status.QUEUED, skills=("pt",), priority=2, is_front=True, channel="voice", queued_at=at(9), preferred=("bob",)
    )
    assert new_item(queued, CENTRE) == WorkItem(
        "c1.1", "c1", WorkKind.NEW, "voice", "sales", ("pt",), 2, NOW, 3, 1, is_front=True, queued_at=at(9),
        preferred=("bob",),
    )  # fmt: skip
    asked = conversation(Status.ACTIVE, transfer=replace(TRANSFER, requested_at=at(5)))
    assert transfer_item(asked, CENTRE) == WorkItem(
        "c1.t1", "c1", WorkKind.TRANSFER, "chat", "sales", (), 0, at(5), 1, 2, target_agent="bob"
    )


WAITS, OFFERED = item(WorkState.WAITING, 0), item(WorkState.OFFERED, 1, "alice")
BACK, AGAIN = item(WorkState.WAITING, 2), item(WorkState.OFFERED, 3, "bob")
TAKEN = item(WorkState.ASSIGNED, 4, "bob")
LIFE = (WAITS, OFFERED, BACK, AGAIN, TAKEN)


def test_an_offer_is_made_refused_made_again_and_accepted() -> None:
    found = conversation(Status.QUEUED)
    seen = []
    for one in LIFE:
        found = reflected(found, one)
        seen.append(found.status)
    assert seen == [Status.QUEUED, Status.OFFERED, Status.QUEUED, Status.OFFERED, Status.ACTIVE]
    assert (found.owner, found.epoch, found.is_front) == (BOB, 2, False)
    assert (found.enqueued_at, found.active_at, found.routing_revision) == (NOW, at(1), 4)


def test_who_takes_it_is_announced_and_the_orchestration_looks() -> None:
    taken = draft(Status.OFFERED, at(1), is_front=True, epoch=5)
    reflect(taken, replace(TAKEN, agent_id="nobody-we-know"), CENTRE)
    change = taken.done()
    assert change.after.owner == Owner(Kind.AGENT, "nobody-we-know", "nobody-we-know")
    assert (change.after.epoch, change.after.wait.signals) == (6, 1)
    assert [message.text for message in change.messages] == ["nobody-we-know is here."]
    assert [event.type for event in change.events] == [Step.ACCEPTED, "message"]
    assert change.events[0].told == ("nobody-we-know",)


def test_an_assignment_that_comes_first_takes_both_steps() -> None:
    taken = draft(Status.QUEUED, at(1))
    reflect(taken, TAKEN, CENTRE)
    assert [event.type for event in taken.done().events] == [Step.OFFERED, Step.ACCEPTED, "message"]


@given(st.lists(st.sampled_from(LIFE), max_size=12))
def test_items_in_any_order_any_number_of_times_never_move_it_back(delivered: Sequence[WorkItem]) -> None:
    found = conversation(Status.QUEUED)
    newest = WAITS
    for one in delivered:
        before, found = found, reflected(found, one)
        if one.revision <= newest.revision:
            assert found is before
        newest = max(newest, one, key=lambda item: item.revision)
        assert found.routing_revision == newest.revision
        assert found.epoch >= before.epoch
        assert reflected(found, one) is found
    expected = {WorkState.WAITING: Status.QUEUED, WorkState.OFFERED: Status.OFFERED, WorkState.ASSIGNED: Status.ACTIVE}
    assert found.status is expected[newest.state]
    assert reflected(found, *LIFE).owner == BOB


@pytest.mark.parametrize("status", [status for status in Status if status not in (Status.QUEUED, Status.OFFERED)])
def test_a_conversation_that_has_moved_on_is_left_alone(status: Status) -> None:
    found = conversation(status, work=WORK)
    assert reflected(found, *LIFE, item(WorkState.DONE, 5)) is found


def test_items_of_others_and_of_former_work_are_left_alone() -> None:
    found = conversation(Status.QUEUED, stale=(OLD,))
    assert reflected(found, item(WorkState.OFFERED, 9, "bob", OLD), item(WorkState.ASSIGNED, 9, "bob", ASKED)) is found
    nothing = conversation(Status.QUEUED, work=None)
    assert reflected(nothing, *LIFE) is nothing


ASKING = conversation(Status.ACTIVE, transfer=TRANSFER, routing_revision=4)
ACCEPTED = item(WorkState.ASSIGNED, 2, "bob", ASKED, 2)
FAILED = item(WorkState.FAILED, 2, None, ASKED, 2)


def test_an_accepted_transfer_has_a_new_owner_and_frees_the_old_one() -> None:
    taken = Draft(ASKING, at(1))
    reflect(taken, ACCEPTED, CENTRE)
    change = taken.done()
    found = change.after
    assert (found.status, found.owner, found.epoch) == (Status.ACTIVE, BOB, 3)
    assert (found.work, found.stale, found.transfer) == (ASKED, (WORK,), None)
    assert found.wait.signals == 1
    reassigned, ended, joined = change.events
    assert (reassigned.type, reassigned.data["transferId"]) == (Step.REASSIGNED, "t1")
    assert (ended.type, ended.data["state"], ended.told) == (TRANSFER_ENDED, "accepted", ("alice", "bob"))
    assert joined.type == "message"


def test_a_failed_transfer_changes_nothing_but_that_it_is_over() -> None:
    taken = Draft(ASKING, at(1))
    reflect(taken, FAILED, CENTRE)
    change = taken.done()
    found = change.after
    assert (found.status, found.owner, found.epoch, found.work) == (Status.ACTIVE, ALICE, 2, WORK)
    assert (found.transfer, found.stale, found.wait.signals) == (None, (ASKED,), 1)
    (ended,) = change.events
    assert (ended.data["state"], ended.data["reason"], ended.told) == ("failed", "declined", ("alice",))


@pytest.mark.parametrize("state", [WorkState.WAITING, WorkState.OFFERED, WorkState.DONE])
def test_a_transfer_that_is_under_way_is_waited_for(state: WorkState) -> None:
    assert reflected(ASKING, item(state, 1, "bob" if state is WorkState.OFFERED else None, ASKED, 2)) is ASKING


TRANSFERS = st.lists(
    st.sampled_from(
        [item(WorkState.OFFERED, 1, "bob", ASKED, 2), ACCEPTED, item(WorkState.DONE, 3, "bob", ASKED, 2), *LIFE]
    )
)


@given(TRANSFERS)
def test_the_items_of_a_transfer_in_any_order_any_number_of_times(delivered: Sequence[WorkItem]) -> None:
    found = reflected(ASKING, *delivered)
    assert found == (reflected(ASKING, ACCEPTED) if ACCEPTED in delivered else ASKING)
    assert reflected(found, *delivered) is found


STEPS_BY_AGENTS = {Step.ENDED, Step.SET_ASIDE, Step.RELEASED, Step.CUSTOMER_LEFT, Step.TIMED_OUT, Step.WRAPPED_UP}


@given(st.data())
def test_whatever_happens_no_work_is_forgotten(data: st.DataObject) -> None:
    """Each work item that a conversation ever had is the current one, the transfer's, or left to be finished."""
    found = conversation(Status.ACTIVE)
    had = {WORK}
    for number in range(data.draw(st.integers(1, 12))):
        taken = Draft(found, at(number))
        acts = [*TRANSITIONS[found.status], "transfer", "failed"]
        act: Any = data.draw(st.sampled_from(acts))
        if act == "transfer" and found.status is Status.ACTIVE and not found.transfer:
            ref = WorkRef("main", f"c1.t{number}")
            taken.set(transfer=Transfer(f"t{number}", "bob", "alice", taken.now, ref))
            had.add(ref)
        elif act == "failed" and found.transfer:
            reflect(taken, replace(FAILED, id=found.transfer.work.id), CENTRE)
        elif act is Step.REASSIGNED and found.transfer:
            reflect(taken, replace(ACCEPTED, id=found.transfer.work.id), CENTRE)
        elif act in (Step.OFFERED, Step.ACCEPTED, Step.OFFER_ENDED) and found.work:
            states = {Step.OFFERED: OFFERED, Step.ACCEPTED: TAKEN, Step.OFFER_ENDED: BACK}
            reflect(taken, replace(states[act], id=found.work.id, revision=found.routing_revision + 1), CENTRE)
        elif act in (Step.OVERFLOWED, Step.CALLBACK_PROMISED) and found.work:
            rule = data.draw(st.sampled_from(["to-night", "callback", "end", "gone"]))
            over = replace(WAITS, id=found.work.id, queue=found.queue or "", state=WorkState.OVERFLOWED, reason=rule)
            reflect(taken, replace(over, revision=found.routing_revision + 1), OVERFLOWING)
        elif act in (Step.RELEASED, Step.RETURNED, Step.ENQUEUED):
            taken.step(act)
            enqueue(taken, CENTRE, "sales")
        elif act in STEPS_BY_AGENTS:
            taken.step(act)
            if act is Step.SET_ASIDE:
                drop_work(taken)
            else:
                end_work(taken, Kind.AGENT)
        before, found = found, taken.done().after
        if found.work:
            had.add(found.work)
        accounted = {*found.stale, *([found.work] if found.work else [])}
        accounted |= {found.transfer.work} if found.transfer else set()
        assert accounted == had
        assert len(found.stale) == len(set(found.stale))
        assert found.epoch >= before.epoch and (found.epoch > before.epoch or found.owner == before.owner)
        assert found.transfer is None or found.status is Status.ACTIVE
        assert found.work is None or found.status in (Status.QUEUED, Status.OFFERED, Status.ACTIVE, Status.WRAP_UP)


def test_a_bot_owns_nothing_on_a_screen() -> None:
    assert conversation(Status.BOT).owner == HELPER
    assert conversation(Status.BOT).agent_id is None
