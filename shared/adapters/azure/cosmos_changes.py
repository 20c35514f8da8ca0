"""The changes of one partition: its change feed, and what stands in for its beginning."""

import base64
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

import orjson
from azure.cosmos.aio import ContainerProxy

from shared.adapters.azure import cosmos_queries as queries
from shared.adapters.azure.cosmos_items import PLACES, document_of
from shared.ports import Document

_ETAG = "etag"


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a reader goes on: in the feed at `token` (the SDK's own; None: its beginning), after `position`.

    With `query` the reader is still reading what there was when it began: a page of the query comes first.
    """

    token: str | None = None
    position: int = 0
    query: str | None = None

    @classmethod
    def of_text(cls, text: str) -> Self:
        """Back from text."""
        token, position, query = orjson.loads(zlib.decompress(base64.urlsafe_b64decode(text)))
        return cls(base64.b64encode(token.encode()).decode() if token is not None else None, position, query)

    def text(self) -> str:
        """For who asks for changes. It is short: it comes through URLs."""
        token = base64.b64decode(self.token).decode() if self.token is not None else None
        packed = zlib.compress(orjson.dumps([token, self.position, self.query]), 9)
        return base64.urlsafe_b64encode(packed).decode()


class Changes:
    """Of a partition of a container."""

    def __init__(self, container: ContainerProxy, partition: str) -> None:
        self._container, self._partition = container, partition

    async def after(self, cursor: Cursor, limit: int, *, unsequenced: bool) -> tuple[list[Document], Cursor]:
        """See the port. Fewer than `limit` only at the end."""
        found: list[Document] = []
        while True:
            page, following = await self._page(cursor.token, limit)
            fresh = [
                it for it in page if it.position > cursor.position and not (unsequenced and it.sequence is not None)
            ]
            room = limit - len(found)
            found += fresh[:room]
            if len(fresh) >= room:
                # The service does not cut transactions: the rest of this page is read again, from its beginning.
                return found, replace(cursor, position=found[-1].position)
            cursor = replace(cursor, token=following)
            if not page:
                return found, cursor

    async def beginning(self) -> Cursor:
        """Now in the feed, and the first page of a query for what there is."""
        headers: list[Mapping[str, Any]] = []
        numbers: list[int] = []

        def hear(heard: Mapping[str, Any], _: Any) -> None:
            headers.append(heard)
            numbers.append(_number(heard))

        place: dict[str, Any] = {"partition_key": self._partition, "start_time": "Now"}
        feed = self._container.query_items_change_feed(response_hook=hear, **place)
        async for _ in feed:
            pass
        return Cursor(headers[-1][_ETAG], numbers[0] * PLACES + PLACES - 1, "")

    async def there(self, cursor: Cursor, limit: int) -> tuple[list[Document], Cursor]:
        """A page of what there was at the beginning. Positions are those of the beginning: nothing tells their own."""
        query = queries.unsequenced(self._partition)
        pages = self._container.query_items(
            query.text, parameters=query.parameters, partition_key=self._partition, max_item_count=limit
        ).by_page(cursor.query or None)
        try:
            page = [item async for item in await anext(pages)]
        except StopAsyncIteration:
            page = []
        documents = [replace(document_of(item), position=cursor.position) for item in page]
        return documents, replace(cursor, query=getattr(pages, "continuation_token", None))

    async def _page(self, token: str | None, limit: int) -> tuple[list[Document], str]:
        """The next page of the feed, empty at its end, and the token after it."""
        headers: list[Mapping[str, Any]] = []
        place: dict[str, Any] = {"continuation": token} if token is not None else {
            "partition_key": self._partition, "start_time": "Beginning",
        }  # fmt: skip
        pages = self._container.query_items_change_feed(
            max_item_count=limit, response_hook=lambda heard, _: headers.append(heard), **place
        ).by_page()
        try:
            page = [item async for item in await anext(pages)]
        except StopAsyncIteration:
            page = []
        documents = sorted((document_of(item, item["_lsn"]) for item in page), key=lambda document: document.position)
        # The SDK puts its own token into the headers that it has shown.
        return documents, headers[-1][_ETAG]


def _number(headers: Mapping[str, Any]) -> int:
    """The service's own token is the number of the last transaction."""
    return int(str(headers[_ETAG]).strip('"'))
