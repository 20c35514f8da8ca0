"""The app under the embedded host, in a process of its own: fresh data, a configuration with many agents."""

import asyncio
import contextlib
import json
import os
import shutil
import signal
import socket
import sqlite3
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from bench.driver.http import Http

ROOT = Path(__file__).parents[2]
START_SECONDS_MAX = 30.0
POLL_SECONDS = 0.05
_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
QUESTION = "When are you open?"
HAND_OFF = "I want to talk to a person"
_BOT = {
    "name": "Helper",
    "greeting": [{"say": {"en": "Hello! Ask me about our opening hours."}}],
    "topics": {
        "hours": {"triggers": {"en": ["open"]}, "steps": [{"say": {"en": "From Monday to Friday, 9:00 to 18:00."}}]},
        "person": {
            "triggers": {"en": ["talk to a person"]},
            "steps": [{"handOff": {"text": {"en": "I am connecting you to a person."}}}],
        },
    },
    "fallback": {"en": "I did not understand."},
    "escalation": "person",
}


class ServerFailed(Exception):
    """The host did not start; the message is the end of its output."""


@dataclass(frozen=True)
class Cpu:
    """CPU seconds so far, of the event loop's thread and of all others; and how long the loop waited for a core."""

    loop: float
    others: float
    starved: float

    @property
    def total(self) -> float:
        """Of the process."""
        return self.loop + self.others


class Server:
    """A running host."""

    def __init__(self, process: asyncio.subprocess.Process, origin: str, data_dir: Path) -> None:
        self.pid, self.origin, self.data_dir = process.pid, origin, data_dir

    def cpu(self) -> Cpu:
        """From /proc."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        whole = (int(fields[11]) + int(fields[12])) / _TICKS_PER_SECOND
        loop, starved, _ = Path(f"/proc/{self.pid}/task/{self.pid}/schedstat").read_text().split()
        return Cpu(int(loop) / 1e9, whole - int(loop) / 1e9, int(starved) / 1e9)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal."""
        os.kill(self.pid, number)

    def query(self, database: str, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """Rows of "app" or "host", as committed."""
        uri = f"{(self.data_dir / f'{database}.db').absolute().as_uri()}?mode=ro"
        with contextlib.closing(sqlite3.connect(uri, uri=True)) as connection:
            return connection.execute(query, values).fetchall()


def agent_names(count: int) -> list[str]:
    """The agents of the configuration."""
    return [f"bench-{number:03}" for number in range(count)]


def write_config(folder: Path, agents: int, capacity: int) -> None:
    """The sample's configuration with our own agents, one queue, and a bot that does not vary its words."""
    shutil.copytree(ROOT / "config", folder)
    people = {
        name: {"name": f"Agent {name}", "pool": "main", "queues": ["general"], "skills": ["en"], "capacity": capacity}
        for name in agent_names(agents)
    }
    (folder / "agents.yaml").write_text(yaml.safe_dump({"agents": people}))
    queues = {"general": {"name": "General", "pool": "main", "offer": "60 s"}}
    (folder / "queues.yaml").write_text(yaml.safe_dump({"queues": queues}))
    for name in ("streams", "hours"):  # they name the sample's queues
        (folder / f"{name}.yaml").unlink()
    for bot in (folder / "bots").glob("*.yaml"):
        bot.write_text(yaml.safe_dump(_BOT))


@contextlib.asynccontextmanager
async def serving(
    folder: Path, agents: int, capacity: int, mode: str, module: str = "devhost", **environment: str
) -> AsyncIterator[Server]:  # fmt: skip
    """A host on a free port, its data below `folder`; killed at the end. `module` runs as `devhost` does.

    On a folder that was used before, it goes on with what is there.
    """
    if not (folder / "config").exists():
        write_config(folder / "config", agents, capacity)
    data_dir, port = folder / "data", free_port()
    settings = json.loads((ROOT / "local.settings.sample.json").read_text())["Values"]
    settings |= {"ATENDE_CONFIG": str(folder / "config")} | environment
    arguments = ["-m", module, "start", "--data", str(data_dir), "--port", str(port), "--mode", mode]
    with (folder / "output").open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            sys.executable, *arguments, cwd=ROOT, env=os.environ | settings, stdout=output, stderr=output
        )
        try:
            server = Server(process, f"http://127.0.0.1:{port}", data_dir)
            await _until_it_answers(process, server, folder / "output")
            yield server
        finally:
            # Nothing of it is needed again, and a host that is asked to stop waits for its long polls.
            if process.returncode is None:
                process.kill()
            await process.wait()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def status(http: Http) -> dict[str, Any]:
    """What the host says of itself."""
    found: dict[str, Any] = await http.call("hostStatus", "GET", "/admin/host/status")
    return found


async def _until_it_answers(process: asyncio.subprocess.Process, server: Server, output: Path) -> None:
    """Raises ServerFailed."""
    host, port = server.origin.removeprefix("http://").split(":")
    deadline = asyncio.get_running_loop().time() + START_SECONDS_MAX
    while asyncio.get_running_loop().time() < deadline and process.returncode is None:
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection(host, int(port))
            writer.close()
            return
        await asyncio.sleep(POLL_SECONDS)
    raise ServerFailed(_last_lines(output))


def _last_lines(output: Path) -> str:
    return "\n".join(["the host did not start:", *output.read_text("utf-8", "replace").splitlines()[-15:]])
