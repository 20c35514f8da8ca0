"""`atende cosmos`: the containers of an account."""

import argparse
import asyncio
import json
from collections.abc import Callable
from typing import Any

from cli.errors import CommandError
from shared.adapters.azure import containers
from shared.ports import Unavailable
from shared.settings import SettingsError, read_settings


def add_commands(rooms: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `cosmos` and what comes after it."""
    about = "the containers in Cosmos DB"
    commands = rooms.add_parser("cosmos", help=about, description=about).add_subparsers(required=True)
    given: dict[str, tuple[str, Callable[[], int]]] = {
        "create": ("create what is missing in the account of the setting Cosmos, update indexing policies", create),
        "show": ("the definitions as JSON, for deployment", show),
    }
    for name, (about, run) in given.items():
        command = commands.add_parser(name, help=about, description=about)
        command.set_defaults(run=lambda _, run=run: run())


def create() -> int:
    """Make the account what the app needs; says what was done."""
    try:
        settings = read_settings()
    except SettingsError as error:
        raise CommandError(str(error)) from None
    if not settings.has_cosmos:
        raise CommandError(
            "which account? Set Cosmos to its connection string or Cosmos__accountEndpoint to its address"
        )
    try:
        asyncio.run(_create(settings.cosmos))
    except (Unavailable, ValueError) as error:
        raise CommandError(str(error)) from None
    return 0


def show() -> int:
    """What is created."""
    shown: dict[str, Any] = {"database": containers.DATABASE, "containers": containers.definitions()}
    print(json.dumps(shown, indent=2))
    return 0


async def _create(setting: str) -> None:
    from shared.adapters.azure import cosmos_setup, credentials

    try:
        for line in await cosmos_setup.create(setting):
            print(line)
        level = await cosmos_setup.consistency(setting)
    finally:
        await credentials.close()
    if level not in cosmos_setup.CONSISTENT_ENOUGH:
        wanted = " or ".join(sorted(cosmos_setup.CONSISTENT_ENOUGH))
        raise CommandError(f"the account's default consistency is {level}, Atende needs {wanted}: see docs/cosmos.md")
