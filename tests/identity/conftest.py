"""A named cast, a clock that is set by hand and an issuer of our own."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from shared.domain.centre import AgentProfile, Role
from shared.identity import Identity, build_identity
from shared.identity.keys import Jwks
from shared.settings import Settings

NOW = datetime(2024, 5, 1, 10, 0, tzinfo=UTC)
SECRET = "s" * 64
ISSUER, AUDIENCE = "https://issuer.example", "atende"


class HandClock:
    """Stands still until it is set."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **span: float) -> None:
        self.now += timedelta(**span)


def profile(id_: str, *roles: Role, enabled: bool = True) -> AgentProfile:
    """Somebody with these roles."""
    return AgentProfile(id_, id_.title(), frozenset(roles), "main", frozenset(), {}, 3, enabled)


class Issuer:
    """Signs whatever it is told to, with a key of either kind; `jwks` is what it publishes."""

    def __init__(self) -> None:
        self.keys: dict[str, Any] = {
            "ec": ec.generate_private_key(ec.SECP256R1()),
            "rsa": rsa.generate_private_key(65537, 2048),
        }

    def jwks(self) -> dict[str, Any]:
        public = [
            ECAlgorithm.to_jwk(self.keys["ec"].public_key(), as_dict=True),
            RSAAlgorithm.to_jwk(self.keys["rsa"].public_key(), as_dict=True),
        ]
        return {"keys": [{**jwk, "kid": kid} for jwk, kid in zip(public, ("ec", "rsa"), strict=True)]}

    def claims(self, **changes: Any) -> dict[str, Any]:
        claims = {
            "iss": ISSUER, "aud": AUDIENCE, "oid": "alice", "roles": ["Agent"], "iat": NOW, "nbf": NOW,
            "exp": NOW + timedelta(hours=1), **changes,
        }  # fmt: skip
        return {name: value for name, value in claims.items() if value is not ...}

    def token(self, kid: str = "ec", **changes: Any) -> str:
        algorithm = "ES256" if kid == "ec" else "RS256"
        return jwt.encode(self.claims(**changes), self.keys[kid], algorithm, headers={"kid": kid})


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def people() -> dict[str, AgentProfile]:
    """Who works here; tests change it."""
    return {
        "alice": profile("alice", Role.AGENT),
        "sam": profile("sam", Role.SUPERVISOR),
        "ada": profile("ada", Role.ADMIN, Role.AGENT),
        "gone": profile("gone", Role.AGENT, enabled=False),
    }


@pytest.fixture(scope="session")
def issuer() -> Issuer:
    return Issuer()


def settings(**values: Any) -> Settings:
    """Settings that do not depend on this machine's environment."""
    defaults: dict[str, Any] = {
        "environment": "Production", "dev_tokens": False, "secrets": SECRET, "issuer": ISSUER, "audience": AUDIENCE,
    }  # fmt: skip
    return Settings(**(defaults | values))


@pytest.fixture
def identity(
    tmp_path: Path, issuer: Issuer, people: dict[str, AgentProfile], clock: HandClock
) -> Iterator[Identity]:  # fmt: skip
    yield build_identity(settings(), tmp_path, lambda: people, clock, Jwks(issuer.jwks()))
