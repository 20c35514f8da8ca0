"""Conversations enter queues by the streams' rules and by overflow, and leave them by overflow, in the whole app."""

import asyncio
from typing import Any

import pytest

from tests.chat.conftest import House, Open
from tests.chat.people import Customer, Desk
from tests.devhost.conftest import eventually

pytestmark = pytest.mark.slow

WAITS = ("queued", "offered")


def general(*overflow: dict[str, Any], **more: Any) -> Any:
    """An edit of queues.yaml: rules of the queue `general`."""

    def edit(content: dict[str, Any]) -> None:
        content["queues"]["general"] |= {"overflow": list(overflow), **more}

    return edit


async def waiting(house: House, **body: Any) -> Customer:
    """Somebody who waits for a person."""
    customer = await house.customer(**body)
    await customer.say("talk to a person")
    await customer.until(lambda seen: seen["status"] in (*WAITS, "closed"))
    return customer


async def steps(desk: Desk, id_: str, type_: str) -> list[dict[str, Any]]:
    """What the timeline says of a step."""
    view = await desk.view(id_)
    return [event["data"] for event in view["timeline"] if event["type"] == type_]


async def test_a_rule_of_the_stream_says_where_and_how_urgent(house: House) -> None:
    sam = await house.desk("sam", None)
    premium = await waiting(house, context={"plan": "premium"})
    seen = (await sam.view(premium.id))["conversation"]
    assert (seen["queue"], seen["priority"]) == ("general", 50)
    assert (await steps(sam, premium.id, "enqueued"))[0]["rules"] == ["premium"]
    other = await waiting(house, context={"plan": "basic"})
    assert (await sam.view(other.id))["conversation"]["priority"] == 100
    assert "rules" not in (await steps(sam, other.id, "enqueued"))[0]


async def test_a_full_queue_sends_newcomers_on(open_house: Open) -> None:
    rule = {"id": "full", "when": {"itemsWaiting": "1"}, "do": {"queue": "billing", "say": {"en": "This way."}}}
    async with open_house(queues=general(rule)) as house:
        sam = await house.desk("sam", None)
        first, second = await waiting(house), await waiting(house)
        assert (await sam.view(first.id))["conversation"]["queue"] == "general"
        assert (await sam.view(second.id))["conversation"]["queue"] == "billing"
        assert (await steps(sam, second.id, "enqueued"))[0]["overflow"] == ["full"]
        await second.until(lambda seen: "This way." in second.texts())


async def test_when_nobody_works_the_predicted_wait_is_too_long(open_house: Open) -> None:
    rule = {"when": {"predictedWait": "1 h"}, "do": {"end": "true", "say": {"en": "Nobody is here."}}}
    async with open_house(queues=general(rule)) as house:
        zoe = await waiting(house)
        await zoe.until(lambda seen: seen["status"] == "closed" and "Nobody is here." in zoe.texts())
        await house.desk("alice")
        assert (await (await waiting(house)).look())["status"] in WAITS


async def test_work_that_has_waited_goes_elsewhere_at_its_place(open_house: Open) -> None:
    rule = {"id": "late", "when": {"waited": "1 s"}, "do": {"queue": "billing"}}
    async with open_house(queues=general(rule)) as house:
        zoe = await waiting(house)
        bob = await house.desk("bob", "away")

        async def moved() -> bool:
            return bool((await bob.view(zoe.id))["conversation"]["queue"] == "billing")

        await eventually(moved)
        enqueued = (await bob.view(zoe.id))["conversation"]["enqueuedAt"]
        await bob.present("available")
        taken = await bob.accept(await bob.offer(zoe.id))
        assert (taken["queue"], taken["enqueuedAt"]) == ("billing", enqueued)
        assert [data["rule"] for data in await steps(bob, zoe.id, "overflowed")] == ["late"]


async def test_a_promised_callback_outlives_the_limit_and_is_told_once(open_house: Open) -> None:
    rule = {"when": {"waited": "0.5 s"}, "do": {"callback": "true", "say": {"en": "We come back to you."}}}

    def limits(content: dict[str, Any]) -> None:
        content["limits"]["queueWait"] = "2 s"

    async with open_house(limits, queues=general(rule)) as house:
        zoe = await waiting(house)
        await zoe.until(lambda seen: "We come back to you." in zoe.texts())
        late = await waiting(house)
        assert late.id != zoe.id
        sam = await house.desk("sam", None)
        promised = (await sam.view(zoe.id))["conversation"]["epoch"]
        await asyncio.sleep(2.5)  # past the limit, and past what the rule says several times
        assert (await sam.view(zoe.id))["conversation"]["epoch"] == promised
        assert (await zoe.look())["status"] in WAITS
        assert zoe.texts().count("We come back to you.") == 1
        alice = await house.desk("alice")
        assert (await alice.accept(await alice.offer(zoe.id)))["status"] == "active"


async def test_work_that_has_waited_is_ended(open_house: Open) -> None:
    rule = {"when": {"waited": "0.5 s"}, "do": {"end": "true", "say": {"en": "Write to us tomorrow."}}}
    async with open_house(queues=general(rule)) as house:
        zoe = await waiting(house)
        await zoe.until(lambda seen: seen["status"] == "closed" and "Write to us tomorrow." in zoe.texts())


async def test_who_talked_to_the_customer_before_is_preferred(open_house: Open) -> None:
    async with open_house(queues=general(preferredFor="1 min")) as house:
        alice = await house.desk("alice")
        zoe = await house.talking(alice)
        bob = await house.desk("bob")
        await alice.does("end", zoe.id)
        await alice.does("wrap-up", zoe.id, disposition="resolved")
        await alice.is_free()
        again = await waiting(house, previousConversationId=zoe.id)
        # Bob has been idle for longer.
        assert (await alice.accept(await alice.offer(again.id)))["status"] == "active"
        assert not [event for event in await bob.events() if event["type"] == "offer.created"]
