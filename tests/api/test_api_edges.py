"""The API's edges: who is let in, what is refused and how, which address answers what."""

from typing import Any

import httpx
import pytest

from devhost.loader import index
from shared.contracts.endpoints import DEV_ENDPOINTS, ENDPOINTS, Endpoint
from shared.errors import ProblemError
from shared.identity import SecretsError
from shared.ports import Unavailable
from tests.api.conftest import Centre, load_app, use_settings
from tests.api.problems import check_headers, check_problem
from triggers.api import function_name, guarded

PROTECTED = [endpoint for endpoint in ENDPOINTS if endpoint.caller != "anyone"]
WITH_BODY = [endpoint for endpoint in ENDPOINTS if endpoint.body]
ACTING = {
    "setPresence", "readInbox", "acceptOffer", "declineOffer", "sendMessage", "transfer", "setAside", "reopen", "end",
    "wrapUp",
}  # fmt: skip
BODIES: dict[str, Any] = {
    "setPresence": {"presence": "away"},
    "sendMessage": {"text": "hi", "clientMessageId": "m"},
    "transfer": {"to": {"kind": "queue", "id": "general"}},
    "wrapUp": {"disposition": "resolved"},
}


def code(answer: httpx.Response) -> str:
    """The code of an answer that must be a problem."""
    return check_problem(answer.status_code, answer.headers, answer.content)


async def called(centre: Centre, endpoint: Endpoint, **request: Any) -> httpx.Response:
    """One call of an operation."""
    return await centre.http.request(endpoint.method, centre.path(endpoint), **request)


async def test_nobody_is_let_in_without_the_right_token(centre: Centre) -> None:
    other = (await centre.http.post("/api/chat/conversations", json={})).json()["token"]
    for endpoint in PROTECTED:
        headers = ["", "Bearer", "Bearer x.y.z", f"Basic {centre.tokens['alice']}", f"Bearer {'x' * 9000}"]
        is_chat = endpoint.caller == "customer"
        headers.append(f"Bearer {centre.tokens['ada' if is_chat else 'customer']}")  # the other side's
        for header in headers:
            answer = await called(centre, endpoint, headers={"Authorization": header})
            assert code(answer) == "unauthenticated", (endpoint.operation, header)
        foreign = other if is_chat else centre.tokens["alice"]
        if is_chat or endpoint.caller == "admin":
            answer = await called(centre, endpoint, headers={"Authorization": f"Bearer {foreign}"})
            assert code(answer) == "forbidden", endpoint.operation


async def test_only_agents_act_as_agents(centre: Centre) -> None:
    for endpoint in ENDPOINTS:
        if endpoint.caller in ("agent", "staff"):
            answer = await called(centre, endpoint, headers=centre.auth("sam"), json=BODIES.get(endpoint.operation))
            assert (answer.status_code == 403) == (endpoint.operation in ACTING), (endpoint.operation, answer.text)


async def test_the_others_have_their_own_doors(centre: Centre) -> None:
    for who in ("sam", "ada"):
        assert (await centre.http.get("/api/agents/me", headers=centre.auth(who))).status_code == 200
    dead = await centre.http.get("/api/manage/dead-letters", headers=centre.auth("ada"))
    assert (dead.status_code, dead.json().keys()) == (200, {"items", "nextCursor"})
    assert (
        code(await centre.http.post("/api/manage/dead-letters/x/resubmit", headers=centre.auth("ada"))) == "not-found"
    )


async def test_tokens_are_issued_and_renewed(centre: Centre) -> None:
    assert code(await centre.http.post("/dev/token", json={"user": "mallory"})) == "unknown-user"
    assert code(await centre.http.post("/dev/token", json={})) == "invalid-request"
    path = f"/api/chat/conversations/{centre.chat}"
    answer = await centre.http.post(f"{path}/token", headers=centre.auth("customer"))
    assert (answer.status_code, answer.json().keys()) == (200, {"token", "expiresAt"})
    renewed = {"Authorization": f"bearer {answer.json()['token']}"}
    assert (await centre.http.get(f"{path}/messages", headers=renewed)).status_code == 200


async def test_answers_are_camel_case_with_their_nulls_and_headers(centre: Centre) -> None:
    answer = await centre.http.get("/api/agents/me", headers=centre.auth("alice"))
    assert answer.headers["content-type"] == "application/json"
    check_headers(answer.headers)
    assert answer.json()["presence"]["next"] is None
    started = await centre.http.post("/api/chat/conversations", json={"locale": "pt-BR"})
    assert (started.status_code, started.json()["status"]) == (201, "new")
    assert started.json().keys() == {"conversationId", "token", "expiresAt", "status"}
    read = await centre.http.get(f"/api/chat/conversations/{centre.chat}/messages", headers=centre.auth("customer"))
    assert read.json()["queue"] is None


async def test_what_no_operation_serves_is_not_found(centre: Centre) -> None:
    nowhere = [
        "/api",
        "/api/",
        "/api/nothing",
        "/api/agents/you",
        "/API/x",
        "/api/chat/conversations/x/y/z",
        "/api/%00",
    ]
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PURGE"):
        served = {endpoint.path for endpoint in ENDPOINTS if endpoint.method == method}
        others = {endpoint.path for endpoint in ENDPOINTS} - served  # with another method
        for path in [*nowhere, *sorted(others)]:
            assert code(await centre.http.request(method, path)) == "not-found", (method, path)


async def test_pages_take_no_address_of_the_api(centre: Centre) -> None:
    for path in ("/", "/chat/", "/agent/"):
        answer = await centre.http.get(path)
        assert answer.headers["content-type"].startswith("text/html"), path
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    for path in ("/nothing.js", "/dev/token", "/..%2f..%2fREADME.md", "/%2e%2e/README.md", "/assets/%00"):
        assert (await centre.http.get(path)).status_code == 404, path
    head = await centre.http.head("/api/nothing")
    assert (head.status_code, head.content) == (404, b"")


async def test_bodies_are_limited_and_strict_whatever_they_call_themselves(centre: Centre) -> None:
    for endpoint in WITH_BODY:

        async def sent(content: bytes, kind: str = "application/json", to: Endpoint = endpoint) -> httpx.Response:
            headers = {**centre.auth(centre.of(to)), "Content-Type": kind}
            return await called(centre, to, content=content, headers=headers)

        assert code(await sent(b" " * (endpoint.body_bytes_max + 1))) == "too-large"
        for content in (b"{", b"[]", b"null", b'{"\xff": 1}', b'{"noSuchMember": 1}', b"\x00", b"[" * 50_000):
            assert code(await sent(content)) == "invalid-request", (endpoint.operation, content[:20])
        assert code(await sent(b'{"text": "\\ud800"}', "text/plain; charset=utf-16")) == "invalid-request"
    answer = await centre.http.post("/api/chat/conversations", content=b"{}", headers={"Content-Type": ";;="})
    assert answer.status_code == 201


async def test_too_large_is_said_before_anything_is_looked_at(centre: Centre) -> None:
    for endpoint in ENDPOINTS:
        if endpoint.method != "GET":
            answer = await called(centre, endpoint, content=b" " * (endpoint.body_bytes_max + 1))
            assert code(answer) == "too-large"


async def test_complaints_say_where(centre: Centre) -> None:
    path = f"/api/chat/conversations/{centre.chat}/messages"
    answer = await centre.http.post(path, json={"text": 1, "mood": "!"}, headers=centre.auth("customer"))
    pointers = [error["pointer"] for error in answer.json()["errors"]]
    assert (code(answer), pointers) == ("invalid-request", ["/text", "/clientMessageId", "/mood"])
    answer = await centre.http.get(path, params={"wait": "26", "after": "x"}, headers=centre.auth("customer"))
    assert sorted(error["pointer"] for error in answer.json()["errors"]) == ["after", "wait"]


async def test_a_wrong_id_in_the_path_is_a_wrong_request(centre: Centre) -> None:
    for id_ in ("a%20b", "%C3%A9", "x" * 129, "a%0A", "%00", "a%2Fb"):
        for path in (f"/api/conversations/{id_}", f"/api/chat/conversations/{id_}/messages"):
            assert code(await centre.http.get(path, headers=centre.auth("alice"))) == "invalid-request"


async def test_an_agent_accepts_answers_and_files_a_conversation(centre: Centre) -> None:
    path = f"/api/conversations/{await centre.talk()}"
    said = {"text": "Good morning", "clientMessageId": "a1"}
    answer = await centre.http.post(f"{path}/messages", json=said, headers=centre.auth("alice"))
    assert (answer.status_code, answer.json()["id"]) == (202, "a1")
    view = (await centre.http.get(path, headers=centre.auth("alice"))).json()
    assert view["conversation"]["owner"] == {"kind": "agent", "id": "alice", "name": "Alice Almeida"}
    assert view["messages"][-1]["text"] == "Good morning"
    for step in ("set-aside", "reopen", "end"):
        answer = await centre.http.post(f"{path}/{step}", headers=centre.auth("alice"))
        assert answer.status_code == 200, (step, answer.text)
    assert code(await centre.http.post(f"{path}/end", headers=centre.auth("bob"))) == "invalid-state"
    filed = await centre.http.post(f"{path}/wrap-up", json={"disposition": "resolved"}, headers=centre.auth("alice"))
    assert filed.json()["conversation"]["status"] == "closed"
    answer = await centre.http.post(f"/api/chat/{path[5:]}/messages", json=said, headers=centre.auth("customer"))
    assert code(answer) == "conversation-closed"


async def test_idempotency_keys(centre: Centre) -> None:
    async def start(key: str, body: Any) -> httpx.Response:
        headers = {"Idempotency-Key": key}
        return await centre.http.post("/api/chat/conversations", json=body, headers=headers)

    first, again = await start("k 1", {"locale": "en"}), await start("k 1", {"locale": "en"})
    assert first.json()["conversationId"] == again.json()["conversationId"]
    assert code(await start("k 1", {"locale": "pt"})) == "idempotency-mismatch"
    assert code(await start("x" * 129, {})) == "invalid-request"
    assert code(await start("", {})) == "invalid-request"


async def test_health(centre: Centre) -> None:
    answer = await centre.http.get("/api/health/ready")
    assert (answer.status_code, answer.json()["checks"]["store"]["ok"]) == (200, True)


@pytest.mark.parametrize(
    ("error", "status", "word"),
    [
        (Unavailable("10.0.0.7 refused"), 503, "unavailable"),
        (RuntimeError("password=hunter2"), 503, "unavailable"),
        (RecursionError(), 503, "unavailable"),
        (ProblemError(409, "offer-gone", state="expired"), 409, "offer-gone"),
    ],
)
async def test_whatever_fails_ends_in_a_problem_document(error: Exception, status: int, word: str) -> None:
    async def fails() -> Any:
        raise error

    answer = await guarded("test", fails())
    assert answer.status_code == status
    headers = {**answer.headers, "Content-Type": answer.mimetype}
    assert check_problem(status, {name.lower(): value for name, value in headers.items()}, answer.get_body()) == word
    assert b"hunter2" not in answer.get_body()
    assert b"10.0.0.7" not in answer.get_body()


def test_every_operation_has_its_function(monkeypatch: pytest.MonkeyPatch) -> None:
    use_settings(monkeypatch)
    served = {spec.name: (spec.methods, spec.route) for spec in index(load_app()) if spec.kind == "httpTrigger"}
    for endpoint in (*ENDPOINTS, *DEV_ENDPOINTS):
        assert served.pop(function_name(endpoint.operation)) == (frozenset({endpoint.method}), endpoint.route)
    assert {name for name in served if not name.startswith("durable")} == {"unknown_operation", "page"}


def test_production_signs_nobody_in_and_needs_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    use_settings(monkeypatch, AZURE_FUNCTIONS_ENVIRONMENT="Production", ATENDE_SECRETS="s" * 32)
    assert "dev_token" not in {spec.name for spec in index(load_app())}
    monkeypatch.delenv("ATENDE_SECRETS")
    with pytest.raises(SecretsError, match="ATENDE_SECRETS is missing"):
        load_app()
