"""What is wrong with a configuration, one line per error: where, what and how to put it right."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

_SHOWN_CHARS_MAX = 60
_LISTED_MAX = 12

Trail = tuple[str | int, ...]
"""The keys and list positions that lead from the top of a file to a value."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One error in one file."""

    file: str
    line: int
    trail: Trail
    message: str

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}: "
        return f"{where}{dotted(self.trail)}: {self.message}" if self.trail else f"{where}{self.message}"


class ConfigError(Exception):
    """The configuration cannot be used; `findings` are all of its errors."""

    is_for_operator = True  # the host shows the message, not where in the code it came up

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = tuple(findings)
        super().__init__("\n".join(map(str, self.findings)))


def dotted(trail: Trail) -> str:
    """A trail as people write it: `topics.hours.steps[0]`."""
    parts = (f"[{part}]" if isinstance(part, int) else f".{printable(part)}" for part in trail)
    return "".join(parts).removeprefix(".")


def printable(text: str) -> str:
    """A text on one line and not too long."""
    cut = text if len(text) <= _SHOWN_CHARS_MAX else text[: _SHOWN_CHARS_MAX - 1] + "…"
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in cut)


def quoted(text: str) -> str:
    """A text as messages show it."""
    return f"'{printable(text)}'"


def kind_of(value: object) -> str:
    """What stands where something else was expected."""
    if isinstance(value, str):
        return f"the text {quoted(value)}"
    if isinstance(value, dict):
        return "a mapping"
    return "a list" if isinstance(value, list) else "nothing"


def nearest(wrong: str, known: Iterable[str]) -> str | None:
    """The known word that was probably meant."""
    words = sorted(known)
    # A word in another case is nearer than any other, whatever its letters.
    same = [word for word in words if word.casefold() == wrong.casefold()]
    return next(iter(same or difflib.get_close_matches(wrong, words, n=1)), None)


def remedy(wrong: str, known: Iterable[str]) -> str:
    """What to write instead: the nearest of the known words, else any of them."""
    words = sorted(known)
    near = nearest(wrong, words)
    if near is not None:
        return f"did you mean {quoted(near)}?"
    listed = ", ".join(map(printable, words[:_LISTED_MAX])) + (", …" if len(words) > _LISTED_MAX else "")
    return f"use one of {listed}" if len(words) > 1 else f"use {listed}"
