"""The contact centre of this folder under the embedded host."""

import shutil
from pathlib import Path

import pytest

from tests.chat.conftest import Open, open_house

__all__ = ["open_house"]  # the fixture

CENTRE = Path(__file__).parent / "centre"
TEXTS = Path(__file__).parents[2] / "config" / "texts.yaml"
"""What it says to customers is what the sample says."""


@pytest.fixture
def open_explained(open_house: Open, tmp_path: Path) -> Open:
    """Opens the contact centre with two queues and five agents."""
    shutil.copytree(CENTRE, tmp_path / "config")
    shutil.copy(TEXTS, tmp_path / "config")
    return open_house
