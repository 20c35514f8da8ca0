"""`python -m demo`: play customers and agents against a running host."""

import argparse
import asyncio
import os
import signal
import sys

import aiohttp
from rich.console import Console

from bench.driver.http import Http, Refused
from demo.outcome import Outcome
from demo.play import Demo, Plan
from demo.screen import Screen, summary
from shared.config.load import load_centre
from shared.settings import Settings

DEFAULT_PORT = 7071


class Impossible(Exception):
    """The demo cannot be played; the message says why and what to do."""


def main(arguments: list[str] | None = None) -> int:
    """Run the command; 1 if it cannot be played, 2 if a message was lost."""
    parser = argparse.ArgumentParser(prog="python -m demo", description=__doc__)
    parser.add_argument("--chats", type=int, default=25, help="how many customers come")
    parser.add_argument("--seconds", type=float, default=30.0, help="how long it takes")
    parser.add_argument("--seed", type=int, default=None, help="the same people and wishes each time")
    parser.add_argument("--speed", type=float, default=1.0, help="2: everybody thinks and types twice as fast")
    options = parser.parse_args(arguments)
    if options.chats < 1 or options.seconds <= 0 or options.speed <= 0:
        parser.error("--chats, --seconds and --speed must be above zero")
    console = Console()
    origin = f"http://127.0.0.1:{os.environ.get('PORT') or DEFAULT_PORT}"
    levels = {
        id_: queue.service_level.total_seconds() for id_, queue in load_centre(Settings().config_dir).queues.items()
    }
    plan = Plan(options.chats, options.seconds, options.speed, options.seed, levels)
    try:
        outcome = asyncio.run(play(origin, plan, console))
    except Impossible as error:
        Console(stderr=True).print(f"demo: {error}", highlight=False, soft_wrap=True)
        return 1
    return 2 if outcome.lost or outcome.doubled else 0


async def play(origin: str, plan: Plan, console: Console) -> Outcome:
    """One demo and its summary; Ctrl-C ends it early. Raises Impossible."""
    async with Http(origin) as http:
        demo = Demo(http, plan)
        screen = Screen(console, demo, plan.chats)
        asyncio.get_running_loop().add_signal_handler(signal.SIGINT, demo.stop)
        try:
            await http.call("health", "GET", "/api/health")
            with screen.shown():
                outcome = await demo.run(screen.show)
        except aiohttp.ClientConnectionError:
            raise Impossible(
                f"no host answers on {origin}: start one with 'make run' (PORT= for another port)"
            ) from None
        except Refused as refused:
            if refused.operation != "devToken":
                raise
            raise Impossible(_why_no_token(refused)) from None
    for error, count in demo.errors.most_common(3):
        console.print(f"{count} x {error}", style="yellow", highlight=False)
    console.print(summary(outcome, demo.errors.total()))
    return outcome


def _why_no_token(refused: Refused) -> str:
    if refused.code == "unknown-user":
        return "the contact centre has no agents alice and bob: run it with the sample's configuration"
    return (
        "the host issues no development tokens: set ATENDE_DEV_TOKENS=1 and AZURE_FUNCTIONS_ENVIRONMENT=Development "
        "in local.settings.json and start it again"
    )


if __name__ == "__main__":
    sys.exit(main())
