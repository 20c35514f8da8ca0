"""What the embedded host tells the app that it runs; another host tells nothing."""

from collections.abc import Awaitable, Callable
from importlib.util import find_spec
from pathlib import Path


def data_dir() -> Path | None:
    """The host's data folder; None if another host runs the app."""
    if find_spec("devhost") is None:  # it is not deployed to Azure
        return None
    from devhost import client

    return client.data_dir()


def at_stop(callback: Callable[[], Awaitable[None]]) -> None:
    """Have something closed when the embedded host stops; nothing if another host runs the app."""
    if data_dir():
        from devhost import client

        client.at_stop(callback)
