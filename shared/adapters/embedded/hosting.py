"""What the embedded host tells the app that it runs; another host tells nothing."""

from collections.abc import Awaitable, Callable
from pathlib import Path

from devhost import client


def data_dir() -> Path | None:
    """The host's data folder; None if another host runs the app."""
    return client.data_dir()


def at_stop(callback: Callable[[], Awaitable[None]]) -> None:
    """Have something closed when the embedded host stops; nothing if another host runs the app."""
    if client.data_dir():
        client.at_stop(callback)
