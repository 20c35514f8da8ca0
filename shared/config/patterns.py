"""Which regular expressions a bot may check values with: those that cannot take for ever on a customer's text.

Python's matcher backtracks. A repeated group that can itself match in several ways takes exponential time, a row of
open-ended quantifiers polynomial time; both are refused by an upper bound on the ways to match, where every quantifier
multiplies them by the number of counts that it allows and every alternation by that of its branches.
"""

import re
import warnings
from dataclasses import dataclass

from shared.domain.scripted_bot import VALUE_CHARS_MAX

PATTERN_CHARS_MAX = 200
WAYS_MAX = (VALUE_CHARS_MAX + 1) ** 3
LOOPS_MAX = VALUE_CHARS_MAX**2

_TOKEN = re.compile(
    r"""
    \\. | \[\^?\]?(?:\\.|[^\]\\])*\]                     # an escape; a set of characters
    | (?P<comment> \(\?\# | \(\?[a-zA-Z]*x )             # a comment, or the flag that allows them
    | (?P<open> \(\?? ) | (?P<close> \) ) | (?P<or> \| )
    | (?P<times> [*+?] | \{\d+\} | \{\d*,\d*\} )[?+]?
    | .
    """,
    re.VERBOSE | re.DOTALL,
)


def check_pattern(pattern: str) -> None:
    """Raise a ValueError that says why a pattern cannot be used, if so."""
    if not 0 < len(pattern) <= PATTERN_CHARS_MAX:
        raise ValueError(f"must have 1 to {PATTERN_CHARS_MAX} characters")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            re.compile(pattern)
    except (re.error, Warning, OverflowError) as error:
        raise ValueError(f"is not a regular expression: {error}; a right one is '[A-Z]{{2}}\\d{{6}}'") from None
    seen = _scan(pattern)
    if seen.ways * seen.branches > WAYS_MAX or seen.loops > LOOPS_MAX:
        raise ValueError("could take too long to match; use fewer of * + ? {n,m} and |, or limits such as {1,20}")


@dataclass(slots=True)
class _Group:
    """What was seen of a group so far."""

    ways: int = 1  # in which its quantifiers can share out a text
    branches: int = 1
    loops: int = 1  # counts of quantifiers inside one another, multiplied

    def take_in(self, inner: "_Group") -> None:
        self.ways *= inner.ways * inner.branches
        self.loops = max(self.loops, inner.loops)


def _scan(pattern: str) -> _Group:
    """What is seen of a pattern as a whole."""
    outer = [_Group()]
    closed: _Group | None = None  # the group that ends right before the token
    for token in _TOKEN.finditer(pattern):
        before, closed = closed, None
        match token.lastgroup:
            case "comment":
                raise ValueError("has a comment or the flag x; remove it")
            case "open":
                outer.append(_Group())
            case "close":
                closed = outer.pop()
                outer[-1].take_in(closed)
            case "or":
                outer[-1].branches += 1
            case "times":
                _repeat(outer[-1], before or _Group(), token["times"])
    return outer[0]


def _repeat(around: _Group, repeated: _Group, times: str) -> None:
    """Count a quantifier in."""
    low, high = _counts(times)
    if high > 1 and repeated.ways * repeated.branches > 1:
        raise ValueError(
            "repeats a group that holds a quantifier or an alternative, which can take for ever; "
            "write '[a-z0-9]+' instead of '([a-z]+|[0-9])+'"
        )
    around.ways *= high - low + 1
    around.loops = max(around.loops, repeated.loops * high)


def _counts(times: str) -> tuple[int, int]:
    """How often at least and at most, as far as a value is long."""
    if times in "*+?":
        return {"*": (0, VALUE_CHARS_MAX), "+": (1, VALUE_CHARS_MAX), "?": (0, 1)}[times]
    low, comma, high = times[1:-1].partition(",")
    least = min(int(low or 0), VALUE_CHARS_MAX)
    most = min(int(high or VALUE_CHARS_MAX), VALUE_CHARS_MAX) if comma else least
    return least, most
