"""Emergency closures of queues: who comes anew is told and seen off, who waits is told once and goes on waiting.

A closure is a document; the change feed tells those who wait, a conversation's first turn in the queue sees it off.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shared.contracts import supervisor as wire
from shared.contracts.wire import Violation
from shared.domain.conversation import Change, Conversation, Draft, Kind, Sender, Status, Step
from shared.domain.life import end_work
from shared.errors import invalid_request, not_found
from shared.ports import Bells, Conflict, Container, Document, Unavailable, Write
from shared.records.codec import Codec
from shared.records.conversations import DuplicateMessage, NoConversation
from shared.usecases.publish import publish
from shared.usecases.services import Services

PARTITION = "closures"
KEPT = timedelta(days=1)
"""A closure stays in the store for so long after its end."""
ATTEMPTS_MAX = 20
_WAITS = (Status.QUEUED, Status.OFFERED)


@dataclass(frozen=True, slots=True)
class Closure:
    """Nobody new enters the queue from `since` on. A changed message has an id of its own, and is told again."""

    id: str
    queue: str
    since: datetime
    closed_until: datetime
    message: str
    by: str

    def view(self) -> wire.Closure:
        """As the API shows it."""
        return wire.Closure(since=self.since, closed_until=self.closed_until, message=self.message)


_closures = Codec(Closure)


async def closure_of(services: Services, queue_id: str, now: datetime) -> Closure | None:
    """The closure that a queue is under at a moment. One point read."""
    stored = await services.documents.read(Container.CONFIG, PARTITION, _key(queue_id))
    closure = _closures.load(stored.body) if stored else None
    return closure if closure and closure.since <= now < closure.closed_until else None


async def override(services: Services, queue_id: str, body: wire.Override, by: str) -> wire.QueueOverride:
    """Close a queue, change its closure or open it again. Repeating it is harmless. Problems: not-found."""
    if queue_id not in services.centre.queues:
        raise not_found("queue")
    now = services.clock()
    if body.closed_until and body.closed_until <= now:
        raise invalid_request("the closure is over", Violation(pointer="/closedUntil", message="a time to come"))
    if body.closed_until and body.message is None:
        raise invalid_request("customers are to be told", Violation(pointer="/message", message="needed to close"))
    for _ in range(ATTEMPTS_MAX):
        stored = await services.documents.read(Container.CONFIG, PARTITION, _key(queue_id))
        known = _closures.load(stored.body) if stored else None
        running = known if known and known.closed_until > now else None
        wanted = _wanted(services, running, queue_id, body, by, now)
        if wanted == running:
            return wire.QueueOverride(queue=queue_id, closure=running.view() if running else None)
        # An opened queue keeps the document of a closure that is over: the feed and other readers go by it.
        closure = wanted or (replace(running, closed_until=now) if running else None)
        if closure is None:
            return wire.QueueOverride(queue=queue_id, closure=None)
        lives = max(closure.closed_until - now, timedelta()) + KEPT
        write = Write(_key(queue_id), "closure", _closures.dump(closure), stored.etag if stored else None, lives=lives)
        try:
            await services.documents.commit(Container.CONFIG, PARTITION, [write])
        except Conflict:
            continue
        return wire.QueueOverride(queue=queue_id, closure=wanted.view() if wanted else None)
    raise Unavailable("the closure changes too fast")


def _wanted(
    services: Services, running: Closure | None, queue_id: str, body: wire.Override, by: str, now: datetime
) -> Closure | None:  # fmt: skip
    if body.closed_until is None or body.message is None:
        return None
    if running and running.message == body.message:
        is_same = running.closed_until == body.closed_until
        return running if is_same else replace(running, closed_until=body.closed_until, by=by)
    # Who waited before the first closure goes on waiting, whatever its message has become.
    return Closure(services.ids(), queue_id, running.since if running else now, body.closed_until, body.message, by)


async def tell_waiting(services: Services, document: Document, bells: Bells) -> None:
    """Of a closure that the change feed shows: tell once who waits in the queue."""
    closure = await closure_of(services, _closures.load(document.body).queue, services.clock())
    profile = services.centre.queues.get(closure.queue) if closure else None
    if closure is None or profile is None:
        return
    follower = services.pool(profile.pool)
    await follower.catch_up()
    for item in list(follower.state.items.values()):
        if item.queue == closure.queue:
            await enforce(services, item.conversation_id, bells)


async def enforce(services: Services, conversation_id: str, bells: Bells | None) -> Conversation | None:
    """What a closure does to a conversation in its queue: seen off if it has come since, else told once.

    To be called before a queued conversation's work item is made. The conversation as it is then, if anything was done.
    """
    conversation = await services.conversations.get(conversation_id)
    if conversation is None or conversation.status not in _WAITS or conversation.queue is None:
        return None
    closure = await closure_of(services, conversation.queue, services.clock())
    if closure is None or await _was_told(services, conversation, closure):
        return None

    def decide(current: Conversation) -> Change | None:
        if current.status not in _WAITS or current.queue != closure.queue:
            return None
        draft = Draft(current, services.clock())
        draft.say(_message_id(closure), Sender(Kind.SYSTEM, services.centre.name), closure.message)
        if is_new(current, closure):
            draft.step(Step.ENDED, by="closure", queue=closure.queue)
            end_work(draft, Kind.SYSTEM)
        return draft.done()

    try:
        change = await services.conversations.update(conversation_id, decide)
    except (DuplicateMessage, NoConversation):  # somebody else was telling it at the same time
        return None
    if change is None:
        return None
    await publish(services, change, bells)
    return change.after


def is_new(conversation: Conversation, closure: Closure) -> bool:
    """Whether it entered the queue since it was closed, without ever having waited for an agent before.

    Whom an agent has talked with already, and who was handed over or got lost, is not sent away.
    """
    is_first = conversation.queued_at == conversation.enqueued_at
    return is_first and conversation.queued_at is not None and conversation.queued_at >= closure.since


async def _was_told(services: Services, conversation: Conversation, closure: Closure) -> bool:
    return await services.conversations.message(conversation.id, Kind.SYSTEM, _message_id(closure)) is not None


def _message_id(closure: Closure) -> str:
    return f"closure-{closure.id}"


def _key(queue_id: str) -> str:
    return f"closure:{queue_id}"
