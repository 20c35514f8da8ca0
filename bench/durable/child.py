"""One measurement in a process of its own: `python -m bench.durable MODULE FUNCTION OPTIONS_JSON`.

So CPU time, imports and patches of one engine do not mix with another's. The result is the last line of the output.
"""

import asyncio
import importlib
import inspect
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import uvloop

DATA_DIR = Path(".data")
"""Where the host keeps its data too: the same disk."""
TIMEOUT_SECONDS = 90


class ChildFailed(Exception):
    """A measurement ended without a result; the message is the end of its errors."""


def call(module: str, function: str, **options: Any) -> Any:
    """Run `bench.durable.MODULE.FUNCTION(data_dir, **options)` in a child."""
    command = [sys.executable, "-m", "bench.durable", module, function, json.dumps(options)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        raise ChildFailed(f"{module}.{function} took more than {TIMEOUT_SECONDS} s") from None
    if done.returncode or not done.stdout.strip():
        raise ChildFailed((done.stderr.strip() or "no output").splitlines()[-1])
    return json.loads(done.stdout.splitlines()[-1])


def run(module: str, function: str, options: dict[str, Any]) -> Any:
    """Run it here, with a fresh folder on the host's disk and the event loop that the host runs on."""
    DATA_DIR.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=DATA_DIR, prefix="bench-", ignore_cleanup_errors=True) as folder:
        target = getattr(importlib.import_module(f"bench.durable.{module}"), function)
        result = target(Path(folder).absolute(), **options)
        if not inspect.iscoroutine(result):
            return result
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(result)


def filesystem(path: Path) -> str:
    """The kind of file system that holds the path, from Linux's mount table."""
    target = path.absolute()
    mounts = [line.split() for line in Path("/proc/self/mounts").read_text().splitlines()]
    holding = [(len(mount[1]), mount[2]) for mount in mounts if target.is_relative_to(mount[1])]
    return max(holding)[1] if holding else "unknown"
