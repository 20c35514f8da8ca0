"""What the change feed's sinks do: repeat what follows from a commit, in case a crash came in between."""

import logging
from collections.abc import Awaitable, Callable, Sequence

from pydantic import ValidationError

from shared.domain.conversation import Status
from shared.ports import Bells, Document
from shared.records.conversations import event_of, head_of
from shared.records.routing import DECIDER, record_of
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
        if document.type != DECIDER:
            await tell_record(services, record_of(document), bells)

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
