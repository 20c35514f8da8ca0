"""An agent's work on conversations. The step is committed here; the orchestration carries out what follows from it."""

from shared.contracts import agents as wire
from shared.contracts import records
from shared.contracts.wire import Page
from shared.domain.centre import AgentProfile, Role
from shared.domain.conversation import (
    Change,
    Conversation,
    Draft,
    InvalidStep,
    Kind,
    Owner,
    Sender,
    Status,
    Step,
    Transfer,
    WorkRef,
)
from shared.domain.life import drop_work, end_work, enqueue, resumed_item, system_says
from shared.domain.redaction import mask_cards
from shared.errors import ProblemError, forbidden, invalid_request, invalid_state, not_found
from shared.ports import Bells
from shared.records.conversations import Decide, DuplicateMessage, NoConversation
from shared.usecases import customers, views
from shared.usecases.closures import closure_of
from shared.usecases.idempotency import once
from shared.usecases.publish import publish
from shared.usecases.services import Services
from shared.usecases.work import assign_directly, finish_all

TIMELINE_MAX = 200


async def search(
    services: Services, profile: AgentProfile, status: str | None, queue: str | None, agent: str | None,
    customer: str | None, cursor: str | None, limit: int,
) -> Page[records.Conversation]:  # fmt: skip
    """Conversations, the newest first; agents see those of their queues."""
    wanted = {"status": status, "queue": queue, "owner.id": agent, "customer_id": customer}
    where: dict[str, str | bool] = {name: value for name, value in wanted.items() if value is not None}
    found = await services.conversations.search(where, cursor, limit + 1)
    items = [views.conversation(conversation) for conversation in found[:limit] if _may_see(profile, conversation)]
    return Page(items=items, next_cursor=found[limit - 1].id if len(found) > limit else None)


async def view(
    services: Services, profile: AgentProfile, id_: str, cursor: str | None, limit: int
) -> records.ConversationView:  # fmt: skip
    """Everything that an agent's screen shows of a conversation. Problems: not-found, forbidden."""
    conversation = await services.conversations.get(id_)
    if conversation is None:
        raise not_found("conversation")
    if not _may_see(profile, conversation):
        raise forbidden("this conversation belongs to queues of others")
    after = _cursor(cursor)
    messages = await services.conversations.messages(id_, after=after, limit=limit)
    is_last = not messages or messages[-1].sequence >= conversation.sequence
    return records.ConversationView(
        conversation=views.conversation(conversation),
        customer=await customers.find(services, conversation.customer_id),
        messages=[views.message(message) for message in messages],
        next_cursor=None if is_last else str(messages[-1].sequence),
        timeline=[views.event(event) for event in await services.conversations.timeline(id_, limit=TIMELINE_MAX)],
        routing=await _routing(services, conversation),
    )


async def send(
    services: Services, profile: AgentProfile, id_: str, body: wire.AgentMessage
) -> wire.MessageAccepted:  # fmt: skip
    """Write to the customer, or a note. Repeating a clientMessageId is harmless."""
    text = mask_cards(body.text)

    def decide(conversation: Conversation) -> Change:
        _mine(profile, conversation)
        if conversation.status not in (Status.ACTIVE, Status.WRAP_UP):
            raise invalid_state(f"the conversation is {conversation.status}")
        if conversation.status is Status.WRAP_UP and body.visibility == "public":
            raise invalid_state("the customer is gone: only internal notes can be written in wrap-up")
        draft = Draft(conversation, services.clock())
        sender = Sender(Kind.AGENT, profile.name, profile.id)
        draft.say(body.client_message_id, sender, text, visibility=body.visibility)
        return draft.done()

    try:
        change = await services.conversations.update(id_, decide)
    except NoConversation:
        raise not_found("conversation") from None
    except (DuplicateMessage, ProblemError):
        # A repeated request whose first answer was lost: the conversation may have moved on since.
        known = await services.conversations.message(id_, Kind.AGENT, body.client_message_id)
        if known is None:
            raise
        if known.sender.id != profile.id:
            raise invalid_state("this clientMessageId is a colleague's in this conversation") from None
        return wire.MessageAccepted(id=body.client_message_id, sequence=known.sequence)
    assert change  # noqa: S101  # the decision always changes something
    await publish(services, change, None)
    sender = services.senders.get(change.after.channel)
    if sender and body.visibility == "public":
        await sender.send(id_, body.client_message_id, text)
    return wire.MessageAccepted(id=body.client_message_id, sequence=change.after.sequence)


async def transfer(
    services: Services, bells: Bells, profile: AgentProfile, id_: str, body: wire.Transfer, key: str | None
) -> wire.TransferAccepted:  # fmt: skip
    """Blind, to a queue or an agent. Problems: not-found, invalid-state, transfer-unsupported."""
    if body.mode == "consult" or body.to.kind in ("teamsUser", "phone"):
        raise ProblemError(422, "transfer-unsupported", f"a {body.mode} transfer to a {body.to.kind} is not possible")
    _check_target(services, profile, body.to)
    if body.to.kind == "queue" and await closure_of(services, body.to.id, services.clock()):
        raise invalid_state("the queue is closed at the moment")

    async def do(transfer_id: str) -> None:
        if await _was_asked_for(services, id_, transfer_id):
            return

        def decide(conversation: Conversation) -> Change | None:
            if conversation.transfer and conversation.transfer.id == transfer_id:
                return None
            return _transferred(services, profile, conversation, body, transfer_id)

        await change_conversation(services, bells, id_, decide)

    return wire.TransferAccepted(
        transfer_id=await once(services, f"transfer/{id_}/{profile.id}", key, body.model_dump_json(), do)
    )


async def set_aside(services: Services, bells: Bells, profile: AgentProfile, id_: str) -> records.Conversation:
    """Wait for the customer without holding capacity."""

    def decide(conversation: Conversation) -> Change | None:
        _mine(profile, conversation)
        if conversation.status is Status.WAITING:
            return None
        draft = Draft(conversation, services.clock())
        draft.step(Step.SET_ASIDE, agentId=profile.id)
        drop_work(draft)
        draft.signal()
        return draft.done()

    return await change_conversation(services, bells, id_, decide)


async def reopen(services: Services, bells: Bells, profile: AgentProfile, id_: str) -> records.Conversation:
    """Take a conversation up again that was set aside; needs free capacity."""
    conversation = await services.conversations.get(id_)
    if conversation is None:
        raise not_found("conversation")
    _mine(profile, conversation)
    if conversation.status is Status.ACTIVE:
        return views.conversation(conversation)
    if conversation.status is not Status.WAITING or conversation.queue is None:
        raise invalid_state(f"the conversation is {conversation.status}")
    # Not the id that the customer's return would give: whoever is slower must not take the other's item for its own.
    ref = WorkRef(profile.pool, f"{id_}.{conversation.epoch + 1}.reopened")
    item = resumed_item(conversation, ref, services.clock(), services.centre)
    if not await assign_directly(services, ref, item, profile.id):
        raise invalid_state("there is no free capacity")

    def decide(current: Conversation) -> Change | None:
        if current.work == ref:
            return None
        _mine(profile, current)
        draft = Draft(current, services.clock())
        draft.step(Step.REOPENED, agentId=profile.id)
        draft.own(Owner(Kind.AGENT, profile.id, profile.name))
        draft.set(work=ref, active_at=draft.now)
        draft.signal()
        return draft.done()

    try:
        return await change_conversation(services, bells, id_, decide)
    except ProblemError:
        await finish_all(services, [ref], bells)  # the customer was faster
        raise


async def end(services: Services, bells: Bells, profile: AgentProfile, id_: str) -> records.Conversation:
    """The conversation is over; wrap-up begins."""

    def decide(conversation: Conversation) -> Change | None:
        _mine(profile, conversation)
        if conversation.status is Status.WRAP_UP:
            return None
        draft = Draft(conversation, services.clock())
        if conversation.status is Status.ACTIVE:
            system_says(draft, services.centre, "ended")
        draft.step(Step.ENDED, by="agent", agentId=profile.id)
        end_work(draft, Kind.AGENT)
        return draft.done()

    return await change_conversation(services, bells, id_, decide)


async def wrap_up(
    services: Services, bells: Bells, profile: AgentProfile, id_: str, body: wire.WrapUp
) -> records.Conversation:  # fmt: skip
    """File the conversation; closes it. Repeating it with the same disposition is harmless."""
    if body.disposition not in services.centre.dispositions:
        known = ", ".join(services.centre.dispositions)
        raise invalid_request(f"there is no disposition {body.disposition!r}; there are {known}")

    def decide(conversation: Conversation) -> Change | None:
        _mine(profile, conversation)
        if conversation.status is Status.CLOSED and conversation.disposition == body.disposition:
            return None
        draft = Draft(conversation, services.clock())
        draft.step(Step.WRAPPED_UP, disposition=body.disposition)
        draft.set(disposition=body.disposition, notes=mask_cards(body.notes or "") or None, case_id=body.case_id)
        drop_work(draft)
        draft.signal()
        return draft.done()

    return await change_conversation(services, bells, id_, decide)


async def _was_asked_for(services: Services, id_: str, transfer_id: str) -> bool:
    """Whether an earlier try of this request was cut off after its commit; the transfer may be over since."""
    after = 0
    while events := await services.conversations.timeline(id_, after=after):
        if any(event.data.get("transferId") == transfer_id for event in events):
            return True
        after = events[-1].sequence
    return False


def _transferred(
    services: Services, profile: AgentProfile, conversation: Conversation, body: wire.Transfer, transfer_id: str
) -> Change:  # fmt: skip
    _mine(profile, conversation)
    if conversation.status is not Status.ACTIVE:
        raise invalid_state(f"the conversation is {conversation.status}")
    if conversation.transfer:
        raise invalid_state("another transfer is under way")
    draft = Draft(conversation, services.clock())
    if body.note:
        sender = Sender(Kind.AGENT, profile.name, profile.id)
        draft.say(f"transfer-{transfer_id}", sender, mask_cards(body.note), visibility="internal")
    if body.to.kind == "queue":
        draft.step(Step.RELEASED, reason="transfer", transferId=transfer_id, queue=body.to.id, agentId=profile.id)
        enqueue(draft, services.centre, body.to.id)
        system_says(draft, services.centre, "transferred", queue=services.centre.queues[body.to.id].name)
    else:
        pool = services.centre.agents[body.to.id].pool
        work = WorkRef(pool, f"{conversation.id}.{transfer_id}")
        asked = Transfer(transfer_id, body.to.id, profile.id, draft.now, work)
        draft.set(transfer=asked)
        draft.note("transferRequested", {"transferId": transfer_id, "to": body.to.id, "by": profile.id})
        draft.signal()
    return draft.done()


def _check_target(services: Services, profile: AgentProfile, to: wire.TransferTarget) -> None:
    if to.kind == "queue" and to.id not in services.centre.queues:
        raise invalid_request(f"there is no queue {to.id!r}")
    if to.kind != "agent":
        return
    target = services.centre.agents.get(to.id)
    if target is None or Role.AGENT not in target.roles or not target.enabled:
        raise invalid_request(f"there is no agent {to.id!r}")
    if target.id == profile.id:
        raise invalid_request("the conversation is yours already")


async def change_conversation(services: Services, bells: Bells, id_: str, decide: Decide) -> records.Conversation:
    """Commit and publish a decision; steps that the status does not allow are problems."""
    try:
        change = await services.conversations.update(id_, decide)
    except NoConversation:
        raise not_found("conversation") from None
    except InvalidStep as error:
        raise invalid_state(str(error)) from None
    if change is None:
        conversation = await services.conversations.get(id_)
        if conversation is None:
            raise not_found("conversation")
        return views.conversation(conversation)
    await publish(services, change, bells)
    return views.conversation(change.after)


def _mine(profile: AgentProfile, conversation: Conversation) -> None:
    owner = conversation.owner
    if owner is None or owner.kind is not Kind.AGENT or owner.id != profile.id:
        raise invalid_state("the conversation is not yours")


def _may_see(profile: AgentProfile, conversation: Conversation) -> bool:
    if profile.roles & {Role.SUPERVISOR, Role.ADMIN}:
        return True
    is_owner = conversation.owner is not None and conversation.owner.id == profile.id
    return is_owner or conversation.queue in profile.queues


def _cursor(cursor: str | None) -> int:
    if cursor is None:
        return 0
    if not cursor.isascii() or not cursor.isdigit() or len(cursor) > 18:
        raise invalid_request("cursor is not one of ours")
    return int(cursor)


async def _routing(services: Services, conversation: Conversation) -> records.RoutingView | None:
    work = conversation.work
    item = await services.routing.item(work.pool, work.id) if work else None
    if work is None or item is None:
        return None
    return records.RoutingView(
        pool=work.pool, state=item.value.state.value, offered_to=item.value.agent_id, declines=dict(item.value.refusals)
    )
