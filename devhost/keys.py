"""Keys of the HTTP triggers and webhooks, in a local file that only its owner can read."""

import hmac
import json
import secrets
from pathlib import Path

_NAMES = ("master", "default", "eventgrid_extension", "durabletask_extension")


class Keys:
    """The host's keys: made at the first start, then read from `keys.json` of the data folder."""

    def __init__(self, path: Path) -> None:
        if not path.exists():
            draft = path.with_suffix(".new")  # a crash in between leaves no empty key file
            draft.touch(mode=0o600)
            draft.write_text(json.dumps({name: secrets.token_urlsafe(32) for name in _NAMES}, indent=2))
            draft.replace(path)
        self._keys: dict[str, str] = json.loads(path.read_text())

    def get(self, name: str) -> str:
        """The key of that name."""
        return self._keys[name]

    def allows(self, level: str, presented: str) -> bool:
        """Whether a presented key opens an auth level: "anonymous", "function", "admin", or a webhook's system key."""
        if level == "anonymous":
            return True
        accepted = {"function": ("default", "master"), "admin": ("master",)}.get(level, (level, "master"))
        given = presented.encode()
        return any(hmac.compare_digest(given, self._keys[name].encode()) for name in accepted)
