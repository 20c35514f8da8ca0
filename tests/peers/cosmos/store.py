"""What an account holds: containers of items in two physical partitions, each with a log sequence number of its own."""

import itertools
import json
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from azure.cosmos.partition_key import PartitionKey

Json = dict[str, Any]
RANGES = {"0": ("", "1FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF"), "1": ("1FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF", "FF")}
"""The physical partitions, by the hash of the partition key."""
BATCH_OPERATIONS_MAX = 100
ITEM_BYTES_MAX = 2 * 1024 * 1024
CODES = {400: "BadRequest", 404: "NotFound", 409: "Conflict", 412: "PreconditionFailed", 413: "RequestEntityTooLarge"}


class Refusal(Exception):
    """A request is answered with an error."""

    def __init__(self, status: int, message: str, substatus: int = 0) -> None:
        super().__init__(message)
        self.status, self.substatus = status, substatus


@dataclass(frozen=True)
class Item:
    """A version of an item; `order` is its place among all writes of the account, `lsn` that in its partition."""

    content: Json
    key: str
    lsn: int
    order: int


class Container:
    """One container; `properties` are what it was created with."""

    def __init__(self, properties: Json, clock: Callable[[], datetime]) -> None:
        self.properties = {"_rid": "AAAAAAAAAAA=", **properties}
        self._clock = clock
        self._items: dict[str, dict[str, Item]] = {}  # by partition key and id
        self._hashes: dict[str, str] = {}
        self._orders = itertools.count(1)
        self.lsns = dict.fromkeys(RANGES, 0)
        (path,) = properties["partitionKey"]["paths"]
        self._key_name = str(path).removeprefix("/")
        self._hash = PartitionKey(path=path, version=2)

    def range_of(self, key: str) -> str:
        """The physical partition of a partition key."""
        hashed = self.hashed(key)
        return next(id_ for id_, (low, high) in RANGES.items() if low <= hashed < high)

    def hashed(self, key: str) -> str:
        """As the SDK computes it: the peer has to agree with it, not with itself."""
        if key not in self._hashes:
            self._hashes[key] = str(self._hash._get_effective_partition_key_string([key]))
        return self._hashes[key]

    def items(self, is_wanted: Callable[[str], bool] = lambda key: True) -> list[Item]:
        """Those that live, of partition keys that are wanted, in the order of writing."""
        partitions = [items for key, items in self._items.items() if is_wanted(key)]
        alive = [item for items in partitions for item in items.values() if self._lives(item)]
        return sorted(alive, key=lambda item: item.order)

    def expire(self) -> int:
        """Forget what has outlived its time; how many items."""
        gone = [(items, id_) for items in self._items.values() for id_, item in items.items() if not self._lives(item)]
        for items, id_ in gone:
            del items[id_]
        return len(gone)

    def read(self, key: str, id_: str) -> Item:
        """One item. Raises Refusal."""
        item = self._items.get(key, {}).get(id_)
        if item is None or not self._lives(item):
            raise Refusal(404, "Entity with the specified id does not exist in the system.")
        return item

    def batch(self, key: str, operations: Sequence[Json]) -> tuple[int, list[Json]]:
        """A transactional batch: a status and a result for each operation. Its items share one sequence number."""
        if len(operations) > BATCH_OPERATIONS_MAX:
            raise Refusal(400, "Batch request has more operations than what is supported.")
        range_, before = self.range_of(key), dict(self._items.get(key, {}))
        self.lsns[range_] += 1
        results: list[Json] = []
        for index, operation in enumerate(operations):
            try:
                results.append(self._operate(key, self.lsns[range_], operation))
            except Refusal as refusal:
                self._items[key] = before
                self.lsns[range_] -= 1
                failed: list[Json] = [{"statusCode": 424, "requestCharge": 0} for _ in operations]
                failed[index]["statusCode"] = refusal.status
                return 207, failed
        return 200, results

    def _operate(self, key: str, lsn: int, operation: Json) -> Json:
        content = operation["resourceBody"]
        match operation["operationType"]:
            case "Create":
                self._expect_nothing(key, content["id"])
                status = 201
            case "Replace":
                found = self.read(key, operation["id"])
                if operation.get("ifMatch", found.content["_etag"]) != found.content["_etag"]:
                    raise Refusal(412, "One of the specified pre-condition is not met.")
                status = 200
            case other:
                raise Refusal(400, f"the peer knows no operation {other}")
        item = self._put(key, lsn, content)
        return {"statusCode": status, "requestCharge": 1, "eTag": item["_etag"], "resourceBody": item}

    def _expect_nothing(self, key: str, id_: str) -> None:
        found = self._items.get(key, {}).get(id_)
        if found and self._lives(found):
            raise Refusal(409, "Entity with the specified id already exists in the system.")

    def _put(self, key: str, lsn: int, content: Json) -> Json:
        id_ = content.get("id")
        if not isinstance(id_, str) or not 0 < len(id_.encode()) <= 1023 or set(id_) & set("/\\?#"):
            raise Refusal(400, "The input content is invalid because 'id' is missing or invalid.")
        if content.get(self._key_name) != key:
            raise Refusal(400, "PartitionKey extracted from document doesn't match the one in the header.", 1001)
        if len(json.dumps(content, ensure_ascii=False).encode()) > ITEM_BYTES_MAX:
            raise Refusal(413, "Request size is too large.")
        order, old = next(self._orders), self._items.setdefault(key, {}).pop(id_, None)
        rid = old.content["_rid"] if old else f"{order:012}"
        system = {"_rid": rid, "_etag": f'"{uuid.uuid4()}"', "_ts": int(self._clock().timestamp())}
        whole = {**content, **system}
        self._items[key][id_] = Item(whole, key, lsn, order)
        return whole

    def _lives(self, item: Item) -> bool:
        if "defaultTtl" not in self.properties:
            return True
        seconds = item.content.get("ttl", self.properties["defaultTtl"])
        return bool(seconds == -1 or self._clock().timestamp() < item.content["_ts"] + seconds)


class Account:
    """Databases of containers."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self.databases: dict[str, dict[str, Container]] = {}

    def database(self, name: str) -> dict[str, Container]:
        """Its containers. Raises Refusal."""
        if name not in self.databases:
            raise Refusal(404, "Owner resource does not exist", 1003)
        return self.databases[name]

    def container(self, database: str, name: str) -> Container:
        """One of them. Raises Refusal."""
        if name not in self.database(database):
            raise Refusal(404, "Owner resource does not exist", 1003)
        return self.database(database)[name]

    def create_database(self, name: str) -> None:
        """Raises Refusal."""
        if name in self.databases:
            raise Refusal(409, "Resource with specified id or name already exists.")
        self.databases[name] = {}

    def create_container(self, database: str, properties: Mapping[str, Any]) -> Container:
        """Raises Refusal."""
        containers, name = self.database(database), str(properties["id"])
        if name in containers:
            raise Refusal(409, "Resource with specified id or name already exists.")
        containers[name] = Container(dict(properties), self._clock)
        return containers[name]
