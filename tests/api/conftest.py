"""The real app under the embedded host, with a token for everybody of the sample contact centre."""

import json
import os
import runpy
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from devhost.config import load_config
from devhost.host import Host
from shared.contracts.endpoints import Endpoint
from tests.devhost.conftest import eventually, free_port, running

ROOT = Path(__file__).parents[2]
PEOPLE = ("alice", "bob", "sam", "ada")


def use_settings(monkeypatch: pytest.MonkeyPatch, **others: str) -> None:
    """The app settings that `make run` has, as the host puts them into the environment."""
    for name in ("local.settings.sample.json", "devhost.settings.json"):
        for key, value in json.loads((ROOT / name).read_text())["Values"].items():
            monkeypatch.setenv(key, str(value))
    for key, value in others.items():
        monkeypatch.setenv(key, value)


def load_app() -> Any:
    """The app as these settings make it: function_app.py is run anew."""
    return runpy.run_path(str(ROOT / "function_app.py"))["app"]


@dataclass
class Centre:
    """A running contact centre and what is needed to call it. `chat` is a conversation with a customer's token."""

    host: Host
    http: httpx.AsyncClient
    tokens: dict[str, str]
    chat: str

    def auth(self, who: str) -> dict[str, str]:
        """Headers of a request of somebody; "customer" is the one of `chat`."""
        return {"Authorization": f"Bearer {self.tokens[who]}"}

    def of(self, endpoint: Endpoint) -> str:
        """Who may call it: "customer", an agent, a supervisor, an admin; the agent where anyone may."""
        return {"customer": "customer", "supervisor": "sam", "admin": "ada"}.get(endpoint.caller, "alice")

    def path(self, endpoint: Endpoint) -> str:
        """Its path, of the chat where it is about a conversation."""
        return endpoint.path.replace("{id}", self.chat)

    async def start(self, message: str = "hello") -> str:
        """A new chat, which is `chat` from now on."""
        started = (await self.http.post("/api/chat/conversations", json={"message": message})).json()
        self.chat, self.tokens["customer"] = started["conversationId"], started["token"]
        return self.chat

    async def offer(self) -> str:
        """An offer to Alice, the only one available, of a new chat."""
        presence = await self.http.put(
            "/api/agents/me/presence", json={"presence": "available", "next": None}, headers=self.auth("alice")
        )
        assert presence.status_code == 200, presence.text
        chat = await self.start("talk to a person")

        async def offered() -> str | None:
            inbox = (await self.http.get("/api/agents/me/inbox", headers=self.auth("alice"))).json()
            found = [offer["offerId"] for offer in inbox["offers"] if offer["conversationId"] == chat]
            return found[0] if found else None

        return str(await eventually(offered))

    async def talk(self) -> str:
        """A new chat that Alice has accepted."""
        accepted = await self.http.post(f"/api/offers/{await self.offer()}/accept", headers=self.auth("alice"))
        assert accepted.status_code == 200, accepted.text
        return self.chat

    async def file(self, chat: str) -> None:
        """Alice ends a chat, if it goes on, and files it."""
        path = f"/api/conversations/{chat}"
        await self.http.post(f"{path}/end", headers=self.auth("alice"))
        await self.http.post(f"{path}/wrap-up", json={"disposition": "resolved"}, headers=self.auth("alice"))


@pytest.fixture
async def centre(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Centre]:
    """The sample contact centre on a fresh data folder."""
    use_settings(monkeypatch, ATENDE_DATA_DIR=str(tmp_path / "data"))
    config = load_config(ROOT, tmp_path / "data", port=free_port(), environ=os.environ)
    base_url = f"http://127.0.0.1:{config.port}"
    async with running(config, load_app()) as host, httpx.AsyncClient(base_url=base_url, timeout=30) as http:
        tokens = {}
        for name in PEOPLE:
            answer = await http.post("/dev/token", json={"user": name})
            assert answer.status_code == 200, answer.text
            tokens[name] = answer.json()["token"]
        made = Centre(host, http, tokens, "")
        await made.start()
        yield made
