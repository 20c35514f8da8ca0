"""Two queues and five agents through the public API: each way that work takes, and its explanation as it is read."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.chat.conftest import House, Open
from tests.chat.people import Customer, Desk, Json
from tests.devhost.conftest import eventually

pytestmark = pytest.mark.slow

RELAXES_WITHIN_SECONDS = 60.0
"""The queue relaxes after 20 s; a busy machine may take its time to say so."""


async def waits(house: House, said: str, **body: Any) -> Customer:
    """Somebody who has told the bot what it is about, and is in a queue or sent away."""
    customer = await house.customer(**body)
    await customer.say(said)
    await customer.until(lambda seen: seen["status"] not in ("new", "bot"))
    return customer


async def explained(sam: Desk, customer: Customer, locale: str = "en") -> Json:
    """What the supervisor reads."""
    return await sam.ok("GET", f"/api/conversations/{customer.id}/explanation?locale={locale}")


async def why_it_waits(sam: Desk, customer: Customer) -> Json:
    async def waiting() -> Json | None:
        found: Json | None = (await explained(sam, customer))["waiting"]
        return found

    return dict(await eventually(waiting))


async def once_offered(sam: Desk, customer: Customer, timeout_seconds: float = 10.0) -> Json:
    """The decision to offer it."""

    async def offered() -> Json | None:
        decisions = (await explained(sam, customer))["decisions"]
        return next((decision for decision in decisions if decision["kind"] == "offered"), None)

    return dict(await eventually(offered, timeout_seconds))


def reasons(found: Json) -> dict[str, tuple[str | None, str]]:
    """By agent: the predicate that failed, if any, and how it is said."""
    return {each["agentId"]: (each["fails"], each["text"]) for each in found["candidates"]}


def texts(found: Json) -> list[str]:
    return [decision["text"] for decision in found["decisions"]]


async def test_what_is_asked_for_is_lowered_after_twenty_seconds(open_explained: Open) -> None:
    async with open_explained(mode="cached") as house:
        sam = await house.desk("sam", None)
        for who in ("bruno", "carla", "diego"):
            await house.desk(who)
        await house.desk("elena", "away")
        customer = await waits(house, "my invoice")

        waiting = await why_it_waits(sam, customer)
        assert waiting["text"] == (
            "It waits because nobody who is available and serves Invoices has Billing at level 7."
        )  # fmt: skip
        assert (waiting["position"], waiting["needs"]) == (1, ["billing>=7"])
        assert reasons(waiting) == {
            "ana": ("presence", "is offline"),
            "bruno": ("skill", "lacks Billing at level 7 (has level 5)"),
            "carla": ("skill", "lacks Billing at level 7 (has level 2)"),
            "diego": ("queue", "does not serve the queue Invoices"),
            "elena": ("presence", "is away"),
        }
        assert [tally["text"] for tally in waiting["tallies"]] == [
            "2 are not available", "1 does not serve the queue", "2 lack a skill at the level asked for",
        ]  # fmt: skip
        (change,) = waiting["next"]
        assert change["text"] == "Billing at level 4 is enough instead of level 7"
        after = datetime.fromisoformat(change["at"]) - datetime.fromisoformat(waiting["since"])
        assert after == timedelta(seconds=20)
        assert [each["kind"] for each in (await explained(sam, customer))["decisions"]] == ["queued"]

        offered = await once_offered(sam, customer, RELAXES_WITHIN_SECONDS)
        assert (offered["agentId"], offered["isReproduced"]) == ("bruno", True)
        assert offered["text"].startswith(
            "Offered to Bruno Braga, the only agent who could take it. Of the others, 2 are not available, 1 does not "
            "serve the queue and 1 lacks a skill at the level asked for. It had waited for 2"
        )
        assert offered["text"].endswith(
            " s, so less was asked for: after 20 s, Billing at level 4 is enough instead of level 7."
        )
        assert reasons(offered)["bruno"][0] is None
        assert reasons(offered)["carla"] == ("skill", "lacks Billing at level 4 (has level 2)")
        portuguese = texts(await explained(sam, customer, "pt-BR"))[-1]
        assert portuguese.endswith("depois de 20 s, Billing no nível 4 basta, em vez do nível 7.")


async def test_out_of_hours_it_goes_to_the_other_queue(open_explained: Open) -> None:
    days = [(datetime.now(UTC) + timedelta(days=n)).date().isoformat() for n in (-1, 0, 1)]

    def closed_today(content: dict[str, Any]) -> None:
        content["calendars"]["workshop"]["closed"] = days

    async with open_explained(mode="cached", hours=closed_today) as house:
        sam, _, _ = await house.desk("sam", None), await house.desk("ana"), await house.desk("diego")
        customer = await waits(house, "my machine")
        await customer.hears("Our workshop is closed")
        offered = await once_offered(sam, customer)
        found = await explained(sam, customer)
        diverted = found["decisions"][0]
        assert (diverted["kind"], diverted["queue"], diverted["rule"]) == ("overflowed", "invoices", "out-of-hours")
        assert diverted["text"] == (
            "Meant for the queue Machines, it went to the queue Invoices instead, because Machines was outside its "
            "opening hours (rule out-of-hours)."
        )
        assert (offered["agentId"], offered["queue"]) == ("ana", "invoices")
        assert reasons(offered)["diego"] == ("queue", "does not serve the queue Invoices")
        assert texts(await explained(sam, customer, "pt"))[0] == (
            "Destinada à fila Machines, foi para a fila Invoices, porque Machines estava fora do horário (regra "
            "out-of-hours)."
        )


async def test_who_talked_to_the_customer_before_is_waited_for(open_explained: Open) -> None:
    async with open_explained(mode="cached") as house:
        sam, elena = await house.desk("sam", None), await house.desk("elena")
        first = await waits(house, "my machine")
        await elena.accept(await elena.offer(first.id))
        await elena.does("end", first.id)
        await elena.does("wrap-up", first.id, disposition="resolved")
        await elena.is_free()
        await elena.present("away")
        for who in ("carla", "diego"):  # both know more, and have been without work for longer
            await house.desk(who)

        again = await waits(house, "my machine", previousConversationId=first.id)
        waiting = await why_it_waits(sam, again)
        assert waiting["text"] == (
            "It waits for Elena Esteves, for whom it is kept for its first 30 s in the queue."
        )  # fmt: skip
        assert [change["text"] for change in waiting["next"]] == ["others than Elena Esteves may take it"]
        assert reasons(waiting)["diego"] == (
            "for-preferred", "may not take it yet: for its first 30 s it is kept for Elena Esteves",
        )  # fmt: skip

        await elena.present("available")
        offered = await once_offered(sam, again)
        assert offered["agentId"] == "elena"
        assert offered["text"] == (
            "Offered to Elena Esteves, the only agent who could take it. Of the others, 2 are not available and 2 may "
            "not take it yet (preferred agents first)."
        )
        fails, text = reasons(offered)["elena"]
        assert fails is None
        assert text.startswith("is a preferred agent of this customer, without new work for ")


async def test_an_emergency_closure_sends_newcomers_away_and_keeps_who_waits(open_explained: Open) -> None:
    async with open_explained(mode="cached") as house:
        sam = await house.desk("sam", None)
        early = await waits(house, "my invoice")
        await why_it_waits(sam, early)
        until = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
        closure = {"closedUntil": until, "message": "There is a fire drill."}
        await sam.ok("PUT", "/api/queues/invoices/override", json=closure)
        late = await waits(house, "my invoice")
        await late.hears("There is a fire drill.")
        await late.is_in("closed")

        found = await explained(sam, late)
        assert found["waiting"] is None
        (ended,) = found["decisions"]
        assert (ended["kind"], ended["queue"], ended["rule"]) == ("ended", "invoices", "closure")
        assert ended["text"] == "The conversation was ended, because Sam Souza had closed Invoices in an emergency."
        assert texts(await explained(sam, late, "pt-BR")) == [
            "A conversa foi encerrada, porque Sam Souza tinha fechado Invoices em uma emergência."
        ]
        await early.hears("There is a fire drill.")
        assert (await why_it_waits(sam, early))["text"] == "It waits because no agent is available."


async def test_what_a_supervisor_does_is_told_with_who_did_it(open_explained: Open) -> None:
    async with open_explained(mode="cached") as house:
        sam, carla = await house.desk("sam", None), await house.desk("carla", "away")
        customer = await waits(house, "my invoice")
        await sam.does("assign", customer.id, agentId="carla")
        await carla.does("set-aside", customer.id)
        await sam.does("close", customer.id, reason="a test")
        found = await explained(sam, customer)
        found["decisions"] = [each for each in found["decisions"] if each["kind"] != "done"]  # comes when it comes
        assert [each["kind"] for each in found["decisions"]] == ["queued", "assigned", "setAside", "ended"]
        assert texts(found)[1:] == [
            "Sam Souza assigned it to Carla Costa.",
            "Carla Costa set it aside until the customer writes again.",
            "Sam Souza ended the conversation as a supervisor. Reason given: a test",
        ]
