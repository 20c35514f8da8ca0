"""What the change feed's sinks do: repeat what follows from a commit, in case a crash came in between."""

import logging
from collections.abc import Sequence

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
    for document in documents:
        if document.type != "conversation" or not _wants_to_be_rung(document):
            continue
        conversation = head_of(document)
        if conversation.wait.token == 0 and conversation.status is not Status.CLOSED:
            await bells.start(conversation.id)
        elif conversation.bell is not None:
            await bells.ring(conversation.id, conversation.bell)


async def tell_screens(services: Services, documents: Sequence[Document], bells: Bells | None = None) -> None:
    """Tell agents' screens of a conversation's events."""
    for document in documents:
        if document.type != "event" or not document.body["told"]:
            continue
        event = event_of(document)
        if await services.inboxes.has_told(event.told, f"{document.partition}:{event.sequence}"):
            continue
        conversation = await services.conversations.get(document.partition)
        if conversation:
            await repeat(services, conversation, event)


async def tell_routing(services: Services, documents: Sequence[Document], bells: Bells) -> None:
    """Reflect work items in conversations, tell agents' screens of offers and of themselves."""
    for document in documents:
        if document.type == DECIDER:
            continue
        try:
            record = record_of(document)
        except (KeyError, ValidationError):
            log.exception("the document %s of pool %s cannot be read", document.id, document.partition)
            continue
        await tell_record(services, record, bells)


def _wants_to_be_rung(document: Document) -> bool:
    """Looks before the whole document is read: nearly all of them have been rung."""
    wait = document.body["wait"]
    return bool(wait["token"] == 0 or wait["signals"] > wait["seen"])
