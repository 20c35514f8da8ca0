"""The contract of the port `WorkQueue`; the embedded adapter on a real host."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import azure.functions as func
import pytest

from devhost.config import HostConfig, HostJson, load_config
from shared.adapters.embedded.queue import HostQueue
from shared.ports import Inbound, InboundEvent, Unavailable
from shared.records.events import event_from_json
from tests.devhost.conftest import Disk, eventually, free_port, running

ROOT = Path(__file__).parents[2]
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HELLO = InboundEvent(
    "chat", "m1", "alice", Inbound.MESSAGE, NOON, NOON, "Olá!", "c1", context={"order": 7, "vip": True}
)


@dataclass
class Bench:
    """The port and what the functions behind it were given."""

    queue: HostQueue = field(default_factory=HostQueue)
    disk: Disk = field(default_factory=Disk)
    events: list[tuple[str, InboundEvent]] = field(default_factory=list)
    rung: list[str] = field(default_factory=list)

    async def heard(self, count: int) -> int:
        """Wait for so many doorbells, at least; how many there were."""
        await eventually(lambda: len(self.rung) >= count)
        return len(self.rung)

    def app(self) -> Any:
        """What listens to the two queues."""

        async def on_event(message: func.ServiceBusMessage) -> None:
            self.events.append((str(message.session_id), event_from_json(message.get_body())))

        async def on_ring(message: func.ServiceBusMessage) -> None:
            pool = message.get_body().decode()
            assert message.session_id == pool
            self.queue.taken(pool)
            self.rung.append(pool)

        app = func.FunctionApp()
        for name, function in (("channel-events", on_event), ("work", on_ring)):
            app.service_bus_queue_trigger(
                arg_name="message", connection="Bus", queue_name=name, is_sessions_enabled=True
            )(function)  # fmt: skip
        return app


def config(data_dir: Path) -> HostConfig:
    """The product's own queues, with their sessions and their duplicate detection."""
    queues = load_config(ROOT, data_dir, port=free_port(), environ={}).queues
    host_json = HostJson.model_validate(json.loads((ROOT / "host.json").read_text()))
    return HostConfig(app_dir=ROOT, data_dir=data_dir, host_json=host_json, settings={"Bus": "devhost:"}, queues=queues)


@contextlib.asynccontextmanager
async def running_bench(data_dir: Path) -> AsyncIterator[Bench]:
    bench = Bench()
    async with running(config(data_dir), bench.app(), http=False, hook=bench.disk):
        yield bench


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    async with running_bench(tmp_path) as started:
        yield started


async def test_an_event_arrives_as_it_was_published_in_the_session_of_its_address(bench: Bench) -> None:
    event = replace(HELLO, customer={"name": "Alice"}, locale="pt-BR", previous_conversation_id="c0")
    await bench.queue.publish(event)
    await eventually(lambda: bench.events)
    assert bench.events == [("alice", event)]


async def test_events_of_an_address_arrive_in_order(bench: Bench) -> None:
    for number in range(20):
        for address in ("alice", "bob"):
            await bench.queue.publish(replace(HELLO, source_id=f"m{number}", address=address))
    await eventually(lambda: len(bench.events) == 40)
    for address in ("alice", "bob"):
        arrived = [event.source_id for session, event in bench.events if session == address]
        assert arrived == [f"m{number}" for number in range(20)]


async def test_a_source_id_published_again_is_dropped_unless_it_is_resubmitted(bench: Bench) -> None:
    await bench.queue.publish(HELLO)
    await bench.queue.publish(HELLO)
    await bench.queue.publish(HELLO, again="1")
    await bench.queue.publish(HELLO, again="1")
    await bench.queue.publish(HELLO, again="2")
    await bench.queue.publish(replace(HELLO, source_id="the last"))
    await eventually(lambda: bench.events and bench.events[-1][1].source_id == "the last")
    assert [event.source_id for _, event in bench.events] == ["m1"] * 3 + ["the last"]


async def test_one_source_id_of_two_addresses_or_channels_is_two_events(bench: Bench) -> None:
    for channel, address in (("chat", "alice"), ("chat", "bob"), ("sms", "alice")):
        await bench.queue.publish(replace(HELLO, channel=channel, address=address))
    await eventually(lambda: len(bench.events) == 3)
    assert {(event.channel, event.address) for _, event in bench.events} == {
        ("chat", "alice"), ("chat", "bob"), ("sms", "alice"),
    }  # fmt: skip


async def test_a_doorbell_rings_for_its_pool(bench: Bench) -> None:
    await bench.queue.ring("main")
    await bench.queue.ring("night")
    await eventually(lambda: sorted(bench.rung) == ["main", "night"])


async def test_who_rings_after_a_doorbell_was_taken_is_heard(bench: Bench) -> None:
    """What was written before `ring` is seen by a dispatcher that calls `taken` before it looks: nothing is missed."""
    for number in range(1, 4):
        await bench.queue.ring("main")
        await bench.heard(number)


async def test_those_who_ring_before_it_is_taken_share_a_doorbell_or_not_but_are_heard(bench: Bench) -> None:
    written = seen = 0

    async def dispatcher() -> None:
        nonlocal seen
        answered = 0
        while seen < 100:
            answered = await bench.heard(answered + 1)
            seen = written

    async def writer() -> None:
        nonlocal written
        for _ in range(20):
            written += 1
            await bench.queue.ring("main")
            await asyncio.sleep(0)

    await asyncio.wait_for(asyncio.gather(dispatcher(), *(writer() for _ in range(5))), 30)
    assert seen == written == 100


async def test_a_ringer_who_is_cancelled_silences_nobody(bench: Bench) -> None:
    first, second = (asyncio.create_task(bench.queue.ring("main")) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    await second
    await eventually(lambda: bench.rung)
    await bench.queue.ring("main")
    await eventually(lambda: len(bench.rung) > 1)


async def test_doorbells_for_one_moment_are_one_and_wait_for_it(bench: Bench) -> None:
    due = datetime.now(UTC) + timedelta(seconds=0.3)
    for _ in range(3):
        await bench.queue.ring("main", due)
    await bench.queue.ring("night", due)
    assert bench.rung == []
    await eventually(lambda: len(bench.rung) == 2)
    assert datetime.now(UTC) >= due
    await bench.queue.ring("main")
    await eventually(lambda: len(bench.rung) == 3)
    assert sorted(bench.rung) == ["main", "main", "night"]


async def test_a_doorbell_for_a_moment_that_is_over_rings_now(bench: Bench) -> None:
    await bench.queue.ring("main", NOON)
    await eventually(lambda: bench.rung == ["main"])


async def test_what_was_published_survives_a_restart(tmp_path: Path) -> None:
    quiet = func.FunctionApp()
    async with running(config(tmp_path), quiet, http=False):
        await asyncio.gather(*(HostQueue().publish(replace(HELLO, source_id=f"m{n}")) for n in range(10)))
        await HostQueue().ring("main")
    async with running_bench(tmp_path) as bench:
        await eventually(lambda: len(bench.events) == 10 and bench.rung == ["main"])
        assert {event.source_id for _, event in bench.events} == {f"m{n}" for n in range(10)}


async def test_without_a_host_it_is_unavailable() -> None:
    with pytest.raises(Unavailable):
        await HostQueue().publish(HELLO)
    with pytest.raises(Unavailable):
        await HostQueue().ring("main")


async def test_with_a_full_disk_it_is_unavailable_and_recovers(bench: Bench) -> None:
    bench.disk.is_full = True
    with pytest.raises(Unavailable):
        await bench.queue.publish(HELLO)
    with pytest.raises(Unavailable):
        await bench.queue.ring("main")
    bench.disk.is_full = False
    await bench.queue.publish(HELLO)
    await bench.queue.ring("main")
    await eventually(lambda: len(bench.events) == 1 and bench.rung == ["main"])
