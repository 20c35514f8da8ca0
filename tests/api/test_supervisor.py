"""Who may supervise, and what is refused."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.contracts.endpoints import ENDPOINTS
from tests.api.conftest import Centre
from tests.api.test_api_edges import called, code

SUPERVISED = [endpoint for endpoint in ENDPOINTS if endpoint.caller == "supervisor"]
BODIES: dict[str, Any] = {
    "assign": {"agentId": "alice"},
    "setPresenceOf": {"presence": "offline"},
    "overrideQueue": {"closedUntil": None},
}


async def test_only_supervisors_and_admins_supervise(centre: Centre) -> None:
    assert len(SUPERVISED) >= 8
    for endpoint in SUPERVISED:
        for who, is_allowed in (("alice", False), ("bob", False), ("sam", True), ("ada", True)):
            answer = await called(centre, endpoint, headers=centre.auth(who), json=BODIES.get(endpoint.operation))
            assert (answer.status_code != 403) == is_allowed, (endpoint.operation, who, answer.text)
            if not is_allowed:
                assert code(answer) == "forbidden"


async def test_lists_have_pages(centre: Centre) -> None:
    for path in ("queues", "agents", "conversations"):
        first = await centre.http.get(f"/api/supervisor/{path}", params={"limit": "1"}, headers=centre.auth("sam"))
        assert first.status_code == 200, first.text
        assert first.json().keys() == {"items", "nextCursor"}
        for query in ({"limit": "0"}, {"limit": "201"}, {"limit": "x"}):
            answer = await centre.http.get(f"/api/supervisor/{path}", params=query, headers=centre.auth("sam"))
            assert code(answer) == "invalid-request"
    names: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        query = {"limit": "1", **({"cursor": cursor} if cursor else {})}
        page = (await centre.http.get("/api/supervisor/agents", params=query, headers=centre.auth("sam"))).json()
        names += [item["id"] for item in page["items"]]
        cursor = page["nextCursor"]
    assert names == ["alice", "bob"]
    wrong = await centre.http.get("/api/supervisor/conversations?status=lost", headers=centre.auth("sam"))
    assert code(wrong) == "invalid-request"


async def test_the_overview_has_all_presences(centre: Centre) -> None:
    overview = (await centre.http.get("/api/supervisor/overview", headers=centre.auth("sam"))).json()
    assert {entry["presence"]: entry["count"] for entry in overview["agents"]} == {
        "available": 0, "busy": 0, "doNotDisturb": 0, "away": 0, "offline": 2, "inactive": 0,
    }  # fmt: skip
    assert overview["capacity"] == {"used": 0, "total": 0}
    assert overview["today"]["serviceLevel"] is None and overview["today"]["averageAnswerSeconds"] is None


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/closedUntil"),
        ({"closedUntil": "tomorrow", "message": "x"}, "/closedUntil"),
        ({"closedUntil": "2030-01-01T00:00:00", "message": "x"}, "/closedUntil"),
        ({"closedUntil": "2020-01-01T00:00:00Z", "message": "x"}, "/closedUntil"),
        ({"closedUntil": "2999-01-01T00:00:00Z"}, "/message"),
        ({"closedUntil": "2999-01-01T00:00:00Z", "message": ""}, "/message"),
        ({"closedUntil": None, "why": "x"}, "/why"),
    ],
)
async def test_closures_that_make_no_sense_are_refused(centre: Centre, body: Any, pointer: str) -> None:
    answer = await centre.http.put("/api/queues/general/override", json=body, headers=centre.auth("sam"))
    assert code(answer) == "invalid-request"
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


async def test_a_closure_is_changed_and_lifted(centre: Centre) -> None:
    async def put(queue: str, closed_until: str | None, message: str | None = None) -> Any:
        body = {"closedUntil": closed_until, "message": message}
        return await centre.http.put(f"/api/queues/{queue}/override", json=body, headers=centre.auth("sam"))

    later = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    assert code(await put("nothing", later, "Sorry")) == "not-found"
    assert (await put("general", None)).json() == {"queue": "general", "closure": None}
    closed = (await put("general", later, "Sorry")).json()["closure"]
    assert (await put("general", later, "Sorry")).json()["closure"] == closed
    assert (await put("general", later, "Very sorry")).json()["closure"] == {**closed, "message": "Very sorry"}
    assert (await put("general", None)).json()["closure"] is None
    assert (await put("general", None)).json()["closure"] is None
    again = (await put("general", later, "Sorry")).json()["closure"]
    assert again["since"] > closed["since"]
