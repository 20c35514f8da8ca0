"""The issuer of a development machine: signs as a directory would, with a key of its own."""

import hashlib
import json
from base64 import urlsafe_b64encode
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

from shared.domain.centre import AgentProfile
from shared.identity.kept import kept_file
from shared.identity.secrets import SecretsError

FILE_NAME = "dev-issuer.pem"
LIFETIME = timedelta(hours=8)


class DevIssuer:
    """Keeps its key in the data folder, so that tokens survive a restart."""

    def __init__(self, data_dir: Path, issuer: str, audience: str) -> None:
        self._issuer, self._audience = issuer, audience
        self._key = _load(data_dir / FILE_NAME)
        public = ECAlgorithm.to_jwk(self._key.public_key(), as_dict=True)
        self._kid = _thumbprint(public)
        self._jwk = {**public, "kid": self._kid, "alg": "ES256", "use": "sig"}

    def jwks(self) -> dict[str, Any]:
        """The public key, as an issuer publishes it."""
        return {"keys": [self._jwk]}

    def token(self, profile: AgentProfile, now: datetime) -> tuple[str, datetime]:
        """A token with all roles that somebody has, and when it expires."""
        issued = now.replace(microsecond=0)
        expires = issued + LIFETIME
        claims = {
            "iss": self._issuer, "aud": self._audience, "oid": profile.id, "name": profile.name,
            "roles": sorted(profile.roles), "iat": issued, "nbf": issued, "exp": expires,
        }  # fmt: skip
        return jwt.encode(claims, self._key, "ES256", headers={"kid": self._kid}), expires


def _load(path: Path) -> ec.EllipticCurvePrivateKey:
    try:
        key = serialization.load_pem_private_key(kept_file(path, _generate), None)
    except ValueError:
        key = None
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise SecretsError(f"{path} is damaged; remove it to have a new key made (everybody then signs in anew)")
    return key


def _generate() -> bytes:
    return ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _thumbprint(jwk: dict[str, Any]) -> str:
    """RFC 7638: another key has another id."""
    canonical = json.dumps({name: jwk[name] for name in ("crv", "kty", "x", "y")}, separators=(",", ":"))
    return urlsafe_b64encode(hashlib.sha256(canonical.encode()).digest()).rstrip(b"=").decode()
