"""Each contract runs over every adapter of its port."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.contracts.stores import STORES, Store


@pytest.fixture(params=STORES)
async def store(request: Any, tmp_path: Path) -> AsyncIterator[Store]:
    """A fresh store of each adapter."""
    async with STORES[request.param](tmp_path) as opened:
        yield opened
