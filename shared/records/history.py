"""What routing's records were: each version beside the one that counts, written in the same transaction.

From it decisions are explained, replayed and tried under another policy.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from shared.ports import Container, Document, Documents, Write

KEPT = timedelta(days=30)
PREFIX = "past:"
PAGE = 200
LOG_PAGE = 500
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Past:
    """A version of a record: `id` is the record's, such as "agent:alice"; `body` what it held from `at` on.

    `position` is its place in the order in which the pool was written.
    """

    id: str
    at: datetime
    position: int
    body: Mapping[str, Any]


def past_of(write: Write, at: datetime) -> Write:
    """What is written beside a record: this version for good, under an id that no other version has."""
    body = {"record": write.id, "body": write.body}
    return Write(f"{PREFIX}{write.id}:{write.etag or 'new'}", _type(write.id), body, None, microseconds(at), KEPT)


def microseconds(at: datetime) -> int:
    """A moment as a sequence."""
    return (at - _EPOCH) // timedelta(microseconds=1)


def moment_of(sequence: int) -> datetime:
    """The moment of a sequence."""
    return _EPOCH + timedelta(microseconds=sequence)


class RoutingHistory:
    """Reads the container `routing`."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    async def versions(self, pool: str, record_id: str) -> list[Past]:
        """All versions of a record that are still kept, the oldest first."""
        found: list[Past] = []
        after = 0
        while True:
            page = await self._documents.page(Container.ROUTING, pool, _type(record_id), after=after, limit=PAGE)
            found += map(_past, page)
            if len(page) < PAGE:
                return found
            after = page[-1].sequence or after

    async def later(self, pool: str, record_id: str, after: datetime, limit: int) -> list[Past]:
        """The first versions of a record after a moment, the oldest first."""
        found = await self._documents.page(
            Container.ROUTING, pool, _type(record_id), after=microseconds(after), limit=limit
        )
        return [_past(document) for document in found]

    async def as_of(self, pool: str, record_id: str, at: datetime, seen: int) -> Past | None:
        """What a record was for somebody who had seen the pool up to a position, at that time."""
        upto = microseconds(at)
        while document := await self._documents.last(Container.ROUTING, pool, _type(record_id), upto):
            if document.position <= seen:
                return _past(document)
            upto = (document.sequence or 0) - 1
        return None

    async def log(self, pool: str, since: str | None) -> tuple[list[Past], str | None]:
        """Some of all versions of all records that are still kept, in the order of their writing, and where to go on.

        None there means that these were the last; there may be none among some that are not the last.
        """
        found, following = await self._documents.changes(Container.ROUTING, pool, since, LOG_PAGE)
        past = [_past(document) for document in found if document.type.startswith(PREFIX)]
        return past, following if len(found) == LOG_PAGE else None


def _type(record_id: str) -> str:
    return f"{PREFIX}{record_id}"


def _past(document: Document) -> Past:
    at = moment_of(document.sequence or 0)
    return Past(str(document.body["record"]), at, document.position, document.body["body"])
