"""Tokens of agents, supervisors and admins: JWTs of the configured issuer."""

from base64 import urlsafe_b64decode
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import jwt
import orjson

from shared.identity.keys import ALGORITHMS, KeySource, SigningKey
from shared.identity.tokens import UNREADABLE, InvalidToken, VerifiedTokens, expiry, require_form, verification
from shared.settings import TENANT

LEEWAY_SECONDS = 60.0
KID_CHARS_MAX = 256
VERSION = "2.0"
"""Of Entra ID's tokens; other issuers tell none."""


@dataclass(frozen=True, slots=True)
class Claims:
    """What a token says of its bearer."""

    user: str
    roles: frozenset[str]


class StaffTokens:
    """Verifies; knows nothing of who works here.

    `issuer` may hold the place of a tenant; then, and wherever `tenants` are named, tokens of theirs alone count.
    """

    def __init__(
        self, keys: KeySource, issuer: str, audience: str, tenants: Collection[str] = (), user_claim: str = "oid"
    ) -> None:  # fmt: skip
        self._keys, self._issuer, self._audience = keys, issuer, audience
        self._tenants, self._user_claim = tuple(tenants), user_claim
        self._options = verification(["exp", "iss", "aud", user_claim])
        self._verified = VerifiedTokens[Claims]()

    async def verify(self, token: str, now: datetime) -> Claims:
        """The token's claims. Raises InvalidToken, and Unavailable if the issuer's keys cannot be had."""
        if known := self._verified.get(token, now):
            return known
        require_form(token)
        kid, algorithm = _header(token)
        key = await self._keys.key(kid)
        # The key's own algorithm decides: a public key never becomes the secret of an HMAC.
        if key is None or key.algorithm != algorithm:
            raise InvalidToken("its key is not one of the issuer's")
        try:
            claims = jwt.decode(token, key.public, [algorithm], self._options, audience=self._audience)
        except UNREADABLE as error:
            raise InvalidToken(str(error)) from error
        self._check_issuer(claims, key)
        until = expiry(claims, now, LEEWAY_SECONDS)
        found = _read(claims, self._user_claim)
        self._verified.keep(token, found, until)
        return found

    def _check_issuer(self, claims: Mapping[str, Any], key: SigningKey) -> None:
        issuer, tenant = claims["iss"], str(claims.get("tid", ""))
        if self._tenants and tenant not in self._tenants:
            raise InvalidToken("it is another tenant's")
        for expected in (self._issuer, key.issuer):
            if expected is not None and issuer != expected.replace(TENANT, tenant):
                raise InvalidToken("it is another issuer's")
        if claims.get("ver", VERSION) != VERSION:
            raise InvalidToken("it is of another version")


def _read(claims: Mapping[str, Any], user_claim: str) -> Claims:
    user, roles = claims[user_claim], claims.get("roles")
    if not isinstance(user, str):
        raise InvalidToken("it names nobody")
    return Claims(user, frozenset(map(str, roles)) if isinstance(roles, list) else frozenset())


def _header(token: str) -> tuple[str, str]:
    """The key's id and the algorithm, which is one of ours; all unproven. PyJWT would decode the other parts, too."""
    part = token[: token.index(".")]
    try:
        header = orjson.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except ValueError as error:
        raise InvalidToken("its header is no JSON") from error
    kid, algorithm = (header.get("kid"), header.get("alg")) if isinstance(header, dict) else (None, None)
    if algorithm not in ALGORITHMS or not isinstance(kid, str) or len(kid) > KID_CHARS_MAX:
        raise InvalidToken("its algorithm is not allowed, or it names no key")
    return kid, str(algorithm)
