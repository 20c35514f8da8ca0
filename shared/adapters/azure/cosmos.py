"""Documents in Cosmos DB. docs/cosmos.md tells of its containers, queries and costs."""

from collections.abc import Mapping, Sequence
from typing import Any

from azure.cosmos.exceptions import CosmosBatchOperationError, CosmosResourceNotFoundError

from shared.adapters.azure import cosmos_queries as queries
from shared.adapters.azure.cosmos_changes import Changes, Cursor
from shared.adapters.azure.cosmos_client import CosmosConnection, answering
from shared.adapters.azure.cosmos_items import Item, Stamps, document_of, item_id, items_of
from shared.ports import BATCH_OPERATIONS_MAX, Conflict, Container, Document, Unavailable, Write

_ITEM_LSN = "x-ms-item-lsn"
_EXISTS, _CHANGED, _GONE = 409, 412, 404


class CosmosDocuments:
    """The port `Documents` on an account. To be made and used on one event loop.

    `setting` is a connection string, or the https:// address of an account that the app's identity may use.
    """

    def __init__(self, setting: str) -> None:
        self._connection = CosmosConnection(setting)
        self._stamps = Stamps()

    async def read(self, container: Container, partition: str, id_: str) -> Document | None:
        """See the port."""
        async with answering("reading"):
            item = await self._item(container, partition, item_id(id_))
        return document_of(item, item.get("_lsn")) if item else None

    async def page(
        self, container: Container, partition: str, type_: str, *, after: int = 0, limit: int = 200
    ) -> list[Document]:  # fmt: skip
        """See the port."""
        found = await self._query(container, queries.page(partition, type_, after, limit), partition)
        return [document_of(item) for item in found]

    async def last(self, container: Container, partition: str, type_: str, upto: int) -> Document | None:
        """See the port. A query does not tell the position: the document is read once more."""
        while found := await self._query(container, queries.last(partition, type_, upto), partition):
            if document := await self.read(container, partition, document_of(found[0]).id):
                return document
        return None

    async def commit(self, container: Container, partition: str, writes: Sequence[Write]) -> tuple[str, ...]:
        """See the port."""
        if not 0 < len(writes) <= BATCH_OPERATIONS_MAX:
            raise ValueError(f"a batch has 1 to {BATCH_OPERATIONS_MAX} writes, not {len(writes)}")
        items = items_of(partition, writes, self._stamps.batch())
        operations = [_operation(item, write.etag) for item, write in zip(items, writes, strict=True)]
        async with answering("writing"):
            proxy = await self._connection.container(container)
            try:
                results = await proxy.execute_item_batch(operations, partition)
            except CosmosBatchOperationError as error:
                index = error.error_index
                status = int(error.operation_responses[index]["statusCode"])
                if status not in (_EXISTS, _CHANGED, _GONE):
                    error.status_code = status
                    raise
                await self._check_not_ours(container, partition, items[index])
                raise Conflict(index, exists=writes[index].etag is None) from None
        return tuple(str(result["eTag"]) for result in results)

    async def changes(
        self, container: Container, partition: str, since: str | None, limit: int = 1000, *, unsequenced: bool = False
    ) -> tuple[list[Document], str | None]:  # fmt: skip
        """See the port. From the beginning `unsequenced` asks the index: the feed would show all there ever was."""
        async with answering("reading changes"):
            changes = Changes(await self._connection.container(container), partition)
            if since is not None:
                cursor = Cursor.of_text(since)
            else:
                cursor = await changes.beginning() if unsequenced else Cursor()
            found: list[Document] = []
            while cursor.query is not None and not found:
                found, cursor = await changes.there(cursor, limit)
            if not found:
                found, cursor = await changes.after(cursor, limit, unsequenced=unsequenced)
        return found, cursor.text()

    async def search(
        self, container: Container, type_: str, where: Mapping[str, str | bool], *,
        below: tuple[str, str] | None = None, before: str | None = None, limit: int = 50,
    ) -> list[Document]:  # fmt: skip
        """See the port. Only members that have an index may be `below`."""
        query = queries.search(container, type_, where, below, before, limit)
        return [document_of(item) for item in await self._query(container, query)]

    async def ping(self) -> None:
        """See the port."""
        await self.read(Container.CONFIG, "ping", "ping")

    async def purge(self) -> int:
        """Cosmos DB removes what has outlived its time by itself."""
        return 0

    async def close(self) -> None:
        """Let go of the connections."""
        await self._connection.close()

    async def _item(self, container: Container, partition: str, id_: str) -> Item | None:
        proxy = await self._connection.container(container)
        try:
            item = await proxy.read_item(id_, partition)
        except CosmosResourceNotFoundError as error:
            if error.sub_status:  # not the item: its container is gone, or a replica lags behind
                raise
            return None
        lsn = item.get_response_headers().get(_ITEM_LSN)
        return {**item, "_lsn": int(lsn) if lsn else None}

    async def _query(self, container: Container, query: queries.Query, partition: str | None = None) -> list[Item]:
        async with answering("searching" if partition is None else "reading a page"):
            proxy = await self._connection.container(container)
            place: dict[str, Any] = {} if partition is None else {"partition_key": partition}
            return [item async for item in proxy.query_items(query.text, parameters=query.parameters, **place)]

    async def _check_not_ours(self, container: Container, partition: str, item: Item) -> None:
        """The SDK repeats what was answered 503 or not at all. If it had been done, it collides with itself."""
        found = await self._item(container, partition, item["id"])
        if found and (found["written"], found["body"]) == (item["written"], item["body"]):
            raise Unavailable("writing: the answer of Cosmos DB was lost")


def _operation(item: Item, etag: str | None) -> tuple[Any, ...]:
    if etag is None:
        return "create", (item,)
    return "replace", (item["id"], item), {"if_match_etag": etag}
