"""What a store holds, whoever reads and writes it: documents by container and partition, numbered by their writing."""

from bisect import bisect_right, insort
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import orjson

from shared.ports import Conflict, Container, Document, Write

Observer = Callable[[Container, str, Sequence[tuple[Document | None, Document]]], None]
"""Told of each batch that was written: the versions before and after."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A version of a document: its number, and when it expires."""

    document: Document
    number: int
    expires: float | None

    def is_alive(self, now: float) -> bool:
        """Whether readers see it."""
        return self.expires is None or self.expires > now


class MemoryStore:
    """All containers. Entries lie in the order of writing, in their container and in their partition."""

    def __init__(self) -> None:
        self._number = 0
        self._containers: dict[Container, dict[tuple[str, str], Entry]] = {name: {} for name in Container}
        self._partitions: dict[tuple[Container, str], dict[str, Entry]] = defaultdict(dict)
        self._types: dict[tuple[Container, str], dict[tuple[str, str], Entry]] = defaultdict(dict)
        self._sequences: dict[tuple[Container, str, str], list[Entry]] = defaultdict(list)
        self._positions: dict[str, int] = {}
        self.observers: list[Observer] = []

    def read(self, container: Container, partition: str, id_: str, now: float) -> Document | None:
        """One document."""
        entry = self._containers[container].get((partition, id_))
        return entry.document if entry and entry.is_alive(now) else None

    def page(
        self, container: Container, partition: str, type_: str, after: int, limit: int, now: float
    ) -> list[Document]:  # fmt: skip
        """Documents of a type above a sequence."""
        entries = self._sequences.get((container, partition, type_), [])
        first = bisect_right(entries, after, key=lambda entry: entry.document.sequence or 0)
        return [entry.document for entry in entries[first:] if entry.is_alive(now)][:limit]

    def last(self, container: Container, partition: str, type_: str, upto: int, now: float) -> Document | None:
        """The newest of those with the highest sequence up to a place."""
        entries = self._sequences.get((container, partition, type_), [])
        end = bisect_right(entries, upto, key=lambda entry: entry.document.sequence or 0)
        return next((entry.document for entry in reversed(entries[:end]) if entry.is_alive(now)), None)

    def since(
        self, container: Container, partition: str | None, number: int, limit: int, now: float, *,
        unsequenced: bool = False,
    ) -> list[Document]:  # fmt: skip
        """The versions after a number, of a partition or of the whole container."""
        entries: dict[Any, Entry] = self._containers[container]
        if partition is not None:
            entries = self._partitions.get((container, partition), {})
        found = []
        for entry in reversed(entries.values()):
            if entry.number <= number:
                break
            if entry.is_alive(now) and not (unsequenced and entry.document.sequence is not None):
                found.append(entry.document)
        return found[::-1][:limit]

    def of_type(self, container: Container, type_: str, now: float) -> list[Document]:
        """All documents of a type."""
        return [entry.document for entry in self._types[container, type_].values() if entry.is_alive(now)]

    def commit(
        self, container: Container, partition: str, writes: Sequence[Write], bodies: Sequence[Any], now: float
    ) -> tuple[str, ...]:  # fmt: skip
        """All or nothing. Raises Conflict."""
        documents = self._containers[container]
        for index, write in enumerate(writes):
            entry = documents.get((partition, write.id))
            there = entry if entry and entry.is_alive(now) else None
            if write.etag is None and there is not None:
                raise Conflict(index, exists=True)
            if write.etag is not None and (there is None or there.document.etag != write.etag):
                raise Conflict(index, exists=False)
        changes = []
        for write, body in zip(writes, bodies, strict=True):
            before = self._remove(container, partition, write.id)
            self._number += 1
            document = Document(write.id, partition, write.type, body, str(self._number), write.sequence, self._number)
            self._add(
                container, Entry(document, self._number, now + write.lives.total_seconds() if write.lives else None)
            )
            changes.append((before, document))
        for observer in self.observers:
            observer(container, partition, changes)
        return tuple(after.etag for _, after in changes)

    def touch(self, container: Container, partition: str, ids: Sequence[str]) -> None:
        """Somebody else writes documents as they are: their etags change, and the feed shows them again."""
        for id_ in ids:
            entry = self._containers[container].get((partition, id_))
            if entry is None:
                continue
            self._remove(container, partition, id_)
            self._number += 1
            document = replace(entry.document, etag=str(self._number), position=self._number)
            self._add(container, Entry(document, self._number, entry.expires))

    def purge(self, now: float) -> int:
        """Forget what has expired; how many documents."""
        count = 0
        for container, documents in self._containers.items():
            for partition, id_ in [key for key, entry in documents.items() if not entry.is_alive(now)]:
                self._remove(container, partition, id_)
                count += 1
        return count

    def position(self, sink: str) -> int:
        """How far a sink of the change feed has come."""
        return self._positions.get(sink, 0)

    def keep_position(self, sink: str, position: int) -> None:
        """A sink has come so far."""
        self._positions[sink] = position

    def _add(self, container: Container, entry: Entry) -> None:
        document = entry.document
        key = (document.partition, document.id)
        self._containers[container][key] = entry
        self._partitions[container, document.partition][document.id] = entry
        self._types[container, document.type][key] = entry
        if document.sequence is not None:
            insort(self._sequences[container, document.partition, document.type], entry, key=_place)

    def _remove(self, container: Container, partition: str, id_: str) -> Document | None:
        entry = self._containers[container].pop((partition, id_), None)
        if entry is None:
            return None
        document = entry.document
        del self._partitions[container, partition][id_]
        del self._types[container, document.type][partition, id_]
        if document.sequence is not None:
            self._sequences[container, partition, document.type].remove(entry)
        return document


def as_json(body: Mapping[str, Any]) -> Any:
    """A body as it is after its way through a file. Raises TypeError for what is not JSON."""
    return orjson.loads(orjson.dumps(body))


def _place(entry: Entry) -> tuple[int, int]:
    return entry.document.sequence or 0, entry.number
