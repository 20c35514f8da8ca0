"""Tokens of agents, supervisors and admins: JWTs of the configured issuer."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import jwt

from shared.identity.tokens import UNREADABLE, InvalidToken, VerifiedTokens, expiry, require_form, verification

ALGORITHMS = ("RS256", "ES256")
LEEWAY_SECONDS = 60.0
_OPTIONS = verification(["exp", "iss", "aud", "oid"])


class KeySource(Protocol):
    """Where the issuer's public keys come from."""

    async def key(self, kid: str) -> jwt.PyJWK | None:
        """The key with this id, None if the issuer has none. Raises ports.Unavailable."""


class Jwks:
    """The keys of a JSON Web Key Set; those that could not sign our tokens are left out."""

    def __init__(self, jwks: Mapping[str, Any]) -> None:
        keys = [jwt.PyJWK(dict(key)) for key in jwks["keys"] if key.get("use", "sig") == "sig"]
        self._keys = {key.key_id: key for key in keys if key.algorithm_name in ALGORITHMS}

    async def key(self, kid: str) -> jwt.PyJWK | None:
        """The key with this id."""
        return self._keys.get(kid)


@dataclass(frozen=True, slots=True)
class Claims:
    """What a token says of its bearer."""

    oid: str
    roles: frozenset[str]


class StaffTokens:
    """Verifies; knows nothing of who works here."""

    def __init__(self, keys: KeySource, issuer: str, audience: str) -> None:
        self._keys, self._issuer, self._audience = keys, issuer, audience
        self._verified = VerifiedTokens[Claims]()

    async def verify(self, token: str, now: datetime) -> Claims:
        """The token's claims. Raises InvalidToken, and Unavailable if the issuer's keys cannot be had."""
        if known := self._verified.get(token, now):
            return known
        require_form(token)
        kid, algorithm = _header(token)
        key = await self._keys.key(kid)
        # The key's own algorithm decides: a public key never becomes the secret of an HMAC.
        if key is None or key.algorithm_name != algorithm:
            raise InvalidToken("its key is not one of the issuer's")
        try:
            claims = jwt.decode(token, key, [algorithm], _OPTIONS, audience=self._audience, issuer=self._issuer)
        except UNREADABLE as error:
            raise InvalidToken(str(error)) from error
        until = expiry(claims, now, LEEWAY_SECONDS)
        roles = claims.get("roles")
        found = Claims(str(claims["oid"]), frozenset(map(str, roles)) if isinstance(roles, list) else frozenset())
        self._verified.keep(token, found, until)
        return found


def _header(token: str) -> tuple[str, str]:
    """The key's id and the algorithm, which is one of ours; all unproven."""
    try:
        header = jwt.get_unverified_header(token)
    except UNREADABLE as error:
        raise InvalidToken(str(error)) from error
    kid, algorithm = header.get("kid"), header.get("alg")
    if algorithm not in ALGORITHMS or not isinstance(kid, str):
        raise InvalidToken("its algorithm is not allowed, or it names no key")
    return kid, str(algorithm)
