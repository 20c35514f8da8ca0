"""The latest versions of documents that one process has written: a read of them needs no query."""

from collections import Counter, OrderedDict
from collections.abc import Sequence

from shared.ports import Container, Document, Write

Key = tuple[Container, str, str]


class LatestDocuments:
    """Right only if nobody else writes. Keeps what is read by its id again and again: neither documents of a sequence
    (messages, events, notices) nor those that live for a time."""

    def __init__(self, size_max: int) -> None:
        self._size_max = size_max
        self._documents: OrderedDict[Key, Document] = OrderedDict()
        self._writing: Counter[Key] = Counter()

    def get(self, container: Container, partition: str, id_: str) -> Document | None:
        """The latest version; None if it is not here."""
        return self._documents.get((container, partition, id_))

    def begin(self, container: Container, partition: str, writes: Sequence[Write]) -> None:
        """What is about to be written is read from the file until `end`."""
        for write in writes:
            key = (container, partition, write.id)
            self._writing[key] += 1
            self._documents.pop(key, None)

    def end(self, container: Container, partition: str, writes: Sequence[Write], etags: Sequence[str] | None) -> None:
        """What has just been committed (etags None: refused). Commits come here in their order.

        Whoever has seen a commit in the file may have begun the next one before this one's end: then that one counts.
        """
        for index, write in enumerate(writes):
            key = (container, partition, write.id)
            self._writing[key] -= 1
            if self._writing[key] > 0:
                continue
            del self._writing[key]
            if etags is not None and write.lives is None and write.sequence is None:
                self._documents[key] = Document(write.id, partition, write.type, write.body, etags[index])
        while len(self._documents) > self._size_max:
            self._documents.popitem(last=False)
