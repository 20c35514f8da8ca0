"""Records over the embedded store; a second object on the same store stands for another process."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.contracts.stores import Store, sqlite_store


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    """A fresh store."""
    async with sqlite_store(tmp_path) as opened:
        yield opened
