"""The web apps' files, as `make` builds them into a folder: which file a path means, read once and kept in memory."""

import hashlib
import stat
from dataclasses import dataclass
from pathlib import Path

_TYPES = {
    ".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8",
    ".json": "application/json", ".webmanifest": "application/manifest+json", ".map": "application/json",
    ".svg": "image/svg+xml", ".png": "image/png", ".ico": "image/x-icon", ".webp": "image/webp",
    ".woff2": "font/woff2", ".mp3": "audio/mpeg", ".wav": "audio/wav", ".txt": "text/plain; charset=utf-8",
}  # fmt: skip
_INDEX = "index.html"
_OUTSIDE = ("", ".", "..")


@dataclass(frozen=True, slots=True)
class File:
    """A file and how it is served."""

    content: bytes
    content_type: str
    etag: str
    is_immutable: bool  # its name tells its content apart


class Site:
    """Looks nowhere but below its folder. Only small folders: everything that was asked for stays in memory."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()
        self._kept: dict[Path, tuple[int, File]] = {}

    def is_built(self) -> bool:
        """Whether there is anything to serve."""
        return (self._folder / _INDEX).is_file()

    def is_folder(self, path: str) -> bool:
        """Whether this is the address of a folder with an index, but for its final slash."""
        return bool(path) and not path.endswith("/") and self.file(f"{path}/") is not None

    def file(self, path: str) -> File | None:
        """The file for a path without a leading slash, the index for a folder; None if there is none."""
        parts = [*path.split("/")[:-1], path.split("/")[-1] or _INDEX]
        # No way up, no hidden files, no second separator.
        if any(part in _OUTSIDE or part.startswith(".") or "\\" in part for part in parts):
            return None
        try:
            found = self._folder.joinpath(*parts).resolve()
            details = found.stat()
            if not found.is_relative_to(self._folder) or not stat.S_ISREG(details.st_mode):
                return None
            return self._read(found, details.st_mtime_ns, is_immutable=parts[0] == "assets")
        except (OSError, ValueError):  # there is none, or it is no name of a file at all
            return None

    def _read(self, path: Path, mtime: int, *, is_immutable: bool) -> File:
        kept = self._kept.get(path)
        if kept is None or kept[0] != mtime:
            content = path.read_bytes()
            etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
            content_type = _TYPES.get(path.suffix.lower(), "application/octet-stream")
            kept = self._kept[path] = mtime, File(content, content_type, etag, is_immutable)
        return kept[1]
