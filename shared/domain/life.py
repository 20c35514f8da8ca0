"""What is done to a conversation in more than one place: entering a queue, letting go of work, leaving, ending.

Each function changes a draft; the stages of orchestrations/ carry out what follows from it (work items, capacity).
"""

from dataclasses import replace
from datetime import datetime

from shared.domain.centre import ContactCentre
from shared.domain.conversation import (
    TRANSFER_ENDED,
    Conversation,
    Draft,
    InvalidStep,
    Kind,
    Owner,
    Sender,
    Status,
    Step,
    WorkRef,
)
from shared.domain.routing import WorkItem, WorkKind, WorkState

STAGES = {
    Status.NEW: "bot",
    Status.BOT: "bot",
    Status.QUEUED: "queue",
    Status.OFFERED: "queue",
    Status.ACTIVE: "agent",
    Status.WAITING: "set_aside",
    Status.WRAP_UP: "wrap_up",
    Status.CLOSED: "close",
}


def stage_of(conversation: Conversation) -> str:
    """The stage of the orchestration that a conversation belongs in."""
    if conversation.status is Status.ACTIVE and conversation.transfer:
        return "transfer"
    return STAGES[conversation.status]


def enqueue(draft: Draft, centre: ContactCentre, queue: str, *, is_front: bool = False) -> None:
    """Give up owner and work and wait in a queue, at the place of the first enqueueing. The step is the caller's."""
    drop_work(draft)
    draft.own(None)
    conversation = draft.conversation
    work = WorkRef(centre.queues[queue].pool, f"{conversation.id}.{conversation.epoch}")
    draft.set(
        queue=queue, work=work, routing_revision=0, is_front=is_front, priority=centre.queues[queue].priority,
        enqueued_at=conversation.enqueued_at or draft.now, queued_at=draft.now,
    )  # fmt: skip
    draft.signal()


def required_skills(centre: ContactCentre, locale: str, asked: tuple[str, ...]) -> tuple[str, ...]:
    """What was asked for and the customer's language, if the contact centre has it as a skill."""
    language = locale.split("-")[0].lower()
    return tuple(sorted({*asked, *({language} & centre.skills.keys())}))


def drop_work(draft: Draft, *, keep_current: bool = False) -> None:
    """Leave work items to the orchestration to finish: a transfer's always, the current one unless it is kept."""
    if draft.conversation.transfer:
        end_transfer(draft, "cancelled", "conversation-moved-on")
    conversation = draft.conversation
    if conversation.work and not keep_current:
        draft.set(work=None, stale=(*conversation.stale, conversation.work))


def end_transfer(draft: Draft, state: str, reason: str | None = None) -> None:
    """A transfer is over; its sender's screen is told."""
    transfer = draft.conversation.transfer
    if transfer is None:
        return
    data = {"transferId": transfer.id, "by": transfer.by_agent, "state": state}
    draft.note(TRANSFER_ENDED, data | ({"reason": reason} if reason else {}), (transfer.by_agent,))
    draft.set(transfer=None)
    if state != "accepted":
        draft.set(stale=(*draft.conversation.stale, transfer.work))


def leave(draft: Draft) -> None:
    """The customer goes: an agent who talks to them wraps up, anything else is over. Nothing if it is over already."""
    try:
        draft.step(Step.CUSTOMER_LEFT)
    except InvalidStep:
        return
    end_work(draft, Kind.CUSTOMER)


def end_work(draft: Draft, by: Kind) -> None:
    """After a step that ended the conversation: note who did, let go of work, have the orchestration look."""
    drop_work(draft, keep_current=draft.conversation.status is Status.WRAP_UP)
    draft.set(ended_by=draft.conversation.ended_by or by)
    draft.signal()


def system_says(draft: Draft, centre: ContactCentre, key: str, **values: str) -> None:
    """A text of the contact centre, once per key and version of the conversation."""
    text = centre.text(key, draft.conversation.locale, **values)
    draft.say(f"{key}-{draft.conversation.version}", Sender(Kind.SYSTEM, centre.name), text)


def new_item(conversation: Conversation, centre: ContactCentre) -> WorkItem:
    """The work item of a queued conversation."""
    assert conversation.work and conversation.enqueued_at  # noqa: S101  # by `enqueue`
    item = _item(conversation, conversation.work, WorkKind.NEW, conversation.enqueued_at, centre)
    return replace(item, is_front=conversation.is_front)


def transfer_item(conversation: Conversation, centre: ContactCentre) -> WorkItem:
    """The work item of a blind transfer to one agent."""
    assert conversation.transfer  # noqa: S101  # the stage has looked
    transfer = conversation.transfer
    item = _item(conversation, transfer.work, WorkKind.TRANSFER, transfer.requested_at, centre)
    return replace(item, target_agent=transfer.to_agent)


def resumed_item(conversation: Conversation, work: WorkRef, now: datetime, centre: ContactCentre) -> WorkItem:
    """The work item of a conversation that its agent takes up again, to be assigned without an offer."""
    item = _item(conversation, work, WorkKind.NEW, now, centre)
    return replace(item, assignment_epoch=conversation.epoch + 1)


def _item(
    conversation: Conversation, work: WorkRef, kind: WorkKind, enqueued_at: datetime, centre: ContactCentre
) -> WorkItem:  # fmt: skip
    channel = centre.channels[conversation.channel]
    return WorkItem(
        id=work.id, conversation_id=conversation.id, kind=kind, channel=channel.id,
        queue=conversation.queue or channel.queue, skills=conversation.skills, priority=conversation.priority,
        enqueued_at=enqueued_at, units=channel.units, epoch=conversation.epoch,
    )  # fmt: skip


def reflect(draft: Draft, item: WorkItem, centre: ContactCentre) -> None:
    """What routing has done to a conversation's work item. An older revision, or another item, changes nothing."""
    conversation = draft.conversation
    if conversation.transfer and conversation.transfer.work.id == item.id:
        _reflect_transfer(draft, item, centre)
    elif conversation.work and conversation.work.id == item.id and item.revision > conversation.routing_revision:
        _reflect_new(draft, item, centre)


def _reflect_new(draft: Draft, item: WorkItem, centre: ContactCentre) -> None:
    status = draft.conversation.status
    if status not in (Status.QUEUED, Status.OFFERED):
        return
    draft.set(routing_revision=item.revision)
    if item.state is WorkState.WAITING and status is Status.OFFERED:
        draft.step(Step.OFFER_ENDED)
    if item.state in (WorkState.OFFERED, WorkState.ASSIGNED) and status is Status.QUEUED:
        draft.step(Step.OFFERED, offerId=item.offer_id, agentId=item.agent_id)
    if item.state is WorkState.ASSIGNED and item.agent_id:
        draft.step(Step.ACCEPTED, agentId=item.agent_id)
        _taken_by(draft, item, item.agent_id, centre)


def _reflect_transfer(draft: Draft, item: WorkItem, centre: ContactCentre) -> None:
    conversation = draft.conversation
    if item.state is WorkState.ASSIGNED and item.agent_id and conversation.transfer:
        work = conversation.transfer.work
        draft.step(Step.REASSIGNED, agentId=item.agent_id, transferId=conversation.transfer.id)
        end_transfer(draft, "accepted")
        stale = (*conversation.stale, conversation.work) if conversation.work else conversation.stale
        draft.set(work=work, stale=stale)
        _taken_by(draft, item, item.agent_id, centre)
    elif item.state is WorkState.FAILED:
        end_transfer(draft, "failed", item.reason)
        draft.signal()


def _taken_by(draft: Draft, item: WorkItem, agent_id: str, centre: ContactCentre) -> None:
    profile = centre.agents.get(agent_id)
    name = profile.name if profile else agent_id
    draft.own(Owner(Kind.AGENT, agent_id, name), max(item.assignment_epoch, draft.conversation.epoch + 1))
    draft.set(is_front=False, active_at=draft.now)
    system_says(draft, centre, "agent_joined", agent=name)
    draft.signal()
