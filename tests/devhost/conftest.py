"""The sample app under a real host, in this process, on a free port and a fresh data folder."""

import asyncio
import contextlib
import functools
import importlib.util
import itertools
import os
import socket
import sqlite3
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from devhost.config import HostConfig, Mode, load_config
from devhost.host import Host

SAMPLE = Path(__file__).parent / "sample"


_ports = itertools.count(20_000 + os.getpid() * 37 % 12_000)


def free_port() -> int:
    """A port that nobody listens on: below the range of outgoing connections, another part for each process."""
    while True:
        port = next(_ports)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


@functools.cache
def sample_app() -> Any:
    """The sample's app object, imported once, under a name of its own."""
    sys.path.insert(0, str(SAMPLE))
    spec = importlib.util.spec_from_file_location("sample_function_app", SAMPLE / "function_app.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.app


def sample_config(data_dir: Path, mode: Mode = "cached") -> HostConfig:
    """The sample's configuration on a free port."""
    return load_config(SAMPLE, data_dir, port=free_port(), mode=mode, environ=os.environ)


@contextlib.asynccontextmanager
async def running(config: HostConfig, app: Any = None, **options: Any) -> AsyncIterator[Host]:
    """A started host, stopped at the end."""
    host = Host(config, app or sample_app(), **options)
    await host.start()
    try:
        yield host
    finally:
        await host.stop(drain_seconds=2)


class Disk:
    """A commit hook that can refuse to write."""

    def __init__(self) -> None:
        self.is_full = False

    def __call__(self, when: str) -> None:
        if self.is_full and when == "before":
            raise sqlite3.OperationalError("database or disk is full")


async def eventually(check: Callable[[], Awaitable[Any] | Any], timeout_seconds: float = 10.0) -> Any:
    """The first truthy result of the check; fails after the time-out."""
    deadline = asyncio.get_running_loop().time() + timeout_seconds
    while True:
        result = check()
        if isinstance(result, Awaitable):
            result = await result
        if result:
            return result
        assert asyncio.get_running_loop().time() < deadline, "it did not happen in time"
        await asyncio.sleep(0.01)


@pytest.fixture
def ledger_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the sample app writes what it did."""
    path = tmp_path / "ledger"
    monkeypatch.setenv("SAMPLE_LEDGER", str(path))
    return path


@pytest.fixture
async def host(tmp_path: Path, ledger_path: Path) -> AsyncIterator[Host]:
    """The sample app under a host in `cached` mode."""
    async with running(sample_config(tmp_path / "data")) as started:
        yield started


@pytest.fixture
async def http(host: Host) -> AsyncIterator[httpx.AsyncClient]:
    """A client of that host."""
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{host.config.port}", timeout=30) as client:
        yield client
