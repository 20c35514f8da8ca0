"""Small apps of one test each, beside the sample."""

import json
from pathlib import Path
from typing import Any

from devhost.config import HostConfig, load_config
from tests.devhost.conftest import free_port

BUS = {"FUNCTIONS_WORKER_RUNTIME": "python", "AzureWebJobsStorage": "UseDevelopmentStorage=true", "Bus": "devhost:"}


def write_settings(
    folder: Path,
    host: dict[str, Any] | None = None,
    local: dict[str, Any] | None = None,
    emulator: dict[str, Any] | None = None,
) -> Path:
    """An app folder's configuration files; `host` and `local` are merged into the least that is valid."""
    folder.mkdir(exist_ok=True)
    (folder / "host.json").write_text(json.dumps({"version": "2.0"} | (host or {})))
    (folder / "local.settings.json").write_text(json.dumps({"Values": BUS} | (local or {})))
    if emulator is not None:
        (folder / "servicebus.config.json").write_text(json.dumps(emulator))
    return folder


def small_config(folder: Path, **files: dict[str, Any]) -> HostConfig:
    """The configuration of a small app, on a free port and without the environment's settings."""
    return load_config(write_settings(folder, **files), folder / "data", port=free_port(), environ={})
