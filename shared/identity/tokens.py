"""What the verification of all kinds of tokens shares."""

import re
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

import jwt
from jwt.types import Options

T = TypeVar("T")

TOKEN_CHARS_MAX = 8_192
KEPT_MAX = 4_096
KEPT_FOR = timedelta(minutes=5)  # so that tokens of a withdrawn key or secret are refused before they expire
UNREADABLE = (jwt.PyJWTError, ValueError, TypeError, KeyError, RecursionError, OverflowError)
"""What decoding an ill-made token may raise."""

_SECONDS_MAX = 1e11  # some thousand years
_FORM = re.compile(r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+){2}")


def verification(required: Sequence[str]) -> Options:
    """Options for PyJWT: it would ask the machine for the time; `expiry` is told it."""
    return {"require": list(required), "verify_exp": False, "verify_nbf": False, "verify_iat": False}


class InvalidToken(Exception):
    """The token proves nothing. The reason is for logs, not for the caller."""


def require_form(token: str) -> None:
    """Raises InvalidToken for what is no compact JWT of a sensible size, before anything decodes it."""
    if len(token) > TOKEN_CHARS_MAX or not _FORM.fullmatch(token):
        raise InvalidToken("it is not a JWT")


def expiry(claims: Mapping[str, Any], now: datetime, leeway_seconds: float = 0.0) -> datetime:
    """Until when the claims may be believed without another look. Raises InvalidToken if they do not hold now."""
    end, start = _seconds(claims["exp"]) + leeway_seconds, _seconds(claims.get("nbf", 0)) - leeway_seconds
    moment = now.timestamp()
    if not start <= moment < end:
        raise InvalidToken("it has expired" if moment >= end else "it is not valid yet")
    return now + timedelta(seconds=min(end - moment, KEPT_FOR.total_seconds()))


def _seconds(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not -_SECONDS_MAX < value < _SECONDS_MAX:
        raise InvalidToken("one of its times is not a number")
    return float(value)


class VerifiedTokens(Generic[T]):
    """What was learnt from tokens verified of late, so that a busy caller's token is not verified at each request."""

    def __init__(self, size_max: int = KEPT_MAX) -> None:
        self._size_max = size_max
        self._kept: OrderedDict[str, tuple[datetime, T]] = OrderedDict()

    def get(self, token: str, now: datetime) -> T | None:
        """What was kept for this very token, if it still holds."""
        kept = self._kept.get(token)
        if kept is None:
            return None
        until, value = kept
        if now >= until:
            del self._kept[token]
            return None
        self._kept.move_to_end(token)
        return value

    def keep(self, token: str, value: T, until: datetime) -> None:
        """Remember; the one that was used the longest ago gives way."""
        self._kept[token] = until, value
        if len(self._kept) > self._size_max:
            self._kept.popitem(last=False)
