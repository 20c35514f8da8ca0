"""Conversations: head, transcript and events in one partition, changed by compare-and-set."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Mapping
from datetime import datetime
from weakref import WeakValueDictionary

from shared.domain.conversation import Change, Conversation, Event, Message
from shared.ports import Conflict, Container, Document, Documents, Unavailable, Write
from shared.records.codec import Codec, Reader, Versioned

ATTEMPTS_MAX = 20
CACHED_MAX = 5_000

Decide = Callable[[Conversation], Change | None]
"""A pure decision; None if there is nothing to change. May run again on a newer version."""

_heads, _messages, _events = Codec(Conversation), Codec(Message), Codec(Event)


class NoConversation(Exception):
    """There is no such conversation."""


class DuplicateMessage(Exception):
    """A message of the change is in the transcript already; nothing was stored."""


class Conversations:
    """The container `conversations`."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents
        self._known: OrderedDict[str, Versioned[Conversation]] = OrderedDict()
        self._transcripts = Reader(_messages)
        # Writers of this process take turns; what makes them right is the etag.
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def get(self, id_: str) -> Conversation | None:
        """The head as stored now."""
        found = await self._read(id_)
        return found.value if found else None

    async def update(self, id_: str, decide: Decide) -> Change | None:
        """Decide on the current version and commit; again if somebody was faster.

        The first try goes by what this process knows. If that makes no change (or an error), only the store can tell.
        Raises NoConversation, DuplicateMessage, Unavailable, and what `decide` raises.
        """
        turn = self._turns.setdefault(id_, asyncio.Lock())
        async with turn:
            known = self._known.get(id_)
            if known and (change := _attempt(decide, known.value)) and await self._commit(change, known.etag):
                return change
            for _ in range(ATTEMPTS_MAX):
                found = await self._read(id_)
                if found is None:
                    raise NoConversation(id_)
                change = decide(found.value)
                if change is None or await self._commit(change, found.etag):
                    return change
            raise Unavailable(f"conversation {id_} changes too fast")

    async def create(self, change: Change) -> bool:
        """Store a new conversation; False if its id is taken."""
        return await self._commit(change, None)

    async def message(self, id_: str, sender: str, message_id: str) -> Message | None:
        """A message by its sender's kind and id."""
        found = await self._documents.read(Container.CONVERSATIONS, id_, _message_key(sender, message_id))
        return self._transcripts.read(found) if found else None

    async def messages(self, id_: str, *, after: int = 0, limit: int = 200) -> list[Message]:
        """The transcript from a sequence on."""
        found = await self._documents.page(Container.CONVERSATIONS, id_, "message", after=after, limit=limit)
        return [self._transcripts.read(document) for document in found]

    async def timeline(self, id_: str, *, after: int = 0, limit: int = 200) -> list[Event]:
        """The events from a sequence on."""
        found = await self._documents.page(Container.CONVERSATIONS, id_, "event", after=after, limit=limit)
        return [_events.load(document.body) for document in found]

    async def search(self, where: Mapping[str, str | bool], before: str | None, limit: int) -> list[Conversation]:
        """Heads whose members equal `where`, the newest first."""
        found = await self._documents.search(Container.CONVERSATIONS, "conversation", where, before=before, limit=limit)
        return [_heads.load(document.body) for document in found]

    async def overdue(self, before: datetime, limit: int) -> list[Conversation]:
        """Open conversations whose orchestration should have acted by then."""
        found = await self._documents.search(
            Container.CONVERSATIONS, "conversation", {}, below=("wait.until", _heads_time(before)), limit=limit
        )
        return [_heads.load(document.body) for document in found]

    async def _read(self, id_: str) -> Versioned[Conversation] | None:
        document = await self._documents.read(Container.CONVERSATIONS, id_, id_)
        if document is None:
            return None
        known = self._known.get(id_)
        if known and known.etag == document.etag:
            return known
        return self._keep(id_, Versioned(head_of(document), document.etag))

    async def _commit(self, change: Change, etag: str | None) -> bool:
        id_ = change.after.id
        writes = [Write(id_, "conversation", _heads.dump(change.after), etag)]
        writes += [
            Write(_message_key(m.sender.kind, m.id), "message", _messages.dump(m), sequence=m.sequence)
            for m in change.messages
        ]
        writes += [
            Write(f"event:{event.sequence}", "event", _events.dump(event), sequence=event.sequence)
            for event in change.events
        ]
        try:
            etags = await self._documents.commit(Container.CONVERSATIONS, id_, writes)
        except Conflict as conflict:
            self._known.pop(id_, None)
            if conflict.index > 0:
                raise DuplicateMessage(writes[conflict.index].id) from None
            return False
        except Unavailable:
            self._known.pop(id_, None)
            raise
        self._keep(id_, Versioned(change.after, etags[0]))
        for index, message in enumerate(change.messages, start=1):
            self._transcripts.remember(id_, writes[index].id, etags[index], message)
        return True

    def _keep(self, id_: str, head: Versioned[Conversation]) -> Versioned[Conversation]:
        self._known[id_] = head
        self._known.move_to_end(id_)
        if len(self._known) > CACHED_MAX:
            self._known.popitem(last=False)
        return head


def _attempt(decide: Decide, known: Conversation) -> Change | None:
    """A decision on a version that may be old; whatever goes wrong, it is repeated on the stored one."""
    try:
        return decide(known)
    except Exception:
        return None


def head_of(document: Document) -> Conversation:
    """The conversation that a head document holds."""
    return _heads.load(document.body)


def event_of(document: Document) -> Event:
    """The event that a document holds."""
    return _events.load(document.body)


def _message_key(sender: str, message_id: str) -> str:
    return f"message:{sender}:{message_id}"


def _heads_time(moment: datetime) -> str:
    """A time as the documents hold it, so that strings compare as times do."""
    return moment.isoformat().replace("+00:00", "Z")
