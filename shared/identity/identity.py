"""Who calls: customers by the token of their conversation, staff by the directory's token."""

import hmac
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from shared.domain.centre import AgentProfile, Role
from shared.errors import ProblemError, forbidden, unauthenticated
from shared.identity.customer import CustomerTokens
from shared.identity.dev import DevIssuer
from shared.identity.directory import DirectoryKeys
from shared.identity.fetching import HttpFetch
from shared.identity.keys import Jwks, KeySource
from shared.identity.secrets import load_secrets
from shared.identity.staff import StaffTokens
from shared.identity.tokens import InvalidToken
from shared.ports import Clock
from shared.settings import Settings

ADDRESS_KEY_CHARS = 32

log = logging.getLogger(__name__)

Agents = Callable[[], Mapping[str, AgentProfile]]
"""Who works here now, by id: asked at each call, so that a new configuration holds at once."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody who works here. The roles, also the profile's, are those that token and configuration both grant."""

    profile: AgentProfile
    roles: frozenset[Role]


class Identity:
    """Verifies tokens and issues our own. Does no blocking I/O once made."""

    def __init__(
        self, secrets: Sequence[str], staff: StaffTokens, agents: Agents, clock: Clock, dev: DevIssuer | None = None
    ) -> None:  # fmt: skip
        self._customers, self._staff, self._dev = CustomerTokens(secrets), staff, dev
        self._agents, self._clock = agents, clock
        self._address_secret = secrets[0].encode()

    def customer(self, token: str) -> str:
        """The conversation that a customer's token is bound to. Raises ProblemError 401."""
        try:
            return self._customers.verify(token, self._clock())
        except InvalidToken:
            raise unauthenticated() from None

    def issue_customer(self, conversation_id: str, now: datetime) -> tuple[str, datetime]:
        """A customer's token and when it expires."""
        return self._customers.issue(conversation_id, now)

    async def staff(self, token: str) -> Caller:
        """Who bears a token of the directory. Raises ProblemError 401 or 403, and Unavailable."""
        try:
            claims = await self._staff.verify(token, self._clock())
        except InvalidToken:
            raise unauthenticated() from None
        profile = self._agents().get(claims.user)
        if profile is None or not profile.enabled:
            raise forbidden("you do not work here, or not any more")
        roles = frozenset(role for role in profile.roles if role in claims.roles)
        return Caller(profile if roles == profile.roles else replace(profile, roles=roles), roles)

    def dev_token(self, user: str, now: datetime) -> tuple[str, datetime]:
        """A token as the directory would issue it, and when it expires. Raises ProblemError 404."""
        profile = self._agents().get(user)
        if profile is None or self._dev is None:
            raise ProblemError(404, "unknown-user", "nobody of this name works here")
        return self._dev.token(profile, now)

    def address_key(self, channel: str, address: str) -> str:
        """What stands for an address (as its channel normalises it) in ids, so that no id tells the address."""
        named = f"{channel}\0{address}".encode()
        return hmac.digest(self._address_secret, named, "sha256").hex()[:ADDRESS_KEY_CHARS]


def build_identity(
    settings: Settings, data_dir: Path, agents: Agents, clock: Clock, keys: KeySource | None = None
) -> Identity:  # fmt: skip
    """Wire it up; `keys` stand in for those that the configured issuer publishes. Development tokens are believed only
    where they are switched on. Reads and makes files of the data folder. Raises SecretsError."""
    dev = DevIssuer(data_dir, settings.issuer, settings.audience) if settings.issues_dev_tokens else None
    source = keys or _published(settings, dev, clock)
    tokens = StaffTokens(source, settings.issuer, settings.audience, settings.tenant_ids, settings.user_claim)
    return Identity(load_secrets(settings, data_dir), tokens, agents, clock, dev)


def _published(settings: Settings, dev: DevIssuer | None, clock: Clock) -> KeySource:
    if dev:
        return Jwks(dev.jwks())
    if settings.has_directory:
        is_development = settings.environment == "Development"
        return DirectoryKeys(settings.issuer, HttpFetch(is_loopback_safe=is_development), clock)
    log.warning("ATENDE_ISSUER is not set: nobody of the staff can sign in")
    return Jwks({"keys": []})
