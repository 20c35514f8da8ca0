"""Tokens of web chat customers: our own, each bound to one conversation."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import jwt

from shared.identity.tokens import UNREADABLE, InvalidToken, VerifiedTokens, expiry, require_form, verification

AUDIENCE = "atende-chat"
LIFETIME = timedelta(hours=24)
_ALGORITHM = "HS256"
_OPTIONS = verification(["sub", "aud", "iat", "exp"])


class CustomerTokens:
    """Signs with the first secret and accepts all of them, so that a secret can be replaced while tokens live."""

    def __init__(self, secrets: Sequence[str]) -> None:
        self._secrets = tuple(secret.encode() for secret in secrets)
        self._verified = VerifiedTokens[str]()

    def issue(self, conversation_id: str, now: datetime) -> tuple[str, datetime]:
        """A token for one conversation and when it expires."""
        issued = now.replace(microsecond=0)
        expires = issued + LIFETIME
        claims = {"sub": conversation_id, "aud": AUDIENCE, "iat": issued, "exp": expires}
        return jwt.encode(claims, self._secrets[0], _ALGORITHM), expires

    def verify(self, token: str, now: datetime) -> str:
        """The conversation that the token is bound to. Raises InvalidToken."""
        if known := self._verified.get(token, now):
            return known
        require_form(token)
        for secret in self._secrets:
            try:
                claims = jwt.decode(token, secret, [_ALGORITHM], _OPTIONS, audience=AUDIENCE)
            except jwt.InvalidSignatureError:
                continue
            except UNREADABLE as error:
                raise InvalidToken(str(error)) from error
            self._verified.keep(token, str(claims["sub"]), expiry(claims, now))
            return str(claims["sub"])
        raise InvalidToken("no live secret has signed it")
