"""Tokens that must be refused, whoever asks: those that somebody would try, and spoilt ones of many kinds."""

import random
import string
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import jwt
from cryptography.hazmat.primitives import hashes, hmac, serialization

from tests.peers.issuer import IssuerPeer, part

HOUR = timedelta(hours=1)


def wrong_tokens(peer: IssuerPeer, now: datetime) -> Mapping[str, str]:
    """By what is wrong with them. Nothing but that is."""
    kid, key = peer.current, peer.private[peer.current]
    claims = peer.claims(now, iat=0, nbf=0, exp=now.timestamp() + 999)
    head, body, signature = peer.token(now=now).split(".")
    return {
        "expired": peer.token(now=now, exp=now - HOUR), "not valid yet": peer.token(now=now, nbf=now + HOUR),
        "another audience": peer.token(now=now, aud="other"),
        "another issuer": peer.token(now=now, iss="https://evil.example"),
        "another tenant's issuer": peer.token(now=now, iss=f"{peer.url}/other/v2.0"),
        "version 1": peer.token(now=now, ver="1.0"), "version of another type": peer.token(now=now, ver=2.0),
        "without a person": peer.token(now=now, oid=...), "a person of another type": peer.token(now=now, oid=7),
        "unsigned": f"{head}.{body}.", "another's claims": f"{head}.{part(claims)}.{signature}",
        "alg none": f"{part({'alg': 'none', 'kid': kid})}.{part(claims)}.",
        "HMAC with the public key": _signed_with_what_is_public(peer, claims),
        "another algorithm": jwt.encode(claims, key, "RS512", headers={"kid": kid}),
        "no key named": jwt.encode(claims, key, "RS256"),
        "oversized": peer.token(now=now, padding="x" * 9000),
    }  # fmt: skip


def _signed_with_what_is_public(peer: IssuerPeer, claims: Mapping[str, Any]) -> str:
    public = peer.private[peer.current].public_key()
    pem = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    forged = f"{part({'alg': 'HS256', 'kid': peer.current})}.{part(claims)}"
    mac = hmac.HMAC(pem, hashes.SHA256())  # by hand: PyJWT refuses to take a public key for a secret
    mac.update(forged.encode())
    return f"{forged}.{part(mac.finalize())}"


def spoilt(chance: random.Random, token: str) -> str:
    """A good token made wrong, or what never was one."""
    at = chance.randrange(len(token) - 1)  # the last character of a signature has bits that mean nothing
    other = chr(chance.choice([chance.randrange(33, 127), chance.randrange(0x800)]))
    header: dict[str, Any] = {
        "alg": chance.choice(["RS256", "none", "HS256", 7, None, [], {}]), "kid": chance.choice(["key-1", 7, None]),
    }  # fmt: skip
    body = token.split(".")[1]
    kinds: list[Callable[[], str]] = [
        lambda: token[:at] + token[at + 1 :],
        lambda: token[:at] + (other if other != token[at] else "!") + token[at + 1 :],
        lambda: token[:at],
        lambda: f"{token}{other}x",
        lambda: "".join(chance.choices(string.printable, k=1 + at)),
        lambda: ".".join(part(chance.randbytes(chance.randrange(60))) for _ in range(chance.randrange(1, 6))),
        lambda: f"{part(header)}.{part(chance.randbytes(30))}.{part(chance.randbytes(256))}",
        lambda: f"{part(header)}.{body}.{part(chance.randbytes(256))}",
        lambda: f"{part(chance.choice(['[]', '1', 'null', '{' * 99, '{}']))}.{body}.{part(chance.randbytes(256))}",
    ]
    return chance.choice(kinds)()
