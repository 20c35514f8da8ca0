"""`python -m bench.chat.profiled start …`: the host, whose event loop is profiled between two SIGUSR1.

After the second one the figures lie in the file that CHAT_PROFILE names: {"areas": {area: seconds}, "functions":
[[name, seconds, calls], …]}, both without what they call; if CHAT_PSTATS names a file, everything lies there for the
module pstats. cProfile makes small functions look dearer than they are.
"""

import cProfile
import json
import os
import signal
import sys
import time
from collections import defaultdict
from pathlib import Path
from types import CodeType
from typing import Any

from devhost.__main__ import main

FUNCTIONS_MAX = 25
AREAS = {
    "/devhost/durable/": "durable engine",
    "/devhost/database.py": "store (SQLite)",
    "/shared/adapters/embedded/documents.py": "store (SQLite)",
    "/devhost/queues.py": "queues, listeners, change feed",
    "/devhost/listeners.py": "queues, listeners, change feed",
    "/devhost/scheduled.py": "queues, listeners, change feed",
    "/devhost/invoker.py": "calling functions",
    "/devhost/bindings.py": "calling functions",
    "/structlog/": "calling functions",
    "/devhost/": "HTTP face",
    "/starlette/": "HTTP face",
    "/uvicorn/": "HTTP face",
    "/azure/": "Azure SDK",
    "/shared/domain/": "app: domain",
    "/shared/identity/": "tokens",
    "/jwt/": "tokens",
    "/cryptography/": "tokens",
    "/pydantic": "pydantic",
    "/shared/": "app: use cases, records",
    "/triggers/": "app: use cases, records",
    "/activities/": "app: use cases, records",
    "/orchestrations/": "app: use cases, records",
    "/json/": "JSON",
    "/asyncio/": "event loop",
    "/logging/": "logging",
}
BUILTINS = {
    "json": "JSON", "sqlite3": "store (SQLite)", "uvloop": "event loop", "_asyncio": "event loop",
    "pydantic": "pydantic", "httptools": "HTTP face", "cryptography": "tokens", "_rust": "tokens", "hmac": "tokens",
}  # fmt: skip
OTHER = "other standard library"


def summary(profile: cProfile.Profile) -> dict[str, Any]:
    """Seconds by area and by function. A built-in counts for its own area if it has one, else its caller's."""
    areas: dict[str, float] = defaultdict(float)
    functions: dict[str, list[float]] = defaultdict(lambda: [0.0, 0])
    for entry in profile.getstats():
        if not isinstance(entry.code, CodeType):
            functions[entry.code][0] += entry.inlinetime
            functions[entry.code][1] += entry.callcount
            continue
        area = next((name for part, name in AREAS.items() if part in entry.code.co_filename), OTHER)
        areas[area] += entry.inlinetime
        named = functions[_name(entry.code)]
        named[0] += entry.inlinetime
        named[1] += entry.callcount
        for called in entry.calls or ():
            if isinstance(called.code, str):
                builtin = next((name for part, name in BUILTINS.items() if part in called.code), None)
                areas[builtin or area] += called.inlinetime
    dearest = sorted(functions.items(), key=lambda item: -item[1][0])[:FUNCTIONS_MAX]
    return {
        "areas": dict(sorted(areas.items(), key=lambda item: -item[1])),
        "functions": [[name, seconds, calls] for name, (seconds, calls) in dearest],
    }


def _name(code: CodeType) -> str:
    parts = Path(code.co_filename).parts
    return f"{'/'.join(parts[-2:])}:{code.co_firstlineno} {code.co_qualname}"


def _toggle_on_signal(output: Path) -> None:
    profile = cProfile.Profile(time.thread_time)
    is_on = False

    def toggle(number: int, frame: object) -> None:
        nonlocal is_on
        is_on = not is_on
        if is_on:
            profile.enable()
            return
        profile.disable()
        unfinished = output.with_suffix(".part")
        unfinished.write_text(json.dumps(summary(profile)))
        unfinished.rename(output)
        if "CHAT_PSTATS" in os.environ:
            profile.dump_stats(os.environ["CHAT_PSTATS"])

    signal.signal(signal.SIGUSR1, toggle)


if __name__ == "__main__":
    _toggle_on_signal(Path(os.environ["CHAT_PROFILE"]))
    sys.exit(main(sys.argv[1:]))
