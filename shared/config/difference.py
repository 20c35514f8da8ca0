"""What changes between two configurations, in words; layout and written-out defaults are no change."""

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from datetime import date, timedelta
from enum import Enum
from typing import Any

from pydantic.alias_generators import to_camel

from shared.config.errors import printable
from shared.domain.centre import ContactCentre

_THINGS = {
    "agents": "agent", "queues": "queue", "channels": "channel", "calendars": "calendar", "streams": "stream",
    "bots": "bot", "skills": "skill", "dispositions": "disposition", "texts": "texts in",
}  # fmt: skip
_UNITS = (
    ("d", timedelta(days=1)),
    ("h", timedelta(hours=1)),
    ("min", timedelta(minutes=1)),
    ("s", timedelta(seconds=1)),
)
_UNWRITTEN = ("version", "id", "holidays")  # what follows from the rest


def differences(before: ContactCentre, after: ContactCentre) -> list[str]:
    """One line for each change."""
    found: list[str] = []
    for field in fields(ContactCentre):
        old, new = getattr(before, field.name), getattr(after, field.name)
        if field.name in _THINGS:
            found += _things(_THINGS[field.name], old, new)
        elif field.name not in _UNWRITTEN:
            found += _changes(to_camel(field.name), old, new)
    return found


def _things(kind: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    """Of things with ids: which are new, gone, changed."""
    for id_ in [*old, *(id_ for id_ in new if id_ not in old)]:
        name = f"{kind} '{printable(id_)}'"
        if id_ not in new:
            yield f"{name} is gone"
        elif id_ not in old:
            yield f"{name} is new"
        else:
            yield from _changes(name, old[id_], new[id_])


def _changes(name: str, old: Any, new: Any) -> Iterator[str]:
    """What has changed of a value with a name."""
    if old == new:
        return
    if is_dataclass(old) and type(old) is type(new):
        for field in fields(old):
            if field.name not in _UNWRITTEN:
                yield from _changes(
                    f"{name}, {to_camel(field.name)}", getattr(old, field.name), getattr(new, field.name)
                )
    elif isinstance(old, Mapping) and isinstance(new, Mapping):
        yield from _in_mapping(name, old, new)
    elif isinstance(old, frozenset) and isinstance(new, frozenset):
        gains, loses = sorted(map(_said, new - old)), sorted(map(_said, old - new))
        parts = [f"gains {', '.join(gains)}"] * bool(gains) + [f"loses {', '.join(loses)}"] * bool(loses)
        yield f"{name}: {' and '.join(parts)}"
    elif _are_named(old) and _are_named(new):
        yield from _in_order(name, old, new)
    else:
        yield f"{name}: {_said(old)} becomes {_said(new)}"


def _in_mapping(name: str, old: Mapping[Any, Any], new: Mapping[Any, Any]) -> Iterator[str]:
    for key in [*old, *(key for key in new if key not in old)]:
        if key not in new:
            yield f"{name}: {_said(key)} is gone"
        elif key not in old:
            yield f"{name}: {_said(key)} is new, {_said(new[key])}"
        else:
            yield from _changes(f"{name}, {_said(key)}", old[key], new[key])


def _in_order(name: str, old: tuple[Any, ...], new: tuple[Any, ...]) -> Iterator[str]:
    """Of rules and topics, whose order counts."""
    olds, news = {one.id: one for one in old}, {one.id: one for one in new}
    yield from _things(f"{name},", olds, news)
    kept = [id_ for id_ in news if id_ in olds]
    if kept != [id_ for id_ in olds if id_ in news]:
        yield f"{name}: the order is now {', '.join(news)}"


def _are_named(value: Any) -> bool:
    return isinstance(value, tuple) and all(hasattr(one, "id") for one in value)


def _said(value: Any) -> str:
    """A value as people write it."""
    match value:
        case None:
            return "nothing"
        case bool():
            return str(value).lower()
        case Enum():
            return str(value.value)
        case timedelta():
            return _duration(value)
        case date():
            return value.isoformat()
        case frozenset() | tuple():
            listed = sorted(map(_said, value)) if isinstance(value, frozenset) else map(_said, value)
            return f"[{', '.join(listed)}]"
        case Mapping():
            return "{" + ", ".join(f"{_said(key)}: {_said(inner)}" for key, inner in value.items()) + "}"
        case _ if is_dataclass(value):
            inner = {to_camel(field.name): getattr(value, field.name) for field in fields(value)}
            return _said({key: part for key, part in inner.items() if part not in (None, (), {}, frozenset(), False)})
        case str():
            return f"'{printable(value)}'" if " " in value or not value else printable(value)
    return str(value)


def _duration(span: timedelta) -> str:
    """In the largest unit that it is a whole number of."""
    unit, size = next(((unit, size) for unit, size in _UNITS if span and not span % size), _UNITS[-1])
    return f"{span / size:g} {unit}"
