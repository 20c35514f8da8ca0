"""The keys of an OpenID issuer such as Entra ID: asked for seldom, kept while the issuer is out of reach."""

import asyncio
import logging
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson

from shared.identity.fetching import Fetch
from shared.identity.keys import ALGORITHMS, SigningKey, signing_keys
from shared.ports import Clock, Unavailable
from shared.settings import TENANT

REFRESH_AFTER = timedelta(hours=4)
STALE_MAX = timedelta(hours=24)
REFRESHES_MAX, REFRESHES_PER = 2, timedelta(minutes=1)
WAITERS_MAX = 256
TASK = "keys of the issuer"
_ANY_TENANT = "organizations"  # where Entra ID describes what holds for all of them

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Metadata:
    jwks_uri: str
    algorithms: tuple[str, ...]


class DirectoryKeys:
    """A KeySource. Whatever is asked of it, the issuer is asked at most twice a minute, by one request at a time.

    A key that is not known is looked for at the issuer. Once that was done a moment ago, and the issuer answered, the
    key is not the issuer's: issuers publish keys hours before they sign with them.
    """

    def __init__(self, issuer: str, fetch: Fetch, clock: Clock) -> None:
        self._issuer, self._fetch, self._clock = issuer, fetch, clock
        self._keys: Mapping[str, SigningKey] = {}
        self._fetched_at: datetime | None = None
        self._metadata: tuple[datetime, _Metadata] | None = None
        self._begun: deque[datetime] = deque(maxlen=REFRESHES_MAX)
        self._flight: asyncio.Task[None] | None = None
        self._has_failed = False
        self._waiting = 0

    async def key(self, kid: str) -> SigningKey | None:
        """The key with this id, None if the issuer has none. Raises Unavailable if that cannot be known."""
        now = self._clock()
        found = self._usable(now).get(kid)
        if found is not None:
            if now - (self._fetched_at or now) >= REFRESH_AFTER:
                self._refresh(now)  # goes on by itself: nobody waits for what they do not need
            return found
        if flight := self._refresh(now):
            await self._join(flight)
        found = self._usable(now).get(kid)
        if found is None and self._has_failed:
            raise Unavailable("the issuer of the staff's tokens does not answer")
        return found

    def _usable(self, now: datetime) -> Mapping[str, SigningKey]:
        if self._fetched_at is None or now - self._fetched_at >= STALE_MAX:
            return {}
        return self._keys

    def _refresh(self, now: datetime) -> asyncio.Task[None] | None:
        """The refresh that is under way, or a new one; None if there were enough of late."""
        if self._flight is None:
            first = self._begun[0] if len(self._begun) == REFRESHES_MAX else None
            # An attempt in the future was made before the clock was set back.
            if first is not None and timedelta() <= now - first < REFRESHES_PER:
                return None
            self._begun.append(now)
            self._flight = asyncio.create_task(self._run(now), name=TASK)
        return self._flight

    async def _join(self, flight: asyncio.Task[None]) -> None:
        if self._waiting >= WAITERS_MAX:
            raise Unavailable("too many wait for the issuer of the staff's tokens")
        self._waiting += 1
        try:
            await asyncio.shield(flight)  # others wait for it, too
        finally:
            self._waiting -= 1

    async def _run(self, now: datetime) -> None:
        try:
            metadata = await self._described(now)
            keys = signing_keys(_parsed(await self._fetch(metadata.jwks_uri)), metadata.algorithms)
            if not keys:  # some mistake of the issuer's, not everybody's end
                raise Unavailable("the issuer publishes no key that could be used")
            self._keys, self._fetched_at, self._has_failed = keys, now, False
        except Unavailable as error:
            self._has_failed = True
            log.warning("the keys of %s cannot be had, those from %s count: %s", self._issuer, self._fetched_at, error)
        except Exception:
            self._has_failed = True
            log.exception("the keys of %s cannot be read", self._issuer)
        finally:
            self._flight = None

    async def _described(self, now: datetime) -> _Metadata:
        if self._metadata is None or now - self._metadata[0] >= REFRESH_AFTER:
            address = self._issuer.replace(TENANT, _ANY_TENANT).rstrip("/")
            content = await self._fetch(f"{address}/.well-known/openid-configuration")
            self._metadata = now, _read_metadata(_parsed(content), self._issuer)
        return self._metadata[1]


def _parsed(content: bytes) -> Any:
    try:
        return orjson.loads(content)
    except ValueError as error:
        raise Unavailable("the issuer's answer is no JSON") from error


def _read_metadata(document: Any, issuer: str) -> _Metadata:
    """OpenID Connect Discovery 1.0, as far as keys go."""
    if not isinstance(document, dict) or document.get("issuer") != issuer:
        raise Unavailable("the metadata are another issuer's")
    jwks_uri, declared = document.get("jwks_uri"), document.get("id_token_signing_alg_values_supported")
    if not isinstance(jwks_uri, str):
        raise Unavailable("the metadata name no keys")
    named = declared if isinstance(declared, list) else []
    return _Metadata(jwks_uri, tuple(name for name in ALGORITHMS if name == "RS256" or name in named))
