"""Web chat, the customer's side: what they send goes through the queue, what they read comes from the store."""

import time
from collections.abc import Sequence

from shared.contracts import chat as wire
from shared.domain.conversation import Change, Conversation, Draft, Kind, Message, Status
from shared.domain.redaction import mask_cards
from shared.errors import ProblemError, invalid_state, not_found
from shared.ports import Inbound, InboundEvent
from shared.records.conversations import NoConversation
from shared.records.inbox import Notice
from shared.usecases import views
from shared.usecases.idempotency import once
from shared.usecases.queueing import find_place
from shared.usecases.services import Services, conversation_topic, gathered, inbox_topic

CHANNEL = "chat"
MESSAGES_MAX = 200
SURVEY_NOTE = "surveyed"
ECHO_SECONDS = 0.25


async def start(services: Services, body: wire.StartChat, key: str | None) -> str:
    """Begin a conversation; its id. Stored, though not yet consumed, when this returns. Problem: not-found."""
    if CHANNEL not in services.centre.channels:
        raise not_found(f"channel: {CHANNEL!r} is not configured")

    async def begin(conversation_id: str) -> None:
        now = services.clock()
        said = body.customer.model_dump(by_alias=True, exclude_none=True) if body.customer else {}
        context = {name: mask_cards(value) if isinstance(value, str) else value for name, value in body.context.items()}
        event = InboundEvent(
            channel=CHANNEL, source_id="start", address=services.address_key(CHANNEL, conversation_id),
            kind=Inbound.STARTED, at=now, received_at=now, text=mask_cards(body.message or ""),
            conversation_id=conversation_id, locale=body.locale, context=context,
            customer={name: mask_cards(value) for name, value in said.items()},
            previous_conversation_id=body.previous_conversation_id,
        )  # fmt: skip
        await services.queue.publish(event)

    return await once(services, "startChat", key, body.model_dump_json(), begin)


async def write(services: Services, conversation_id: str, body: wire.CustomerMessage) -> None:
    """A message. Problem: conversation-closed."""
    conversation = await services.conversations.get(conversation_id)
    if conversation and conversation.status in (Status.CLOSED, Status.WRAP_UP):
        raise ProblemError(409, "conversation-closed", "the conversation is over; start a new one")
    await _publish(services, conversation_id, Inbound.MESSAGE, body.client_message_id, mask_cards(body.text))


async def leave(services: Services, conversation_id: str) -> None:
    """The customer goes."""
    await _publish(services, conversation_id, Inbound.ENDED, "end")


async def _publish(services: Services, conversation_id: str, kind: Inbound, source_id: str, text: str = "") -> None:
    now = services.clock()
    address = services.address_key(CHANNEL, conversation_id)
    await services.queue.publish(
        InboundEvent(CHANNEL, source_id, address, kind, now, now, text, conversation_id=conversation_id)
    )


async def read(services: Services, conversation_id: str, after: int, wait_seconds: float) -> wire.ChatMessages:
    """What is new; with a wait, as soon as there is something: a message or another status.

    The customer's own words wait a moment for the answer to them, and whether somebody is being asked is no news.
    """
    async with services.realtime.listen(conversation_topic(conversation_id)) as news:
        conversation, messages = await _since(services, conversation_id, after)
        stage, deadline = _stage(conversation), time.monotonic() + wait_seconds
        while _stage(conversation) is stage and stage is not Status.CLOSED:
            if any(message.sender.kind is not Kind.CUSTOMER for message in messages):
                break
            if messages:
                deadline = min(deadline, time.monotonic() + ECHO_SECONDS)
            left = deadline - time.monotonic()
            if left <= 0 or not await gathered(news, left):
                break
            conversation, messages = await _since(services, conversation_id, after)
    return await _shown(services, conversation, messages)


async def _since(services: Services, conversation_id: str, after: int) -> tuple[Conversation | None, list[Message]]:
    """A conversation, if it has begun, and what the customer may see of what was said after a sequence."""
    conversation = await services.conversations.get(conversation_id)
    if conversation is None or conversation.sequence <= after:
        return conversation, []
    messages = await services.conversations.messages(conversation_id, after=after, limit=MESSAGES_MAX)
    return conversation, [message for message in messages if message.visibility == "public"]


def _stage(conversation: Conversation | None) -> Status:
    """The status, as far as the customer waits for another one."""
    status = conversation.status if conversation else Status.NEW
    return Status.QUEUED if status is Status.OFFERED else status


async def _shown(
    services: Services, conversation: Conversation | None, messages: Sequence[Message]
) -> wire.ChatMessages:  # fmt: skip
    if conversation is None:
        return wire.ChatMessages(status=Status.NEW.value, messages=[])
    owner = conversation.owner
    return wire.ChatMessages(
        status=conversation.status.value,
        queue=await place_of(services, conversation),
        agent=owner.name if owner and owner.kind is Kind.AGENT and conversation.status is Status.ACTIVE else None,
        messages=[views.message(message) for message in messages],
    )


async def place_of(services: Services, conversation: Conversation) -> wire.QueuePlace | None:
    """Where a conversation waits in its queue; None if it does not."""
    found = await find_place(services, conversation)
    if found is None:
        return None
    return wire.QueuePlace(position=found.position, estimated_wait_seconds=found.estimated_wait_seconds)


async def typing(services: Services, conversation_id: str, is_typing: bool) -> None:
    """Tell the agent who has the conversation that the customer is typing (or has stopped)."""
    conversation = await services.conversations.get(conversation_id)
    if conversation is None or not conversation.agent_id:
        return
    data = {"conversationId": conversation_id, "typing": is_typing}
    await services.inboxes.tell(conversation.agent_id, [Notice(f"typing:{services.ids()}", "customer.typing", data)])
    services.realtime.publish(inbox_topic(conversation.agent_id))


async def rate(services: Services, conversation_id: str, survey: wire.Survey) -> None:
    """Once, when the conversation is over. Problem: invalid-state."""

    def decide(conversation: Conversation) -> Change:
        if conversation.status not in (Status.CLOSED, Status.WRAP_UP):
            raise invalid_state("the conversation is not over yet")
        if conversation.survey is not None:
            raise invalid_state("the conversation has been rated already")
        draft = Draft(conversation, services.clock())
        draft.set(survey={"score": survey.score, "comment": mask_cards(survey.comment or "") or None})
        draft.note(SURVEY_NOTE, {"score": survey.score})
        return draft.done()

    try:
        await services.conversations.update(conversation_id, decide)
    except NoConversation:
        raise invalid_state("the conversation has not begun yet") from None
