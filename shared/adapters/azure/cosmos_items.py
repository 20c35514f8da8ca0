"""A document as an item of Cosmos DB, and back."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from shared.ports import Document, Write

PLACES = 1000
"""More than BATCH_OPERATIONS_MAX."""
_PLAIN = frozenset(range(0x21, 0x7F)) - frozenset(b"/\\?#~")
Item = dict[str, Any]


class Stamps:
    """Numbers of one process's batches: no two have the same, later ones are higher, as far as clocks agree.

    An item's stamp is its batch's with its place in the batch. It says whether a write that was refused is our own,
    come before its answer was lost, and orders what was written in one transaction.
    """

    def __init__(self) -> None:
        self._last = 0

    def batch(self) -> int:
        """The stamp of the first item of a batch."""
        self._last = max(self._last + 1, time.time_ns() // 1_000_000)
        return self._last * PLACES


def item_id(id_: str) -> str:
    """An id as Cosmos DB takes it: printable ASCII without / \\ ? #, here written as ~ and two digits."""
    return "".join(chr(byte) if byte in _PLAIN else f"~{byte:02X}" for byte in id_.encode())


def items_of(partition: str, writes: Sequence[Write], stamp: int) -> list[Item]:
    """What is sent for a batch. Raises TypeError and ValueError for bodies that are not JSON."""
    return [_item(partition, write, stamp + place) for place, write in enumerate(writes)]


def _item(partition: str, write: Write, stamp: int) -> Item:
    item: Item = {
        "id": item_id(write.id), "partition": partition, "type": write.type, "sequence": write.sequence,
        "body": orjson.loads(orjson.dumps(write.body)), "written": stamp,
    }  # fmt: skip
    if item["id"] != write.id:
        item["name"] = write.id
    if write.lives is not None:
        item["ttl"] = max(1, round(write.lives.total_seconds()))
    return item


def document_of(item: Mapping[str, Any], lsn: int | None = None) -> Document:
    """The document that an item holds; `lsn` is the number of the transaction that wrote it, if that is known."""
    position = 0 if lsn is None else lsn * PLACES + int(item["written"]) % PLACES
    return Document(
        item.get("name", item["id"]), item["partition"], item["type"], item["body"], item["_etag"], item["sequence"],
        position,
    )  # fmt: skip
