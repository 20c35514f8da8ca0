"""The turns of a conversation's orchestration, one per stage.

A turn reads the state, does what is due (all of it safe to repeat), and prepares the next wait in the same commit: from
then on writers ring `bell-{token}`. Its answer says in which stage the conversation is now and, if it stays, until when
to wait; without that there is more to do at once.

The orchestration gives each turn its token, so that a turn that runs again (an activity may, even after its result was
reported) finds its own wait or a later one there, and leaves it as it is.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shared.domain.announcing import announce, due_at
from shared.domain.conversation import Change, Conversation, Draft, Kind, Status, Step, Wait, WorkRef
from shared.domain.life import drop_work, end_transfer, end_work, new_item, stage_of, system_says, transfer_item
from shared.domain.presence import Hold
from shared.usecases import closures
from shared.usecases.draining import move_on_if_lost
from shared.usecases.publish import publish
from shared.usecases.queueing import find_place
from shared.usecases.services import Services
from shared.usecases.work import enqueue_item, finish_all, hold_as

CALLBACK_LIVES = timedelta(days=7)
"""How long a promise to come back to a customer is kept."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What a turn has come to. `token` is the newest one in the store: the next turn's is a later one."""

    stage: str
    token: int
    until: datetime | None = None


Decide = Callable[[Draft], datetime]
"""Takes the stage's own steps that are due; until when to wait if none was."""


async def queue_turn(services: Services, conversation_id: str, token: int) -> Turn:
    """See to it that the work item is there; apologise and close when nobody could take it for too long."""
    await move_on_if_lost(services, conversation_id, None)
    seen_off = await closures.enforce(services, conversation_id, None)
    conversation = seen_off or await _conversation(services, conversation_id)
    if conversation.status in (Status.QUEUED, Status.OFFERED) and conversation.work:
        await enqueue_item(services, conversation.work.pool, new_item(conversation, services.centre))

    centre, news_at = services.centre, due_at(conversation, services.centre)
    is_due = news_at is not None and news_at <= services.clock()
    place = await find_place(services, conversation) if is_due else None

    def decide(draft: Draft) -> datetime:
        waits = draft.conversation
        if waits.callback_at:
            return _at_most(services, draft, waits.callback_at, CALLBACK_LIVES, "callback", "queue_timeout")
        since = waits.waiting_since or waits.queued_at or draft.now
        until = _at_most(services, draft, since, services.centre.limits.queue_wait, "queueWait", "queue_timeout")
        if stage_of(draft.conversation) != "queue":
            return until
        if is_due and waits.announced == conversation.announced:
            announce(draft, centre, place)
        return min(until, due_at(draft.conversation, centre) or until)

    return await _turn(services, conversation, "queue", token, decide)


async def agent_turn(services: Services, conversation_id: str, token: int) -> Turn:
    """The agent talks; wrap-up begins when both sides have been silent for too long."""
    conversation = await _conversation(services, conversation_id)
    if conversation.status is Status.ACTIVE and conversation.work:
        await hold_as(services, conversation.work, conversation, Hold.ACTIVE)

    def decide(draft: Draft) -> datetime:
        since, limit = draft.conversation.active_at, services.centre.limits.active_idle
        return _at_most(services, draft, since, limit, "activeIdle", "idle_ended")

    return await _turn(services, conversation, "agent", token, decide)


async def transfer_turn(services: Services, conversation_id: str, token: int) -> Turn:
    """Have the work offered to the agent asked for; the sender goes on owning until it is accepted."""
    conversation = await _conversation(services, conversation_id)
    if conversation.transfer:
        await enqueue_item(services, conversation.transfer.work.pool, transfer_item(conversation, services.centre))

    def decide(draft: Draft) -> datetime:
        # Routing ends the offer itself; the limit is for a transfer that routing has lost sight of.
        transfer, limit = draft.conversation.transfer, services.centre.limits.active_idle
        if transfer and draft.now >= transfer.requested_at + limit:
            end_transfer(draft, "failed", "timed-out")
        return transfer.requested_at + limit if transfer else draft.now

    return await _turn(services, conversation, "transfer", token, decide)


async def set_aside_turn(services: Services, conversation_id: str, token: int) -> Turn:
    """Nobody's capacity is held; closed when the customer does not return."""
    conversation = await _conversation(services, conversation_id)

    def decide(draft: Draft) -> datetime:
        since = draft.conversation.since or draft.now
        return _at_most(services, draft, since, services.centre.limits.set_aside, "setAside")

    return await _turn(services, conversation, "set_aside", token, decide)


async def wrap_up_turn(services: Services, conversation_id: str, token: int) -> Turn:
    """The agent files the conversation while capacity is held; closed when that takes too long."""
    conversation = await _conversation(services, conversation_id)
    if conversation.status is Status.WRAP_UP and conversation.work:
        await hold_as(services, conversation.work, conversation, Hold.WRAP_UP)

    def decide(draft: Draft) -> datetime:
        since = draft.conversation.since or draft.now
        return _at_most(services, draft, since, services.centre.limits.wrap_up, "wrapUp")

    return await _turn(services, conversation, "wrap_up", token, decide)


async def close_turn(services: Services, conversation_id: str, token: int) -> Turn:
    """Let go of everything that the conversation still holds."""
    conversation = await _conversation(services, conversation_id)
    refs = [*conversation.stale, *([conversation.work] if conversation.work else [])]
    await finish_all(services, refs)

    def decide(current: Conversation) -> Change:
        draft = Draft(current, services.clock())
        drop_work(draft)
        wait = Wait(max(current.wait.token, token), None, current.wait.signals, current.wait.signals)
        draft.set(stale=_without(draft.conversation.stale, refs), wait=wait)
        return draft.done()

    change = await services.conversations.update(conversation_id, decide)
    return Turn("close" if change and change.after.stale else "closed", token)


async def _turn(services: Services, read: Conversation, stage: str, token: int, decide: Decide) -> Turn:
    """Finish stale work, take the steps that are due, prepare the wait; or say where the conversation has gone."""
    if is_elsewhere(read, stage, token):
        return turn_of(read, stage, token)
    await finish_all(services, read.stale)
    until = services.clock()

    def prepare(current: Conversation) -> Change | None:
        nonlocal until
        if is_elsewhere(current, stage, token):
            return None
        draft = Draft(current, services.clock())
        draft.set(stale=_without(current.stale, read.stale))
        until = decide(draft)
        if stage_of(draft.conversation) == stage:
            # Signals that came after reading are looked at by another turn.
            prepare_wait(draft, token, until, read.wait.signals)
        return draft.done()

    change = await services.conversations.update(read.id, prepare)
    if change is None:
        return turn_of(await _conversation(services, read.id), stage, token)
    await publish(services, change, None)
    return turn_of(change.after, stage, token)


def is_elsewhere(conversation: Conversation, stage: str, token: int) -> bool:
    """Whether a turn comes too late: the conversation is in another stage, or later turns have been taken."""
    return stage_of(conversation) != stage or conversation.wait.token > token


def prepare_wait(draft: Draft, token: int, until: datetime, seen: int) -> None:
    """The token to ring with, and what has been looked at; nothing if this turn has prepared its wait before."""
    wait = draft.conversation.wait
    if wait.token < token:
        draft.set(wait=replace(wait, token=token, until=until, seen=seen))


def turn_of(conversation: Conversation, stage: str, token: int) -> Turn:
    """Where the conversation is after a turn of a stage; it waits if that turn has the last word."""
    wait = conversation.wait
    if is_elsewhere(conversation, stage, token) or wait.token != token or wait.signals > wait.seen:
        return Turn(stage_of(conversation), wait.token)
    return Turn(stage, token, wait.until)


def _at_most(
    services: Services, draft: Draft, since: datetime, limit: timedelta, name: str, text: str | None = None
) -> datetime:  # fmt: skip
    """Until when the conversation may stay in its state; if that is over, the step is taken, and the customer told."""
    until = since + limit
    if draft.now >= until:
        if text:
            system_says(draft, services.centre, text)
        draft.step(Step.TIMED_OUT, limit=name)
        end_work(draft, Kind.SYSTEM)
    return until


def _without(refs: tuple[WorkRef, ...], finished: tuple[WorkRef, ...] | list[WorkRef]) -> tuple[WorkRef, ...]:
    return tuple(ref for ref in refs if ref not in finished)


async def _conversation(services: Services, conversation_id: str) -> Conversation:
    conversation = await services.conversations.get(conversation_id)
    if conversation is None:
        raise LookupError(f"conversation {conversation_id} is not in the store")
    return conversation
