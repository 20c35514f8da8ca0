"""Domain values to JSON documents and back."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pydantic import TypeAdapter

from shared.ports import Document

T = TypeVar("T")


REMEMBERED_MAX = 10_000


@dataclass(frozen=True, slots=True)
class Versioned(Generic[T]):
    """A value as stored; `etag` None means that it is not stored yet."""

    value: T
    etag: str | None


class Codec(Generic[T]):
    """Of one domain type. A document that does not fit raises pydantic's ValidationError."""

    def __init__(self, type_: type[T]) -> None:
        self._adapter = TypeAdapter(type_)

    def dump(self, value: T) -> dict[str, Any]:
        """JSON values, times in RFC 3339."""
        return dict(self._adapter.dump_python(value, mode="json"))

    def load(self, body: Mapping[str, Any]) -> T:
        """The value of a document's body."""
        return self._adapter.validate_python(body)


class Reader(Generic[T]):
    """Of the documents of one type in one store: a version that was read or written before is not parsed again."""

    def __init__(self, codec: Codec[T]) -> None:
        self._codec = codec
        self._known: dict[tuple[str, str, str], T] = {}

    def read(self, document: Document) -> T:
        """The value that the document holds."""
        key = (document.partition, document.id, document.etag)
        if key in self._known:
            return self._known[key]
        value = self._codec.load(document.body)
        self.remember(*key, value)
        return value

    def remember(self, partition: str, id_: str, etag: str, value: T) -> None:
        """What this version of a document holds."""
        self._known[partition, id_, etag] = value
        if len(self._known) > REMEMBERED_MAX:
            del self._known[next(iter(self._known))]
