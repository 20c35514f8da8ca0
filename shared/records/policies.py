"""Published versions of the policy: the configuration's files, and which version counts."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from shared.ports import Conflict, Container, Documents, Write
from shared.records.codec import Codec, Versioned

PARTITION = "policies"
CURRENT = "current"


@dataclass(frozen=True, slots=True)
class Published:
    """One version; `files` are the texts of its files by their path within the configuration's folder."""

    version: str
    files: Mapping[str, str]
    at: datetime
    by: str  # who published it; "folder" if the app found it in its folder


@dataclass(frozen=True, slots=True)
class CurrentPolicy:
    """The version that counts, and the version of the folder when that was last looked at."""

    version: str
    folder_version: str
    at: datetime
    by: str


_published, _current = Codec(Published), Codec(CurrentPolicy)


class PolicyStore:
    """The container `config`."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    async def current(self) -> Versioned[CurrentPolicy] | None:
        """Which version counts; None before the first one."""
        document = await self._documents.read(Container.CONFIG, PARTITION, CURRENT)
        return Versioned(_current.load(document.body), document.etag) if document else None

    async def version(self, version: str) -> Published | None:
        """A version that was published."""
        document = await self._documents.read(Container.CONFIG, PARTITION, _key(version))
        return _published.load(document.body) if document else None

    async def publish(self, published: Published, current: CurrentPolicy, etag: str | None) -> bool:
        """Have a version count; False if another one was published meanwhile."""
        writes = [Write(CURRENT, CURRENT, _current.dump(current), etag)]
        if await self.version(published.version) is None:
            writes.append(Write(_key(published.version), "policy", _published.dump(published)))
        try:
            await self._documents.commit(Container.CONFIG, PARTITION, writes)
        except Conflict:
            return False
        return True


def _key(version: str) -> str:
    return f"policy:{version}"
