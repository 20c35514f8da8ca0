"""Explanations over HTTP: what was decided, on what, and why work waits."""

from typing import Any

from tests.api.conftest import Centre
from tests.devhost.conftest import eventually


async def explained(centre: Centre, chat: str) -> dict[str, Any]:
    answer = await centre.http.get(f"/api/conversations/{chat}/explanation", headers=centre.auth("sam"))
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def be(centre: Centre, who: str, presence: str) -> None:
    answer = await centre.http.put(
        "/api/agents/me/presence", json={"presence": presence}, headers=centre.auth(who)
    )  # fmt: skip
    assert answer.status_code == 200, answer.text


async def test_an_offer_names_every_agent_and_what_spoke_for_whom(centre: Centre) -> None:
    chat = await centre.talk()
    found = await explained(centre, chat)
    assert found["waiting"] is None
    assert [decision["kind"] for decision in found["decisions"]] == ["queued", "offered", "assigned"]
    queued, offered, assigned = found["decisions"]
    assert (queued["text"], queued["workId"]) == ("Began to wait in the queue General.", None)
    assert offered["agentId"] == assigned["agentId"] == "alice"
    assert offered["isReproduced"] is True
    assert offered["policyVersion"] and offered["stateVersion"] > 0
    by_agent = {candidate["agentId"]: candidate for candidate in offered["candidates"]}
    assert by_agent["alice"]["place"] == 1 and by_agent["alice"]["fails"] is None
    assert (by_agent["bob"]["fails"], by_agent["bob"]["text"]) == ("presence", "is offline")
    assert offered["text"].startswith("Offered to Alice Almeida, the only agent who could take it. Of the others, 1 ")
    assert assigned["text"] == "Alice Almeida accepted the offer."


async def test_what_nobody_can_take_says_why_it_waits(centre: Centre) -> None:
    chat = await centre.start("talk to a person")

    async def waits() -> dict[str, Any] | None:
        answer = await centre.http.get(f"/api/conversations/{chat}/explanation", headers=centre.auth("sam"))
        found: dict[str, Any] | None = answer.json().get("waiting")  # a problem until the chat has begun
        return found

    waiting = await eventually(waits)
    assert (waiting["queue"], waiting["position"]) == ("general", 1)
    assert {candidate["fails"] for candidate in waiting["candidates"]} == {"presence"}
    assert waiting["text"] == "It waits because no agent is available."
    assert waiting["tallies"][0]["fails"] == "presence"
    await be(centre, "bob", "available")

    async def is_offered() -> bool:
        return [decision["agentId"] for decision in (await explained(centre, chat))["decisions"]] == [None, "bob"]

    await eventually(is_offered)
    assert (await explained(centre, chat))["waiting"] is None


async def test_a_decision_is_explained_as_it_was_whatever_came_after(centre: Centre) -> None:
    """Alice goes away and Bob comes: that changes nothing about why Alice was chosen."""
    chat = await centre.talk()
    before = (await explained(centre, chat))["decisions"][1]
    await be(centre, "bob", "available")
    await be(centre, "alice", "away")
    await centre.file(chat)

    async def is_done() -> bool:
        return bool((await explained(centre, chat))["decisions"][-1]["kind"] == "done")

    await eventually(is_done)
    assert (await explained(centre, chat))["decisions"][1] == before


async def test_a_conversation_without_work_has_nothing_to_explain(centre: Centre) -> None:
    chat = await centre.start("hello")

    async def has_begun() -> bool:
        answer = await centre.http.get(f"/api/conversations/{chat}/explanation", headers=centre.auth("sam"))
        return answer.status_code == 200

    await eventually(has_begun)
    assert await explained(centre, chat) == {"conversationId": chat, "decisions": [], "waiting": None}


async def test_sentences_are_in_the_language_that_was_asked_for(centre: Centre) -> None:
    chat = await centre.talk()
    path, headers = f"/api/conversations/{chat}/explanation", centre.auth("sam")
    found = (await centre.http.get(f"{path}?locale=pt-BR", headers=headers)).json()
    assert found["decisions"][0]["text"] == "Começou a esperar na fila General."
    assert (await centre.http.get(f"{path}?locale={'x' * 36}", headers=headers)).status_code == 400


async def test_the_export_holds_what_was_decided(centre: Centre) -> None:
    await centre.talk()
    answer = await centre.http.get("/api/manage/traffic?pool=main", headers=centre.auth("ada"))
    assert answer.status_code == 200
    page = answer.json()
    assert {item["kind"] for item in page["items"]} == {"work", "agent", "offer"}
    assert page["nextCursor"] is None
    for query, status in (("pool=nothing", 404), ("pool=main&cursor=x", 400)):
        refused = await centre.http.get(f"/api/manage/traffic?{query}", headers=centre.auth("ada"))
        assert refused.status_code == status
