"""Which policy counts: the folder's or a published one, whichever was changed last. No restart is needed."""

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from shared.config.errors import ConfigError
from shared.config.files import load_files
from shared.domain.centre import ContactCentre
from shared.ports import Clock, Unavailable
from shared.records.policies import CurrentPolicy, PolicyStore, Published

LOOK_SECONDS = 2.0
KEPT_MAX = 8
ATTEMPTS_MAX = 5
FOLDER = "folder"

log = logging.getLogger(__name__)


class PolicySource(Protocol):
    """Gives the policy that counts."""

    @property
    def current(self) -> ContactCentre:
        """As it is known to this process."""

    async def version(self, version: str) -> ContactCentre | None:
        """The policy of a version that counted once; None if it is not known."""

    async def freshen(self) -> bool:
        """Look whether another version counts by now; whether it does."""


@dataclass(frozen=True, slots=True)
class FixedPolicy:
    """A policy that never changes."""

    current: ContactCentre

    async def version(self, version: str) -> ContactCentre | None:
        """See PolicySource."""
        return self.current if version == self.current.version else None

    async def freshen(self) -> bool:
        """See PolicySource."""
        return False


class Policies:
    """The published versions, beside the folder that the app was started with.

    At its first look a process publishes its folder if that was changed since the folder was last looked at. From then
    on it looks every LOOK_SECONDS which version counts.
    """

    def __init__(
        self, store: PolicyStore, folder: ContactCentre, files: Mapping[str, str], clock: Clock,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self._store, self._folder, self._files = store, folder, files
        self._clock, self._monotonic = clock, monotonic
        self._known = OrderedDict({folder.version: folder})
        self._looked_at: float | None = None
        self._looking = asyncio.Lock()
        self.current = folder

    async def freshen(self) -> bool:
        """See to it that the policy is not older than LOOK_SECONDS; whether it has changed. Raises Unavailable."""
        if not self._is_due():
            return False
        async with self._looking:
            if not self._is_due():
                return False
            before = self.current.version
            stored = await self._store.current()
            if self._looked_at is None and (stored is None or stored.value.folder_version != self._folder.version):
                await self.publish(self._folder, self._files, FOLDER)
            elif stored and stored.value.version != before:
                self.current = await self._load(stored.value.version) or self.current
            self._looked_at = self._monotonic()
            return self.current.version != before

    async def version(self, version: str) -> ContactCentre | None:
        """See PolicySource. Raises Unavailable."""
        return self._known.get(version) or await self._load(version)

    async def published(self) -> Published | None:
        """The version that counts, with its files. Raises Unavailable."""
        stored = await self._store.current()
        return await self._store.version(stored.value.version) if stored else None

    async def publish(self, centre: ContactCentre, files: Mapping[str, str], by: str) -> None:
        """Have a policy count from now on. Raises Unavailable."""
        now = self._clock()
        for _ in range(ATTEMPTS_MAX):
            stored = await self._store.current()
            published = Published(centre.version, files, now, by)
            seen = stored.value.folder_version if stored and by != FOLDER else self._folder.version
            current = CurrentPolicy(centre.version, seen, now, by)
            if await self._store.publish(published, current, stored.etag if stored else None):
                self.current = self._keep(centre)
                return
        raise Unavailable("the policy changes too fast")

    def _is_due(self) -> bool:
        return self._looked_at is None or self._monotonic() - self._looked_at >= LOOK_SECONDS

    async def _load(self, version: str) -> ContactCentre | None:
        published = await self._store.version(version)
        if published is None:
            return None
        try:
            centre = await asyncio.to_thread(load_files, published.files)
        except ConfigError:
            log.exception("the policy %s was published by another release and cannot be used by this one", version)
            return None
        # The version is what it was published as: another release may compute another one of the same files.
        return self._keep(replace(centre, version=version))

    def _keep(self, centre: ContactCentre) -> ContactCentre:
        self._known[centre.version] = centre
        self._known.move_to_end(centre.version)
        if len(self._known) > KEPT_MAX:
            self._known.popitem(last=False)
        return centre
