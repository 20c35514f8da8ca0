"""Command line: `python -m devhost start` runs the app of the current folder."""

import argparse
import asyncio
import gc
import os
import signal
import sys
from pathlib import Path

from devhost.config import HostConfig, load_config
from devhost.errors import HostError
from devhost.host import Host
from devhost.logs import configure


def main(arguments: list[str] | None = None) -> int:
    """Run the command; the process's exit code."""
    parser = argparse.ArgumentParser(prog="python -m devhost", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    start = commands.add_parser("start", help="run the app until SIGTERM or Ctrl-C")
    start.add_argument("--app", type=Path, default=Path.cwd(), help="folder with function_app.py and host.json")
    start.add_argument(
        "--data", type=Path, default=Path(os.environ.get("DATA_DIR", ".data")), help="where state is kept"
    )
    start.add_argument("--port", type=int, default=int(os.environ["PORT"]) if os.environ.get("PORT") else None)
    start.add_argument(
        "--mode", choices=("cached", "replay", "verify"), default="cached", help="how orchestrators go on"
    )
    options = parser.parse_args(arguments)
    try:
        config = load_config(options.app.resolve(), options.data.resolve(), port=options.port, mode=options.mode)
        configure(config.host_json.logging.log_level)
        _run(config)
    except HostError as error:
        print(f"devhost: {error}", file=sys.stderr)
        return 1
    return 0


def _run(config: HostConfig) -> None:
    try:
        import uvloop

        runner = asyncio.Runner(loop_factory=uvloop.new_event_loop)
    except ImportError:  # Windows has none
        runner = asyncio.Runner()
    with runner:
        runner.run(_serve(config))


def _tune_interpreter() -> None:
    """For a process that is one busy event loop beside one thread that writes.

    The app's code and configuration outlive every collection of garbage, and requests leave few cycles: collecting at
    Python's usual pace took a quarter of a busy host's time. And the writer, which needs the interpreter between any
    two statements of SQLite, should not have to wait five milliseconds for it each time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    sys.setswitchinterval(0.001)


async def _serve(config: HostConfig) -> None:
    stopping = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stopping.set)
    host = Host(config)
    await host.start()
    _tune_interpreter()
    origin = f"http://{config.bind}:{config.port}"
    print("Functions with an address:")
    for spec in host.functions:
        if spec.kind == "httpTrigger":
            path = f"{config.host_json.extensions.http.route_prefix}/{spec.trigger['route']}".strip("/")
            print(f"  {spec.name}: [{','.join(spec.trigger.get('methods', ['ANY']))}] {origin}/{path}")
    print(f"Host ready on {origin} (state in {config.data_dir}); Ctrl-C stops it", flush=True)
    await stopping.wait()
    print("Stopping: finishing what is in hand", flush=True)
    await host.stop()


if __name__ == "__main__":
    sys.exit(main())
