"""What a channel has told us, taken from the queue `channel-events`: claim, append, start, ring.

Redelivery repeats every step and changes nothing: the claim and the message exist, the orchestration runs, its bell has
been rung.
"""

from dataclasses import dataclass
from datetime import timedelta

from shared.domain.conversation import Change, Conversation, Draft, Kind, Sender, Status, Step
from shared.domain.life import enqueue, leave, system_says
from shared.ports import Bells, Conflict, Container, Inbound, InboundEvent, Unavailable, Write
from shared.records.conversations import DuplicateMessage, NoConversation
from shared.records.events import Poison
from shared.usecases import customers
from shared.usecases.publish import publish
from shared.usecases.services import Services

SOURCE_LIVES = timedelta(days=8)
ATTEMPTS_MAX = 20
CUSTOMER = "Customer"


@dataclass(frozen=True, slots=True)
class _Claim:
    """The conversation that an event belongs to; a follow-up names the one before."""

    conversation_id: str
    previous: str | None


class _Closed(Exception):
    """The conversation was closed before the event got there."""


async def receive(services: Services, event: InboundEvent, bells: Bells) -> None:
    """Handle one event. Raises Unavailable (try again) and Poison (do not)."""
    if event.channel not in services.centre.channels:
        raise Poison(f"no channel {event.channel!r} is configured")
    change, closed = None, None
    for _ in range(ATTEMPTS_MAX):
        claim = await _claim(services, event, closed)
        try:
            change = await _append(services, event, claim)
        except _Closed:
            if await _has(services, claim.conversation_id, event):
                return  # a redelivery after closing
            closed = claim.conversation_id
            continue
        if change is not None:
            break
    if change is None:
        raise Unavailable("the conversation of this address changes too fast")
    if change.after.wait.token == 0 and change.after.status is not Status.CLOSED:
        await bells.start(change.after.id)
    await publish(services, change, bells)


async def _claim(services: Services, event: InboundEvent, closed: str | None) -> _Claim:
    """Claim the source id; mint a conversation if the address has none that is open.

    Web chat's address is its conversation, known since ingress: the transcript itself refuses what it has. `closed`
    is a conversation that turned out to be over: its claim moves on to a new one.
    """
    if event.conversation_id:
        return _Claim(event.conversation_id, event.previous_conversation_id)
    source = f"source:{event.source_id}"
    for _ in range(ATTEMPTS_MAX):
        claimed = await services.documents.read(Container.ADDRESSES, event.address, source)
        if claimed and claimed.body["conversation"] != closed:
            return _Claim(str(claimed.body["conversation"]), claimed.body["previous"])
        head = await services.documents.read(Container.ADDRESSES, event.address, "head")
        latest = str(head.body["latest"]) if head else None
        is_open = latest is not None and latest != closed and not await _is_over(services, latest)
        conversation_id = latest if is_open and latest else services.ids()
        claim = _Claim(conversation_id, None if is_open else latest)
        body = {"conversation": claim.conversation_id, "previous": claim.previous}
        writes = [Write(source, "source", body, claimed.etag if claimed else None, lives=SOURCE_LIVES)]
        if not is_open:
            epoch = int(head.body["epoch"]) + 1 if head else 1
            address = {"latest": conversation_id, "epoch": epoch}
            writes.append(Write("head", "head", address, head.etag if head else None))
        try:
            await services.documents.commit(Container.ADDRESSES, event.address, writes)
        except Conflict:
            continue  # a twin of this event, or another first message, was faster
        return claim
    raise Unavailable("the address changes too fast")


async def _is_over(services: Services, conversation_id: str) -> bool:
    """A claimed conversation that was never stored is about to be, by whoever claimed it."""
    conversation = await services.conversations.get(conversation_id)
    return conversation is not None and conversation.status is Status.CLOSED


async def _append(services: Services, event: InboundEvent, claim: _Claim) -> Change | None:
    """Store what the event says; None if the conversation was made by somebody else in between."""
    try:
        change = await services.conversations.update(
            claim.conversation_id, lambda found: _apply(found, event, services)
        )
    except NoConversation:
        change = _begin(services, event, claim)
        await customers.ensure(services, event, claim.conversation_id)
        return change if await services.conversations.create(change) else None
    except DuplicateMessage:
        change = None
    if change is None:
        conversation = await services.conversations.get(claim.conversation_id)
        # As new: what a crash kept from being rung is rung now.
        return Change(None, conversation) if conversation else None
    return change


def _begin(services: Services, event: InboundEvent, claim: _Claim) -> Change:
    """A new conversation with what its first event says."""
    centre, now = services.centre, services.clock()
    channel = centre.channels[event.channel]
    conversation = Conversation(
        id=claim.conversation_id,
        channel=event.channel,
        address=event.address,
        locale=event.locale or centre.default_locale,
        created_at=now,
        config_version=centre.version,
        active_at=now,
        since=now,
        queue=channel.queue,
        customer_id=event.address,
        customer_name=(event.customer or {}).get("name"),
        context=dict(event.context or {}),
        previous_conversation_id=claim.previous,
    )
    draft = Draft(conversation, now, is_new=True)
    draft.note("created", {"channel": event.channel, "configVersion": centre.version})
    _take(draft, event, services)
    return draft.done()


async def _has(services: Services, conversation_id: str, event: InboundEvent) -> bool:
    return await services.conversations.message(conversation_id, Kind.CUSTOMER, event.source_id) is not None


def _apply(conversation: Conversation, event: InboundEvent, services: Services) -> Change | None:
    if conversation.status is Status.CLOSED and event.conversation_id is None:
        raise _Closed
    draft = Draft(conversation, services.clock())
    _take(draft, event, services)
    return None if draft.conversation is conversation else draft.done()


def _take(draft: Draft, event: InboundEvent, services: Services) -> None:
    """What one event does to its conversation."""
    conversation = draft.conversation
    if event.kind is Inbound.ENDED:
        leave(draft)
        return
    if not event.text:
        return
    last = conversation.customer_at
    is_late = conversation.status in (Status.CLOSED, Status.WRAP_UP) or (last is not None and event.at < last)
    sender = Sender(Kind.CUSTOMER, conversation.customer_name or CUSTOMER)
    draft.say(event.source_id, sender, event.text, late=is_late)
    draft.set(customer_at=max(event.at, last) if last else event.at)
    if conversation.status is Status.WAITING and conversation.queue:
        draft.step(Step.RETURNED)
        enqueue(draft, services.centre, conversation.queue)
        system_says(draft, services.centre, "returned")
    elif conversation.status in (Status.NEW, Status.BOT):
        draft.signal()
