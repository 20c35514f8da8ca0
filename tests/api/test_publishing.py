"""Publishing a configuration over HTTP: it takes effect at once, or is refused with a reason."""

from typing import Any

import httpx

from tests.api.conftest import Centre
from tests.devhost.conftest import eventually

CONFIG = "/api/manage/config"


async def counts(centre: Centre) -> dict[str, Any]:
    """The configuration that counts; the first request of a process has stored it."""
    answer = await centre.http.get(CONFIG, headers=centre.auth("ada"))
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def publish(centre: Centre, files: dict[str, str], **body: Any) -> httpx.Response:
    return await centre.http.put(CONFIG, json={"files": files, **body}, headers=centre.auth("ada"))


async def test_a_new_queue_is_there_at_once_and_a_new_agent_signs_in(centre: Centre) -> None:
    before = await counts(centre)
    assert before["publishedBy"] == "folder"
    files = before["files"]
    files["queues.yaml"] += "  vip: {name: Very important, pool: main}\n"
    files["agents.yaml"] += "  carla: {name: Carla, pool: main, queues: [vip]}\n"
    answer = await publish(centre, files, replaces=before["version"])
    assert answer.status_code == 200, answer.text
    assert answer.json()["replaced"] == before["version"] != answer.json()["version"]
    after = await counts(centre)
    assert (after["version"], after["publishedBy"]) == (answer.json()["version"], "ada")
    assert after["files"] == files
    found = await centre.http.get("/api/directory?kind=queue", headers=centre.auth("alice"))
    assert "vip" in [item["id"] for item in found.json()["items"]]
    token = (await centre.http.post("/dev/token", json={"user": "carla"})).json()["token"]
    me = await centre.http.get("/api/agents/me", headers={"Authorization": f"Bearer {token}"})
    assert me.json()["queues"] == ["vip"]


async def test_new_conversations_are_pinned_to_the_new_version(centre: Centre) -> None:
    files = (await counts(centre))["files"]
    version = (await publish(centre, {**files, "contact-centre.yaml": files["contact-centre.yaml"] + "\n"})).json()
    assert version["version"] == version["replaced"], "the same content is the same version"
    changed = files["contact-centre.yaml"].replace("refusalsMax: 3", "refusalsMax: 4")
    published = (await publish(centre, {**files, "contact-centre.yaml": changed})).json()["version"]
    chat = await centre.talk()
    shown = await centre.http.get(f"/api/conversations/{chat}", headers=centre.auth("alice"))
    assert shown.json()["conversation"]["configVersion"] == published


async def test_a_wrong_configuration_is_refused_with_file_and_line(centre: Centre) -> None:
    before = await counts(centre)
    files = {**before["files"], "queues.yaml": before["files"]["queues.yaml"].replace("pool: main", "pool: mian", 1)}
    answer = await publish(centre, files)
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (400, "invalid-request")
    assert problem["errors"][0]["pointer"].startswith("queues.yaml:")
    assert "did you mean 'main'" in problem["errors"][0]["message"]
    assert (await counts(centre))["version"] == before["version"]


async def test_an_older_base_is_stale(centre: Centre) -> None:
    before = await counts(centre)
    answer = await publish(centre, before["files"], replaces="0" * 12)
    assert (answer.status_code, answer.json()["code"]) == (412, "stale")


async def test_a_queue_with_work_in_it_stays(centre: Centre) -> None:
    before = await counts(centre)
    files = {**before["files"]}
    files["queues.yaml"] += "  vip: {name: Very important, pool: main}\n"
    files["contact-centre.yaml"] = files["contact-centre.yaml"].replace("    queue: general\n", "    queue: vip\n")
    assert (await publish(centre, files)).status_code == 200
    await centre.start("talk to a person")

    async def waits() -> bool:
        chat = await centre.http.get(
            f"/api/chat/conversations/{centre.chat}/messages", headers=centre.auth("customer")
        )  # fmt: skip
        return bool(chat.json()["queue"])

    await eventually(waits)
    answer = await publish(centre, before["files"])
    assert (answer.status_code, answer.json()["code"]) == (409, "queue-in-use")
    assert "vip" in answer.json()["detail"]
    await centre.http.post(f"/api/chat/conversations/{centre.chat}/end", json={}, headers=centre.auth("customer"))

    async def published() -> bool:
        return (await publish(centre, before["files"])).status_code == 200

    await eventually(published)


async def test_work_of_a_removed_queue_goes_on_to_its_fallback(centre: Centre) -> None:
    before = await counts(centre)
    files = {**before["files"]}
    files["queues.yaml"] += "  vip: {name: Very important, pool: main, fallback: general}\n"
    files["contact-centre.yaml"] = files["contact-centre.yaml"].replace("    queue: general\n", "    queue: vip\n")
    assert (await publish(centre, files)).status_code == 200
    chat = await centre.start("talk to a person")

    async def queue() -> str | None:
        shown = await centre.http.get(f"/api/conversations/{chat}", headers=centre.auth("sam"))
        found: dict[str, Any] = shown.json().get("conversation", {})  # a problem until the chat has begun
        where: str | None = found.get("queue")
        return where

    async def is_in(wanted: str) -> bool:
        return await queue() == wanted

    await eventually(lambda: is_in("vip"))
    assert (await publish(centre, before["files"])).status_code == 200
    await eventually(lambda: is_in("general"))
    token = centre.auth("bob")
    await centre.http.put("/api/agents/me/presence", json={"presence": "available"}, headers=token)

    async def is_offered() -> bool:
        inbox = await centre.http.get("/api/agents/me/inbox", headers=token)
        return [offer["conversationId"] for offer in inbox.json()["offers"]] == [chat]

    await eventually(is_offered)
    timeline = await centre.http.get(f"/api/conversations/{chat}", headers=centre.auth("sam"))
    moved = [event for event in timeline.json()["timeline"] if event["type"] == "overflowed"]
    told = [(event["data"]["queue"], event["data"]["fromQueue"], event["data"]["rule"]) for event in moved]
    assert told == [("general", "vip", "queue-removed")]


async def test_only_admins_may(centre: Centre) -> None:
    for who in ("alice", "sam"):
        assert (await centre.http.get(CONFIG, headers=centre.auth(who))).status_code == 403
        assert (await centre.http.put(CONFIG, json={"files": {}}, headers=centre.auth(who))).status_code == 403
