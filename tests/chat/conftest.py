"""The whole app under the embedded host in verify mode, with people who use it over HTTP. Alice and Bob are agents."""

import contextlib
import os
import shutil
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import azure.durable_functions as df
import httpx
import pytest
import yaml

from devhost.config import Mode, load_config
from devhost.host import Host
from shared.adapters.durable import DurableBells
from shared.app import App, build_app, current, use
from shared.ports import InboundEvent
from shared.records.events import event_to_json
from shared.settings import Settings
from tests.api.conftest import load_app, use_settings
from tests.chat.people import Customer, Desk
from tests.devhost.conftest import free_port, running

ROOT = Path(__file__).parents[2]
Change = Callable[[dict[str, Any]], None]


class House:
    """A running contact centre."""

    def __init__(self, host: Host, http: httpx.AsyncClient) -> None:
        self.host, self.http = host, http

    async def customer(self, **body: Any) -> Customer:
        """Somebody who has started a chat and been greeted."""
        return await Customer.start(self.http, body)

    async def desk(self, user: str, presence: str | None = "available") -> Desk:
        """Somebody who has signed in."""
        return await Desk.sign_in(self.http, user, presence)

    async def handed_over(self, said: str = "talk to a person") -> Customer:
        """A customer who waits for a person."""
        customer = await self.customer(customer={"name": "Zoe"})
        await customer.say(said)
        await customer.until(lambda seen: seen["status"] in ("queued", "offered", "active"))
        return customer

    async def talking(self, desk: Desk) -> Customer:
        """A customer who talks with this agent."""
        customer = await self.handed_over()
        await desk.accept(await desk.offer(customer.id))
        return customer

    @property
    def app(self) -> App:
        """The app that the host runs."""
        return current()

    @property
    def bells(self) -> DurableBells:
        """The orchestrations of the host."""
        return DurableBells(df.DurableOrchestrationClient(self.host.durable.client_binding()))

    async def receive(self, event: InboundEvent, session: str = "s", message_id: str = "") -> None:
        """Put an event into the queue of the channels, as another channel's ingress would."""
        query = {"sessionId": session, "messageId": message_id or uuid.uuid4().hex}
        answer = await self.http.post("/admin/queues/bus/channel-events", content=event_to_json(event), params=query)
        assert answer.status_code == 201, answer.text

    async def admin(self, method: str, path: str, **more: Any) -> httpx.Response:
        """A call of the admin."""
        ada = await self.desk("ada", None)
        return await ada.call(method, path, **more)


Open = Callable[..., AbstractAsyncContextManager[House]]


@pytest.fixture
def open_house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Open:
    """Opens a contact centre, again on what an earlier one has stored. `change` edits contact-centre.yaml,
    `others` replaces members of the services."""

    @contextlib.asynccontextmanager
    async def opened(
        change: Change | None = None, mode: Mode = "verify", others: dict[str, Any] | None = None,
        settings: dict[str, str] | None = None, **files: Change,
    ) -> AsyncIterator[House]:  # fmt: skip
        folder = tmp_path / "config"
        if not folder.exists():
            shutil.copytree(ROOT / "config", folder)
        for name, edit in {"contact-centre": change, **files}.items():
            if edit:
                path = folder / f"{name}.yaml"
                content = yaml.safe_load(path.read_text())
                edit(content)
                path.write_text(yaml.safe_dump(content, allow_unicode=True))
        use_settings(monkeypatch, ATENDE_CONFIG=str(folder), **(settings or {}))
        config = load_config(ROOT, tmp_path / "data", port=free_port(), mode=mode, environ=os.environ)
        base_url = f"http://127.0.0.1:{config.port}"
        async with running(config, load_app()) as host, httpx.AsyncClient(base_url=base_url, timeout=40) as http:
            if others:
                use(build_app(Settings(), config.data_dir, **others))
            yield House(host, http)

    return opened


@pytest.fixture
async def house(open_house: Open) -> AsyncIterator[House]:
    """The sample contact centre."""
    async with open_house() as opened:
        yield opened
