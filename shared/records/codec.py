"""Domain values to JSON documents and back."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pydantic import TypeAdapter

T = TypeVar("T")


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
