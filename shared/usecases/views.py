"""Domain values as the API shows them."""

from shared.contracts import records as wire
from shared.contracts.wire import Wire
from shared.domain import conversation as domain
from shared.domain.centre import AgentProfile, ContactCentre
from shared.domain.presence import AgentState, effective
from shared.domain.routing import Offer, WorkItem


def conversation(value: domain.Conversation) -> wire.Conversation:
    """A conversation's head."""
    owner = value.owner
    return wire.Conversation(
        id=value.id,
        version=value.version,
        status=value.status.value,
        channel=value.channel,
        locale=value.locale,
        customer_id=value.customer_id,
        queue=value.queue,
        owner=wire.Owner(kind=owner.kind.value, id=owner.id, name=owner.name) if owner else None,
        epoch=value.epoch,
        priority=value.priority,
        skills=list(value.skills),
        context=dict(value.context),
        previous_conversation_id=value.previous_conversation_id,
        config_version=value.config_version,
        created_at=value.created_at,
        enqueued_at=value.enqueued_at,
        closed_at=value.closed_at,
        disposition=value.disposition,
        transfer_id=value.transfer.id if value.transfer else None,
        ended_by=value.ended_by.value if value.ended_by else None,
    )


def message(value: domain.Message) -> wire.Message:
    """An entry of the transcript."""
    return wire.Message(
        sequence=value.sequence,
        id=value.id,
        sender=wire.Sender(kind=value.sender.kind.value, name=value.sender.name),
        text=value.text,
        at=value.at,
        visibility=value.visibility,
        delivery=value.delivery,
        late=value.late,
    )


def event(value: domain.Event) -> wire.TimelineEvent:
    """An entry of the timeline."""
    return wire.TimelineEvent(sequence=value.sequence, type=value.type, at=value.at, data=dict(value.data))


def agent(state: AgentState, profile: AgentProfile) -> wire.Agent:
    """An agent as routing sees one."""
    found = effective(state, profile.capacity)
    presence = wire.AgentPresence(
        chosen=state.chosen.value,
        effective=found.presence.value,
        reason=found.reason,
        next=state.next.value if state.next else None,
        since=state.since,
    )
    return wire.Agent(
        id=profile.id,
        name=profile.name,
        presence=presence,
        capacity=wire.Capacity(used=state.used, total=profile.capacity),
        skills=sorted(profile.skills),
        queues=sorted(profile.queues),
    )


def offer(value: Offer, about: domain.Conversation, item: WorkItem | None, centre: ContactCentre) -> wire.Offer:
    """An offer with what an agent sees before accepting."""
    queue = centre.queues.get(value.queue)
    summary = wire.OfferSummary(
        customer_name=about.customer_name,
        topic=about.topic,
        last_message=about.last_message,
        waiting_since=about.enqueued_at or value.created_at,
        skills=list(item.skills if item else about.skills),
    )
    return wire.Offer(
        offer_id=value.id,
        conversation_id=value.conversation_id,
        kind=value.kind.value,
        channel=value.channel,
        queue=wire.OfferQueue(id=value.queue, name=queue.name if queue else value.queue),
        created_at=value.created_at,
        expires_at=value.expires_at,
        summary=summary,
    )


def as_json(value: Wire) -> dict[str, object]:
    """A record as part of a notice."""
    return dict(value.model_dump(mode="json", by_alias=True))
