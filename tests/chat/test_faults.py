"""The fault catalogue: what goes wrong around a chat, and what comes of it."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.domain.bot import BotReply
from shared.ports import BotFailed, BotTurn, Container, Document, Inbound, InboundEvent
from shared.usecases import agents, follow
from tests.chat.conftest import House, Open
from tests.chat.people import Desk
from tests.devhost.conftest import eventually

pytestmark = pytest.mark.slow

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def text_message(number: int, text: str, address: str = "a" * 32, seconds: float = 0) -> InboundEvent:
    """A message of a channel whose conversations are found by address."""
    at = NOW + timedelta(seconds=seconds)
    return InboundEvent("sms", f"sms-{number}", address, Inbound.MESSAGE, at, at, text)


def with_sms(centre: dict[str, Any]) -> None:
    """A second channel, without a bot."""
    centre["channels"]["sms"] = {"queue": "general", "units": 1}


def short(**limits: str) -> Any:
    """Limits that a test can wait for."""

    def change(centre: dict[str, Any]) -> None:
        centre["limits"].update(limits)

    return change


def short_offers(queues: dict[str, Any]) -> None:
    """Offers that a test can wait for."""
    queues["queues"]["general"]["offer"] = "0.5 s"


async def conversations(desk: Desk, **query: str) -> list[dict[str, Any]]:
    """What the supervisor's list shows."""
    return list((await desk.ok("GET", "/api/conversations", params=query))["items"])


async def transcript(house: House, conversation_id: str) -> list[dict[str, Any]]:
    """The messages of the customer."""
    sam = await house.desk("sam", None)
    messages = (await sam.view(conversation_id))["messages"]
    return [message for message in messages if message["sender"]["kind"] == "customer"]


async def test_a_repeated_message_is_there_once(house: House) -> None:
    zoe = await house.customer()
    for _ in range(3):
        await zoe.say("hello?", "same")
    await zoe.say("and now?", "other")
    await zoe.until(lambda _: len(zoe.texts("bot")) >= 3)
    assert [m["id"] for m in await transcript(house, zoe.id)] == ["same", "other"]


async def test_a_message_out_of_the_channels_order_is_flagged(open_house: Open) -> None:
    async with open_house(with_sms) as house:
        await house.receive(text_message(1, "second", seconds=5))
        await house.receive(text_message(2, "first", seconds=1))
        sam = await house.desk("sam", None)

        async def both() -> Any:
            found = await conversations(sam)
            messages = await transcript(house, found[0]["id"]) if found else []
            return messages if len(messages) == 2 else None

        assert [(m["text"], m["late"]) for m in await eventually(both)] == [("second", False), ("first", True)]


async def test_a_redelivery_after_closing_changes_nothing(open_house: Open) -> None:
    async with open_house(with_sms) as house:
        alice, sam = await house.desk("alice"), await house.desk("sam", None)
        await house.receive(text_message(1, "hello"))
        found = await eventually(lambda: conversations(sam))
        id_ = found[0]["id"]
        await alice.accept(await alice.offer(id_))
        await alice.does("end", id_)
        await alice.does("wrap-up", id_, disposition="resolved")
        before = await sam.view(id_)
        await house.receive(text_message(1, "hello"))
        await house.receive(text_message(2, "one more thing"))
        await eventually(lambda: _has(sam, 2))
        assert (await sam.view(id_))["messages"] == before["messages"]
        follow_up = (await conversations(sam))[0]
        assert follow_up["previousConversationId"] == id_
        assert [m["text"] for m in await transcript(house, follow_up["id"])] == ["one more thing"]


async def _has(desk: Desk, number: int) -> bool:
    return len(await conversations(desk)) == number


async def test_two_first_messages_at_once_make_one_conversation(open_house: Open) -> None:
    async with open_house(with_sms) as house:
        sam = await house.desk("sam", None)
        # In sessions of their own, so that nothing but the store keeps them apart.
        await asyncio.gather(*(house.receive(text_message(n, f"{n}"), session=f"s{n}") for n in range(6)))

        async def all_there() -> Any:
            found = await conversations(sam)
            return found and len(await transcript(house, found[0]["id"])) == 6 and found

        assert len(await eventually(all_there)) == 1


async def test_an_offer_has_one_winner(open_house: Open) -> None:
    async with open_house(queues=short_offers) as house:
        alice = await house.desk("alice")
        zoe = await house.handed_over()
        offer = await alice.offer(zoe.id)
        bob = await house.desk("bob")
        assert (await bob.call("POST", f"/api/offers/{offer}/accept")).status_code == 404
        theirs = await bob.offer(zoe.id)  # once Alice's has expired
        answers = await asyncio.gather(
            *(desk.call("POST", f"/api/offers/{id_}/accept") for desk, id_ in [(alice, offer), (bob, theirs)] * 3)
        )
        assert [answer.status_code for answer in answers] == [409, 200] * 3
        assert answers[0].json()["code"] == "offer-gone"
        assert answers[0].json()["state"] == "expired"
        assert (await bob.conversation(zoe.id))["owner"]["id"] == "bob"
        assert (await alice.me())["presence"]["effective"] == "inactive"
        await alice.present("available")
        assert (await alice.me())["presence"]["effective"] == "available"


async def test_a_declined_offer_goes_to_the_next_agent(house: House) -> None:
    alice = await house.desk("alice")
    zoe = await house.handed_over()
    offer = await alice.offer(zoe.id)
    before = await alice.conversation(zoe.id)
    for _ in range(2):
        assert (await alice.ok("POST", f"/api/offers/{offer}/decline"))["state"] == "declined"
    assert (await alice.call("POST", f"/api/offers/{offer}/accept")).json()["state"] == "declined"
    assert (await alice.me())["presence"]["effective"] == "doNotDisturb"
    bob = await house.desk("bob")
    taken = await bob.accept(await bob.offer(zoe.id))
    assert taken["enqueuedAt"] == before["enqueuedAt"]


async def test_an_agent_who_goes_offline_loses_the_offer(house: House) -> None:
    alice = await house.desk("alice")
    zoe = await house.handed_over()
    offer = await alice.offer(zoe.id)
    await alice.present("offline")
    await alice.sees(zoe.id, "queued")
    assert (await alice.call("POST", f"/api/offers/{offer}/accept")).json()["state"] == "revoked"
    assert (await alice.me())["capacity"]["used"] == 0


def soon_lost(centre: dict[str, Any]) -> None:
    """An agent's silence matters at once."""
    centre["connection"] = {"offlineAfter": "0.3 s", "requeueAfter": "1 s", "restoreWithin": "300 s"}


async def test_a_lost_agents_offer_goes_back_and_presence_is_restored(open_house: Open) -> None:
    async with open_house(soon_lost) as house:
        alice = await house.desk("alice")
        zoe = await house.handed_over()
        await alice.offer(zoe.id)
        sam = await house.desk("sam", None)
        await asyncio.sleep(0.4)
        await agents.sweep(house.app.services, house.bells)
        await sam.sees(zoe.id, "queued")
        house.app.services.beats.clear()
        assert (await alice.me())["presence"]["effective"] in ("available", "busy")
        await alice.accept(await alice.offer(zoe.id))


async def test_a_lost_agents_conversations_go_first_in_line(open_house: Open) -> None:
    async with open_house(soon_lost) as house:
        alice = await house.desk("alice")
        zoe = await house.talking(alice)
        await zoe.say("are you there?")
        others = [await house.handed_over() for _ in range(3)]
        sam = await house.desk("sam", None)
        await asyncio.sleep(1.1)
        await agents.sweep(house.app.services, house.bells)
        await sam.sees(zoe.id, "queued")
        await asyncio.gather(*(sam.sees(other.id, "queued") for other in others))
        assert (await zoe.until(lambda shown: shown["queue"]))["queue"]["position"] == 1
        bob = await house.desk("bob")
        taken = await bob.accept(await bob.offer(zoe.id))
        assert taken["owner"]["id"] == "bob"
        assert "are you there?" in [m["text"] for m in await transcript(house, zoe.id)]
        stale = await alice.call(
            "POST", f"/api/conversations/{zoe.id}/messages", json={"text": "late", "clientMessageId": "x"}
        )
        assert stale.json()["code"] == "invalid-state"


@pytest.mark.parametrize("stage", ["bot", "queued", "offered", "active", "waiting", "wrapUp"])
async def test_the_customer_leaves(house: House, stage: str) -> None:
    alice = await house.desk("alice", "offline" if stage in ("bot", "queued") else "available")
    zoe = await house.customer()
    if stage != "bot":
        await zoe.say("talk to a person")
    if stage not in ("bot", "queued"):
        offer = await alice.offer(zoe.id)
    if stage in ("active", "waiting", "wrapUp"):
        await alice.accept(offer)
    if stage == "waiting":
        await alice.does("set-aside", zoe.id)
    if stage == "wrapUp":
        await alice.does("end", zoe.id)
    await zoe.is_in(stage)
    await zoe.leave()
    if stage in ("active", "wrapUp"):
        await alice.sees(zoe.id, "wrapUp")
        await alice.does("wrap-up", zoe.id, disposition="no-answer")
    sam = await house.desk("sam", None)
    head = await sam.sees(zoe.id, "closed")
    assert head["endedBy"] == ("agent" if stage == "wrapUp" else "customer")
    await alice.is_free()
    refused = await zoe.call("POST", "/messages", json={"text": "hello?", "clientMessageId": "late"})
    assert (refused.status_code, refused.json()["code"]) == (409, "conversation-closed")
    if stage == "offered":
        assert (await alice.call("POST", f"/api/offers/{offer}/accept")).json()["state"] == "cancelled"


async def test_poison_is_parked_while_others_flow(house: House) -> None:
    for body in (b"{broken", b'{"channel":"nowhere"}'):
        query = {"sessionId": "poison", "messageId": body.hex()[:20]}
        await house.http.post("/admin/queues/bus/channel-events", content=body, params=query)
    zoe = await house.customer()
    assert zoe.texts("bot")

    async def parked() -> Any:
        items = (await house.admin("GET", "/api/manage/dead-letters")).json()["items"]
        return items if len(items) == 2 else None

    letters = await eventually(parked)
    assert all(letter["reason"].startswith("not an inbound event") for letter in letters)
    assert {letter["body"] for letter in letters} == {"{broken", '{"channel":"nowhere"}'}
    again = await house.admin("POST", f"/api/manage/dead-letters/{letters[0]['id']}/resubmit")
    assert again.json()["code"] == "invalid-state"


async def test_what_the_queue_has_given_up_on_is_parked(house: House) -> None:
    path = "/admin/queues/bus/channel-events%2F$deadletterqueue"
    await house.http.post(path, content=b"given up", params={"sessionId": "s", "messageId": "m"})

    async def parked() -> Any:
        return (await house.admin("GET", "/api/manage/dead-letters")).json()["items"]

    assert [letter["body"] for letter in await eventually(parked)] == ["given up"]


@pytest.mark.parametrize("sink", [follow.ring, follow.tell_screens, follow.tell_routing])
async def test_a_document_that_cannot_be_read_holds_up_no_other(house: House, sink: Any) -> None:
    handled = await house.customer()
    good = await house.app.services.documents.read(Container.CONVERSATIONS, handled.id, handled.id)
    assert good
    wait = {**good.body["wait"], "token": 0}
    fresh = Document(good.id, good.partition, good.type, {**good.body, "id": "unheard-of", "wait": wait}, "")
    bad = [
        Document("x", "x", type_, body, "")
        for type_ in ("conversation", "event", "work", "novelty")
        for body in ({}, {"told": ["alice"]}, {"wait": {"token": 0}}, {"wait": {"token": "?", "signals": 1, "seen": 0}})
    ]
    started: list[str] = []

    class Bells:
        async def start(self, conversation_id: str) -> None:
            started.append(conversation_id)

        async def ring(self, conversation_id: str, token: int) -> None:
            raise AssertionError("nothing is to be rung")

    await sink(house.app.services, [*bad, fresh], Bells())
    assert started == (["unheard-of"] if sink is follow.ring else [])


async def test_a_parked_message_can_be_sent_again_once_its_channel_is_there(open_house: Open) -> None:
    async with open_house() as house:
        await house.receive(text_message(1, "too early"))

        async def parked() -> Any:
            return (await house.admin("GET", "/api/manage/dead-letters")).json()["items"]

        letter = (await eventually(parked))[0]
        assert "no channel 'sms'" in letter["reason"]
    async with open_house(with_sms) as house:
        path = f"/api/manage/dead-letters/{letter['id']}/resubmit"
        assert (await house.admin("POST", path)).status_code == 202
        sam = await house.desk("sam", None)
        found = await eventually(lambda: conversations(sam))
        assert [m["text"] for m in await transcript(house, found[0]["id"])] == ["too early"]
        assert (await house.admin("POST", path)).json()["code"] == "invalid-state"


class BrokenBot:
    """Fails, or never answers."""

    def __init__(self, is_slow: bool) -> None:
        self._is_slow = is_slow

    async def reply(self, turn: BotTurn) -> BotReply:
        """Never a reply."""
        if self._is_slow:
            await asyncio.sleep(60)
        raise BotFailed("out of order")


@pytest.mark.parametrize("is_slow", [False, True])
async def test_a_broken_bot_makes_room_for_a_person(open_house: Open, is_slow: bool) -> None:
    limits = short(botNotice="0.2 s", botFailure="0.5 s")
    async with open_house(limits, others={"bot": BrokenBot(is_slow)}) as house:
        alice = await house.desk("alice")
        zoe = await house.customer()
        await alice.accept(await alice.offer(zoe.id))
        await alice.say(zoe.id, "I am a person")
        await zoe.hears("I am a person")
        assert len(zoe.texts("system")) >= 2 + is_slow
        assert zoe.texts("bot") == []


async def test_every_state_has_its_time_limit(open_house: Open) -> None:
    limits = short(botIdle="0.3 s", queueWait="0.6 s", activeIdle="0.6 s", wrapUp="0.4 s", setAside="0.4 s")
    async with open_house(limits) as house:
        sam = await house.desk("sam", None)
        silent = await house.customer()
        assert (await sam.sees(silent.id, "closed"))["endedBy"] == "system"
        waiting = await house.handed_over()
        await sam.sees(waiting.id, "closed")
        await waiting.look()
        assert len(waiting.texts("system")) == 2
        alice = await house.desk("alice")
        talking = await house.talking(alice)
        await sam.sees(talking.id, "wrapUp")
        assert (await sam.sees(talking.id, "closed"))["disposition"] is None
        await alice.is_free()
        aside = await house.talking(alice)
        await alice.does("set-aside", aside.id)
        await sam.sees(aside.id, "closed")


async def test_card_numbers_are_masked_before_they_are_stored(house: House) -> None:
    zoe = await house.customer()
    await zoe.say("my card is 4111 1111 1111 1111, thanks")
    await zoe.until(lambda _: zoe.texts("customer"))
    assert zoe.texts("customer") == ["my card is **** **** **** 1111, thanks"]
    store = house.host.config.data_dir
    assert all(b"4111 1111" not in path.read_bytes() for path in store.iterdir() if path.is_file())


async def test_a_customer_who_writes_more_than_a_turn_takes_is_answered_all_the_same(house: House) -> None:
    zoe = await house.customer()
    for _ in range(70):
        await zoe.say("opening hours")
    await zoe.until(lambda _: len(zoe.texts("bot")) == 71)
