"""A conversation from first word to wrap-up, through the public API."""

from typing import Any

import pytest

from tests.chat.conftest import House, Open
from tests.chat.people import Desk
from tests.devhost.conftest import eventually

pytestmark = pytest.mark.slow


async def test_the_whole_life(house: House) -> None:
    alice = await house.desk("alice")
    zoe = await house.customer(locale="en", customer={"name": "Zoe"}, context={"page": "/cart"})
    assert zoe.texts("bot")
    await zoe.say("where is my order?")
    await zoe.until(lambda _: len(zoe.texts("bot")) > 1)
    await zoe.say("talk to a person")
    offer_id = await alice.offer(zoe.id)
    offers = (await alice.inbox())["offers"]
    assert offers[0]["summary"]["customerName"] == "Zoe"
    assert offers[0]["summary"]["lastMessage"] == "talk to a person"
    taken = await alice.accept(offer_id)
    assert (taken["status"], taken["owner"]["id"]) == ("active", "alice")
    await alice.say(zoe.id, "Hello Zoe")
    await zoe.hears("Hello Zoe")
    await zoe.say("thank you")
    await eventually(lambda: _has_heard(alice, "thank you"))
    ended = await alice.does("end", zoe.id)
    assert ended["conversation"]["status"] == "wrapUp"
    assert (await alice.me())["capacity"]["used"] == 1
    closed = await alice.does("wrap-up", zoe.id, disposition="resolved", notes="all well")
    assert closed["conversation"]["disposition"] == "resolved"
    assert (await zoe.is_in("closed"))["status"] == "closed"
    await alice.is_free()
    view = await alice.view(zoe.id)
    sequences = [message["sequence"] for message in view["messages"]]
    assert sequences == list(range(1, len(sequences) + 1))
    assert view["conversation"]["context"]["page"] == "/cart"
    assert view["customer"]["name"] == "Zoe"


async def _has_heard(desk: Desk, part: str) -> bool:
    return any(
        part in event["data"]["message"]["text"] for event in await desk.events() if event["type"] == "message.upserted"
    )


async def test_portuguese_customers_are_greeted_in_portuguese(house: House) -> None:
    zoe = await house.customer(locale="pt-BR")
    assert any("Olá" in text for text in zoe.texts("bot"))
    await zoe.say("falar com uma pessoa")
    await zoe.is_in("queued")
    alice = await house.desk("alice")
    await alice.offer(zoe.id)
    assert (await alice.conversation(zoe.id))["skills"] == ["pt"]


async def test_a_read_right_after_the_start_succeeds(house: House) -> None:
    started = (await house.http.post("/api/chat/conversations", json={})).json()
    headers = {"Authorization": f"Bearer {started['token']}"}
    answer = await house.http.get(f"/api/chat/conversations/{started['conversationId']}/messages", headers=headers)
    assert answer.status_code == 200
    assert answer.json()["status"] in ("new", "bot")


async def test_an_agent_takes_no_more_than_capacity_allows(house: House) -> None:
    alice = await house.desk("alice")
    waiting = [await house.handed_over() for _ in range(4)]
    for customer in waiting[:3]:
        await alice.accept(await alice.offer(customer.id))
    me = await alice.me()
    assert (me["capacity"], me["presence"]["effective"]) == ({"used": 3, "total": 3}, "doNotDisturb")
    shown = await waiting[3].until(lambda shown: shown["queue"])
    assert (shown["status"], shown["queue"]["position"]) == ("queued", 1)
    await alice.does("end", waiting[0].id)
    await alice.does("wrap-up", waiting[0].id, disposition="resolved")
    await alice.accept(await alice.offer(waiting[3].id))


async def test_set_aside_return_and_reopen(house: House) -> None:
    alice = await house.desk("alice")
    zoe = await house.talking(alice)
    await alice.does("set-aside", zoe.id)
    await alice.is_free()
    reopened = await alice.does("reopen", zoe.id)
    assert reopened["conversation"]["status"] == "active"
    assert (await alice.me())["capacity"]["used"] == 1
    await alice.does("set-aside", zoe.id)
    await zoe.say("I am back")
    await alice.accept(await alice.offer(zoe.id))
    assert (await alice.conversation(zoe.id))["status"] == "active"
    await alice.does("end", zoe.id)
    await alice.does("wrap-up", zoe.id, disposition="resolved")
    await alice.is_free()


async def test_blind_transfer_to_a_queue_keeps_the_place_in_line(house: House) -> None:
    alice = await house.desk("alice")
    zoe = await house.talking(alice)
    first = await alice.conversation(zoe.id)
    await alice.does("transfer", zoe.id, to={"kind": "queue", "id": "billing"}, note="about a bill")
    bob = await house.desk("bob")
    taken = await bob.accept(await bob.offer(zoe.id))
    assert taken["enqueuedAt"] == first["enqueuedAt"]
    assert (taken["queue"], taken["owner"]["id"]) == ("billing", "bob")
    assert taken["epoch"] > first["epoch"]
    await alice.is_free()
    view = await bob.view(zoe.id)
    assert [m["text"] for m in view["messages"] if m["visibility"] == "internal"] == ["about a bill"]
    await zoe.look()
    assert "about a bill" not in zoe.texts()
    refused = await alice.call("POST", f"/api/conversations/{zoe.id}/end")
    assert refused.json()["code"] == "invalid-state"


async def test_blind_transfer_to_an_agent(house: House) -> None:
    alice, bob = await house.desk("alice"), await house.desk("bob", "away")
    zoe = await house.talking(alice)
    await bob.present("available")
    asked = await alice.does("transfer", zoe.id, to={"kind": "agent", "id": "bob"})
    offer = await bob.offer(zoe.id)
    assert (await alice.conversation(zoe.id))["owner"]["id"] == "alice"
    assert (await bob.inbox())["offers"][0]["kind"] == "transfer"
    taken = await bob.accept(offer)
    assert taken["owner"]["id"] == "bob"
    await alice.is_free()
    ended = [event["data"] for event in await alice.events() if event["type"] == "transfer.ended"]
    assert [(e["transferId"], e["state"]) for e in ended] == [(asked["transferId"], "accepted")]
    assert (await bob.me())["capacity"]["used"] == 1


async def test_a_transfer_that_is_declined_changes_nothing(house: House) -> None:
    alice, bob = await house.desk("alice"), await house.desk("bob", "away")
    zoe = await house.talking(alice)
    await bob.present("available")
    await alice.does("transfer", zoe.id, to={"kind": "agent", "id": "bob"})
    await bob.ok("POST", f"/api/offers/{await bob.offer(zoe.id)}/decline")

    async def told() -> list[str]:
        return [e["data"]["state"] for e in await alice.events() if e["type"] == "transfer.ended"]

    assert await eventually(told) == ["failed"]
    head = await alice.conversation(zoe.id)
    assert (head["status"], head["owner"]["id"], head["transferId"]) == ("active", "alice", None)
    assert (await bob.me())["capacity"]["used"] == 0
    assert (await alice.me())["capacity"]["used"] == 1


async def test_a_transfer_to_somebody_who_is_not_there_fails_at_once(house: House) -> None:
    alice = await house.desk("alice")
    zoe = await house.talking(alice)
    await alice.does("transfer", zoe.id, to={"kind": "agent", "id": "bob"})

    async def told() -> list[str]:
        return [e["data"]["reason"] for e in await alice.events() if e["type"] == "transfer.ended"]

    assert await eventually(told) == ["agent-unavailable"]


async def test_impossible_transfers_are_refused(house: House) -> None:
    alice = await house.desk("alice")
    zoe = await house.talking(alice)
    path = f"/api/conversations/{zoe.id}/transfer"
    for target, code in [
        ({"to": {"kind": "phone", "id": "+4930123456"}}, "transfer-unsupported"),
        ({"to": {"kind": "queue", "id": "nowhere"}}, "invalid-request"),
        ({"to": {"kind": "agent", "id": "sam"}}, "invalid-request"),
        ({"to": {"kind": "agent", "id": "alice"}}, "invalid-request"),
    ]:
        refused = await alice.call("POST", path, json=target)
        assert refused.json()["code"] == code, refused.text
    assert (await alice.conversation(zoe.id))["status"] == "active"


async def test_everything_is_there_after_a_restart(open_house: Open) -> None:
    async with open_house() as house:
        alice = await house.desk("alice")
        zoe = await house.talking(alice)
        await zoe.say("before")
        before = await eventually(lambda: _messages_with(alice, zoe.id, "before"))
    async with open_house() as again:
        zoe._http = alice._http = again.http  # the same people with the same tokens
        view = await alice.view(zoe.id)
        assert view["messages"] == before
        await zoe.say("after")
        await alice.say(zoe.id, "still here")
        await zoe.hears("still here")
        await alice.does("end", zoe.id)
        await alice.does("wrap-up", zoe.id, disposition="resolved")
        await zoe.is_in("closed")
        await alice.is_free()


async def _messages_with(desk: Desk, conversation_id: str, text: str) -> Any:
    messages = (await desk.view(conversation_id))["messages"]
    return messages if text in [message["text"] for message in messages] else None
