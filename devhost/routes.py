"""ASP.NET route templates, as `route=` of an HTTP trigger has them, and their order in the real host.

As in ASP.NET a path is first taken apart by the template; each value is then held against its constraints.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import unquote

from devhost.errors import HostError

_TOKEN = re.compile(r"\{((?:[^{}]|\{\{|\}\})+)\}|(/)|((?:[^{}/]|\{\{|\}\})+)")
_PARAMETER = re.compile(r"(\*{0,2})([^*:=?/]+)((?::[^:=(?]*(?:\(.*?\)(?=[:=?]|$))?)*)(?:=([^?]*))?(\?)?")
_CONSTRAINT = re.compile(r":([^:=(]*)(?:\((.*?)\)(?=:|$))?")
_INT64_MAX = (1 << 63) - 1
_GUID = re.compile(r"[0-9a-f]{32}|[{(]?[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}[)}]?", re.IGNORECASE)


def _is_number(text: str) -> bool:
    return bool(re.fullmatch(r"\s*[+-]?([0-9][0-9,]*\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]+)?\s*", text, re.IGNORECASE))


def _is_integer(text: str, low: int = -_INT64_MAX - 1, high: int = _INT64_MAX) -> bool:
    return bool(re.fullmatch(r"\s*[+-]?0*[0-9]{1,19}\s*", text)) and low <= int(text) <= high


def _is_datetime(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


_CONSTRAINTS: dict[str, Callable[..., bool]] = {
    "int": lambda text: _is_integer(text, -(1 << 31), (1 << 31) - 1),
    "long": lambda text: _is_integer(text),
    "min": lambda text, low: _is_integer(text, low),
    "max": lambda text, high: _is_integer(text, high=high),
    "range": lambda text, low, high: _is_integer(text, low, high),
    "decimal": _is_number,
    "double": _is_number,
    "float": _is_number,
    "bool": lambda text: text.strip().lower() in ("true", "false"),
    "guid": lambda text: bool(_GUID.fullmatch(text)),
    "datetime": _is_datetime,
    "alpha": lambda text: bool(re.fullmatch("[A-Za-z]*", text)),
    "length": lambda text, low, high=None: low <= len(text) <= (low if high is None else high),
    "minlength": lambda text, low: len(text) >= low,
    "maxlength": lambda text, high: len(text) <= high,
    "required": bool,
    "file": lambda text: "." in text.rpartition("/")[2].rstrip("."),
    "nonfile": lambda text: "." not in text.rpartition("/")[2].rstrip("."),
}


@dataclass(frozen=True)
class _Parameter:
    name: str
    checks: tuple[Callable[[str], bool], ...]
    default: str | None
    is_optional: bool
    is_catch_all: bool


@dataclass(frozen=True)
class Route:
    """A compiled template. `rank` orders candidates as the real host does: literals, then constrained parameters."""

    pattern: re.Pattern[str]
    parameters: tuple[_Parameter, ...]
    rank: tuple[tuple[Any, ...], ...]

    def match(self, path: str) -> dict[str, str] | None:
        """The parameters of a decoded path (no leading slash); None if it does not match."""
        found = self.pattern.fullmatch(path)
        if not found:
            return None
        values = {}
        for parameter, text in zip(self.parameters, found.groups(), strict=True):
            value = text or parameter.default
            if value is None:
                continue
            if not all(check(value) for check in parameter.checks):
                return None
            values[parameter.name] = value
        return values


def decoded(raw_path: str) -> str:
    """A path as Kestrel hands it on: percent-decoded, except for slashes."""
    return unquote(re.sub("%(2f)", r"%25\1", raw_path, flags=re.IGNORECASE))


def compile_route(template: str, owner: str) -> Route:
    """Translate a template; HostError if ASP.NET would refuse it."""
    segments = _segments(template.strip("/"), owner)
    parameters = [part for parts in segments for part in parts if isinstance(part, _Parameter)]
    if len({parameter.name.lower() for parameter in parameters}) < len(parameters):
        raise HostError(f"{owner}: a parameter occurs twice in the route {template!r}")
    if any(p.is_catch_all and [p] != segments[-1] for p in parameters):
        raise HostError(f"{owner}: a catch-all parameter must be the last segment of the route {template!r}")
    text = "".join(_segment_pattern(parts, "/" if index else "") for index, parts in enumerate(segments))
    # A longer template goes before its own beginning: (2,) is above every segment.
    rank = (*((1, -len(p[0].checks)) if isinstance(p[0], _Parameter) else (0, p[0].lower()) for p in segments), (2,))
    return Route(re.compile(text + "/?", re.IGNORECASE | re.DOTALL), tuple(parameters), rank)


def _segments(template: str, owner: str) -> list[list[str | _Parameter]]:
    segments: list[list[str | _Parameter]] = [[]]
    end = 0
    while end < len(template):
        token = _TOKEN.match(template, end)
        parts = segments[-1]
        if not token or (token[1] and parts and isinstance(parts[-1], _Parameter)) or (token[2] and not parts):
            raise HostError(f"{owner}: the route {template!r} is not a valid template at {template[end:]!r}")
        if token[1]:
            parts.append(_parameter(token[1], owner))
        elif token[2]:
            segments.append([])
        else:
            parts.append(token[3].replace("{{", "{").replace("}}", "}"))
        end = token.end()
    return [parts for parts in segments if parts]


def _parameter(text: str, owner: str) -> _Parameter:
    found = _PARAMETER.fullmatch(text.replace("{{", "{").replace("}}", "}"))
    if not found:
        raise HostError(f"{owner}: the route parameter {text!r} is not valid")
    stars, name, constraints, default, question = found.groups()
    checks = tuple(_check(each[1], each[2], owner) for each in _CONSTRAINT.finditer(constraints))
    return _Parameter(name, checks, default, bool(question or stars or default is not None), bool(stars))


def _check(name: str, argument: str | None, owner: str) -> Callable[[str], bool]:
    try:
        if name == "regex":
            expression = re.compile(argument or "", re.IGNORECASE)
            return lambda text: bool(expression.search(text))
        numbers = [int(number) for number in argument.split(",")] if argument else []
        check = _CONSTRAINTS[name]
        check("", *numbers)  # refuses a wrong number of arguments
    except (KeyError, ValueError, TypeError, re.error) as error:
        raise HostError(f"{owner}: the route constraint {name!r} is unknown or has a wrong argument: {error}") from None
    return lambda text: check(text, *numbers)


def _segment_pattern(parts: list[str | _Parameter], slash: str) -> str:
    last = parts[-1]
    if isinstance(last, _Parameter) and len(parts) == 1:
        pattern = slash + ("(.*)" if last.is_catch_all else "([^/]+)")
        return f"(?:{pattern})?" if last.is_optional else pattern
    has_extension = isinstance(last, _Parameter) and last.is_optional and parts[-2:-1] == ["."]
    plain = parts[:-2] if has_extension else parts
    # Greedy, so that the last separator counts; an optional extension is left over for its own group.
    value = "([^/]+?)" if has_extension else "([^/]+)"
    text = "".join(re.escape(part) if isinstance(part, str) else value for part in plain)
    return slash + text + (r"(?:\.([^/.]+))?" if has_extension else "")
