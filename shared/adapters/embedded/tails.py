"""The last documents of sequences that one process has read and written: following them needs no query."""

from bisect import bisect_right, insort
from collections import Counter, OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field

from shared.ports import Container, Document, Write

Partition = tuple[Container, str]
Entry = tuple[int, int, float | None, Document]
"""Sequence, then lsn, by which the store orders; when it expires; the document."""

ENTRIES_MAX = 400
ENTRIES_KEPT = 200


@dataclass(slots=True)
class Tail:
    """All documents of a type in a partition whose sequence is above `floor`."""

    floor: int
    entries: list[Entry] = field(default_factory=list)
    ids: set[str] = field(default_factory=set)

    def add(self, document: Document, expires: float | None) -> None:
        """A document that is in the store."""
        if document.sequence is None or document.sequence <= self.floor:
            return
        insort(self.entries, (document.sequence, int(document.etag), expires, document), key=_place)
        self.ids.add(document.id)
        if len(self.entries) > ENTRIES_MAX:
            cut = len(self.entries) - ENTRIES_KEPT
            self.floor = self.entries[cut - 1][0]
            # Of one sequence there may be several documents: what is not whole is not kept.
            self.entries = [entry for entry in self.entries[cut:] if entry[0] > self.floor]
            self.ids = {document.id for _, _, _, document in self.entries}


class Tails:
    """Right only if nobody else writes. While a partition is being written it is read from the file."""

    def __init__(self, partitions_max: int) -> None:
        self._partitions_max = partitions_max
        self._known: OrderedDict[Partition, dict[str, Tail]] = OrderedDict()  # of each, by the type of documents
        self._writing: Counter[Partition] = Counter()

    def page(
        self, container: Container, partition: str, type_: str, after: int, limit: int, now: float
    ) -> list[Document] | None:  # fmt: skip
        """What the store would answer; None if only the file can tell."""
        key = (container, partition)
        tail = self._known.get(key, _NONE).get(type_)
        if tail is None or after < tail.floor or key in self._writing:
            return None
        self._known.move_to_end(key)
        first = bisect_right(tail.entries, after, key=_sequence)
        alive = [document for _, _, expires, document in tail.entries[first:] if expires is None or expires > now]
        return alive[:limit]

    def keep(
        self, container: Container, partition: str, type_: str, after: int,
        found: Sequence[tuple[Document, float | None]],
    ) -> None:  # fmt: skip
        """What the file holds above a sequence, to the end, with the times at which it expires."""
        key = (container, partition)
        if key in self._writing or not self._partitions_max:
            return
        tail = self._known.setdefault(key, {})[type_] = Tail(after)
        for document, expires in found:
            tail.add(document, expires)
        if len(self._known) > self._partitions_max:
            self._known.popitem(last=False)

    def begin(self, container: Container, partition: str) -> None:
        """The partition is about to be written."""
        self._writing[container, partition] += 1

    def end(self, container: Container, partition: str, rows: Sequence[tuple[Write, str, float | None]]) -> None:
        """What has just been committed (nothing, if it was refused): writes, their etags, when they expire."""
        key = (container, partition)
        self._writing[key] -= 1
        if self._writing[key] == 0:
            del self._writing[key]
        tails = self._known.get(key)
        if tails is None:
            return
        if any(write.id in tail.ids for tail in tails.values() for write, _, _ in rows):
            del self._known[key]  # what was in a tail is elsewhere now; that is rare, so it is read again
            return
        for write, etag, expires in rows:
            if tail := tails.get(write.type):
                tail.add(Document(write.id, partition, write.type, write.body, etag, write.sequence), expires)


_NONE: dict[str, Tail] = {}


def _place(entry: Entry) -> tuple[int, int]:
    return entry[0], entry[1]


def _sequence(entry: Entry) -> int:
    return entry[0]
