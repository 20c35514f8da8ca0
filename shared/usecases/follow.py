"""What the change feed's sinks do: repeat what follows from a commit, in case a crash came in between."""

import logging
from collections.abc import Awaitable, Callable, Sequence

from pydantic import ValidationError

from shared.domain.conversation import Status
from shared.ports import Bells, Document
from shared.records.conversations import event_of, head_of
from shared.records.routing import RECORDS, record_of
from shared.usecases import closures, insights
from shared.usecases.publish import repeat
from shared.usecases.services import Services
from shared.usecases.work import tell_record

log = logging.getLogger(__name__)


async def ring(services: Services, documents: Sequence[Document], bells: Bells) -> None:
    """Begin what has not begun, ring what has something to look at."""

    async def handle(document: Document) -> None:
        if document.type != "conversation" or not _wants_to_be_rung(document):
            return
        conversation = head_of(document)
        if conversation.wait.token == 0 and conversation.status is not Status.CLOSED:
            await bells.start(conversation.id)
        elif conversation.bell is not None:
            await bells.ring(conversation.id, conversation.bell)

    await _each(documents, handle)


async def tell_screens(services: Services, documents: Sequence[Document], bells: Bells | None = None) -> None:
    """Tell agents' screens of a conversation's events."""

    async def handle(document: Document) -> None:
        if document.type != "event" or not document.body["told"]:
            return
        event = event_of(document)
        if await services.inboxes.has_told(event.told, f"{document.partition}:{event.sequence}"):
            return
        conversation = await services.conversations.get(document.partition)
        if conversation:
            await repeat(services, conversation, event)

    await _each(documents, handle)


async def tell_routing(services: Services, documents: Sequence[Document], bells: Bells) -> None:
    """Reflect work items in conversations, tell agents' screens of offers and of themselves."""

    async def handle(document: Document) -> None:
        if document.type in RECORDS:
            await tell_record(services, record_of(document), bells)

    await _each(documents, handle)


async def count(services: Services, documents: Sequence[Document], bells: Bells | None = None) -> None:
    """Keep the figures: where conversations are, and what they contribute to the days of their queues."""
    counted: set[str] = set()

    async def handle(document: Document) -> None:
        if document.type == "conversation":
            await insights.note_open(services, document)
        elif document.type == "event" and insights.is_counted(document) and document.partition not in counted:
            counted.add(document.partition)  # with all that has happened to it by now
            await insights.count(services, document.partition)

    await _each(documents, handle)


async def tell_closures(services: Services, documents: Sequence[Document], bells: Bells) -> None:
    """Tell who waits in a queue that it was closed."""

    async def handle(document: Document) -> None:
        if document.type == "closure":
            await closures.tell_waiting(services, document, bells)

    await _each(documents, handle)


async def _each(documents: Sequence[Document], handle: Callable[[Document], Awaitable[None]]) -> None:
    """A document that cannot be read is logged and left: a sink tries for ever, and those behind it must go on."""
    for document in documents:
        try:
            await handle(document)
        except (KeyError, TypeError, ValidationError):
            log.exception("the document %s of partition %s cannot be read", document.id, document.partition)


def _wants_to_be_rung(document: Document) -> bool:
    """Looks before the whole document is read: nearly all of them have been rung."""
    wait = document.body["wait"]
    return bool(wait["token"] == 0 or wait["signals"] > wait["seen"])
