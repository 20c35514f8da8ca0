"""A process that has imported everything and forks a host for each command: kill -9 tests restart in a moment.

Run as a script. Reads a JSON object per line: {"data": folder, "port": n, "mode": m, "crash": null or ["before", 7]}.
Answers with {"pid": n, "ready": b} once the host is ready or has died. With `crash` the host kills itself before (or
after) its n-th commit, so that every commit point can be tried.
"""

import asyncio
import json
import logging
import os
import signal
import sys
import warnings
from pathlib import Path
from typing import Any

import uvloop

sys.path.insert(0, str(Path(__file__).parents[2]))

from devhost.config import load_config
from devhost.host import Host
from tests.devhost.conftest import SAMPLE, sample_app


class CrashPoint:
    """A commit hook that kills the process at one commit."""

    def __init__(self, phase: str, number: int) -> None:
        self._phase, self._left = phase, number

    def __call__(self, phase: str) -> None:
        if phase == self._phase:
            self._left -= 1
            if self._left == 0:
                os.kill(os.getpid(), signal.SIGKILL)


async def serve(order: dict[str, Any], ready: int) -> None:
    """Run a host until the process dies."""
    config = load_config(SAMPLE, Path(order["data"]), port=order["port"], mode=order["mode"])
    hook = CrashPoint(*order["crash"]) if order["crash"] else None
    await Host(config, sample_app(), hook=hook).start()
    os.write(ready, b"ready")
    os.close(ready)
    await asyncio.Event().wait()


def main() -> None:
    """Fork a host per line of input."""
    sample_app()
    logging.disable()  # refusals are part of the game, and so are events before their wait
    warnings.simplefilter("ignore")
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for line in sys.stdin:
        order = json.loads(line)
        receiver, sender = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(receiver)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            os.environ["SAMPLE_LEDGER"] = str(Path(order["data"]) / "ledger")
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                runner.run(serve(order, sender))
        os.close(sender)
        ready = os.read(receiver, 16) == b"ready"  # else the pipe has ended: the host died before
        os.close(receiver)
        print(json.dumps({"pid": pid, "ready": ready}), flush=True)


if __name__ == "__main__":
    main()
