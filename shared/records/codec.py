"""Domain values to JSON documents and back.

Each document says the version of its schema. A member that has a default may be added without a new version. For
anything else the type's codec gets a step that turns a document of the version before into one of the next.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pydantic import TypeAdapter

from shared.ports import Document, Unavailable

T = TypeVar("T")

SCHEMA_VERSION = "schemaVersion"
REMEMBERED_MAX = 10_000

Step = Callable[[Mapping[str, Any]], Mapping[str, Any]]
"""Takes a document's body from one version of its schema to the next."""


class NewerRecord(Unavailable):
    """A newer release wrote the document; this process is about to be replaced by one that can read it."""


@dataclass(frozen=True, slots=True)
class Versioned(Generic[T]):
    """A value as stored; `etag` None means that it is not stored yet."""

    value: T
    etag: str | None


class Codec(Generic[T]):
    """Of one domain type. A document that does not fit raises pydantic's ValidationError, a newer one NewerRecord."""

    def __init__(self, type_: type[T], steps: Sequence[Step] = ()) -> None:
        self._adapter = TypeAdapter(type_)
        self._steps = steps
        self._version = len(steps) + 1

    def dump(self, value: T) -> dict[str, Any]:
        """JSON values, times in RFC 3339."""
        return {SCHEMA_VERSION: self._version, **self._adapter.dump_python(value, mode="json")}

    def load(self, body: Mapping[str, Any]) -> T:
        """The value of a document's body, of this version or an earlier one."""
        version = body.get(SCHEMA_VERSION, 1)
        if version > self._version:
            raise NewerRecord(f"a document of schema version {version} was met; this release knows {self._version}")
        for step in self._steps[version - 1 :]:
            body = step(body)
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
