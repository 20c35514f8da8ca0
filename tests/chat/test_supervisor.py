"""A supervisor steers: assigns, closes, sets presences, closes queues; and the figures tell of it."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.ports import Container
from shared.usecases import follow
from tests.chat.conftest import House, Open
from tests.chat.people import Customer, Desk, Json, wrap
from tests.devhost.conftest import eventually

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::ResourceWarning")]


async def queue_of(sam: Desk) -> Json:
    """What is shown of the queue `general`."""
    items = (await sam.ok("GET", "/api/supervisor/queues"))["items"]
    return dict(next(item for item in items if item["id"] == "general"))


async def agent_of(sam: Desk, id_: str) -> Json:
    """What is shown of an agent."""
    items = (await sam.ok("GET", "/api/supervisor/agents"))["items"]
    return dict(next(item for item in items if item["id"] == id_))


async def today(sam: Desk, **wanted: int) -> Json:
    """The figures of the day, once they are as wanted."""

    async def counted() -> Json | None:
        figures: Json = (await sam.ok("GET", "/api/supervisor/overview"))["today"]
        return figures if figures | wanted == figures else None

    return dict(await eventually(counted))


async def listed(sam: Desk, query: str = "") -> list[str]:
    """The ids of the conversations shown."""
    return [item["id"] for item in (await sam.ok("GET", f"/api/supervisor/conversations{query}"))["items"]]


async def assigned(sam: Desk, customer: Customer, agent: str) -> Json:
    """Given to an agent."""
    answer = await sam.ok("POST", f"/api/conversations/{customer.id}/assign", json={"agentId": agent})
    return dict(answer["conversation"])


def of_type(view: Json, type_: str) -> list[Json]:
    """The data of the timeline's events of a type."""
    return [event["data"] for event in view["timeline"] if event["type"] == type_]


def until(**span: float) -> str:
    """A time to come."""
    return (datetime.now(UTC) + timedelta(**span)).isoformat()


async def closes(sam: Desk, message: str = "The building is being evacuated.") -> Json:
    """The queue `general` for an hour."""
    body = {"closedUntil": until(hours=1), "message": message}
    return await sam.ok("PUT", "/api/queues/general/override", json=body)


async def test_who_waits_is_given_to_an_agent(house: House) -> None:
    sam, alice = await house.desk("sam", None), await house.desk("alice", "away")
    zoe = await house.handed_over()
    await zoe.is_in("queued")

    async def waits() -> dict[str, Any] | None:
        found = await queue_of(sam)
        return found if found["waiting"] else None

    shown = await eventually(waits)  # its work item follows the conversation
    assert (shown["waiting"], shown["agentsAvailable"], shown["agentsBusy"]) == (1, 0, 0)
    given = await assigned(sam, zoe, "alice")
    assert (given["status"], given["owner"]["id"]) == ("active", "alice")
    assert (await assigned(sam, zoe, "alice"))["epoch"] == given["epoch"]
    await zoe.hears("Alice")
    assert [c["id"] for c in (await alice.inbox())["conversations"]] == [zoe.id]
    accepted = of_type(await sam.view(zoe.id), "accepted")
    assert [(data["assignedBy"], data["isOverCapacity"]) for data in accepted] == [("sam", False)]
    held = (await agent_of(sam, "alice"))["items"]
    assert [(item["conversationId"], item["state"]) for item in held] == [(zoe.id, "active")]
    assert (await queue_of(sam))["waiting"] == 0
    await alice.say(zoe.id, "Hello")
    await alice.does("end", zoe.id)
    await alice.does("wrap-up", zoe.id, **wrap())
    await alice.is_free()
    assert (await today(sam, offered=1, answered=1))["serviceLevel"] == 1


async def test_what_is_offered_goes_to_another_agent(house: House) -> None:
    sam, alice = await house.desk("sam", None), await house.desk("alice")
    zoe = await house.handed_over()
    offer = await alice.offer(zoe.id)
    bob = await house.desk("bob", "away")
    await assigned(sam, zoe, "bob")
    lost = await alice.call("POST", f"/api/offers/{offer}/accept")
    assert (lost.status_code, lost.json()["code"]) == (409, "offer-gone")
    await alice.is_free()
    assert [event["data"]["state"] for event in await alice.events() if event["type"] == "offer.ended"] == ["cancelled"]
    assert (await bob.me())["capacity"]["used"] == 1
    assert (await alice.me())["presence"]["effective"] == "available"


async def test_an_agent_is_given_more_than_capacity_allows(house: House) -> None:
    sam, alice = await house.desk("sam", None), await house.desk("alice")
    for _ in range(3):
        await house.talking(alice)
    zoe = await house.handed_over()
    await assigned(sam, zoe, "alice")
    me = await alice.me()
    assert me["capacity"] == {"used": 4, "total": 3}
    assert (me["presence"]["effective"], me["presence"]["reason"]) == ("doNotDisturb", "at-capacity")
    assert of_type(await sam.view(zoe.id), "accepted")[0]["isOverCapacity"] is True
    await sam.ok("POST", f"/api/conversations/{zoe.id}/close")
    await sam.ok("POST", f"/api/conversations/{zoe.id}/close", json={"reason": "test"})
    await alice.sees(zoe.id, "closed")

    async def given_back() -> bool:
        return bool((await alice.me())["capacity"]["used"] == 3)

    assert await eventually(given_back)


async def test_a_conversation_moves_from_one_agent_to_another(house: House) -> None:
    sam, alice = await house.desk("sam", None), await house.desk("alice")
    zoe = await house.talking(alice)
    bob = await house.desk("bob")
    given = await assigned(sam, zoe, "bob")
    assert given["owner"]["id"] == "bob"
    await alice.is_free()
    assert (await bob.me())["capacity"]["used"] == 1
    assert (await alice.inbox())["conversations"] == []
    assert of_type(await sam.view(zoe.id), "reassigned")[0]["assignedBy"] == "sam"
    refused = await alice.call("POST", f"/api/conversations/{zoe.id}/end")
    assert refused.json()["code"] == "invalid-state"
    await bob.does("set-aside", zoe.id)
    await bob.is_free()
    assert (await assigned(sam, zoe, "alice"))["status"] == "active"
    assert (await alice.me())["capacity"]["used"] == 1


async def test_of_two_who_want_the_same_one_wins(house: House) -> None:
    sam, alice, bob = [await house.desk(*who) for who in (("sam", None), ("alice", "available"), ("bob", "away"))]
    for is_last in (False, False, False, True):
        zoe = await house.handed_over()
        offer = await alice.offer(zoe.id)
        path = f"/api/conversations/{zoe.id}/assign"
        answers = await asyncio.gather(
            alice.call("POST", f"/api/offers/{offer}/accept"),
            *(sam.call("POST", path, json={"agentId": agent}) for agent in ("alice", "bob", "bob")),
            *([zoe.call("POST", "/end")] if is_last else []),
        )
        assert {answer.status_code for answer in answers} <= {200, 202, 409}, [answer.text for answer in answers]
        head = await sam.conversation(zoe.id)
        owner = head["owner"]["id"] if head["owner"] else None

        async def is_held_once(wanted: list[str] = [owner] if owner else [], id_: str = zoe.id) -> bool:
            agents = (await sam.ok("GET", "/api/supervisor/agents"))["items"]
            return [a["id"] for a in agents for item in a["items"] if item["conversationId"] == id_] == wanted

        assert await eventually(is_held_once), owner
        while (await sam.conversation(zoe.id))["status"] != "closed":
            await sam.ok("POST", f"/api/conversations/{zoe.id}/close")
    await alice.is_free()
    await bob.is_free()


async def test_what_cannot_be_assigned_is_refused(house: House) -> None:
    sam = await house.desk("sam", None)
    waits, talks = await house.handed_over(), await house.customer()
    path = f"/api/conversations/{waits.id}/assign"
    for agent, code in (("alice", "invalid-state"), ("sam", "invalid-request"), ("nobody", "invalid-request")):
        assert (await sam.call("POST", path, json={"agentId": agent})).json()["code"] == code, agent
    await house.desk("alice", "away")
    for id_, code in (("none", "not-found"), (talks.id, "invalid-state")):
        answer = await sam.call("POST", f"/api/conversations/{id_}/assign", json={"agentId": "alice"})
        assert answer.json()["code"] == code, id_
    await waits.leave()
    assert (await sam.call("POST", path, json={"agentId": "alice"})).json()["code"] == "invalid-state"
    assert (await agent_of(sam, "alice"))["capacity"]["used"] == 0


async def test_conversations_are_closed_at_every_stage(house: House) -> None:
    sam, alice = await house.desk("sam", None), await house.desk("alice")
    active, away = await house.talking(alice), await house.talking(alice)
    await alice.does("set-aside", away.id)
    offered = await house.handed_over()
    await alice.offer(offered.id)
    with_bot = await house.customer()
    await alice.present("away")
    queued = await house.handed_over()
    for customer, status in (
        (with_bot, "closed"), (queued, "closed"), (offered, "closed"), (away, "closed"), (active, "wrapUp"),
    ):  # fmt: skip
        answer = await sam.ok("POST", f"/api/conversations/{customer.id}/close", json={"reason": "flood"})
        assert answer["conversation"]["status"] == status, (customer.id, answer)
        assert answer["conversation"]["endedBy"] == "system"
        await customer.hears("has ended")
        ended = of_type(await sam.view(customer.id), "ended")
        assert [(data["by"], data["byId"], data["reason"]) for data in ended] == [("supervisor", "sam", "flood")]
    await alice.does("wrap-up", active.id, **wrap())
    await alice.is_free()
    assert (await sam.call("POST", "/api/conversations/none/close")).json()["code"] == "not-found"
    again = await sam.ok("POST", f"/api/conversations/{queued.id}/close")
    assert again["conversation"]["status"] == "closed"


async def test_the_presence_of_an_agent_is_set(house: House) -> None:
    sam, alice = await house.desk("sam", None), await house.desk("alice")
    after = (await alice.inbox())["eventId"]
    set_ = await sam.ok("PUT", "/api/agents/alice/presence", json={"presence": "offline"})
    assert set_["presence"]["effective"] == "offline"
    told = [event["data"]["agent"]["presence"]["chosen"] for event in await alice.events(after)]
    assert told[-1] == "offline"
    for who, presence, code in (("bob", "available", "invalid-state"), ("sam", "away", "not-found")):
        answer = await sam.call("PUT", f"/api/agents/{who}/presence", json={"presence": presence})
        assert answer.json()["code"] == code
    await sam.ok("PUT", "/api/agents/alice/presence", json={"presence": "available"})
    assert (await alice.me())["presence"]["effective"] == "available"


async def test_conversations_are_listed_by_what_they_are(house: House) -> None:
    sam, alice = await house.desk("sam", None), await house.desk("alice")
    with_bot = await house.customer()
    talks = await house.talking(alice)
    await alice.present("away")
    waits = await house.handed_over()

    async def all_open() -> bool:
        return await listed(sam) == [waits.id, talks.id, with_bot.id]

    assert await eventually(all_open)
    page = await sam.ok("GET", "/api/supervisor/conversations?limit=2")
    rest = await sam.ok("GET", f"/api/supervisor/conversations?limit=2&cursor={page['nextCursor']}")
    assert ([c["id"] for c in rest["items"]], rest["nextCursor"]) == ([with_bot.id], None)
    assert page["items"][0]["waitingSeconds"] >= 0 and page["items"][0]["customerName"] == "Zoe"
    assert await listed(sam, "?status=active") == await listed(sam, "?agent=alice") == [talks.id]
    assert await listed(sam, "?status=queued&queue=general") == [waits.id]
    assert await listed(sam, "?queue=nothing") == []
    await with_bot.leave()
    await with_bot.is_in("closed")
    assert with_bot.id not in await listed(sam)
    assert await listed(sam, "?status=closed") == [with_bot.id]

    async def one_less() -> Any:
        counts = (await sam.ok("GET", "/api/supervisor/overview"))["open"]
        return sorted((c["status"], c["count"]) for c in counts) == [("active", 1), ("queued", 1)]

    assert await eventually(one_less)


async def test_figures_survive_a_restart_and_count_nothing_twice(open_house: Open) -> None:
    async with open_house() as house:
        sam, alice = await house.desk("sam", None), await house.desk("alice")
        await house.talking(alice)
        await alice.present("away")
        gone = await house.handed_over()
        await gone.leave()
        figures = await today(sam, offered=2, answered=1, shortAbandoned=1)
        assert (figures["abandoned"], figures["serviceLevel"]) == (0, 1)
    async with open_house() as house:
        sam = await house.desk("sam", None)
        assert await today(sam, offered=2) == figures
        documents, _ = house.app.sqlite.feed(Container.CONVERSATIONS, 0, 10_000)
        before = house.app.sqlite.feed(Container.INSIGHTS, 0, 10_000)
        await follow.count(house.app.services, documents)  # as after a crash that kept the sink from noting its place
        assert house.app.sqlite.feed(Container.INSIGHTS, 0, 10_000) == before
        assert await today(sam, offered=2) == figures


async def test_a_closed_queue_sees_off_who_comes_and_tells_who_waits_once(open_house: Open) -> None:
    async with open_house() as house:
        sam = await house.desk("sam", None)
        waits = await house.handed_over()
        closure = (await closes(sam))["closure"]
        assert (await closes(sam)) != closure  # another end, but nothing new to tell
        await waits.hears("evacuated")
        late = await house.customer()
        await late.say("talk to a person")
        await late.is_in("closed")
        await late.hears("evacuated")
        assert of_type(await sam.view(late.id), "ended")[0]["by"] in ("overflow", "closure")
        alice = await house.desk("alice")
        await alice.accept(await alice.offer(waits.id))
        transfer = {"to": {"kind": "queue", "id": "general"}, "mode": "blind"}
        refused = await alice.call("POST", f"/api/conversations/{waits.id}/transfer", json=transfer)
        assert refused.json()["code"] == "invalid-state"
        assert sum("evacuated" in text for text in waits.texts()) == 1
    async with open_house() as house:
        sam = await house.desk("sam", None)
        assert (await queue_of(sam))["closure"]["since"] == closure["since"]
        opened = await sam.ok("PUT", "/api/queues/general/override", json={"closedUntil": None})
        assert opened["closure"] is None and (await queue_of(sam))["closure"] is None
        await house.handed_over()  # it waits, or is offered to Alice
