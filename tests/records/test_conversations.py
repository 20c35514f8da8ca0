"""Conversations: changed by compare-and-set, by many writers of this process and of others."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from shared.domain.conversation import (
    Change,
    Conversation,
    Draft,
    InvalidStep,
    Kind,
    Sender,
    Status,
    Step,
    Transfer,
    Wait,
    WorkRef,
)
from shared.ports import Container, Unavailable
from shared.records import conversations
from shared.records.conversations import Conversations, DuplicateMessage, NoConversation, event_of, head_of
from tests.contracts.stores import Store
from tests.domain.cast import ALICE, BOB, HOUR, NOW, at, conversation

CHARLIE = Sender(Kind.CUSTOMER, "Charlie")
Decide = Callable[[Conversation], Change | None]


def says(id_: str, text: str = "hello", sender: Sender = CHARLIE) -> Decide:
    def decide(found: Conversation) -> Change:
        draft = Draft(found, NOW)
        draft.say(id_, sender, text)
        return draft.done()

    return decide


def sets(**fields: Any) -> Decide:
    def decide(found: Conversation) -> Change:
        draft = Draft(found, NOW)
        draft.set(**fields)
        return draft.done()

    return decide


def steps(step: Step) -> Decide:
    def decide(found: Conversation) -> Change:
        draft = Draft(found, NOW)
        draft.step(step)
        return draft.done()

    return decide


def created(status: Status = Status.BOT, **fields: Any) -> Change:
    draft = Draft(conversation(status, **fields), NOW, is_new=True)
    draft.note("created", {"channel": "chat"})
    return draft.done()


@pytest.fixture
async def mine(store: Store) -> Conversations:
    """This process, with one conversation."""
    records = Conversations(store.documents)
    assert await records.create(created())
    return records


@pytest.fixture
async def theirs(store: Store, mine: Conversations) -> Conversations:
    """Another process, which knows the conversation already."""
    records = Conversations(store.documents)
    assert await records.get("c1")
    return records


async def test_a_conversation_is_read_as_it_was_written(store: Store) -> None:
    whole = conversation(
        Status.ACTIVE, locale="pt-BR", customer_id="x", customer_name="Charlie Ñ", priority=3, skills=("pt", "vip"),
        context={"order": 7, "nested": {"list": [1, None]}}, topic="order", previous_conversation_id="c0",
        queued_at=at(1), closed_at=at(2), disposition="solved", notes="…", case_id="k1", ended_by=Kind.CUSTOMER,
        transfer=Transfer("t1", "bob", "alice", at(3), WorkRef("main", "c1.t1")), stale=(WorkRef("main", "c1.0"),),
        is_front=True, bot_handled=4, sequence=5, last_message="hi", customer_at=at(4), routing_revision=6,
        wait=Wait(2, at(5), 3, 1), survey={"score": 5}, version=8, events=9, owner=ALICE,
    )  # fmt: skip
    records = Conversations(store.documents)
    assert await records.create(Change(None, whole))
    assert await Conversations(store.documents).get("c1") == whole


async def test_creating_what_exists_changes_nothing(store: Store, mine: Conversations) -> None:
    assert not await Conversations(store.documents).create(created(Status.NEW, customer_name="Mallory"))
    found = await mine.get("c1")
    assert found and (found.status, found.customer_name) == (Status.BOT, None)
    assert len(await mine.timeline("c1")) == 1


async def test_what_is_not_there_is_none_or_an_error(mine: Conversations) -> None:
    assert await mine.get("c2") is None
    assert await mine.messages("c2") == [] and await mine.timeline("c2") == []
    assert await mine.message("c2", "customer", "m1") is None
    with pytest.raises(NoConversation):
        await mine.update("c2", says("m1"))


async def test_an_update_stores_head_messages_and_events_together(store: Store, mine: Conversations) -> None:
    change = await mine.update("c1", says("m1", "Olá!"))
    assert change and change.before
    fresh = Conversations(store.documents)
    assert await fresh.get("c1") == change.after
    assert await fresh.messages("c1") == list(change.messages)
    assert (await fresh.timeline("c1"))[1:] == list(change.events)
    assert await fresh.message("c1", "customer", "m1") == change.messages[0]
    assert await fresh.message("c1", "agent", "m1") is None


async def test_a_decision_against_a_change_leaves_everything_as_it_was(store: Store, mine: Conversations) -> None:
    before = store.feed(Container.CONVERSATIONS)
    assert await mine.update("c1", lambda found: None) is None
    with pytest.raises(InvalidStep):
        await mine.update("c1", steps(Step.ACCEPTED))
    assert store.feed(Container.CONVERSATIONS) == before


async def test_concurrent_updates_lose_nothing(mine: Conversations) -> None:
    await asyncio.gather(*(mine.update("c1", says(f"m{number}")) for number in range(100)))
    found = await mine.get("c1")
    assert found and (found.version, found.sequence, found.events) == (101, 100, 101)
    messages = await mine.messages("c1")
    assert [message.sequence for message in messages] == list(range(1, 101))
    assert {message.id for message in messages} == {f"m{number}" for number in range(100)}
    assert [event.sequence for event in await mine.timeline("c1")] == list(range(1, 102))


async def test_writers_of_two_processes_lose_nothing(mine: Conversations, theirs: Conversations) -> None:
    updates = [(mine, theirs)[number % 2].update("c1", says(f"m{number}")) for number in range(60)]
    assert None not in await asyncio.gather(*updates)
    messages = await mine.messages("c1")
    assert [message.sequence for message in messages] == list(range(1, 61))
    assert {message.id for message in messages} == {f"m{number}" for number in range(60)}
    assert await mine.get("c1") == await theirs.get("c1")


async def test_a_stale_cache_is_overtaken_by_the_store(mine: Conversations, theirs: Conversations) -> None:
    await theirs.update("c1", says("m1"))
    seen: list[int] = []

    def decide(found: Conversation) -> Change | None:
        seen.append(found.version)
        return says("m2")(found)

    change = await mine.update("c1", decide)
    assert change and change.after.sequence == 2
    assert seen == [1, 2], "first on what was known, then on what is stored"


async def test_what_was_true_yesterday_refuses_nothing(mine: Conversations, theirs: Conversations) -> None:
    await theirs.update("c1", steps(Step.ENQUEUED))
    assert await mine.update("c1", steps(Step.OFFERED)), "the cache says that the bot has it"
    await theirs.update("c1", steps(Step.OFFER_ENDED))

    def if_it_waits(found: Conversation) -> Change | None:
        return steps(Step.OFFERED)(found) if found.status is Status.QUEUED else None

    assert await mine.update("c1", if_it_waits), "the cache says that it is offered"


async def test_what_is_refused_is_refused_by_the_store(mine: Conversations, theirs: Conversations) -> None:
    await theirs.update("c1", steps(Step.ENDED))
    with pytest.raises(InvalidStep) as caught:
        await mine.update("c1", steps(Step.ENQUEUED))
    assert caught.value.status is Status.CLOSED


async def test_a_message_that_is_there_is_refused_with_all_that_came_with_it(mine: Conversations) -> None:
    await mine.update("c1", says("m1", "first"))

    def again(found: Conversation) -> Change:
        draft = Draft(found, NOW)
        draft.say("m2", CHARLIE, "new")
        draft.say("m1", CHARLIE, "again")
        draft.step(Step.ENDED)
        return draft.done()

    with pytest.raises(DuplicateMessage):
        await mine.update("c1", again)
    found = await mine.get("c1")
    assert found and (found.status, found.sequence) == (Status.BOT, 1)
    assert [message.text for message in await mine.messages("c1")] == ["first"]
    assert await mine.update("c1", says("m2"))


async def test_of_many_deliveries_one_is_stored(mine: Conversations, theirs: Conversations) -> None:
    deliveries = [(mine, theirs)[number % 2].update("c1", says("m1")) for number in range(20)]
    outcomes = await asyncio.gather(*deliveries, return_exceptions=True)
    assert sum(isinstance(outcome, Change) for outcome in outcomes) == 1
    assert sum(isinstance(outcome, DuplicateMessage) for outcome in outcomes) == 19
    assert len(await mine.messages("c1")) == 1


async def test_one_id_of_two_senders_is_two_messages(mine: Conversations) -> None:
    await mine.update("c1", says("m1", "customer"))
    await mine.update("c1", says("m1", "agent", Sender(Kind.AGENT, "Alice", "alice")))
    assert [message.text for message in await mine.messages("c1")] == ["customer", "agent"]


async def test_of_two_processes_that_take_one_step_one_does(mine: Conversations, theirs: Conversations) -> None:
    outcomes = await asyncio.gather(
        *(records.update("c1", steps(Step.ENQUEUED)) for records in (mine, theirs, mine, theirs)),
        return_exceptions=True,
    )
    assert sum(isinstance(outcome, Change) for outcome in outcomes) == 1
    assert sum(isinstance(outcome, InvalidStep) for outcome in outcomes) == 3


async def test_a_store_that_is_away_and_back(store: Store, mine: Conversations) -> None:
    store.fill_disk(True)
    with pytest.raises(Unavailable):
        await mine.update("c1", says("m1"))
    assert await mine.get("c1")
    store.fill_disk(False)
    change = await mine.update("c1", says("m1"))
    assert change and change.after.sequence == 1


async def test_a_cancelled_writer_does_not_hold_up_the_others(mine: Conversations) -> None:
    tasks = [asyncio.create_task(mine.update("c1", says(f"m{number}"))) for number in range(10)]
    await asyncio.sleep(0)
    tasks[0].cancel()
    tasks[5].cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    there = {message.id for message in await mine.messages("c1")}
    assert there >= {f"m{number}" for number in range(10) if number not in (0, 5)}
    found = await mine.get("c1")
    assert found and found.sequence == len(there)


async def test_a_conversation_that_keeps_changing_is_given_up_after_a_while(
    mine: Conversations, theirs: Conversations
) -> None:
    """Somebody else commits between each reading and the commit that follows from it."""
    (documents, number) = (mine._documents, 0)
    commit = documents.commit

    class Overtaken:
        async def read(self, *given: Any) -> Any:
            return await documents.read(*given)

        async def commit(self, *given: Any) -> Any:
            nonlocal number
            number += 1
            assert await theirs.update("c1", sets(priority=number))
            return await commit(*given)

    slow = Conversations(Overtaken())  # type: ignore[arg-type]  # the part of the port that is used
    with pytest.raises(Unavailable, match="too fast"):
        await slow.update("c1", sets(topic="never"))
    found = await mine.get("c1")
    assert found and (found.priority, found.topic) == (number, None)


async def test_transcripts_and_timelines_are_read_in_pages(mine: Conversations) -> None:
    for number in range(1, 8):
        await mine.update("c1", says(f"m{number}"))
    assert [message.id for message in await mine.messages("c1", after=2, limit=3)] == ["m3", "m4", "m5"]
    assert [event.sequence for event in await mine.timeline("c1", limit=3)] == [1, 2, 3]


async def test_search_finds_heads_the_newest_first(store: Store) -> None:
    records = Conversations(store.documents)
    owners = {"c1": ALICE, "c2": BOB, "c3": ALICE}
    for id_, owner in owners.items():
        await records.create(created(Status.ACTIVE, id=id_, owner=owner))
    await records.update("c1", says("m1"))
    found = await records.search({"owner.id": "alice", "status": "active"}, None, 10)
    assert [head.id for head in found] == ["c3", "c1"]
    assert [head.id for head in await records.search({"owner.id": "alice"}, "c3", 10)] == ["c1"]
    assert await records.search({"owner.id": "charlie"}, None, 10) == []


async def test_what_is_overdue_is_found(store: Store) -> None:
    records = Conversations(store.documents)
    for id_, until in {"c1": at(-61), "c2": at(-59), "c3": None, "c4": at(3600)}.items():
        await records.create(created(id=id_, wait=Wait(1, until)))
    assert [head.id for head in await records.overdue(at(-60), 10)] == ["c1"]
    assert [head.id for head in await records.overdue(at(0), 10)] == ["c1", "c2"]
    assert len(await records.overdue(at(7200), 2)) == 2


async def test_feed_documents_are_heads_and_events(store: Store, mine: Conversations) -> None:
    await mine.update("c1", steps(Step.ENDED))
    found, _ = await store.documents.changes(Container.CONVERSATIONS, "c1", None)
    by_type = {document.type: document for document in found}
    assert head_of(by_type["conversation"]) == await mine.get("c1")
    assert event_of(by_type["event"]).type == Step.ENDED


async def test_the_cache_is_bounded_and_locks_are_let_go(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conversations, "CACHED_MAX", 10)
    records = Conversations(store.documents)
    for number in range(30):
        await records.create(created(id=f"c{number}"))
    for number in range(30):
        assert await records.update(f"c{number}", says("m1"))
        assert await records.get(f"c{number}")
    assert list(records._known) == [f"c{number}" for number in range(20, 30)]
    assert len(records._turns) == 0


async def test_conversations_do_not_wait_for_each_other(store: Store) -> None:
    records = Conversations(store.documents)
    for number in range(20):
        await records.create(created(id=f"c{number}"))
    await asyncio.gather(*(records.update(f"c{number % 20}", says(f"m{number}")) for number in range(100)))
    for number in range(20):
        assert len(await records.messages(f"c{number}")) == 5


async def test_times_keep_their_microseconds_and_their_order(store: Store) -> None:
    records = Conversations(store.documents)
    moment = NOW + timedelta(microseconds=123_000)
    await records.create(created(active_at=moment, wait=Wait(1, moment + HOUR)))
    found = await Conversations(store.documents).get("c1")
    assert found and (found.active_at, found.wait.until) == (moment, moment + HOUR)
    assert len(await records.overdue(moment + HOUR + timedelta(milliseconds=1), 1)) == 1
    assert await records.overdue(moment + HOUR, 1) == []
