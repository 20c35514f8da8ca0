"""The queue store on a real database: what it promises about order, locks, time and restarts."""

import asyncio
import contextlib
import sqlite3
import tempfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from devhost import queues
from devhost.config import QueueProperties
from devhost.database import Database
from devhost.errors import HostError
from devhost.queues import DEAD_LETTER, Lease, Message, QueueFull, QueueStore, Refused
from tests.devhost.conftest import Disk

PLAIN, BY_SESSION, UNIQUE, SHORT, SHORT_KEPT = (
    "bus/plain",
    "bus/by-session",
    "bus/unique",
    "bus/short",
    "bus/short-kept",
)
DELIVERIES_MAX = 3
PROPERTIES = {
    "by-session": {"RequiresSession": True},
    "unique": {"RequiresDuplicateDetection": True, "DuplicateDetectionHistoryTimeWindow": "PT1M"},
    "short": {"DefaultMessageTimeToLive": "PT10S"},
    "short-kept": {"DefaultMessageTimeToLive": "PT10S", "DeadLetteringOnMessageExpiration": True},
}


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@contextlib.asynccontextmanager
async def opened(
    folder: Path, clock: Callable[[], float] | None = None, disk: Disk | None = None
) -> AsyncIterator[QueueStore]:
    """A loaded store; leaving and entering again is a restart."""
    database = Database(folder / "host.db", asyncio.get_running_loop(), disk)
    properties = {name: QueueProperties.model_validate(given) for name, given in PROPERTIES.items()}
    store = QueueStore(database, properties, **({"clock": clock} if clock else {}))
    try:
        await store.load()
        yield store
    finally:
        await database.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def store(tmp_path: Path, clock: Clock) -> AsyncIterator[QueueStore]:
    async with opened(tmp_path, clock) as found:
        yield found


def text(*bodies: str, queue: str = PLAIN, **more: Any) -> list[Message]:
    return [Message(queue, body.encode(), **more) for body in bodies]


def take(store: QueueStore, queue: str = PLAIN, session: str | None = None) -> list[Lease]:
    return store.receive_now(queue, session, 1000)


def bodies(leases: list[Lease]) -> list[str]:
    return [lease.message.body.decode() for lease in leases]


async def give_back(store: QueueStore, lease: Lease, delay_seconds: float = 0.0) -> None:
    await store.abandon(lease, DELIVERIES_MAX, delay_seconds, lease.message.queue + DEAD_LETTER)


# Sending and settling


async def test_messages_come_in_the_order_of_sending(store: QueueStore) -> None:
    assert await store.send(text("a", "b")) == [1, 2]
    await store.send(text("c"))
    assert bodies(take(store)) == ["a", "b", "c"]
    assert take(store) == []


async def test_a_receiver_is_woken_by_a_message(store: QueueStore) -> None:
    receiving = asyncio.create_task(store.receive(PLAIN))
    await asyncio.sleep(0.01)
    await store.send(text("a"))
    lease = await asyncio.wait_for(receiving, 1)
    assert lease and lease.message.body == b"a"


async def test_each_message_wakes_a_receiver_of_its_own(store: QueueStore) -> None:
    receiving = [asyncio.create_task(store.receive(PLAIN)) for _ in range(20)]
    await asyncio.sleep(0.01)
    await asyncio.gather(*(store.send(text(str(n))) for n in range(20)))
    found = [lease for lease in await asyncio.wait_for(asyncio.gather(*receiving), 1) if lease]
    assert sorted(bodies(found), key=int) == [str(n) for n in range(20)]


async def test_a_receiver_that_is_cancelled_when_woken_passes_the_message_on(store: QueueStore) -> None:
    first, second = [asyncio.create_task(store.receive(PLAIN)) for _ in range(2)]
    await asyncio.sleep(0.01)
    sending = asyncio.create_task(store.send(text("a")))
    while not store.counts():
        await asyncio.sleep(0)
    first.cancel()
    lease = await asyncio.wait_for(second, 1)
    assert lease and lease.message.body == b"a"
    await sending
    assert first.cancelled()


async def test_receiving_ends_without_a_message_when_none_comes_in_time(store: QueueStore) -> None:
    assert await store.receive(PLAIN, None, 0.02) is None
    await store.send(text("a"))
    assert await store.receive(PLAIN, None, 0.0)


async def test_a_completed_message_is_gone_and_an_open_one_comes_again_after_a_restart(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        await store.send(text("done", "open", "untouched"))
        done, _ = store.receive_now(PLAIN, None, 2)
        assert await store.complete([done])
    async with opened(tmp_path) as store:
        leases = take(store)
        assert bodies(leases) == ["open", "untouched"]
        assert [lease.message.deliveries for lease in leases] == [2, 1]


async def test_an_abandoned_message_comes_again_at_once_in_its_place(store: QueueStore) -> None:
    await store.send(text("a", "b", "c"))
    first, second = store.receive_now(PLAIN, None, 2)
    for lease in (second, first):
        await give_back(store, lease)
    assert bodies(take(store)) == ["a", "b", "c"]


async def test_a_message_tried_too_often_is_parked_with_its_reason(store: QueueStore) -> None:
    await store.send(text("a", session="s", properties={"ApplicationProperties": {"colour": "red"}, "MessageId": "1"}))
    for _ in range(DELIVERIES_MAX):
        await give_back(store, take(store)[0])
    assert take(store) == []
    [lease] = take(store, PLAIN + DEAD_LETTER)
    assert lease.message.session == "s"
    assert lease.message.properties == {
        "ApplicationProperties": {"colour": "red"},
        "MessageId": "1",
        "DeadLetterReason": "MaxDeliveryCountExceeded",
        "DeadLetterErrorDescription": "delivered 3 times without success",
        "DeadLetterSource": "plain",
    }


async def test_a_lost_lock_cannot_settle(store: QueueStore) -> None:
    await store.send(text("a"))
    [old] = take(store)
    await give_back(store, old)
    [new] = take(store)
    assert not await store.complete([old], text("sent by the old one", queue="bus/out"))
    await give_back(store, old)
    assert take(store) == []
    assert await store.complete([new], text("sent", queue="bus/out"))
    assert not await store.complete([new], text("sent twice", queue="bus/out"))
    assert bodies(take(store, "bus/out")) == ["sent"]


async def test_an_acknowledgement_and_what_was_sent_with_it_are_one_transaction(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        await store.send(text("a"))
        unwritable = text("x", queue="bus/out", properties={"ApplicationProperties": object()})
        with pytest.raises(TypeError):
            await store.complete(take(store), [*text("b", queue="bus/out"), *unwritable])
        assert take(store, "bus/out") == []
    async with opened(tmp_path) as store:
        assert bodies(take(store)) == ["a"]
        assert take(store, "bus/out") == []


async def test_a_message_is_stored_once_when_its_group_is_repeated(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        for n in range(20):
            failing = store._database.write(lambda c: c.execute("no such statement"))
            sent = await store.send(text(str(n)))
            assert len(sent) == 1
            with pytest.raises(sqlite3.OperationalError):
                await failing
    async with opened(tmp_path) as store:
        assert bodies(take(store)) == [str(n) for n in range(20)]


async def test_what_a_cancelled_sender_or_receiver_has_stored_is_delivered(store: QueueStore) -> None:
    sending = asyncio.create_task(store.send(text("a")))
    await asyncio.sleep(0)
    sending.cancel()
    [lease] = [await store.receive(PLAIN, None, 1)]
    assert lease
    settling = asyncio.create_task(store.complete([lease], text("out", queue="bus/out")))
    await asyncio.sleep(0)
    settling.cancel()
    assert await store.receive("bus/out", None, 1)
    assert store.counts() == {"bus/out": 1}


# A full disk, a full queue, messages that a queue refuses


async def test_a_message_that_cannot_be_settled_comes_again(tmp_path: Path) -> None:
    disk = Disk()
    async with opened(tmp_path, disk=disk) as store:
        await store.send(text("a"))
        [lease] = take(store)
        disk.is_full = True
        with pytest.raises(sqlite3.OperationalError):
            await store.complete([lease], text("out", queue="bus/out"))
        await give_back(store, lease)
        disk.is_full = False
        [again] = take(store)
        assert await store.complete([again], text("out", queue="bus/out"))
        assert store.counts() == {"bus/out": 1}


async def test_a_message_that_cannot_be_parked_comes_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queues, "PARK_RETRY_SECONDS", 0.05)
    disk = Disk()
    async with opened(tmp_path, disk=disk) as store:
        await store.send(text("a"))
        disk.is_full = True
        await store.abandon(take(store)[0], 1, 0.0, PLAIN + DEAD_LETTER)
        disk.is_full = False
        lease = await store.receive(PLAIN, None, 1)
        assert lease
        await store.abandon(lease, 1, 0.0, PLAIN + DEAD_LETTER)
        assert store.counts() == {PLAIN + DEAD_LETTER: 1}


async def test_a_full_queue_refuses_until_it_is_drained(store: QueueStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queues, "QUEUE_BYTES_MAX", 10)
    await store.send(text("12345678901"))
    with pytest.raises(QueueFull):
        await store.send(text("a"))
    await store.send(text("a", queue="bus/other"))
    [lease] = take(store)
    await store.abandon(lease, 1, 0.0, PLAIN + DEAD_LETTER)
    with pytest.raises(QueueFull):  # dead letters count
        await store.send(text("a"))
    await store.complete(take(store, PLAIN + DEAD_LETTER))
    await store.send(text("a"))


async def test_a_session_queue_refuses_messages_without_a_session(store: QueueStore) -> None:
    with pytest.raises(Refused, match="requires sessions"):
        await store.send(text("a", queue=BY_SESSION))


async def test_receiving_from_a_queue_otherwise_than_it_is_made_is_refused(store: QueueStore) -> None:
    with pytest.raises(HostError, match="requires sessions"):
        store.declare(BY_SESSION, by_session=False)
    store.declare(PLAIN, by_session=False)
    with pytest.raises(HostError, match="does not have sessions"):
        store.declare(PLAIN, by_session=True)


# Sessions


async def test_each_session_is_in_order_and_has_one_receiver(store: QueueStore) -> None:
    for body, session in [("a1", "a"), ("b1", "b"), ("a2", "a")]:
        await store.send(text(body, queue=BY_SESSION, session=session))
    first, second = await store.accept_session(BY_SESSION), await store.accept_session(BY_SESSION)
    assert (first.session, second.session) == ("a", "b")
    third = asyncio.create_task(store.accept_session(BY_SESSION))
    assert bodies(take(store, BY_SESSION, "a")) == ["a1", "a2"]
    await asyncio.sleep(0.02)
    assert not third.done()
    await store.send(text("c1", queue=BY_SESSION, session="c"))
    assert (await asyncio.wait_for(third, 1)).session == "c"


async def test_a_released_session_is_offered_again(store: QueueStore) -> None:
    await store.send(text("a1", queue=BY_SESSION, session="a"))
    lock = await store.accept_session(BY_SESSION)
    waiting = asyncio.create_task(store.accept_session(BY_SESSION))
    await asyncio.sleep(0)
    store.release_session(lock)
    again = await asyncio.wait_for(waiting, 1)
    assert again.session == "a"
    store.release_session(lock)  # late: the session is somebody else's
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(store.accept_session(BY_SESSION), 0.02)


async def test_the_receiver_of_a_session_gets_its_messages_and_no_other(store: QueueStore) -> None:
    await store.send(text("a1", queue=BY_SESSION, session="a"))
    await store.accept_session(BY_SESSION)
    take(store, BY_SESSION, "a")
    receiving = asyncio.create_task(store.receive(BY_SESSION, "a", 5))
    await asyncio.sleep(0)
    await store.send(text("b1", queue=BY_SESSION, session="b"))
    await store.send(text("a2", queue=BY_SESSION, session="a"))
    lease = await asyncio.wait_for(receiving, 1)
    assert lease and lease.message.body == b"a2"
    assert (await store.accept_session(BY_SESSION)).session == "b"


async def test_a_queue_without_sessions_delivers_messages_that_have_a_session_id(store: QueueStore) -> None:
    await store.send([*text("a", session="s"), *text("b"), *text("c", session="t")])
    leases = take(store)
    assert bodies(leases) == ["a", "b", "c"]
    assert leases[0].message.session == "s"


async def test_order_within_a_session_survives_a_clock_that_is_set_back(tmp_path: Path, clock: Clock) -> None:
    async with opened(tmp_path, clock) as store:
        await store.send(text("1", queue=BY_SESSION, session="a"))
        clock.now -= 3600
        await store.send(text("2", queue=BY_SESSION, session="a"))
        assert bodies(take(store, BY_SESSION, "a")) == ["1", "2"]
    async with opened(tmp_path, clock) as store:
        await store.send(text("3", queue=BY_SESSION, session="a"))
        assert bodies(take(store, BY_SESSION, "a")) == ["1", "2", "3"]


# Time


async def test_a_scheduled_message_comes_at_its_time_not_before(tmp_path: Path) -> None:
    loop = asyncio.get_running_loop()
    async with opened(tmp_path) as store:
        started = loop.time()
        await store.send(text("late", visible=store._clock() + 0.3))
        receiving = [asyncio.create_task(store.receive(PLAIN)) for _ in range(2)]
        await asyncio.sleep(0.01)
        await store.send(text("sooner", visible=store._clock() + 0.1))
        leases = [lease for lease in await asyncio.wait_for(asyncio.gather(*receiving), 2) if lease]
        assert bodies(leases) == ["sooner", "late"]
        assert 0.29 < loop.time() - started < 0.6


async def test_a_scheduled_message_survives_a_restart(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        await store.send(text("late", visible=store._clock() + 0.2))
    async with opened(tmp_path) as store:
        assert take(store) == []
        assert await store.receive(PLAIN, None, 1)


async def test_a_scheduled_message_wakes_a_waiting_session(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        await store.send(text("late", queue=BY_SESSION, session="a", visible=store._clock() + 0.05))
        lock = await asyncio.wait_for(store.accept_session(BY_SESSION), 1)
        assert bodies(take(store, BY_SESSION, lock.session)) == ["late"]
        await store.send(text("later", queue=BY_SESSION, session="a", visible=store._clock() + 0.05))
        assert await store.receive(BY_SESSION, "a", 1)


async def test_a_scheduled_message_takes_its_place_when_it_is_due(store: QueueStore, clock: Clock) -> None:
    await store.send(text("scheduled", queue=BY_SESSION, session="a", visible=clock.now + 5))
    await store.send(text("before", queue=BY_SESSION, session="a"))
    clock.now += 10
    await store.send(text("after", queue=BY_SESSION, session="a"))
    assert bodies(take(store, BY_SESSION, "a")) == ["before", "scheduled", "after"]


async def test_a_message_given_back_with_a_delay_waits_even_over_a_restart(tmp_path: Path, clock: Clock) -> None:
    async with opened(tmp_path, clock) as store:
        await store.send(text("a"))
        await give_back(store, take(store)[0], delay_seconds=30)
        clock.now += 29
        assert take(store) == []
    async with opened(tmp_path, clock) as store:
        assert take(store) == []
        clock.now += 2
        assert bodies(take(store)) == ["a"]


async def test_a_message_that_outlived_its_time_is_dropped(tmp_path: Path, clock: Clock) -> None:
    async with opened(tmp_path, clock) as store:
        await store.send(text("old", queue=SHORT))
        clock.now += 5
        await store.send(text("young", queue=SHORT))
        await store.send(text("scheduled", queue=SHORT, visible=clock.now + 4))
        clock.now += 6
        leases = store.receive_now(SHORT, None, 1)
        clock.now += 6
        leases += take(store, SHORT)
        assert bodies(leases) == ["young", "scheduled"]
        clock.now += 100
        assert await store.complete(leases)  # what is locked does not expire
        assert store.counts() == {}
    async with opened(tmp_path, clock) as store:
        assert store.counts() == {}


async def test_a_message_that_outlived_its_time_is_parked_where_the_queue_says_so(
    store: QueueStore, clock: Clock
) -> None:
    await store.send(text("old", queue=SHORT_KEPT))
    clock.now += 11
    assert take(store, SHORT_KEPT) == []
    lease = await store.receive(SHORT_KEPT + DEAD_LETTER, None, 1)
    assert lease
    assert lease.message.properties["DeadLetterReason"] == "TTLExpiredException"
    assert store.counts() == {SHORT_KEPT + DEAD_LETTER: 1}


async def test_a_message_that_cannot_be_parked_at_its_end_is_parked_later(
    tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queues, "PARK_RETRY_SECONDS", 0.0)
    disk = Disk()
    async with opened(tmp_path, clock, disk) as store:
        await store.send(text("old", queue=SHORT_KEPT))
        clock.now += 11
        disk.is_full = True
        assert take(store, SHORT_KEPT) == []
        with pytest.raises(sqlite3.OperationalError):
            await store.send(text("x"))  # later in the same thread, so the parking has failed
        disk.is_full = False
        assert await store.receive(SHORT_KEPT, None, 0.02) is None
        assert await store.receive(SHORT_KEPT + DEAD_LETTER, None, 1)


# Duplicates


async def test_a_duplicate_within_the_window_is_dropped_also_after_a_restart(tmp_path: Path, clock: Clock) -> None:
    async with opened(tmp_path, clock) as store:
        assert len(await store.send(text("a", queue=UNIQUE, properties={"MessageId": "1"}))) == 1
        assert await store.send(text("b", queue=UNIQUE, properties={"MessageId": "1"})) == []
        await store.complete(take(store, UNIQUE), text("c", queue=UNIQUE, properties={"MessageId": "1"}))
        assert store.counts() == {}
    async with opened(tmp_path, clock) as store:
        clock.now += 59
        assert await store.send(text("d", queue=UNIQUE, properties={"MessageId": "1"})) == []
        assert len(await store.send(text("e", queue=UNIQUE, properties={"MessageId": "2"}))) == 1
        assert len(await store.send(text("f", properties={"MessageId": "1"}))) == 1
        clock.now += 2
        assert len(await store.send(text("g", queue=UNIQUE, properties={"MessageId": "1"}))) == 1


async def test_messages_without_an_id_are_no_duplicates(store: QueueStore) -> None:
    assert len(await store.send(text("a", "a", queue=UNIQUE))) == 2


async def test_ids_are_forgotten_after_their_window(store: QueueStore, clock: Clock) -> None:
    await store.send(text("a", queue=UNIQUE, properties={"MessageId": "1"}))
    clock.now += 61
    await store.send(text("a", queue=UNIQUE, properties={"MessageId": "2"}))
    ids = await store._database.write(lambda c: c.execute("SELECT id FROM seen_messages").fetchall())
    assert ids == [("2",)]


# A model


class Model:
    """What a message should be."""

    def __init__(self, seq: int, session: str | None, visible: float) -> None:
        self.seq, self.session, self.visible = seq, session, visible
        self.deliveries, self.state = 0, "ready"


class QueueMachine(RuleBasedStateMachine):
    """Any sequence of sends, receipts, settlements, restarts and passing time against a list of messages."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.folder = tempfile.TemporaryDirectory()
        self.clock = Clock()
        self.model: list[Model] = []
        self.leases: list[tuple[Lease, Model]] = []
        self.lost: list[Lease] = []
        self.run_stack = contextlib.AsyncExitStack()

    def run(self, work: Any) -> Any:
        return self.loop.run_until_complete(work)

    @initialize()
    def begin(self) -> None:
        self.store = self.run(self.run_stack.enter_async_context(opened(Path(self.folder.name), self.clock)))

    @rule(session=st.sampled_from(["a", "b", None]), count=st.integers(1, 3), delay=st.sampled_from([0, 0, 0, 5]))
    def send(self, session: str | None, count: int, delay: int) -> None:
        queue = BY_SESSION if session else PLAIN
        visible = self.clock.now + delay
        messages = [Message(queue, b"x", session, visible) for _ in range(count)]
        self.model += [Model(seq, session, visible) for seq in self.run(self.store.send(messages))]

    @rule(session=st.sampled_from(["a", "b", None]), count=st.integers(1, 4))
    def receive(self, session: str | None, count: int) -> None:
        ready = [m for m in self.model if m.session == session and m.state == "ready" and m.visible <= self.clock.now]
        expected = sorted(ready, key=lambda m: (m.visible, m.seq))[:count]
        leases = self.store.receive_now(BY_SESSION if session else PLAIN, session, count)
        assert [lease.message.seq for lease in leases] == [m.seq for m in expected]
        for lease, message in zip(leases, expected, strict=True):
            message.deliveries += 1
            message.state = "locked"
            assert lease.message.deliveries == message.deliveries
            self.leases.append((lease, message))

    @precondition(lambda self: self.leases)
    @rule(data=st.data())
    def complete(self, data: st.DataObject) -> None:
        lease, message = self.leases.pop(data.draw(st.integers(0, len(self.leases) - 1)))
        assert self.run(self.store.complete([lease], [Message("bus/out", b"x")]))
        message.state = "done"
        self.lost.append(lease)

    @precondition(lambda self: self.leases)
    @rule(data=st.data(), delay=st.sampled_from([0, 0, 3]))
    def abandon(self, data: st.DataObject, delay: float) -> None:
        lease, message = self.leases.pop(data.draw(st.integers(0, len(self.leases) - 1)))
        self.run(give_back(self.store, lease, delay))
        message.state = "ready" if message.deliveries < DELIVERIES_MAX else "parked"
        if delay:
            message.visible = self.clock.now + delay
        self.lost.append(lease)

    @precondition(lambda self: self.lost)
    @rule(data=st.data())
    def settle_without_a_lock(self, data: st.DataObject) -> None:
        lease = data.draw(st.sampled_from(self.lost))
        assert not self.run(self.store.complete([lease], [Message("bus/out", b"x")]))
        self.run(give_back(self.store, lease))

    @rule(seconds=st.sampled_from([0.5, 4]))
    def pass_time(self, seconds: float) -> None:
        self.clock.now += seconds

    @rule()
    def restart(self) -> None:
        self.run(self.run_stack.aclose())
        self.begin()
        for _, message in self.leases:
            message.state = "ready"
        self.leases, self.lost = [], []

    @invariant()
    def nothing_is_lost_or_doubled(self) -> None:
        if not hasattr(self, "store"):
            return
        states = [message.state for message in self.model]
        counts = self.store.counts()
        parked = counts.get(PLAIN + DEAD_LETTER, 0) + counts.get(BY_SESSION + DEAD_LETTER, 0)
        assert parked == states.count("parked")
        assert counts.get("bus/out", 0) == states.count("done")
        assert counts.get(PLAIN, 0) + counts.get(BY_SESSION, 0) == states.count("ready") + states.count("locked")

    def teardown(self) -> None:
        self.run(self.run_stack.aclose())
        self.loop.close()
        self.folder.cleanup()


TestQueueMachine = pytest.mark.slow(QueueMachine.TestCase)
TestQueueMachine.settings = settings(
    max_examples=80, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
)
