"""Each way to run loads its own adapters only, and Azure does not have the embedded host."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SECRET = "0123456789abcdef0123456789abcdef"
START = """
import asyncio, pathlib, sys
if {is_alone}:
    sys.modules["devhost"] = None
import function_app
from shared.app import build_app

async def start():
    app = build_app(function_app.settings, pathlib.Path({folder!r}))
    await app.store.close()

asyncio.run(start())
print(*sorted(sys.modules))
"""


def loaded(folder: Path, *, is_alone: bool, **settings: str) -> set[str]:
    """The modules of a process in which the app was built."""
    script = START.format(is_alone=is_alone, folder=str(folder))
    environment = {**os.environ, "ATENDE_SECRETS": SECRET, **settings}
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


@pytest.mark.slow
def test_on_azure_neither_sqlite_nor_the_host_is_needed(tmp_path: Path) -> None:
    account = "AccountEndpoint=https://127.0.0.1:1/;AccountKey=a2V5;"
    folder = tmp_path / "nothing"
    modules = loaded(folder, is_alone=True, Cosmos=account)
    assert "azure.cosmos" in modules
    assert not modules & {"shared.adapters.embedded.documents", "shared.adapters.embedded.queue", "devhost.client"}
    assert not folder.exists(), "there the app's folder is read-only"


@pytest.mark.slow
def test_without_cosmos_its_sdk_is_not_loaded(tmp_path: Path) -> None:
    modules = loaded(tmp_path, is_alone=False, Cosmos="devhost:app.db")
    assert "shared.adapters.embedded.documents" in modules
    assert not modules & {"azure.cosmos", "azure.identity"}
