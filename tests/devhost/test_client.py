"""Sending to the host's queues from the app's own code."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import azure.functions as func
import pytest

from devhost import client, queues
from devhost.config import HostConfig, HostJson, QueueProperties
from tests.devhost.conftest import eventually, running


def config(tmp_path: Path) -> HostConfig:
    unique = QueueProperties.model_validate({"RequiresDuplicateDetection": True})
    return HostConfig(
        app_dir=tmp_path, data_dir=tmp_path / "data", host_json=HostJson.model_validate({"version": "2.0"}),
        settings={"Bus": "devhost:", "AzureWebJobsStorage": "devhost:"}, queues={"unique": unique},
    )  # fmt: skip


async def test_a_message_reaches_its_function_with_all_it_was_given(tmp_path: Path) -> None:
    seen: list[Any] = []

    async def on_order(message: func.ServiceBusMessage) -> None:
        seen.append(message)

    app = func.FunctionApp()
    app.service_bus_queue_trigger(
        arg_name="message", connection="Bus", queue_name="orders", is_sessions_enabled=True
    )(on_order)  # fmt: skip
    async with running(config(tmp_path), app, http=False):
        sent = await client.send(
            "orders", b"body", session_id="a", message_id="m", properties={"n": 1},
            Subject="s", CorrelationId="c", ContentType="text/plain", ReplyTo="r", To="t",
        )  # fmt: skip
        assert sent == 1
        await eventually(lambda: seen)
    message = seen[0]
    assert (message.get_body(), message.session_id, message.message_id) == (b"body", "a", "m")
    assert (message.subject, message.correlation_id, message.content_type) == ("s", "c", "text/plain")
    assert (message.reply_to, message.to, message.application_properties) == ("r", "t", {"n": 1})


async def test_a_message_reaches_a_storage_queue(tmp_path: Path) -> None:
    seen: list[bytes] = []

    async def on_order(message: func.QueueMessage) -> None:
        seen.append(message.get_body())

    app = func.FunctionApp()
    app.queue_trigger(arg_name="message", connection="AzureWebJobsStorage", queue_name="orders")(on_order)
    async with running(config(tmp_path), app, http=False):
        await client.send("orders", b"body", storage=True)
        await eventually(lambda: seen == [b"body"])


async def test_a_scheduled_message_waits_for_its_time(tmp_path: Path) -> None:
    async with running(config(tmp_path), func.FunctionApp(), http=False) as host:
        due = datetime.now(UTC) + timedelta(seconds=0.1)
        await client.send("orders", b"body", scheduled_at=due)
        assert await host.queues.receive("bus/orders", None, 0.02) is None
        assert await host.queues.receive("bus/orders", None, 2)
        assert datetime.now(UTC) >= due


async def test_a_duplicate_has_no_sequence_number(tmp_path: Path) -> None:
    async with running(config(tmp_path), func.FunctionApp(), http=False):
        assert await client.send("unique", b"1", message_id="m") == 1
        assert await client.send("unique", b"2", message_id="m") is None


async def test_a_sent_message_is_on_disk(tmp_path: Path) -> None:
    async with running(config(tmp_path), func.FunctionApp(), http=False):
        await asyncio.gather(*(client.send("orders", str(n).encode()) for n in range(10)))
    async with running(config(tmp_path), func.FunctionApp(), http=False) as host:
        assert host.queues.counts() == {"bus/orders": 10}


async def test_a_full_queue_refuses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queues, "QUEUE_BYTES_MAX", 3)
    async with running(config(tmp_path), func.FunctionApp(), http=False):
        await client.send("orders", b"1234")
        with pytest.raises(queues.QueueFull):
            await client.send("orders", b"5")


async def test_an_unknown_broker_property_is_refused(tmp_path: Path) -> None:
    async with running(config(tmp_path), func.FunctionApp(), http=False):
        with pytest.raises(TypeError, match="subject"):
            await client.send("orders", b"1", subject="written in lower case")


async def test_without_a_host_there_is_nothing_to_send_to(tmp_path: Path) -> None:
    with pytest.raises(client.NoHost):
        await client.send("orders", b"1")
    async with running(config(tmp_path), func.FunctionApp(), http=False):
        await client.send("orders", b"1")
    with pytest.raises(client.NoHost):
        await client.send("orders", b"1")
