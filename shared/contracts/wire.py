"""What all wire models share: camelCase names, frozen values, unknown members refused."""

from datetime import datetime
from typing import Annotated, Generic, TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints
from pydantic.alias_generators import to_camel

T = TypeVar("T")

TEXT_CHARS_MAX = 8_000
NAME_CHARS_MAX = 200
ID_CHARS_MAX = 128

Id = Annotated[str, StringConstraints(min_length=1, max_length=ID_CHARS_MAX, pattern=r"^[A-Za-z0-9._:@-]+$")]
"""An opaque id: minted by the server or chosen by the caller."""
# Whatever a person writes, but no NUL and no other control character than tab and line ends.
_PRINTABLE = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$"
Name = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=NAME_CHARS_MAX, pattern=_PRINTABLE)
]
Text = Annotated[str, StringConstraints(min_length=1, max_length=TEXT_CHARS_MAX, pattern=_PRINTABLE)]
Locale = Annotated[str, StringConstraints(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$")]
Moment = AwareDatetime
"""RFC 3339, UTC."""


class Wire(BaseModel):
    """An answer, or a part of one."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, frozen=True)


class Request(BaseModel):
    """A request body: what it does not name is refused, so that a misspelt member is noticed."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, frozen=True, extra="forbid")


class Page(Wire, Generic[T]):
    """A part of a list; `nextCursor` is absent from the last part."""

    items: list[T]
    next_cursor: str | None = None


class Accepted(Wire):
    """The request is stored and will be carried out."""


class Violation(Wire):
    """One thing wrong with a request: where, as a JSON pointer or a parameter's name, and what."""

    pointer: str
    message: str


class Problem(Wire):
    """RFC 9457. `code` is stable; the other members are for people."""

    type: str = "about:blank"
    title: str
    status: int
    code: str
    detail: str | None = None
    errors: list[Violation] | None = None
    state: str | None = Field(None, description="with offer-gone: what became of the offer")


__all__ = [
    "Accepted", "Id", "Locale", "Moment", "Name", "Page", "Problem", "Request", "Text", "Violation", "Wire", "datetime",
]  # fmt: skip
