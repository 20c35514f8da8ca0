"""A small OpenID issuer, as Entra ID v2 is one: metadata, keys that rotate, tokens, failures on demand, counters.

It also answers where the platform keeps managed identities' tokens (`/msi/token`), as App Service does.
"""

import asyncio
from base64 import urlsafe_b64encode
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import orjson
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

AUDIENCE = "atende"


class IssuerPeer:
    """Listens on a free port of this machine. What it publishes, and how it fails, is changed by its members."""

    def __init__(self, audience: str = AUDIENCE) -> None:
        self.audience = audience
        self.private: dict[str, rsa.RSAPrivateKey] = {}
        self.published: list[str] = []
        self.current = ""
        self.counts: Counter[str] = Counter()  # requests by what was asked for
        self.status = 200
        self.bodies: dict[str, bytes] = {}  # "metadata" and "keys": instead of what is right
        self.metadata: dict[str, Any] = {}  # members that replace those of the metadata
        self.released = asyncio.Event()  # answers wait for it
        self.released.set()
        self.asked: dict[str, Any] = {}  # the last request for a managed identity's token
        self.url = ""
        self.rotate()

    @property
    def issuer(self) -> str:
        """What stands in `iss`."""
        return str(self.metadata.get("issuer", f"{self.url}/v2.0"))

    def rotate(self) -> str:
        """Sign with a new key from now on, published beside the old ones; its id."""
        kid = f"key-{len(self.private) + 1}"
        self.private[kid] = rsa.generate_private_key(65537, 2048)
        self.published.append(kid)
        self.current = kid
        return kid

    def jwks(self) -> dict[str, Any]:
        """The keys, as Entra ID lists them: without `alg`."""
        return {"keys": [{**self._jwk(kid), "kid": kid, "use": "sig"} for kid in self.published]}

    def claims(self, now: datetime | None = None, **changes: Any) -> dict[str, Any]:
        """What a token of Alice says; a claim that is `...` is left out."""
        now = now or datetime.now(UTC)
        claims = {
            "iss": self.issuer, "aud": self.audience, "oid": "alice", "tid": "home", "ver": "2.0", "roles": ["Agent"],
            "iat": now, "nbf": now, "exp": now + timedelta(hours=1), **changes,
        }  # fmt: skip
        return {name: value for name, value in claims.items() if value is not ...}

    def token(self, kid: str | None = None, now: datetime | None = None, **changes: Any) -> str:
        """A token signed with the current key, or that of this id."""
        kid = kid or self.current
        return jwt.encode(self.claims(now, **changes), self.private[kid], "RS256", headers={"kid": kid})

    def _jwk(self, kid: str) -> dict[str, Any]:
        return RSAAlgorithm.to_jwk(self.private[kid].public_key(), as_dict=True)

    async def _describe(self, request: web.Request) -> web.Response:
        document = {
            "issuer": self.issuer, "jwks_uri": f"{self.url}/keys", "id_token_signing_alg_values_supported": ["RS256"],
            **self.metadata,
        }  # fmt: skip
        return await self._answer("metadata", document)

    async def _list_keys(self, request: web.Request) -> web.Response:
        return await self._answer("keys", self.jwks())

    async def _managed_identity(self, request: web.Request) -> web.Response:
        self.asked = {**request.query, "header": request.headers.get("x-identity-header")}
        expires = int(datetime.now(UTC).timestamp()) + 3600
        token = {
            "access_token": "msi-token", "expires_on": str(expires), "token_type": "Bearer",
            "resource": request.query["resource"],
        }  # fmt: skip
        return await self._answer("identity", token)

    async def _answer(self, what: str, document: Any) -> web.Response:
        self.counts[what] += 1
        await self.released.wait()
        body = self.bodies.get(what, orjson.dumps(document))
        headers = {"Location": f"{self.url}/keys"} if 300 <= self.status < 400 else {}
        return web.Response(body=body, status=self.status, headers=headers, content_type="application/json")

    def routes(self) -> list[web.RouteDef]:
        """What it serves."""
        return [
            web.get("/{tenant:.*}/.well-known/openid-configuration", self._describe),
            web.get("/keys", self._list_keys),
            web.get("/msi/token", self._managed_identity),
        ]


@asynccontextmanager
async def running_issuer(**options: Any) -> AsyncIterator[IssuerPeer]:
    """A listening issuer."""
    peer = IssuerPeer(**options)
    app = web.Application()
    app.add_routes(peer.routes())
    runner = web.AppRunner(app, shutdown_timeout=1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = runner.addresses[0][1]
        peer.url = f"http://127.0.0.1:{port}"
        yield peer
    finally:
        peer.released.set()
        await runner.cleanup()


def part(value: Any) -> str:
    """A part of a JWT: JSON, or a text as it is."""
    text = value if isinstance(value, bytes) else value.encode() if isinstance(value, str) else orjson.dumps(value)
    return urlsafe_b64encode(text).rstrip(b"=").decode()
