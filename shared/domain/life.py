"""What is done to a conversation in more than one place: entering a queue, letting go of work, leaving, ending.

Each function changes a draft; the stages of orchestrations/ carry out what follows from it (work items, capacity).
"""

from dataclasses import replace
from datetime import datetime
from typing import Any

from shared.domain.centre import ContactCentre, best_locale
from shared.domain.classification import Route
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
from shared.domain.overflow import Applied, Entry, Surroundings, entering
from shared.domain.policy import OverflowKind, needs
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

QUEUE_REMOVED = "queue-removed"
"""In the place of a rule's id: the queue was left because the policy has it no more."""


def stage_of(conversation: Conversation) -> str:
    """The stage of the orchestration that a conversation belongs in."""
    if conversation.status is Status.ACTIVE and conversation.transfer:
        return "transfer"
    return STAGES[conversation.status]


def enter(draft: Draft, centre: ContactCentre, route: Route, entry: Entry, topic: str | None) -> None:
    """From the bot, or directly, to where classification and overflow lead: into a queue, or to an end."""
    skills = required_skills(centre, draft.conversation.locale, route.skills)
    draft.set(skills=skills, topic=topic, preferred=route.preferred, config_version=centre.version)
    if entry.kind is OverflowKind.END:
        _end_by_rule(draft, centre, entry)
        return
    rules = {"rules": list(route.rules)} if route.rules else {}
    draft.step(Step.ENQUEUED, queue=entry.queue, topic=topic, **rules, **_path(centre, entry))
    draft.set(own_priority=route.priority)
    enqueue(draft, centre, entry.queue)
    if entry.kind is OverflowKind.CALLBACK:
        _promise(draft, centre, entry.applied[-1])
    if not _say_texts(draft, centre, entry):
        system_says(draft, centre, "queued")


def enqueue(
    draft: Draft, centre: ContactCentre, queue: str, *, is_front: bool = False, is_overflow: bool = False
) -> None:  # fmt: skip
    """Give up owner and work and wait in a queue, at the place of the first enqueueing. The step is the caller's.

    A priority that classification gave goes along; else work that comes back to its queue keeps the one it had, and in
    another one it gets that queue's. A queue that the policy has lost is the channel's.
    """
    drop_work(draft)
    draft.own(None)
    conversation = draft.conversation
    if queue not in centre.queues:
        queue = centre.channels[conversation.channel].queue
    is_back = conversation.enqueued_at is not None and conversation.queue == queue
    priority = conversation.priority if is_back else centre.queues[queue].priority
    if conversation.own_priority is not None:
        priority = conversation.own_priority
    work = WorkRef(centre.queues[queue].pool, f"{conversation.id}.{conversation.epoch}")
    draft.set(
        queue=queue, work=work, routing_revision=0, is_front=is_front, priority=priority, config_version=centre.version,
        enqueued_at=conversation.enqueued_at or draft.now, queued_at=draft.now,
        waiting_since=conversation.waiting_since if is_overflow else draft.now,
    )  # fmt: skip
    draft.signal()


def move_on(draft: Draft, centre: ContactCentre, queue: str) -> None:
    """From a queue that the policy has lost to the one that takes its work over."""
    draft.step(Step.OVERFLOWED, queue=queue, fromQueue=draft.conversation.queue, rule=QUEUE_REMOVED)
    enqueue(draft, centre, queue, is_overflow=True)


def required_skills(centre: ContactCentre, locale: str, asked: tuple[str, ...]) -> tuple[str, ...]:
    """What was asked for and the customer's language, if the contact centre has it as a skill."""
    language = locale.split("-")[0].lower()
    return tuple(map(str, needs((*asked, *({language} & centre.skills.keys())))))


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
    return replace(
        item, is_front=conversation.is_front, queued_at=conversation.queued_at, preferred=conversation.preferred,
        is_promised=conversation.callback_at is not None,
    )  # fmt: skip


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
    if item.state in (WorkState.WAITING, WorkState.OVERFLOWED) and status is Status.OFFERED:
        draft.step(Step.OFFER_ENDED)
    if item.state is WorkState.OVERFLOWED:
        _overflow(draft, item, centre)
    if item.state in (WorkState.OFFERED, WorkState.ASSIGNED) and status is Status.QUEUED:
        draft.step(Step.OFFERED, offerId=item.offer_id, agentId=item.agent_id)
    if item.state is WorkState.ASSIGNED and item.agent_id:
        draft.step(Step.ACCEPTED, agentId=item.agent_id)
        _taken_by(draft, item, item.agent_id, centre)


def _overflow(draft: Draft, item: WorkItem, centre: ContactCentre) -> None:
    """Carry out the rule by which work has left its queue.

    Work of which the rule is gone, or whose customer we come back to anyhow, waits on in its place.
    """
    rules = centre.queues[item.queue].overflow if item.queue in centre.queues else ()
    rule = next((rule for rule in rules if rule.id == item.reason), None)
    if rule is None or draft.conversation.callback_at:
        enqueue(draft, centre, item.queue, is_overflow=True)
        return
    applied = (Applied(item.queue, rule),)
    entry = Entry(item.queue, applied)
    if rule.action.queue:
        further = entering(centre, rule.action.queue, Surroundings(draft.now), left=(item.queue,))
        entry = Entry(further.queue, applied + further.applied)
    if entry.kind is OverflowKind.END:
        _end_by_rule(draft, centre, entry)
        return
    if entry.kind is OverflowKind.CALLBACK:
        _promise(draft, centre, entry.applied[-1])
    if entry.queue != item.queue:
        path = _path(centre, entry)
        draft.step(Step.OVERFLOWED, queue=entry.queue, fromQueue=item.queue, rule=rule.id, **path)
    enqueue(draft, centre, entry.queue, is_overflow=True)
    _say_texts(draft, centre, entry)


def _path(centre: ContactCentre, entry: Entry) -> dict[str, Any]:
    """What a step notes of the rules that led to it: which, of which queues, in which version of the policy."""
    if not entry.applied:
        return {}
    return {
        "overflow": [applied.rule.id for applied in entry.applied],
        "overflowQueues": [applied.queue for applied in entry.applied],
        "configVersion": centre.version,
    }


def _promise(draft: Draft, centre: ContactCentre, applied: Applied) -> None:
    rule = applied.rule.id
    draft.step(Step.CALLBACK_PROMISED, queue=applied.queue, rule=rule, configVersion=centre.version)
    draft.set(callback_at=draft.now)


def _end_by_rule(draft: Draft, centre: ContactCentre, entry: Entry) -> None:
    last = entry.applied[-1]
    _say_texts(draft, centre, entry)
    draft.step(Step.ENDED, by="overflow", queue=last.queue, rule=last.rule.id, **_path(centre, entry))
    end_work(draft, Kind.SYSTEM)


def _say_texts(draft: Draft, centre: ContactCentre, entry: Entry) -> bool:
    """What the rules tell the customer; whether that was anything."""
    conversation = draft.conversation
    told = [applied.rule.action.texts for applied in entry.applied if applied.rule.action.texts]
    for number, texts in enumerate(told):
        locale = best_locale(conversation.locale, tuple(texts), centre.default_locale)
        text = texts.get(locale, next(iter(texts.values())))
        draft.say(f"overflow-{conversation.version}-{number}", Sender(Kind.SYSTEM, centre.name), text)
    return bool(told)


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
    draft.set(is_front=False, active_at=draft.now, callback_at=None)
    system_says(draft, centre, "agent_joined", agent=name)
    draft.signal()
