"""Queue triggers and local Event Grid through a running host: small apps, defined in the tests."""

import asyncio
import itertools
import logging
import sqlite3
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, List  # noqa: UP035  # the worker refuses list[...]

import azure.functions as func
import httpx
import pytest

from devhost import listeners
from devhost.config import HostConfig, HostJson, QueueProperties
from devhost.errors import HostError
from devhost.host import Host
from devhost.queues import DEAD_LETTER, Message
from tests.devhost.conftest import eventually, running

ORDERS, OUT = "bus/orders", "bus/out"
SETTINGS = {"Bus": "devhost:", "AzureWebJobsStorage": "UseDevelopmentStorage=true", "Elsewhere": "Endpoint=sb://x/"}


def config(
    tmp_path: Path,
    *,
    bus: dict[str, Any] | None = None,
    storage: dict[str, Any] | None = None,
    **queues: dict[str, Any],
) -> HostConfig:
    """A configuration whose queues have the given properties (by their names in the emulator's file)."""
    host_json = {"version": "2.0", "extensions": {"serviceBus": bus or {}, "queues": storage or {}}}
    properties = {name.replace("_", "-"): QueueProperties.model_validate(given) for name, given in queues.items()}
    return HostConfig(
        app_dir=tmp_path, data_dir=tmp_path / "data", host_json=HostJson.model_validate(host_json),
        settings=SETTINGS, queues=properties,
    )  # fmt: skip


def on_queue(handler: Callable[..., Any], queue: str = "orders", *, output: bool = False, **trigger: Any) -> Any:
    """An app with one Service Bus function, whose parameter is `message` (and `out`, which sends to queue "out")."""
    app = func.FunctionApp()
    add_queue(app, handler, queue, output=output, **trigger)
    return app


def add_queue(app: Any, handler: Callable[..., Any], queue: str, *, output: bool = False, **trigger: Any) -> None:
    function = app.service_bus_queue_trigger(arg_name="message", connection="Bus", queue_name=queue, **trigger)(handler)
    if output:
        app.service_bus_queue_output(arg_name="out", connection="Bus", queue_name="out")(function)


def on_storage_queue(handler: Callable[..., Any], queue: str = "orders") -> Any:
    app = func.FunctionApp()
    app.queue_trigger(arg_name="message", connection="AzureWebJobsStorage", queue_name=queue)(handler)
    return app


async def send(host: Host, *bodies: str, queue: str = ORDERS, session: str | None = None, **properties: Any) -> None:
    await host.queues.send([Message(queue, body.encode(), session, properties=dict(properties)) for body in bodies])


def text(message: Any) -> str:
    return str(message.get_body().decode())


class Log:
    """What the functions of a test did, and how many of them ran at the same time."""

    def __init__(self) -> None:
        self.seen: list[Any] = []
        self.running = 0
        self.running_max = 0

    async def work(self, what: Any, seconds: float = 0.02) -> None:
        self.running += 1
        self.running_max = max(self.running, self.running_max)
        await asyncio.sleep(seconds)
        self.running -= 1
        self.seen.append(what)

    async def has(self, count: int) -> list[Any]:
        await eventually(lambda: len(self.seen) >= count)
        return self.seen


@pytest.fixture
def log() -> Log:
    return Log()


# Sessions


async def test_sessions_are_served_side_by_side_and_each_in_order(tmp_path: Path, log: Log) -> None:
    busy: Counter[str] = Counter()

    async def on_order(message: func.ServiceBusMessage) -> None:
        session = message.session_id
        busy[session] += 1
        assert busy[session] == 1
        await log.work((session, text(message)), 0.002)
        busy[session] -= 1

    app = on_queue(on_order, is_sessions_enabled=True)
    async with running(config(tmp_path), app, http=False) as host:
        for n in range(10):
            await asyncio.gather(*(send(host, str(n), session=session) for session in "abc"))
        await log.has(30)
    for session in "abc":
        assert [body for owner, body in log.seen if owner == session] == [str(n) for n in range(10)]
    assert log.running_max == 3


async def test_a_session_holds_its_slot_until_it_is_idle(tmp_path: Path, log: Log) -> None:
    loop = asyncio.get_running_loop()

    async def on_order(message: func.ServiceBusMessage) -> None:
        await log.work((message.session_id, text(message), loop.time()))

    app = on_queue(on_order, is_sessions_enabled=True)
    settings = {"maxConcurrentSessions": 2, "sessionIdleTimeout": "00:00:00.5"}
    async with running(config(tmp_path, bus=settings), app, http=False) as host:
        await send(host, "1", session="a")
        await send(host, "1", session="b")
        await log.has(2)
        await send(host, "1", session="waits")
        await asyncio.sleep(0.1)
        await send(host, "2", session="b")
        seen = await log.has(4)
    assert [entry[:2] for entry in seen] == [("a", "1"), ("b", "1"), ("b", "2"), ("waits", "1")]
    assert seen[3][2] - seen[0][2] >= 0.49
    assert log.running_max <= 2


async def test_a_poisoned_session_is_parked_in_order_while_its_neighbours_flow(tmp_path: Path, log: Log) -> None:
    async def on_order(message: func.ServiceBusMessage) -> None:
        log.seen.append((message.session_id, text(message), message.delivery_count))
        if text(message) == "poison":
            raise ValueError("cannot be done")

    async def on_dead(message: func.ServiceBusMessage) -> None:
        log.seen.append(("dead", message.session_id, message.dead_letter_reason, message.dead_letter_source))

    app = on_queue(on_order, is_sessions_enabled=True)
    add_queue(app, on_dead, "orders/$DeadLetterQueue")
    async with running(config(tmp_path, orders={"MaxDeliveryCount": 3}), app, http=False) as host:
        await send(host, "poison", "next", session="a")
        await send(host, "1", "2", session="b")
        seen = await log.has(7)
        await eventually(lambda: host.queues.counts() == {})
    assert [entry for entry in seen if entry[0] == "a"] == [
        ("a", "poison", 1), ("a", "poison", 2), ("a", "poison", 3), ("a", "next", 1),
    ]  # fmt: skip
    assert [entry for entry in seen if entry[0] == "b"] == [("b", "1", 1), ("b", "2", 1)]
    assert ("dead", "a", "MaxDeliveryCountExceeded", "orders") in seen


@pytest.mark.parametrize(("queue_needs", "trigger_has"), [(True, False), (False, True)])
async def test_a_trigger_must_fit_its_queue(tmp_path: Path, queue_needs: bool, trigger_has: bool) -> None:
    async def on_order(message: func.ServiceBusMessage) -> None: ...

    app = on_queue(on_order, is_sessions_enabled=trigger_has)
    host = Host(config(tmp_path, orders={"RequiresSession": queue_needs}), app, http=False)
    with pytest.raises(HostError, match="isSessionsEnabled"):
        await host.start()
    await host.stop(0)


# Concurrency


async def test_a_service_bus_function_runs_at_most_so_often_at_once(tmp_path: Path, log: Log) -> None:
    async def on_order(message: func.ServiceBusMessage) -> None:
        await log.work(text(message))

    async with running(config(tmp_path, bus={"maxConcurrentCalls": 3}), on_queue(on_order), http=False) as host:
        await send(host, *map(str, range(30)))
        await log.has(30)
    assert log.running_max == 3
    assert sorted(log.seen, key=int) == [str(n) for n in range(30)]


@pytest.mark.parametrize(
    ("settings", "expected"), [({"batchSize": 4}, 6), ({"batchSize": 2, "newBatchThreshold": 0}, 2)]
)
async def test_a_storage_function_runs_at_most_so_often_at_once(
    tmp_path: Path, log: Log, settings: dict[str, int], expected: int
) -> None:
    async def on_order(message: func.QueueMessage) -> None:
        await log.work(text(message))

    async with running(config(tmp_path, storage=settings), on_storage_queue(on_order), http=False) as host:
        await send(host, *map(str, range(24)), queue="storage/orders")
        await log.has(24)
    assert log.running_max == expected


async def test_two_functions_on_one_queue_share_its_messages(tmp_path: Path, log: Log) -> None:
    async def one(message: func.ServiceBusMessage) -> None:
        await log.work(("one", text(message)))

    async def two(message: func.ServiceBusMessage) -> None:
        await log.work(("two", text(message)))

    app = on_queue(one)
    add_queue(app, two, "orders")
    async with running(config(tmp_path, bus={"maxConcurrentCalls": 1}), app, http=False) as host:
        await send(host, *map(str, range(20)))
        seen = await log.has(20)
    assert sorted(body for _, body in seen) == sorted(str(n) for n in range(20))
    assert {name for name, _ in seen} == {"one", "two"}


async def test_a_function_that_fails_at_once_and_always_does_not_starve_the_others(tmp_path: Path, log: Log) -> None:
    async def on_order(message: func.ServiceBusMessage) -> None:
        raise ValueError("never")

    async def on_other(message: func.ServiceBusMessage) -> None:
        log.seen.append(text(message))

    app = on_queue(on_order)
    add_queue(app, on_other, "other")
    async with running(config(tmp_path, orders={"MaxDeliveryCount": 2000}), app, http=False) as host:
        logging.disable()
        try:
            await send(host, "a")
            for n in range(20):
                await asyncio.wait_for(send(host, str(n), queue="bus/other"), 2)
            await asyncio.wait_for(log.has(20), 2)
        finally:
            logging.disable(logging.NOTSET)
        await eventually(lambda: sum(host.queues.counts().values()) == 1)


# Batches


async def test_batches_are_bounded_come_one_at_a_time_and_again_in_order(tmp_path: Path, log: Log) -> None:
    failures = 1

    async def on_orders(message: List[func.ServiceBusMessage]) -> None:  # noqa: UP006
        nonlocal failures
        await log.work([text(one) for one in message])
        if len(message) > 1 and failures:
            failures -= 1
            raise ValueError("not this time")

    app = on_queue(on_orders, cardinality=func.Cardinality.MANY)
    async with running(config(tmp_path, bus={"maxMessageBatchSize": 3}), app, http=False) as host:
        await send(host, *"abcdefgh")
        await eventually(lambda: host.queues.counts() == {})
    assert log.seen == [list("abc"), list("abc"), list("def"), list("gh")]
    assert log.running_max == 1


async def test_a_batch_of_a_session_holds_messages_of_that_session_only(tmp_path: Path, log: Log) -> None:
    async def on_orders(message: List[func.ServiceBusMessage]) -> None:  # noqa: UP006
        log.seen.append([(one.session_id, text(one)) for one in message])

    app = on_queue(on_orders, cardinality=func.Cardinality.MANY, is_sessions_enabled=True)
    async with running(config(tmp_path, bus={"sessionIdleTimeout": "00:00:00.05"}), app, http=False) as host:
        messages = [Message(ORDERS, both[1:].encode(), both[0]) for both in ["a1", "b1", "a2", "b2"]]
        await host.queues.send(messages)
        seen = await log.has(2)
    assert seen == [[("a", "1"), ("a", "2")], [("b", "1"), ("b", "2")]]


# Locks


@pytest.mark.parametrize("session", [None, "a"])
async def test_a_message_whose_lock_is_lost_comes_again_while_its_first_call_runs(
    tmp_path: Path, log: Log, session: str | None
) -> None:
    first_may_end = asyncio.Event()

    async def on_order(message: func.ServiceBusMessage, out: func.Out[str]) -> None:
        log.seen.append((text(message), message.delivery_count))
        out.set(f"{text(message)}{message.delivery_count}")
        if (text(message), message.delivery_count) == ("1", 1):
            await first_may_end.wait()
            log.seen.append("first ended")

    app = on_queue(on_order, output=True, is_sessions_enabled=session is not None)
    settings = {"maxAutoLockRenewalDuration": "00:00:00.2", "maxConcurrentSessions": 2, "maxConcurrentCalls": 2}
    locks = {"LockDuration": "PT0.1S"}
    async with running(config(tmp_path, bus=settings, orders=locks), app, http=False) as host:
        await send(host, "1", "2", session=session)
        seen = await log.has(3)
        assert Counter(seen) == Counter([("1", 1), ("1", 2), ("2", 1)])
        assert session is None or seen == [("1", 1), ("1", 2), ("2", 1)]
        first_may_end.set()
        await log.has(4)
        await eventually(lambda: host.queues.counts() == {OUT: 2})
        sent = [lease.message.body.decode() for lease in host.queues.receive_now(OUT, None, 9)]
    assert sorted(sent) == ["12", "21"]  # what the call without a lock has sent is refused with its acknowledgement


@pytest.mark.parametrize("session", [None, "a"])
async def test_a_call_whose_lock_was_lost_keeps_its_slot(tmp_path: Path, log: Log, session: str | None) -> None:
    first_may_end = asyncio.Event()

    async def on_order(message: func.ServiceBusMessage) -> None:
        log.seen.append(message.delivery_count)
        if message.delivery_count == 1:
            await first_may_end.wait()

    app = on_queue(on_order, is_sessions_enabled=session is not None)
    settings = {"maxAutoLockRenewalDuration": "00:00:00", "maxConcurrentSessions": 1, "maxConcurrentCalls": 1}
    async with running(config(tmp_path, bus=settings, orders={"LockDuration": "PT0.1S"}), app, http=False) as host:
        await send(host, "a", session=session)
        await asyncio.sleep(0.3)
        assert log.seen == [1]
        first_may_end.set()
        await eventually(lambda: host.queues.counts() == {})
    assert log.seen == [1, 2]


async def test_a_lock_is_renewed_while_the_function_runs(tmp_path: Path, log: Log) -> None:
    async def on_order(message: func.ServiceBusMessage) -> None:
        await log.work(message.delivery_count, 0.3)

    async with running(config(tmp_path, orders={"LockDuration": "PT0.05S"}), on_queue(on_order), http=False) as host:
        await send(host, "a")
        await eventually(lambda: host.queues.counts() == {})
    assert log.seen == [1]


async def test_without_auto_completion_a_message_comes_again_when_its_lock_ends(tmp_path: Path, log: Log) -> None:
    async def on_order(message: func.ServiceBusMessage, out: func.Out[str]) -> None:
        log.seen.append(message.delivery_count)
        out.set("sent")

    settings = {"autoCompleteMessages": False, "maxAutoLockRenewalDuration": "00:00:00"}
    queue = {"LockDuration": "PT0.1S", "MaxDeliveryCount": 2}
    app = on_queue(on_order, output=True)
    async with running(config(tmp_path, bus=settings, orders=queue), app, http=False) as host:
        await send(host, "a")
        await eventually(lambda: host.queues.counts() == {OUT: 2, ORDERS + DEAD_LETTER: 1})
    assert log.seen == [1, 2]


# Failure


async def test_acknowledgement_and_output_are_one_transaction(
    tmp_path: Path, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listeners, "SETTLE_RETRY_SECONDS", 0.05)
    disk_is_full = False

    def disk(when: str) -> None:
        if disk_is_full and when == "before":
            raise sqlite3.OperationalError("database or disk is full")

    async def on_order(message: func.ServiceBusMessage, out: func.Out[str]) -> None:
        nonlocal disk_is_full
        log.seen.append(message.delivery_count)
        out.set("sent")
        disk_is_full = len(log.seen) == 1

    async with running(config(tmp_path), on_queue(on_order, output=True), hook=disk, http=False) as host:
        await send(host, "a")
        await eventually(lambda: host.queues.counts() == {OUT: 1})
    assert log.seen == [1, 2]
    async with running(config(tmp_path), func.FunctionApp(), http=False) as host:
        assert host.queues.counts() == {OUT: 1}


async def test_an_output_that_cannot_be_sent_fails_the_call(tmp_path: Path, log: Log) -> None:
    async def on_order(message: func.ServiceBusMessage, out: func.Out[str]) -> None:
        log.seen.append(text(message))
        out.set(object())

    app = on_queue(on_order, output=True)
    async with running(config(tmp_path, orders={"MaxDeliveryCount": 2}), app, http=False) as host:
        await send(host, "a")
        await eventually(lambda: host.queues.counts() == {ORDERS + DEAD_LETTER: 1})
    assert log.seen == ["a", "a"]


async def test_a_cancellation_that_a_function_lets_escape_is_a_failure(tmp_path: Path, log: Log) -> None:
    async def on_order(message: func.ServiceBusMessage) -> None:
        log.seen.append(message.delivery_count)
        if message.delivery_count == 1:
            raise asyncio.CancelledError

    async with running(config(tmp_path), on_queue(on_order), http=False) as host:
        await send(host, "a")
        await eventually(lambda: host.queues.counts() == {})
    assert log.seen == [1, 2]


async def test_a_pump_that_fails_says_so_and_goes_on(
    tmp_path: Path, log: Log, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(listeners, "RESTART_SECONDS", 0.02)

    async def on_order(message: func.ServiceBusMessage) -> None:
        await log.work(text(message))

    async with running(config(tmp_path, bus={"maxConcurrentCalls": 2}), on_queue(on_order), http=False) as host:
        with monkeypatch.context() as patch:
            patch.setattr(host.queues, "receive", lambda queue: 1 / 0)
            await send(host, "a", "b")
            await eventually(lambda: caplog.text.count("begins again") >= 2)
        await send(host, *map(str, range(10)))
        await log.has(12)
    assert log.running_max == 2


async def test_a_message_in_a_dead_letter_queue_comes_again_after_a_pause(
    tmp_path: Path, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listeners, "LAST_QUEUE_RETRY_SECONDS", 0.02)

    async def on_dead(message: func.ServiceBusMessage) -> None:
        log.seen.append(message.delivery_count)
        if message.delivery_count < 15:  # more than any MaxDeliveryCount
            raise ValueError("not yet")

    async with running(config(tmp_path), on_queue(on_dead, "orders/$deadletterqueue"), http=False) as host:
        await send(host, "a", queue=ORDERS + DEAD_LETTER)
        await eventually(lambda: host.queues.counts() == {})
    assert log.seen == list(range(1, 16))


@pytest.mark.parametrize("body", [b"\xff", "text".encode("utf-16")])
async def test_a_body_that_is_no_text_reaches_the_function_whole(tmp_path: Path, log: Log, body: bytes) -> None:
    async def on_bus(message: func.ServiceBusMessage) -> None:
        log.seen.append(message.get_body())

    async def on_storage(message: func.QueueMessage) -> None:
        log.seen.append(message.get_body())

    app = on_queue(on_bus)
    app.queue_trigger(arg_name="message", connection="AzureWebJobsStorage", queue_name="orders")(on_storage)
    async with running(config(tmp_path), app, http=False) as host:
        await host.queues.send([Message(ORDERS, body), Message("storage/orders", body)])
        assert await log.has(2) == [body, body]


async def test_a_parameter_may_be_the_text_and_fails_if_the_body_is_none(tmp_path: Path, log: Log) -> None:
    async def on_order(message: str) -> None:
        log.seen.append(message)

    app = on_queue(on_order)
    async with running(config(tmp_path, orders={"MaxDeliveryCount": 1}), app, http=False) as host:
        await host.queues.send([Message(ORDERS, b"\xff"), Message(ORDERS, "é".encode())])
        await eventually(lambda: host.queues.counts() == {ORDERS + DEAD_LETTER: 1})
    assert log.seen == ["é"]


# Storage queues


async def test_a_storage_message_tried_too_often_goes_to_the_poison_queue(tmp_path: Path, log: Log) -> None:
    async def on_order(message: func.QueueMessage) -> None:
        log.seen.append((text(message), message.dequeue_count))
        if text(message) == "poison":
            raise ValueError("cannot be done")

    async def on_poison(message: func.QueueMessage) -> None:
        log.seen.append(("parked", text(message)))

    app = on_storage_queue(on_order)
    app.queue_trigger(arg_name="message", connection="AzureWebJobsStorage", queue_name="orders-poison")(on_poison)
    async with running(config(tmp_path, storage={"maxDequeueCount": 2}), app, http=False) as host:
        await send(host, "poison", "good", queue="storage/orders")
        seen = await log.has(4)
        await eventually(lambda: host.queues.counts() == {})
    assert Counter(seen) == Counter([("poison", 1), ("poison", 2), ("good", 1), ("parked", "poison")])


async def test_a_failed_storage_message_is_invisible_for_a_while(tmp_path: Path, log: Log) -> None:
    loop = asyncio.get_running_loop()

    async def on_order(message: func.QueueMessage) -> None:
        log.seen.append(loop.time())
        raise ValueError("cannot be done")

    settings = {"maxDequeueCount": 2, "visibilityTimeout": "00:00:00.2"}
    async with running(config(tmp_path, storage=settings), on_storage_queue(on_order), http=False) as host:
        await send(host, "a", queue="storage/orders")
        first, second = await log.has(2)
        await eventually(lambda: host.queues.counts() == {"storage/orders-poison": 1})
    assert second - first >= 0.19


# What the function sees


async def test_a_service_bus_message_has_the_documented_properties(tmp_path: Path, log: Log) -> None:
    async def on_order(message: func.ServiceBusMessage) -> None:
        log.seen.append(message)

    before = datetime.now(UTC) - timedelta(seconds=1)
    async with running(config(tmp_path), on_queue(on_order, is_sessions_enabled=True), http=False) as host:
        given = {"MessageId": "m1", "Subject": "s", "ContentType": "text/plain", "CorrelationId": "c", "ReplyTo": "r"}
        given |= {"To": "t", "PartitionKey": "p", "ReplyToSessionId": "rs"}
        await send(host, "body", session="one", **given, ApplicationProperties={"n": 1, "text": "x"})
        [message] = await log.has(1)
    assert (message.get_body(), message.message_id, message.session_id) == (b"body", "m1", "one")
    assert (message.subject, message.label, message.content_type) == ("s", "s", "text/plain")
    assert (message.correlation_id, message.reply_to, message.to) == ("c", "r", "t")
    assert (message.partition_key, message.reply_to_session_id) == ("p", "rs")
    assert message.application_properties == message.user_properties == {"n": 1, "text": "x"}
    assert (message.delivery_count, message.sequence_number) == (1, 1)
    assert before < message.enqueued_time_utc < datetime.now(UTC)
    assert message.expires_at_utc.year == 9999
    assert isinstance(message.lock_token, str)
    assert message.dead_letter_reason is message.dead_letter_source is message.time_to_live is message.state is None
    assert message.metadata["MessageId"] == "m1"


async def test_the_messages_of_a_batch_have_properties_of_their_own(tmp_path: Path, log: Log) -> None:
    async def on_orders(message: List[func.ServiceBusMessage]) -> None:  # noqa: UP006
        log.seen.extend(message)

    app = on_queue(on_orders, cardinality=func.Cardinality.MANY)
    async with running(config(tmp_path, orders={"DefaultMessageTimeToLive": "PT1H"}), app, http=False) as host:
        await host.queues.send([
            Message(ORDERS, b"1", properties={"MessageId": "a", "Subject": "s", "ApplicationProperties": {"n": 1}}),
            Message(ORDERS, b"2", properties={"MessageId": "b"}),
        ])  # fmt: skip
        one, two = await log.has(2)
    assert (one.message_id, one.subject, one.application_properties) == ("a", "s", {"n": 1})
    assert (two.message_id, two.subject, two.application_properties) == ("b", None, {})
    assert [(m.get_body(), m.delivery_count, m.sequence_number) for m in (one, two)] == [(b"1", 1, 1), (b"2", 1, 2)]
    assert one.expires_at_utc - one.enqueued_time_utc == timedelta(hours=1)


async def test_a_very_long_time_to_live_means_for_ever(tmp_path: Path, log: Log) -> None:
    async def on_order(message: func.ServiceBusMessage) -> None:
        log.seen.append(message.expires_at_utc.year)

    longest = {"DefaultMessageTimeToLive": "P10675199DT2H48M5.4775807S"}  # what exported templates say
    async with running(config(tmp_path, orders=longest), on_queue(on_order), http=False) as host:
        await send(host, "a")
        assert await log.has(1) == [9999]


async def test_a_storage_message_has_the_documented_properties(tmp_path: Path, log: Log) -> None:
    async def on_order(message: func.QueueMessage) -> None:
        log.seen.append(message)

    before = datetime.now(UTC) - timedelta(seconds=1)
    async with running(config(tmp_path), on_storage_queue(on_order), http=False) as host:
        await send(host, '{"a": 1}', queue="storage/orders", MessageId="m1")
        [message] = await log.has(1)
    assert (message.id, message.get_body(), message.get_json()) == ("m1", b'{"a": 1}', {"a": 1})
    assert message.dequeue_count == 1
    assert isinstance(message.pop_receipt, str)
    assert before < message.insertion_time < datetime.now(UTC)
    assert message.expiration_time - message.insertion_time == timedelta(days=7)
    assert message.time_next_visible >= message.insertion_time


# Stopping and starting


async def test_what_was_in_hand_comes_again_after_a_restart(tmp_path: Path, log: Log) -> None:
    restarted = False

    async def on_order(message: func.ServiceBusMessage) -> None:
        log.seen.append((text(message), message.delivery_count))
        if not restarted:
            await asyncio.Event().wait()

    app = on_queue(on_order, is_sessions_enabled=True)
    host = Host(config(tmp_path), app, http=False)
    await host.start()
    await send(host, "1", "2", session="a")
    await log.has(1)
    await host.stop(0.05)
    restarted = True
    async with running(config(tmp_path), app, http=False):
        assert await log.has(3) == [("1", 1), ("1", 2), ("2", 1)]


async def test_stopping_finishes_what_is_in_hand_and_takes_nothing_new(tmp_path: Path, log: Log) -> None:
    async def on_order(message: func.ServiceBusMessage) -> None:
        await log.work(text(message), 0.2)

    app = on_queue(on_order)
    host = Host(config(tmp_path, bus={"maxConcurrentCalls": 1}), app, http=False)
    await host.start()
    await send(host, "1", "2")
    await asyncio.sleep(0.1)
    await host.stop(5)
    assert log.seen == ["1"]
    async with running(config(tmp_path), func.FunctionApp(), http=False) as host:
        assert host.queues.counts() == {ORDERS: 1}


async def test_stopping_does_not_wait_for_idle_sessions(tmp_path: Path, log: Log) -> None:
    async def on_order(message: func.ServiceBusMessage) -> None:
        log.seen.append(text(message))

    host = Host(config(tmp_path), on_queue(on_order, is_sessions_enabled=True), http=False)
    await host.start()
    await send(host, "1", session="a")
    await log.has(1)
    await eventually(lambda: host.queues.counts() == {})
    started = asyncio.get_running_loop().time()
    await host.stop(5)
    assert asyncio.get_running_loop().time() - started < 1


async def test_a_failure_while_stopping_gives_the_message_back(tmp_path: Path, log: Log) -> None:
    async def on_order(message: func.ServiceBusMessage) -> None:
        log.seen.append(message.delivery_count)
        await asyncio.sleep(0.1)
        raise ValueError("cannot be done")

    host = Host(config(tmp_path, orders={"MaxDeliveryCount": 1}), on_queue(on_order), http=False)
    await host.start()
    await send(host, "a")
    await log.has(1)
    await host.stop(5)
    assert host.queues.counts() == {ORDERS + DEAD_LETTER: 1}


# Local Event Grid


def event(kind: str) -> Message:
    body = f'{{"specversion": "1.0", "id": "1", "source": "/s", "type": "{kind}"}}'
    return Message("events/on_event", body.encode())


async def test_a_published_event_is_tried_again_on_its_schedule_and_given_up(
    tmp_path: Path, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listeners, "EVENT_RETRY_SECONDS", (0.02, 0.1))
    monkeypatch.setattr(listeners, "EVENT_ATTEMPTS_MAX", 4)
    loop = asyncio.get_running_loop()

    async def on_event(event: func.CloudEvent) -> None:
        log.seen.append((event.type, loop.time()))
        if event.type == "bad":
            raise ValueError("cannot be done")

    app = func.FunctionApp()
    app.event_grid_trigger(arg_name="event")(on_event)
    async with running(config(tmp_path), app, http=False) as host:
        await host.queues.send([event("bad"), event("good")])
        await eventually(lambda: host.queues.counts() == {"events/on_event" + DEAD_LETTER: 1})
    tries = [at for kind, at in log.seen if kind == "bad"]
    assert len(tries) == 4
    gaps = [later - earlier for earlier, later in itertools.pairwise(tries)]
    assert gaps[0] >= 0.019
    assert min(gaps[1:]) >= 0.09


async def test_an_event_is_given_up_when_its_next_try_would_be_too_late(
    tmp_path: Path, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listeners, "EVENT_SECONDS_MAX", 5)

    async def on_event(event: func.CloudEvent) -> None:
        log.seen.append(event.type)
        raise ValueError("cannot be done")

    app = func.FunctionApp()
    app.event_grid_trigger(arg_name="event")(on_event)
    async with running(config(tmp_path), app, http=False) as host:
        await host.queues.send([event("bad")])
        await eventually(lambda: host.queues.counts() == {"events/on_event" + DEAD_LETTER: 1})
    assert log.seen == ["bad"]


# Bindings


@pytest.mark.parametrize(
    ("connection", "reason"), [("Missing", "has no value"), ("Elsewhere", "serves only 'devhost:' queues")]
)
async def test_a_queue_elsewhere_is_refused_at_start(tmp_path: Path, connection: str, reason: str) -> None:
    async def on_order(message: func.ServiceBusMessage) -> None: ...

    app = func.FunctionApp()
    app.service_bus_queue_trigger(arg_name="message", connection=connection, queue_name="orders")(on_order)
    host = Host(config(tmp_path), app, http=False)
    with pytest.raises(HostError, match=reason):
        await host.start()
    await host.stop(0)


async def test_a_queue_trigger_can_use_the_durable_client(host: Host, http: httpx.AsyncClient) -> None:
    await http.post("/api/start/conversation/parcel-1", json={"turns": 1})
    order = '{"instance": "parcel-1", "event": "bell-0", "value": {"text": "hello"}}'
    await send(host, order, queue="bus/parcels", session="one")

    async def output() -> Any:
        status = await http.get("/api/status/parcel-1")
        return status.json()["output"] if status.status_code == 200 else None

    assert await eventually(output) == ["0:{'text': 'hello'}"]


async def test_an_output_that_leads_nowhere_is_refused_at_start(tmp_path: Path) -> None:
    async def on_order(message: func.ServiceBusMessage, out: func.Out[str]) -> None:
        out.set("never")

    app = on_queue(on_order)
    app.service_bus_queue_output(arg_name="out", connection="Elsewhere", queue_name="out")(app._function_builders[0])
    with pytest.raises(HostError, match="'Elsewhere' points elsewhere"):
        await Host(config(tmp_path), app, http=False).start()
