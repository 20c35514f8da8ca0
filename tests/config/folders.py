"""Configurations to load in tests: the sample, and a small one whose lines stay where they are."""

import shutil
from pathlib import Path

from shared.config.errors import ConfigError
from shared.config.load import load_centre
from shared.domain.centre import ContactCentre

SAMPLE = Path(__file__).parents[2] / "config"
SMALL = Path(__file__).parent / "small"


def edited(tmp_path: Path, file: str, find: str | None, write: str, origin: Path = SMALL) -> Path:
    """A copy of a configuration in which one file is changed: one finding place, or all of it."""
    folder = tmp_path / "config"
    if not folder.exists():
        shutil.copytree(origin, folder)
    path = folder / file
    content = path.read_text(encoding="utf-8")
    assert find is None or find in content, f"{file} has no {find!r}"
    path.write_text(write if find is None else content.replace(find, write, 1), encoding="utf-8")
    return folder


def load_edited(tmp_path: Path, file: str, find: str | None, write: str) -> ContactCentre:
    """The contact centre of the small configuration after an edit."""
    return load_centre(edited(tmp_path, file, find, write))


def errors_of(folder: Path) -> str:
    """What is said of a wrong configuration, with paths as seen from beside it."""
    try:
        load_centre(folder)
    except ConfigError as error:
        return str(error).replace(f"{folder.parent}/", "")
    return "no errors"
