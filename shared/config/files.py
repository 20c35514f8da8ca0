"""A configuration as texts by their path: as it is published, stored and compared."""

import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath

from shared.config.errors import ConfigError, Finding
from shared.config.load import load_centre
from shared.domain.centre import ContactCentre

FILES_MAX = 200


def read_files(folder: Path) -> dict[str, str]:
    """The YAML files of a folder that has been loaded before."""
    return {
        path.relative_to(folder).as_posix(): path.read_text("utf-8")
        for path in sorted(folder.rglob("*.yaml"))
        if path.is_file()
    }


def load_files(files: Mapping[str, str]) -> ContactCentre:
    """The contact centre that they describe. Raises ConfigError; its findings name the files as they were given."""
    strange = [name for name in files if not _is_plain(name)]
    if strange or len(files) > FILES_MAX:
        message = f"there may be {FILES_MAX} files, each a YAML file such as queues.yaml or bots/helper.yaml"
        raise ConfigError([Finding(strange[0] if strange else "config", 1, (), message)])
    with tempfile.TemporaryDirectory(prefix="atende-config-") as name:
        folder = Path(name)
        for path, text in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text, "utf-8")
        try:
            return load_centre(folder)
        except ConfigError as error:
            prefix = f"{folder}/"
            raise ConfigError(
                [replace(found, file=found.file.removeprefix(prefix)) for found in error.findings]
            ) from None


def _is_plain(path: str) -> bool:
    """Whether it stays within the folder: at most one level deep, in plain letters."""
    parts = PurePosixPath(path).parts
    return (
        path.endswith(".yaml")
        and 1 <= len(parts) <= 2
        and all(part.replace("-", "").replace("_", "").replace(".yaml", "").isalnum() for part in parts)
        and path.isascii()
    )
