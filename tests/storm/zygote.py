"""A process that has imported the real app and forks a host for each command, as tests/devhost/zygote.py does.

Reads {"data": folder, "port": n, "mode": m, "crash": null or ["app before", 7]} per line: the host then kills itself
around the n-th commit of app.db ("app …") or of host.db ("host …"). What it logs goes to DATA/log.
"""

import asyncio
import functools
import gc
import json
import logging
import os
import signal
import sys
import warnings
from pathlib import Path
from typing import Any

import uvloop

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from devhost.config import load_config  # noqa: E402  # found from here only now
from devhost.host import Host  # noqa: E402
from shared.adapters.embedded import documents  # noqa: E402
from shared.adapters.embedded.documents import SqliteDocuments  # noqa: E402
from tests.devhost.zygote import CrashPoint  # noqa: E402


async def serve(order: dict[str, Any], app: Any, ready: int) -> None:
    """Run a host until the process dies."""
    config = load_config(ROOT, Path(order["data"]), port=order["port"], mode=order["mode"])
    hook = None
    if order["crash"]:
        (where, phase), number = order["crash"][0].split(), order["crash"][1]
        point = CrashPoint(phase, number)
        if where == "host":
            hook = point
        else:
            setattr(documents, "SqliteDocuments", functools.partial(SqliteDocuments, hook=point))  # noqa: B010
    await Host(config, app, hook=hook).start()
    os.write(ready, b"ready")
    os.close(ready)
    await asyncio.Event().wait()


def main() -> None:
    """Fork a host per line of input."""
    import function_app

    warnings.simplefilter("ignore")
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    gc.collect()
    gc.freeze()
    for line in sys.stdin:
        order = json.loads(line)
        receiver, sender = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(receiver)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            Path(order["data"]).mkdir(parents=True, exist_ok=True)
            form = f"{os.getpid()} %(asctime)s %(levelname)s %(name)s %(message)s"
            logging.basicConfig(filename=Path(order["data"]) / "log", level=logging.WARNING, format=form)
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                runner.run(serve(order, function_app.app, sender))
        os.close(sender)
        ready = os.read(receiver, 16) == b"ready"  # else the pipe has ended: the host died before
        os.close(receiver)
        print(json.dumps({"pid": pid, "ready": ready}), flush=True)


if __name__ == "__main__":
    main()
