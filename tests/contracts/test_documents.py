"""The contract of the port `Documents`, over every adapter."""

import asyncio
import math
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import pytest

from shared.ports import BATCH_OPERATIONS_MAX, Conflict, Container, Document, Documents, Unavailable, Write
from tests.contracts.stores import Store

CONVERSATIONS, ROUTING, INBOX = Container.CONVERSATIONS, Container.ROUTING, Container.INBOX
HOUR = timedelta(hours=1)
ALICE, BOB, CHARLIE = "alice", "bob", "charlie"


def note(id_: str, etag: str | None = None, sequence: int | None = None, **body: Any) -> Write:
    return Write(id_, "note", body, etag, sequence)


async def put(store: Store, *writes: Write, partition: str = ALICE) -> tuple[str, ...]:
    return await store.documents.commit(CONVERSATIONS, partition, writes)


async def get(store: Store, id_: str, partition: str = ALICE) -> Document | None:
    return await store.documents.read(CONVERSATIONS, partition, id_)


async def body_of(store: Store, id_: str, partition: str = ALICE) -> Mapping[str, Any] | None:
    found = await get(store, id_, partition)
    return found.body if found else None


async def refused(store: Store, *writes: Write, partition: str = ALICE) -> tuple[int, bool]:
    """The conflict that a batch ends in: which operation, and whether its document exists."""
    with pytest.raises(Conflict) as caught:
        await put(store, *writes, partition=partition)
    return caught.value.index, caught.value.exists


def ids(documents: Sequence[Document]) -> list[str]:
    return [document.id for document in documents]


async def everything(store: Store, partition: str = ALICE) -> list[Document]:
    found, _ = await store.documents.changes(CONVERSATIONS, partition, None)
    return found


async def test_a_document_is_read_as_it_was_written(store: Store) -> None:
    body = {"text": "hi", "nested": {"list": [1, 2.5, None, True]}}
    (etag,) = await put(store, Write("n1", "note", body, sequence=7))
    assert await get(store, "n1") == Document("n1", ALICE, "note", body, etag, 7)


async def test_there_is_nothing_elsewhere(store: Store) -> None:
    await put(store, note("n1"))
    assert await get(store, "n2") is None
    assert await get(store, "n1", BOB) is None
    assert await store.documents.read(ROUTING, ALICE, "n1") is None


async def test_one_id_in_two_partitions_and_containers_is_two_documents(store: Store) -> None:
    await put(store, note("n1", of=ALICE))
    await put(store, note("n1", of=BOB), partition=BOB)
    await store.documents.commit(ROUTING, ALICE, [note("n1", of="routing")])
    assert await body_of(store, "n1") == {"of": ALICE}
    assert await body_of(store, "n1", BOB) == {"of": BOB}
    elsewhere = await store.documents.read(ROUTING, ALICE, "n1")
    assert elsewhere and elsewhere.body == {"of": "routing"}


async def test_creating_what_exists_is_refused(store: Store) -> None:
    await put(store, note("n1", by=ALICE))
    assert await refused(store, note("n1", by=BOB)) == (0, True)
    assert await body_of(store, "n1") == {"by": ALICE}


async def test_a_replacement_takes_the_place_of_the_whole_document(store: Store) -> None:
    (etag,) = await put(store, note("n1", None, 1, a=1, b=2))
    (newer,) = await put(store, Write("n1", "memo", {"b": 3}, etag))
    assert await get(store, "n1") == Document("n1", ALICE, "memo", {"b": 3}, newer)
    assert newer != etag


async def test_a_replacement_of_an_older_version_is_refused(store: Store) -> None:
    (etag,) = await put(store, note("n1", n=1))
    await put(store, note("n1", etag, n=2))
    assert await refused(store, note("n1", etag, n=3)) == (0, False)
    assert await body_of(store, "n1") == {"n": 2}


async def test_a_replacement_of_what_is_not_there_is_refused(store: Store) -> None:
    (etag,) = await put(store, note("n1"))
    assert await refused(store, note("n2", etag)) == (0, False)
    assert await refused(store, note("n1", etag), partition=BOB) == (0, False)
    assert await get(store, "n2") is None and await get(store, "n1", BOB) is None


@pytest.mark.parametrize("index", [0, 1, 57, BATCH_OPERATIONS_MAX - 1])
async def test_a_batch_names_its_failing_operation_and_writes_nothing(store: Store, index: int) -> None:
    await put(store, note("taken", by=ALICE))
    (known,) = await put(store, note("known", n=1))
    before = store.feed(CONVERSATIONS)
    writes = [note(f"n{number}") for number in range(BATCH_OPERATIONS_MAX)]
    if index > 1:
        writes[1] = note("known", known, n=2)
    writes[index] = note("taken", by=BOB)
    assert await refused(store, *writes) == (index, True)
    assert ids(await everything(store)) == ["taken", "known"]
    assert await body_of(store, "known") == {"n": 1}
    assert store.feed(CONVERSATIONS) == before


async def test_the_first_of_several_conflicts_is_named(store: Store) -> None:
    (etag,) = await put(store, note("n1"))
    await put(store, note("n1", etag))
    assert await refused(store, note("n2"), note("n1", etag), note("n1")) == (1, False)


async def test_a_batch_may_be_repeated_after_a_conflict(store: Store) -> None:
    (etag,) = await put(store, note("n1", n=1))
    assert await refused(store, note("n2"), note("n1")) == (1, True)
    await put(store, note("n2"), note("n1", etag, n=2))
    assert ids(await everything(store)) == ["n2", "n1"]


async def test_a_batch_has_its_limits(store: Store) -> None:
    writes = [note(f"n{number}") for number in range(BATCH_OPERATIONS_MAX + 1)]
    for wrong in ([], writes):
        with pytest.raises(ValueError, match="1 to 100"):
            await put(store, *wrong)
    etags = await put(store, *writes[:BATCH_OPERATIONS_MAX])
    assert [document.etag for document in await everything(store)] == list(etags)


async def test_no_etag_comes_twice(store: Store) -> None:
    (etag,) = await put(store, note("n1", n=0))
    seen = [etag]
    for number in range(1, 20):
        (etag,) = await put(store, note("n1", etag, n=number % 2))
        seen.append(etag)
    assert len(set(seen)) == 20


async def test_a_page_follows_the_sequence(store: Store) -> None:
    for sequence in (3, 1, 4, 2, 5):
        await put(store, note(f"n{sequence}", None, sequence))
    page = store.documents.page
    assert ids(await page(CONVERSATIONS, ALICE, "note")) == ["n1", "n2", "n3", "n4", "n5"]
    assert ids(await page(CONVERSATIONS, ALICE, "note", after=2, limit=2)) == ["n3", "n4"]
    assert ids(await page(CONVERSATIONS, ALICE, "note", after=4, limit=2)) == ["n5"]
    assert await page(CONVERSATIONS, ALICE, "note", after=5) == []


async def test_a_page_holds_one_type_of_one_partition(store: Store) -> None:
    await put(store, note("n1", None, 1), Write("m1", "memo", {}, sequence=1), note("head"))
    await put(store, note("n2", None, 2), partition=BOB)
    assert ids(await store.documents.page(CONVERSATIONS, ALICE, "note")) == ["n1"]
    assert await store.documents.page(CONVERSATIONS, CHARLIE, "note") == []
    assert await store.documents.page(ROUTING, ALICE, "note") == []


async def test_changes_may_leave_out_sequences(store: Store) -> None:
    await put(store, note("s1", None, 1), note("n1"), note("s2", None, 2))
    found, since = await store.documents.changes(CONVERSATIONS, ALICE, None, unsequenced=True)
    assert ids(found) == ["n1"]
    await put(store, note("s3", None, 3))
    found, since = await store.documents.changes(CONVERSATIONS, ALICE, since, unsequenced=True)
    assert found == []
    await put(store, note("n2"))
    found, _ = await store.documents.changes(CONVERSATIONS, ALICE, since, unsequenced=True)
    assert ids(found) == ["n2"]


async def test_the_last_of_a_sequence_up_to_a_place(store: Store) -> None:
    for sequence in (10, 30, 20, 30):
        await put(store, note(f"n{sequence}-{len(store.feed(CONVERSATIONS))}", None, sequence))
    await put(store, Write("other", "memo", {}, sequence=15), note("head"))
    await put(store, Write("gone", "note", {}, sequence=35, lives=HOUR), partition=ALICE)
    last = store.documents.last

    async def found(upto: int, partition: str = ALICE) -> str | None:
        document = await last(CONVERSATIONS, partition, "note", upto)
        return document.id if document else None

    assert [await found(upto) for upto in (9, 10, 19, 20, 29, 30, 34)] == [
        None, "n10-0", "n10-0", "n20-2", "n20-2", "n30-3", "n30-3",
    ]  # fmt: skip
    assert await found(99) == "gone"
    store.clock.forward(HOUR)
    assert await found(99) == "n30-3"
    assert await found(99, BOB) is None


async def test_positions_rise_in_the_order_of_writing(store: Store) -> None:
    etag, *_ = await put(store, note("n1"), note("n2"))
    await put(store, note("n1", etag))
    await put(store, note("n3"))
    found, _ = await store.documents.changes(CONVERSATIONS, ALICE, None)
    assert ids(found) == ["n2", "n1", "n3"]
    positions = [document.position for document in found]
    assert positions == sorted(set(positions)) and positions[0] > 0


async def test_changes_show_the_latest_versions_in_the_order_of_writing(store: Store) -> None:
    (first,) = await put(store, note("n1", n=1))
    await put(store, note("n2"))
    await put(store, note("n1", first, n=2), note("n3"))
    found = await everything(store)
    assert ids(found) == ["n2", "n1", "n3"]
    assert found[1].body == {"n": 2}


async def test_changes_go_on_where_they_ended(store: Store) -> None:
    changes = store.documents.changes
    found, since = await changes(CONVERSATIONS, ALICE, None)
    assert found == []
    etag, *_ = await put(store, note("n1", n=1), *[note(f"n{number}") for number in range(2, 6)])
    seen = []
    while True:
        found, since = await changes(CONVERSATIONS, ALICE, since, limit=2)
        if not found:
            break
        assert len(found) <= 2
        seen += ids(found)
    assert seen == ["n1", "n2", "n3", "n4", "n5"]
    found, since = await changes(CONVERSATIONS, ALICE, since)
    assert found == []
    await put(store, note("x"), partition=BOB)
    await put(store, note("n1", etag, n=2))
    found, later = await changes(CONVERSATIONS, ALICE, since)
    assert [(document.id, document.body) for document in found] == [("n1", {"n": 2})]
    assert later != since


async def test_changes_miss_nothing_that_is_written_meanwhile(store: Store) -> None:
    async def writer(name: str) -> None:
        etag = None
        for number in range(30):
            (etag,) = await put(store, note(name, etag, n=number))
            await put(store, note(f"{name}-{number}"))

    writers = asyncio.gather(*(writer(name) for name in (ALICE, BOB, CHARLIE)))
    latest: dict[str, Mapping[str, Any]] = {}
    since: str | None = None
    found: list[Document] = []
    while not writers.done() or found:
        found, since = await store.documents.changes(CONVERSATIONS, ALICE, since, limit=7)
        latest |= {document.id: document.body for document in found}
        await asyncio.sleep(0)
    await writers
    assert latest == {document.id: document.body for document in await everything(store)}
    assert len(latest) == 93
    assert [latest[name] for name in (ALICE, BOB, CHARLIE)] == [{"n": 29}] * 3


async def test_search_finds_equal_members_across_partitions_the_newest_id_first(store: Store) -> None:
    for number, (owner, status) in enumerate(
        [(ALICE, "active"), (BOB, "active"), (ALICE, "closed"), (ALICE, "active")]
    ):
        body = {"owner": {"id": owner}, "status": status, "is_front": number == 0}
        await put(store, Write(f"c{number}", "conversation", body), partition=f"c{number}")
    await put(store, Write("e1", "event", {"owner": {"id": ALICE}, "status": "active"}), partition="c1")
    await put(store, Write("c9", "conversation", {"owner": None, "status": "new"}), partition="c9")

    async def found(where: Mapping[str, str | bool], **options: Any) -> list[str]:
        return ids(await store.documents.search(CONVERSATIONS, "conversation", where, **options))

    assert await found({}) == ["c9", "c3", "c2", "c1", "c0"]
    assert await found({"owner.id": ALICE}) == ["c3", "c2", "c0"]
    assert await found({"owner.id": ALICE, "status": "active"}) == ["c3", "c0"]
    assert (
        await found({"owner.id": CHARLIE})
        == await found({"nothing": "x"})
        == await found({"nothing.at.all": "x"})
        == []
    )
    assert await found({"is_front": True}) == ["c0"]
    assert await found({"is_front": False, "owner.id": ALICE}) == ["c3", "c2"]
    assert await found({"owner.id": ALICE}, limit=2) == ["c3", "c2"]
    assert await found({"owner.id": ALICE}, limit=2, before="c2") == ["c0"]
    assert await store.documents.search(ROUTING, "conversation", {}) == []


async def test_search_finds_a_member_below_a_value(store: Store) -> None:
    for id_, until in (("c1", "2026-03-01T00:00:00Z"), ("c2", "2026-03-02T00:00:00Z"), ("c3", None)):
        await put(store, Write(id_, "conversation", {"wait": {"until": until}, "status": "bot"}), partition=id_)
    await put(store, Write("c4", "conversation", {"status": "bot"}), partition="c4")

    async def found(moment: str, **where: str) -> list[str]:
        below = ("wait.until", moment)
        return ids(await store.documents.search(CONVERSATIONS, "conversation", where, below=below))

    assert await found("2026-03-01T00:00:00Z") == []
    assert await found("2026-03-01T00:00:01Z") == ["c1"]
    assert await found("2027-01-01T00:00:00Z") == ["c1", "c2"]
    assert await found("2027-01-01T00:00:00Z", status="closed") == []


@pytest.mark.parametrize("path", ["a') OR 1=1 --", "a..b", "", "a.", "$.a", "a b"])
async def test_search_takes_paths_of_members_only(store: Store, path: str) -> None:
    await put(store, note("n1"))
    with pytest.raises(ValueError, match="path"):
        await store.documents.search(CONVERSATIONS, "note", {path: "x"})
    with pytest.raises(ValueError, match="path"):
        await store.documents.search(CONVERSATIONS, "note", {}, below=(path, "x"))


async def test_what_has_outlived_its_time_is_gone_for_every_reader(store: Store) -> None:
    body = {"a": "b", "wait": {"until": "b"}}
    await put(store, Write("short", "note", body, sequence=1, lives=HOUR), note("long", None, 2, **body))
    assert await body_of(store, "short") == body
    store.clock.forward(HOUR - timedelta(seconds=1))
    assert ids(await everything(store)) == ["short", "long"]
    store.clock.forward(timedelta(seconds=1))
    documents = store.documents
    assert await get(store, "short") is None
    assert ids(await everything(store)) == ["long"]
    assert ids(await documents.page(CONVERSATIONS, ALICE, "note")) == ["long"]
    assert ids(await documents.search(CONVERSATIONS, "note", {"a": "b"})) == ["long"]
    assert ids(await documents.search(CONVERSATIONS, "note", {}, below=("wait.until", "c"))) == ["long"]


async def test_an_expired_id_is_free_again(store: Store) -> None:
    (old,) = await put(store, Write("n1", "note", {"n": 1}, lives=HOUR))
    assert await refused(store, note("n1", n=2)) == (0, True)
    store.clock.forward(HOUR)
    assert await refused(store, note("n1", old, n=2)) == (0, False), "what is gone cannot be replaced"
    (new,) = await put(store, note("n1", n=3))
    assert new != old
    store.clock.forward(HOUR)
    assert await body_of(store, "n1") == {"n": 3}


async def test_a_replacement_lives_by_its_own_time(store: Store) -> None:
    (short, long) = await put(store, Write("short", "note", {}, lives=HOUR), note("long"))
    await put(store, note("short", short), Write("long", "note", {}, long, lives=HOUR))
    store.clock.forward(HOUR)
    assert ids(await everything(store)) == ["short"]


async def test_purging_removes_what_has_expired_and_nothing_else(store: Store) -> None:
    for container in (CONVERSATIONS, INBOX):
        await store.documents.commit(
            container,
            ALICE,
            [Write("short", "note", {}, lives=HOUR), Write("later", "note", {}, lives=2 * HOUR), note("long")],
        )
    assert await store.purge() == 0
    store.clock.forward(HOUR)
    assert await store.purge() == 2
    assert await store.purge() == 0
    for container in (CONVERSATIONS, INBOX):
        assert [document["id"] for _, document in store.feed(container)] == ["later", "long"]
    store.clock.forward(HOUR)
    assert await store.purge() == 2


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"text": "Olá, 你好, مرحبا, 👩‍👩‍👧‍👦, \u0000\u001f\u2028 \"quotes\" 'and' \\ \n"},
        {"ключ": {"🔑": [[], {}, [[None]]]}},
        {"large": "x" * 500_000},
        {"numbers": [0, -1, 2**53, 1e-7, -0.5, True, False]},
        {"list": list(range(10_000))},
    ],
    ids=["empty", "unicode", "keys", "large", "numbers", "list"],
)
async def test_a_body_is_any_json_object(store: Store, body: dict[str, Any]) -> None:
    await put(store, Write("n1", "note", body))
    assert await body_of(store, "n1") == body
    await store.reopen()
    assert await body_of(store, "n1") == body
    assert ids(await store.documents.search(CONVERSATIONS, "note", {"nothing": "x"})) == []


@pytest.mark.parametrize("value", [math.nan, math.inf, "\ud800", object()], ids=["nan", "inf", "surrogate", "object"])
async def test_what_is_not_json_is_refused_or_becomes_null_and_harms_nobody(store: Store, value: Any) -> None:
    """Above all it does not get into the store: searching would stumble over it."""
    wrong = put(store, note("wrong", value=value))
    results = await asyncio.gather(wrong, put(store, note("right")), return_exceptions=True)
    if isinstance(results[0], Exception):
        assert isinstance(results[0], (ValueError, TypeError))
        assert ids(await everything(store)) == ["right"]
    else:
        await store.reopen()
        assert await body_of(store, "wrong") == {"value": None}
    assert ids(await store.documents.search(CONVERSATIONS, "note", {"nothing": "x"})) == []
    assert "right" in ids(await store.documents.search(CONVERSATIONS, "note", {}))


async def test_ids_and_partitions_may_hold_any_text(store: Store) -> None:
    odd = "a/b?c#d%'\"; DROP TABLE conversations; -- é 👋"
    await put(store, Write(odd, odd, {}, sequence=1), partition=odd)
    assert ids(await store.documents.page(CONVERSATIONS, odd, odd)) == [odd]
    assert await get(store, odd, odd) is not None


async def test_two_hundred_concurrent_increments_lose_nothing(store: Store) -> None:
    await put(store, note("counter", n=0))
    conflicts = 0
    retrying = asyncio.Semaphore(5)

    async def is_incremented() -> bool:
        nonlocal conflicts
        found = await get(store, "counter")
        assert found
        try:
            await put(store, note("counter", found.etag, n=found.body["n"] + 1))
        except Conflict:
            conflicts += 1
            return False
        return True

    async def increment() -> None:
        """All at once; those who lose try again, five at a time: else this would take ten thousand attempts."""
        if await is_incremented():
            return
        async with retrying:
            while not await is_incremented():
                pass

    await asyncio.gather(*(increment() for _ in range(200)))
    assert await body_of(store, "counter") == {"n": 200}
    assert conflicts, "nobody met anybody: this tested nothing"


async def test_of_those_who_create_one_id_at_once_one_succeeds(store: Store) -> None:
    async def create(number: int) -> int | None:
        try:
            await put(store, note(f"mine-{number}"), note("contested", by=number))
        except Conflict as conflict:
            assert (conflict.index, conflict.exists) == (1, True)
            return None
        return number

    winners = [number for number in await asyncio.gather(*map(create, range(50))) if number is not None]
    assert len(winners) == 1
    assert await body_of(store, "contested") == {"by": winners[0]}
    assert ids(await everything(store)) == [f"mine-{winners[0]}", "contested"]


async def test_a_writer_reads_its_own_write_at_once(store: Store) -> None:
    async def write_and_read(name: str) -> None:
        etag: str | None = None
        for number in range(20):
            (etag,) = await put(store, note(name, etag, number + 1, n=number))
            found = await get(store, name)
            assert found and (found.body, found.etag) == ({"n": number}, etag)
            shown = await store.documents.page(CONVERSATIONS, ALICE, "note", after=number, limit=50)
            assert name in ids(shown)
            assert name in ids(await store.documents.search(CONVERSATIONS, "note", {}))
            assert name in ids(await everything(store))

    await asyncio.gather(*(write_and_read(f"n{number}") for number in range(10)))


async def test_what_was_committed_is_there_after_reopening(store: Store) -> None:
    (first,) = await put(store, note("n1", None, 1, n=1))
    (etag, _) = await put(store, note("n1", first, 1, n=2), Write("n2", "note", {}, lives=HOUR))
    _, since = await store.documents.changes(CONVERSATIONS, ALICE, None)
    await store.reopen()
    assert await get(store, "n1") == Document("n1", ALICE, "note", {"n": 2}, etag, 1)
    found, since = await store.documents.changes(CONVERSATIONS, ALICE, since)
    assert found == []
    assert await refused(store, note("n1", first, n=3)) == (0, False)
    (newest,) = await put(store, note("n1", etag, n=3))
    assert newest not in (first, etag)
    found, _ = await store.documents.changes(CONVERSATIONS, ALICE, since)
    assert ids(found) == ["n1"]
    store.clock.forward(HOUR)
    assert await get(store, "n2") is None


async def test_etags_stay_unique_when_all_is_purged_before_a_restart(store: Store) -> None:
    (old,) = await put(store, Write("n1", "note", {}, lives=HOUR))
    store.clock.forward(HOUR)
    await store.purge()
    await store.reopen()
    (new,) = await put(store, note("n1"))
    assert new != old, "or somebody's old version would be taken for this one"


async def test_a_full_disk_refuses_writes_not_reads_and_recovers(store: Store) -> None:
    (etag,) = await put(store, note("n1", n=1))
    store.fill_disk(True)
    with pytest.raises(Unavailable):
        await put(store, note("n1", etag, n=2), note("n2"))
    outcomes = await asyncio.gather(*(put(store, note(f"m{n}")) for n in range(5)), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [Unavailable] * 5
    await store.documents.ping()
    assert await body_of(store, "n1") == {"n": 1}
    assert ids(await everything(store)) == ["n1"]
    store.fill_disk(False)
    await put(store, note("n1", etag, n=2), note("n2"))
    assert ids(await everything(store)) == ["n1", "n2"]


async def test_a_cancelled_caller_leaves_whole_batches(store: Store) -> None:
    tasks = [asyncio.create_task(put(store, note(f"a{n}"), note(f"b{n}"))) for n in range(20)]
    await asyncio.sleep(0)
    for task in tasks[::2]:
        task.cancel()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    there = set(ids(await everything(store)))
    for number, result in enumerate(results):
        assert (f"a{number}" in there) == (f"b{number}" in there)
        assert isinstance(result, asyncio.CancelledError) or f"a{number}" in there


async def test_the_change_feed_is_a_rising_list_of_whole_documents(store: Store) -> None:
    (etag,) = await put(store, note("n1", None, 1, n=1))
    await put(store, note("x", None, None, of=BOB), partition=BOB)
    await put(store, note("n1", etag, 1, n=2), note("n2"))
    feed = store.feed(CONVERSATIONS)
    positions = [position for position, _ in feed]
    assert positions == sorted(set(positions))
    assert [document for _, document in feed] == [
        {"id": "x", "partition": BOB, "type": "note", "sequence": None, "body": {"of": BOB}},
        {"id": "n1", "partition": ALICE, "type": "note", "sequence": 1, "body": {"n": 2}},
        {"id": "n2", "partition": ALICE, "type": "note", "sequence": None, "body": {}},
    ]


@pytest.mark.parametrize("container", list(Container))
async def test_each_container_has_a_feed_of_its_own(store: Store, container: Container) -> None:
    assert store.feed(container) == []
    await store.documents.commit(container, ALICE, [note("n1")])
    assert {name: len(store.feed(name)) for name in Container} == {name: int(name is container) for name in Container}


async def test_the_feed_never_reuses_a_position(store: Store) -> None:
    await put(store, Write("n1", "note", {}, lives=HOUR))
    ((last, _),) = store.feed(CONVERSATIONS)
    store.clock.forward(HOUR)
    await store.purge()
    await store.reopen()
    await put(store, note("n2"))
    ((position, _),) = store.feed(CONVERSATIONS)
    assert position > last


async def test_it_answers_pings_until_it_is_closed(store: Store) -> None:
    closed: Documents = store.documents
    await closed.ping()
    await store.reopen()
    with pytest.raises(Unavailable):
        await closed.ping()
    with pytest.raises(Unavailable):
        await closed.read(CONVERSATIONS, ALICE, "n1")
    with pytest.raises(Unavailable):
        await closed.commit(CONVERSATIONS, ALICE, [note("n1")])
    await store.documents.ping()
