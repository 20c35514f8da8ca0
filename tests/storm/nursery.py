"""Starts and kills hosts of the real app, measures how long they take, and looks what each kill has hit."""

import asyncio
import contextlib
import json
import os
import random
import sqlite3
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp

from tests.devhost.conftest import free_port
from tests.devhost.storm import Nursery
from tests.storm.centre import environment, write_config
from tests.storm.journal import Journal

ZYGOTE = Path(__file__).with_name("zygote.py")


class ChatNursery(Nursery):
    """Hosts of the contact centre, on one data folder after the other."""

    def __init__(self, folder: Path, mode: str = "cached") -> None:
        super().__init__(folder, mode)
        self._environment = environment(write_config(folder / "config"))
        self.slowest = 0.0
        self.hit: Counter[str] = Counter()
        self.tasks_cut = 0

    def move(self, data: Path) -> None:
        """Go on with another data folder."""
        self.kill()
        self.data, self.port = data, free_port()

    @property
    def url(self) -> str:
        """Where the host answers."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def is_alive(self) -> bool:
        """Whether the host has not died by itself."""
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        return True

    async def __aenter__(self) -> "ChatNursery":
        self._zygote = await asyncio.create_subprocess_exec(
            sys.executable, str(ZYGOTE), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
            env=self._environment,
        )  # fmt: skip
        return self

    async def restart(self) -> None:
        """Start again; noted is how long the host computes until it answers."""
        await self.start()
        async with aiohttp.ClientSession() as http:
            while True:
                with contextlib.suppress(aiohttp.ClientError):
                    async with http.get(f"{self.url}/api/health") as answer:
                        if answer.status == 200:
                            break
                await asyncio.sleep(0.005)
        self.slowest = max(self.slowest, self.processor_seconds())

    def strike(self, journal: Journal) -> None:
        """kill -9, and note the stages that conversations were in and the activities that were cut off."""
        assert self.kill(), "the host had died by itself"
        stages = {chat.id: "new" for chat in journal.chats.values() if chat.id}
        for head in heads(self.data):
            stages[head["id"]] = "transfer" if head["transfer"] and head["status"] == "active" else head["status"]
        self.hit.update(set(stages.values()) - {"closed"})
        self.tasks_cut += len(rows(self.data / "host.db", "SELECT 1 FROM tasks"))


@contextlib.contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """A database, read-only."""
    with contextlib.closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=10)) as connection:
        yield connection


def rows(path: Path, query: str) -> list[tuple[object, ...]]:
    """What a query gives; nothing if there is no database or table yet."""
    if not path.exists():
        return []
    with reading(path) as connection, contextlib.suppress(sqlite3.OperationalError):
        return connection.execute(query).fetchall()
    return []


def heads(data: Path) -> list[dict[str, Any]]:
    """The conversations as stored."""
    found = rows(data / "app.db", "SELECT document FROM conversations WHERE type = 'conversation'")
    return [json.loads(str(document))["body"] for (document,) in found]


class Killer:
    """Kills at random times, in bursts, and right after an acknowledgement."""

    def __init__(self, nursery: ChatNursery, journal: Journal, seed: int) -> None:
        self._nursery, self._journal = nursery, journal
        self._chance = random.Random(f"killer/{seed}")

    async def run(self, kills: int) -> None:
        """Until there were so many kills."""
        while self._nursery.kills < kills:
            match self._chance.choices(["pause", "burst", "ack"], [5, 1, 5])[0]:
                case "pause":
                    await self._blow(self._chance.uniform(0.05, 0.8))
                case "burst":
                    for _ in range(self._chance.randint(2, 4)):
                        await self._blow(self._chance.uniform(0.01, 0.12))
                case "ack":
                    kind = self._chance.choice(sorted(self._journal.kinds) or ["start"])
                    await self._journal.next_ack(kind, 1.0)
                    await self._blow(self._chance.choice([0, 0, 0.001, 0.003, 0.01]))

    async def _blow(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        self._nursery.strike(self._journal)
        await self._nursery.restart()
