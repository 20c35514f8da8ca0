"""What Cosmos DB does beyond the contract: throttling, lost answers, paging, positions, expiry, missing containers."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from azure.cosmos.aio import CosmosClient
from azure.cosmos.exceptions import CosmosBatchOperationError

from shared.adapters.azure import cosmos_setup
from shared.adapters.azure.containers import DATABASE, definitions
from shared.adapters.azure.cosmos import CosmosDocuments
from shared.ports import Conflict, Container, Document, Unavailable, Write
from tests.contracts.clock import HandClock
from tests.contracts.cosmos_store import ALWAYS, CosmosStore, cosmos_store
from tests.peers.cosmos import CosmosPeer, Fault
from tests.peers.cosmos.store import ITEM_BYTES_MAX

ROUTING, ALICE = Container.ROUTING, "alice"
SOON = {"x-ms-retry-after-ms": "1"}


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[CosmosStore]:
    async with cosmos_store(tmp_path) as opened:
        yield opened


def note(id_: str, etag: str | None = None, sequence: int | None = None) -> Write:
    return Write(id_, "note", {"by": id_}, etag, sequence)


async def put(store: CosmosStore, *writes: Write) -> tuple[str, ...]:
    return await store.documents.commit(ROUTING, ALICE, writes)


async def get(store: CosmosStore, id_: str) -> Document | None:
    return await store.documents.read(ROUTING, ALICE, id_)


def ids(documents: list[Document]) -> list[str]:
    return [document.id for document in documents]


async def test_throttling_is_waited_for(store: CosmosStore) -> None:
    store.peer.inject(Fault(429, 5, SOON))
    await put(store, note("n1"))
    assert store.peer.faults.met == 5
    store.peer.inject(Fault(429, 5, SOON))
    assert await get(store, "n1")
    assert store.peer.faults.met == 10


async def test_throttling_without_end_is_told(store: CosmosStore) -> None:
    store.peer.inject(Fault(429, ALWAYS, SOON))
    with pytest.raises(Unavailable, match="429"):
        await put(store, note("n1"))
    assert store.peer.faults.met > 5
    store.peer.inject(None)
    assert await get(store, "n1") is None


@pytest.mark.parametrize("status", [408, 500, 503])
async def test_an_outage_is_unavailable(store: CosmosStore, status: int) -> None:
    store.peer.inject(Fault(status, ALWAYS))
    with pytest.raises(Unavailable):
        await get(store, "n1")
    with pytest.raises(Unavailable):
        await put(store, note("n1"))
    store.peer.inject(None)
    assert await get(store, "n1") is None


@pytest.mark.parametrize("status", [401, 403, 410, 449])
async def test_what_may_pass_is_unavailable_for_every_call(store: CosmosStore, status: int) -> None:
    await put(store, note("n1"))
    store.peer.inject(Fault(status, ALWAYS))
    documents = store.documents
    for call in (
        get(store, "n1"),
        put(store, note("n2")),
        documents.page(ROUTING, ALICE, "note"),
        documents.changes(ROUTING, ALICE, None),
        documents.search(ROUTING, "note", {}),
        documents.ping(),
    ):
        with pytest.raises(Unavailable):
            await call
    store.peer.inject(None)
    assert await get(store, "n2") is None


async def test_a_short_outage_is_not_noticed(store: CosmosStore) -> None:
    store.peer.inject(Fault(503))
    await put(store, note("n1"))
    assert store.peer.faults.met == 1


@pytest.mark.parametrize("status", [0, 503])
async def test_a_write_whose_answer_is_lost_does_not_collide_with_itself(store: CosmosStore, status: int) -> None:
    """The SDK repeats it, and the repetition is refused. Nobody else was faster: nobody is to be told so."""
    store.peer.inject(Fault(status, is_applied=True, is_write_only=True))
    with pytest.raises(Unavailable, match="lost"):
        await put(store, note("n1"), note("n2"))
    found = await get(store, "n1")
    assert found
    store.peer.inject(Fault(status, is_applied=True, is_write_only=True))
    with pytest.raises(Unavailable, match="lost"):
        await put(store, note("n1", found.etag))
    with pytest.raises(Conflict):
        await put(store, note("n1", found.etag))


async def test_a_connection_that_was_closed_meanwhile_is_not_noticed(store: CosmosStore) -> None:
    store.peer.inject(Fault(0))
    await put(store, note("n1"))
    store.peer.inject(Fault(0))
    assert await get(store, "n1")


@pytest.mark.parametrize("is_applied", [False, True])
async def test_whether_a_write_without_any_answer_was_done_is_unknown(store: CosmosStore, is_applied: bool) -> None:
    store.peer.inject(Fault(0, ALWAYS, is_applied=is_applied, is_write_only=True))
    with pytest.raises(Unavailable):
        await put(store, note("n1"))
    assert (await get(store, "n1") is not None) == is_applied


async def test_an_account_that_comes_back_is_used_again(store: CosmosStore) -> None:
    await put(store, note("n1"))
    await store.peer.stop()
    with pytest.raises(Unavailable):
        await get(store, "n1")
    await store.reopen()
    with pytest.raises(Unavailable):
        await store.documents.ping()
    await store.peer.start()
    assert await get(store, "n1")


async def test_a_missing_container_is_told_with_its_remedy() -> None:
    async with CosmosPeer(HandClock()).serving() as peer:
        documents = CosmosDocuments(peer.connection)
        try:
            with pytest.raises(Unavailable, match="atende cosmos create"):
                await documents.read(ROUTING, ALICE, "n1")
            await cosmos_setup.create(peer.connection)
            assert await documents.read(ROUTING, ALICE, "n1") is None
        finally:
            await documents.close()


async def test_a_container_that_goes_away_is_no_empty_one(store: CosmosStore) -> None:
    await put(store, note("n1"))
    del store.peer.account.database(DATABASE)[ROUTING]
    with pytest.raises(Unavailable):
        await get(store, "n1")


@pytest.mark.filterwarnings("ignore:Sending a large body:ResourceWarning")  # larger than what the product ever sends
async def test_what_is_too_large_for_ever_is_no_outage(store: CosmosStore) -> None:
    with pytest.raises(ValueError, match="413"):
        await put(store, note("n1"), Write("n2", "note", {"text": "x" * ITEM_BYTES_MAX}))
    assert await get(store, "n1") is None


async def test_a_batch_into_another_partition_is_refused_by_the_account(store: CosmosStore) -> None:
    item: dict[str, Any] = {"id": "n1", "partition": "bob", "type": "note", "sequence": None, "body": {}, "written": 0}
    async with CosmosClient.from_connection_string(store.peer.connection) as client:
        container = client.get_database_client(DATABASE).get_container_client(ROUTING)
        with pytest.raises(CosmosBatchOperationError):
            await container.execute_item_batch([("create", (item,))], ALICE)
    assert store.feed(ROUTING) == []


async def test_pages_and_searches_go_beyond_a_page_of_the_account(store: CosmosStore) -> None:
    partitions = [ALICE, "bob", "charlie", "dora"]
    assert {store.peer.account.container(DATABASE, ROUTING).range_of(partition) for partition in partitions} == {
        "0",
        "1",
    }
    for start in range(0, 1200, 100):
        for partition in partitions:
            writes = [note(f"{partition}-{number:04}", None, number) for number in range(start + 1, start + 101)]
            await store.documents.commit(ROUTING, partition, writes)
    numbers = [found.sequence for found in await store.documents.page(ROUTING, ALICE, "note", limit=1100)]
    assert numbers == list(range(1, 1101))
    expected = [f"{partition}-{number:04}" for partition in reversed(partitions) for number in range(1200, 0, -1)]
    assert ids(await store.documents.search(ROUTING, "note", {}, limit=2500)) == expected[:2500]
    assert ids(await store.documents.search(ROUTING, "note", {}, before=expected[2499], limit=9)) == expected[2500:2509]


async def test_a_transaction_larger_than_the_limit_is_followed_in_parts(store: CosmosStore) -> None:
    await put(store, *[note(f"n{number}") for number in range(1, 8)])
    found, since = await store.documents.changes(ROUTING, ALICE, None, limit=3)
    assert ids(found) == ["n1", "n2", "n3"]
    await put(store, note("n4", (await get(store, "n4") or found[0]).etag))
    found, since = await store.documents.changes(ROUTING, ALICE, since, limit=3)
    assert ids(found) == ["n5", "n6", "n7"]
    found, _ = await store.documents.changes(ROUTING, ALICE, since, limit=3)
    assert ids(found) == ["n4"]


async def test_where_to_go_on_fits_into_an_address(store: CosmosStore) -> None:
    """GET /api/manage/traffic hands it out as its cursor."""
    await put(store, *[note(f"n{number}") for number in range(1, 8)])
    _, since = await store.documents.changes(ROUTING, ALICE, None, limit=3)
    assert since and len(since) <= 512 and since.replace("-", "").replace("_", "").rstrip("=").isalnum()


async def test_a_partition_with_a_long_past_is_followed_from_what_there_is(store: CosmosStore) -> None:
    """History is passed over by the index; whatever comes meanwhile comes after it."""
    for number in range(1, 11):
        await put(store, note(f"past-{number}", None, number), note(f"n{number}"))
    found, since = await store.documents.changes(ROUTING, ALICE, None, limit=4, unsequenced=True)
    seen, rounds = ids(found), 1
    assert len(seen) == 4 and len({document.position for document in found}) == 1
    etag = (await get(store, "n1") or found[0]).etag
    await put(store, note("n1", etag), note("n11"))
    while found:
        found, since = await store.documents.changes(ROUTING, ALICE, since, limit=4, unsequenced=True)
        seen += ids(found)
        rounds += 1
    assert set(seen) == {f"n{number}" for number in range(1, 12)}
    assert seen[-2:] == ["n1", "n11"]
    before = store.peer.requests
    assert (await store.documents.changes(ROUTING, ALICE, since, unsequenced=True))[0] == []
    assert store.peer.requests == before + 1


async def test_positions_are_the_same_for_every_reader(store: CosmosStore) -> None:
    await put(store, note("n1", None, 1), note("n2", None, 2))
    start, _ = await store.documents.changes(ROUTING, ALICE, None, unsequenced=True)
    assert start == []
    await put(store, note("n3", None, 3), note("head"))
    fed, _ = await store.documents.changes(ROUTING, ALICE, None)
    for document in fed:
        read = await get(store, document.id)
        assert read and read.position == document.position > 0
    last = await store.documents.last(ROUTING, ALICE, "note", 2)
    assert last and (last.id, last.position) == ("n2", fed[1].position)
    (head,), _ = await store.documents.changes(ROUTING, ALICE, None, unsequenced=True)
    assert head.id == "head" and head.position >= fed[-1].position
    await put(store, note("n4", None, 4))
    later = await get(store, "n4")
    assert later and later.position > head.position, "who began before has not seen it"


async def test_items_say_themselves_how_long_they_live(store: CosmosStore) -> None:
    await put(store, note("n1"), Write("n2", "note", {}, lives=timedelta(minutes=1)))
    items = {item.content["id"]: item.content for item in store.peer.account.container(DATABASE, ROUTING).items()}
    assert "ttl" not in items["n1"] and items["n2"]["ttl"] == 60


async def test_ids_are_ones_that_cosmos_takes(store: CosmosStore) -> None:
    names = ["a/b", "a~2Fb", "a\\b?#", "é", " ", "plain:1_2-3"]
    await put(store, *[note(name) for name in names])
    found, _ = await store.documents.changes(ROUTING, ALICE, None)
    assert ids(found) == names
    for name in names:
        assert (document := await get(store, name)) and document.id == name
    stored = [item.content["id"] for item in store.peer.account.container(DATABASE, ROUTING).items()]
    assert stored == ["a~2Fb", "a~7E2Fb", "a~5Cb~3F~23", "~C3~A9", "~20", "plain:1_2-3"]


async def test_values_are_compared_by_an_index_only(store: CosmosStore) -> None:
    with pytest.raises(ValueError, match="no index"):
        await store.documents.search(ROUTING, "note", {}, below=("by", "z"))


async def test_containers_are_made_once_and_kept_up_to_date() -> None:
    async with CosmosPeer(HandClock()).serving() as peer:
        assert all(line.endswith(": created") for line in await cosmos_setup.create(peer.connection))
        containers = peer.account.database(DATABASE)
        containers[ROUTING].properties["indexingPolicy"] = {"indexingMode": "none"}
        assert all(line.endswith(": brought up to date") for line in await cosmos_setup.create(peer.connection))
        for definition in definitions():
            properties = containers[definition["id"]].properties
            assert {name: properties.get(name) for name in definition} == definition
        assert set(containers) == {*Container, "leases"}


async def test_callers_that_give_up_leave_the_client_usable(store: CosmosStore) -> None:
    for _ in range(20):
        task = asyncio.create_task(get(store, "n1"))
        await asyncio.sleep(0.001)
        task.cancel()
    await put(store, note("n1"))
    assert await get(store, "n1")
