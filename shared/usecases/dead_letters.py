"""Messages that could not be handled: parked with the reason, listed, tried again."""

import contextlib
import hashlib
from datetime import datetime

from shared.contracts.agents import DeadLetter
from shared.contracts.wire import Page
from shared.errors import invalid_state, not_found
from shared.ports import Conflict, Container, Document, Write
from shared.records.events import Poison, event_from_json
from shared.usecases.services import Services

PARTITION = "channel-events"
BODY_CHARS_MAX = 200_000
REASON_CHARS_MAX = 1_000


async def park(
    services: Services, source: str, message_id: str, enqueued_at: datetime, reason: str, body: str
) -> None:  # fmt: skip
    """Keep a message that cannot be handled; once per message. Ids rise with the time of enqueueing."""
    digest = hashlib.sha256(f"{source}/{message_id}".encode()).hexdigest()[:16]
    id_ = f"{enqueued_at:%Y%m%dT%H%M%S%f}-{digest}"
    parked = {
        "source": source, "reason": reason[:REASON_CHARS_MAX], "text": body[:BODY_CHARS_MAX],
        "at": services.clock().isoformat(), "state": "parked",
    }  # fmt: skip
    with contextlib.suppress(Conflict):
        await services.documents.commit(Container.DEAD_LETTERS, PARTITION, [Write(id_, "deadLetter", parked)])


async def search(services: Services, cursor: str | None, limit: int) -> Page[DeadLetter]:
    """The newest first."""
    found = await services.documents.search(Container.DEAD_LETTERS, "deadLetter", {}, before=cursor, limit=limit + 1)
    items = [_shown(document) for document in found[:limit]]
    return Page(items=items, next_cursor=items[-1].id if len(found) > limit else None)


async def resubmit(services: Services, id_: str) -> None:
    """Send it to its queue again. Problems: not-found, invalid-state (not parked, or no event at all)."""
    document = await services.documents.read(Container.DEAD_LETTERS, PARTITION, id_)
    if document is None:
        raise not_found("dead letter")
    if document.body["state"] != "parked":
        raise invalid_state("it has been resubmitted already")
    try:
        event = event_from_json(str(document.body["text"]))
    except Poison as error:
        raise invalid_state(f"it cannot be handled however often it is tried: {error}") from None
    # Sent first: doing it twice is harmless. A new message id, as the queue drops what it has seen of late.
    await services.queue.publish(event, again=id_)
    resubmitted = {**document.body, "state": "resubmitted"}
    try:
        write = Write(id_, "deadLetter", resubmitted, document.etag)
        await services.documents.commit(Container.DEAD_LETTERS, PARTITION, [write])
    except Conflict:
        raise invalid_state("it has been resubmitted already") from None


def _shown(document: Document) -> DeadLetter:
    body = document.body
    return DeadLetter(
        id=document.id, source=body["source"], reason=body["reason"], body=body["text"], at=body["at"],
        state=body["state"],
    )  # fmt: skip
