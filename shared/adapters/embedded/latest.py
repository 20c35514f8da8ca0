"""The latest versions of documents that one process has written: a read of them needs no query."""

from collections import OrderedDict
from collections.abc import Sequence

from shared.ports import Container, Document, Write

Key = tuple[Container, str, str]


class LatestDocuments:
    """Right only if nobody else writes. Keeps what is read by its id again and again: neither documents of a sequence
    (messages, events, notices) nor those that live for a time."""

    def __init__(self, size_max: int) -> None:
        self._size_max = size_max
        self._documents: OrderedDict[Key, Document] = OrderedDict()

    def get(self, container: Container, partition: str, id_: str) -> Document | None:
        """The latest version; None if it is not here."""
        return self._documents.get((container, partition, id_))

    def forget(self, container: Container, partition: str, writes: Sequence[Write]) -> None:
        """What is about to be written is read from the file until it is remembered."""
        for write in writes:
            self._documents.pop((container, partition, write.id), None)

    def remember(self, container: Container, partition: str, writes: Sequence[Write], etags: Sequence[str]) -> None:
        """What has just been committed. Commits come here in their order."""
        for write, etag in zip(writes, etags, strict=True):
            if write.sequence is not None or write.lives is not None:
                continue
            key = (container, partition, write.id)
            self._documents[key] = Document(write.id, partition, write.type, write.body, etag)
            self._documents.move_to_end(key)
        while len(self._documents) > self._size_max:
            self._documents.popitem(last=False)
