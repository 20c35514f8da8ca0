"""ASP.NET route templates, as `route=` of an HTTP trigger has them, translated to regular expressions."""

import re
from dataclasses import dataclass
from urllib.parse import unquote

from devhost.errors import HostError

_CONSTRAINTS = {
    "int": r"-?\d+",
    "long": r"-?\d+",
    "bool": r"(?i:true|false)",
    "decimal": r"-?\d+(?:\.\d+)?",
    "double": r"-?\d+(?:\.\d+)?",
    "float": r"-?\d+(?:\.\d+)?",
    "guid": r"[0-9a-fA-F]{8}-?(?:[0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}",
    "alpha": r"[a-zA-Z]+",
    "datetime": r"[^/]+",
}
_PARAMETER = re.compile(r"\{(\*{0,2})(\w+)((?::[^{}]*(?:\{[^{}]*\}[^{}]*)*)?)(=[^{}]*)?(\?)?\}")


@dataclass(frozen=True)
class Route:
    """A compiled template. `rank` orders candidates: literal segments first, then constrained, then free ones."""

    pattern: re.Pattern[str]
    defaults: dict[str, str]
    rank: tuple[int, ...]

    def match(self, path: str) -> dict[str, str] | None:
        """The parameters of a raw path (no leading slash), decoded; None if it does not match."""
        found = self.pattern.fullmatch(path)
        if not found:
            return None
        return self.defaults | {name: unquote(value) for name, value in found.groupdict().items() if value}


def compile_route(template: str, owner: str) -> Route:
    """Translate a template; HostError if it uses a constraint that does not exist."""
    defaults: dict[str, str] = {}
    parts: list[str] = []
    rank: list[int] = []
    for segment in _segments(template.strip("/")):
        text, score, optional = _segment(segment, defaults, owner)
        slash = "/" if parts else ""
        parts.append(f"(?:{slash}{text})?" if optional else f"{slash}{text}")
        rank.append(score)
    return Route(re.compile("".join(parts) + "/?", re.IGNORECASE), defaults, tuple(rank))


def _segments(template: str) -> list[str]:
    """Split at slashes outside of braces."""
    return [part for part in re.split(r"/(?![^{]*\})", template) if part]


def _segment(segment: str, defaults: dict[str, str], owner: str) -> tuple[str, int, bool]:
    text, end, score, optional = "", 0, 0, False
    for match in _PARAMETER.finditer(segment):
        star, name, constraints, default, question = match.groups()
        text += re.escape(segment[end : match.start()])
        end = match.end()
        pattern = ".*" if star else _constrained(constraints, owner)
        text += f"(?P<{name}>{pattern})"
        score = max(score, 3 if star else 1 if constraints else 2)
        if default:
            defaults[name] = default[1:]
        optional = optional or bool(question or default or star)
    if "{" in segment[end:]:
        raise HostError(f"{owner}: the route segment {segment!r} is not a valid template")
    return text + re.escape(segment[end:]), score, optional


def _constrained(constraints: str, owner: str) -> str:
    lookaheads, pattern = "", "[^/]+"
    for constraint in re.findall(r":(\w+(?:\((?:[^()]|\([^()]*\))*\))?)", constraints):
        name, _, argument = constraint.partition("(")
        argument = argument[:-1]
        if name in _CONSTRAINTS:
            pattern = _CONSTRAINTS[name]
        elif name == "regex":
            lookaheads += f"(?={argument.strip('^$')}(?:/|$))"
        elif name in ("length", "minlength", "maxlength"):
            low, _, high = argument.partition(",")
            bounds = {"length": (low, high or low), "minlength": (low, ""), "maxlength": ("0", low)}[name]
            lookaheads += f"(?=[^/]{{{bounds[0]},{bounds[1]}}}(?:/|$))"
        elif name not in ("required",):
            raise HostError(f"{owner}: the route constraint {name!r} is not known to this host")
    return lookaheads + pattern
