"""Records over the stores of both worlds; a second object on the same store stands for another process."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.contracts.stores import STORES, Store


@pytest.fixture(params=["sqlite", pytest.param("cosmos", marks=pytest.mark.slow)])
async def store(request: Any, tmp_path: Path) -> AsyncIterator[Store]:
    """A fresh store."""
    async with STORES[request.param](tmp_path) as opened:
        yield opened
