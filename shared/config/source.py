"""YAML as this configuration uses it: mappings, lists and text, with the line of each, and no surprises.

Every scalar is text (`no`, `2026-01-01` and `010` too): what it means is the schema's business. Aliases and tags are
refused, and so are duplicate keys, of which YAML parsers silently take the last.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

import yaml
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from shared.config.errors import Finding, Trail, quoted

Tree: TypeAlias = "dict[str, Tree] | list[Tree] | str | None"

BYTES_MAX = 8_000_000
DEPTH_MAX = 20
_NOTHING = ("", "~", "null")

# libyaml is ten times faster but says less of what is wrong: what it refuses, Python reads again.
_PARSERS = (getattr(yaml, "CSafeLoader", yaml.SafeLoader), yaml.SafeLoader)


@dataclass(slots=True)
class Document:
    """One file as read: its tree, the line of each value, its errors. A file that cannot be read has an empty tree."""

    file: str
    tree: dict[str, Tree] = field(default_factory=dict)
    lines: dict[Trail, int] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    is_readable: bool = True

    def finding(self, trail: Trail, message: str) -> Finding:
        """What is to be said of a value; its line is its own or that of the nearest thing around it."""
        known = trail
        while known and known not in self.lines:
            known = known[:-1]
        return Finding(self.file, self.lines.get(known, 1), trail, message)

    def report(self, trail: Trail, message: str) -> None:
        """Note an error."""
        self.findings.append(self.finding(trail, message))


def parse(file: str, content: bytes) -> Document:
    """Read a file's content; what is wrong with it is among the document's findings."""
    try:
        return _parsed(file, _decoded(content))
    except _Unreadable as error:
        return unreadable(file, error.line, error.message)


def unreadable(file: str, line: int, message: str) -> Document:
    """What stands for a file that could not be read."""
    return Document(file, findings=[Finding(file, line, (), message)], is_readable=False)


class _Unreadable(Exception):
    """The file cannot be read from this line on."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line
        self.message = message


def _decoded(content: bytes) -> str:
    if len(content) > BYTES_MAX:
        raise _Unreadable(1, f"the file is too large; at most {BYTES_MAX // 1_000_000} MB are read")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise _Unreadable(line, "this is not UTF-8; save the file in that encoding") from None


def _parsed(file: str, text: str) -> Document:
    problem = yaml.YAMLError()
    for parser in _PARSERS:
        document = Document(file)
        try:
            _Builder(document, yaml.parse(text, Loader=parser)).build()
            return document
        except yaml.YAMLError as error:
            problem = error
    if isinstance(problem, yaml.MarkedYAMLError) and problem.problem_mark is not None:
        begun = problem.context_mark
        since = f" ({problem.context} that begins in line {begun.line + 1})" if begun is not None else ""
        what = f"this is not YAML: {problem.problem}{since}; check indentation, quotes and brackets"
        raise _Unreadable(problem.problem_mark.line + 1, what)
    line = text.count("\n", 0, getattr(problem, "position", 0)) + 1
    raise _Unreadable(line, "this is not YAML: there is a control character; remove it")


class _Builder:
    """Makes a document of a parser's events."""

    def __init__(self, document: Document, events: Iterator[Event]) -> None:
        self._document = document
        self._events = events

    def build(self) -> None:
        next(self._events)  # the stream's start
        if isinstance(next(self._events), StreamEndEvent):
            return
        start = next(self._events)
        tree = self._value(start, ())
        next(self._events)  # the document's end
        if isinstance(after := next(self._events), DocumentStartEvent):
            raise _refused(after, "a second document begins here; a file holds one, remove the line '---'")
        if tree is not None and not isinstance(tree, dict):
            raise _refused(start, "the file must hold keys with values, 'key: value'")
        self._document.tree = tree or {}

    def _value(self, event: Event, trail: Trail) -> Tree:
        if isinstance(event, AliasEvent):
            raise _refused(event, "aliases are not supported; write the value out")
        if isinstance(event, NodeEvent) and getattr(event, "tag", None) is not None:
            raise _refused(event, "tags are not supported; remove the word that begins with '!'")
        if len(trail) > DEPTH_MAX:
            raise _refused(event, f"this is nested more than {DEPTH_MAX} levels deep; check the brackets")
        if isinstance(event, ScalarEvent):
            return None if event.implicit[0] and event.value in _NOTHING else str(event.value)
        return self._list(trail) if isinstance(event, SequenceStartEvent) else self._mapping(trail)

    def _list(self, trail: Trail) -> Tree:
        values: list[Tree] = []
        while not isinstance(event := next(self._events), SequenceEndEvent):
            inner = (*trail, len(values))
            self._document.lines[inner] = _line(event)
            values.append(self._value(event, inner))
        return values

    def _mapping(self, trail: Trail) -> Tree:
        values: dict[str, Tree] = {}
        while not isinstance(event := next(self._events), MappingEndEvent):
            if not isinstance(event, ScalarEvent) or event.tag is not None:
                raise _refused(event, "a key must be a word; write 'key: value'")
            key = str(event.value)
            inner = (*trail, key)
            if key in values:
                first = self._document.lines[inner]
                message = f"the key {quoted(key)} is already in line {first}; remove one of the two"
                self._document.findings.append(Finding(self._document.file, _line(event), inner, message))
            else:
                self._document.lines[inner] = _line(event)
            value = self._value(next(self._events), inner)
            values.setdefault(key, value)
        return values


def _line(event: Event) -> int:
    return event.start_mark.line + 1 if event.start_mark is not None else 1


def _refused(event: Event, message: str) -> _Unreadable:
    return _Unreadable(_line(event), message)
