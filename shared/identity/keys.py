"""The public keys of an issuer, as a JSON Web Key Set holds them."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Protocol

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from shared.identity.tokens import UNREADABLE

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""All of them with a key pair: what everybody can read never proves anything."""
RSA_BITS_MIN = 2048


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key, the one algorithm that it signs with, and whose tokens it may sign if the issuer says so."""

    public: jwt.PyJWK
    algorithm: str
    issuer: str | None


class KeySource(Protocol):
    """Where the issuer's public keys come from."""

    async def key(self, kid: str) -> SigningKey | None:
        """The key with this id, None if the issuer has none. Raises ports.Unavailable."""


class Jwks:
    """The keys of a set that is at hand."""

    def __init__(self, jwks: Any) -> None:
        self._keys = signing_keys(jwks)

    async def key(self, kid: str) -> SigningKey | None:
        """The key with this id."""
        return self._keys.get(kid)


def signing_keys(jwks: Any, algorithms: Collection[str] = ALGORITHMS) -> dict[str, SigningKey]:
    """Those that could sign our tokens, by id; the others, also what is not understood, are left out (RFC 7517, 5)."""
    listed = jwks.get("keys") if isinstance(jwks, dict) else None
    found = {}
    for entry in listed if isinstance(listed, list) else ():
        key = _read(entry, algorithms)
        if key is not None:
            found[entry["kid"]] = key
    return found


def _read(entry: Any, algorithms: Collection[str]) -> SigningKey | None:
    if not isinstance(entry, dict) or entry.get("use", "sig") != "sig" or not isinstance(entry.get("kid"), str):
        return None
    try:
        key = jwt.PyJWK(entry)
    except (*UNREADABLE, AttributeError, NotImplementedError):
        return None
    is_strong = key.key.key_size >= RSA_BITS_MIN if isinstance(key.key, RSAPublicKey) else True
    is_public = isinstance(key.key, RSAPublicKey | EllipticCurvePublicKey | Ed25519PublicKey)
    if key.algorithm_name not in algorithms or not is_strong or not is_public:
        return None
    issuer = entry.get("issuer")
    return SigningKey(key, key.algorithm_name, issuer if isinstance(issuer, str) else None)
