"""The HTTP face of the host, over real connections."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

import azure.functions as func
import httpx
import pytest

from devhost.host import Host
from devhost.keys import Keys
from tests.devhost.conftest import eventually, running
from tests.devhost.sample import ledger
from tests.devhost.small import BUS, small_config


def small_app() -> Any:
    """Functions that echo, answer in odd ways, block and fail."""
    app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)

    @app.route(route="echo/{a?}/{b?}")
    def echo(req: func.HttpRequest) -> str:
        seen = {"method": req.method, "url": req.url, "route": dict(req.route_params), "query": dict(req.params)}
        return json.dumps(seen | {"headers": dict(req.headers), "body": req.get_body().decode("latin-1")})

    @app.route(route="read", methods=["GET"])
    def read(req: func.HttpRequest) -> str:
        return "read"

    @app.route(route="read", methods=["POST"])
    async def write(req: func.HttpRequest) -> str:
        return "written"

    @app.route(route="head", methods=["HEAD"])
    def head(req: func.HttpRequest) -> func.HttpResponse:
        return func.HttpResponse("not sent", headers={"X-Here": "yes"})

    @app.route(route="block/{seconds}")
    def block(req: func.HttpRequest) -> str:
        time.sleep(float(req.route_params["seconds"]))
        return "woken"

    @app.route(route="wait/{seconds}")
    async def wait(req: func.HttpRequest) -> str:
        await asyncio.sleep(float(req.route_params["seconds"]))
        return "waited"

    @app.route(route="answer/{what}")
    @app.queue_output(arg_name="archive", queue_name="archive", connection="AzureWebJobsStorage")
    def answer(req: func.HttpRequest, archive: func.Out[str]):  # type: ignore[no-untyped-def]
        archive.set("an order")
        return answers(req.route_params["what"])

    @app.route(route="exits")
    async def exits(req: func.HttpRequest) -> str:
        raise SystemExit(3)

    @app.route(route="stops")
    def stops(req: func.HttpRequest) -> str:
        return str(next(iter(())))

    @app.route(route="outputs")
    @app.service_bus_queue_output(arg_name="bus", queue_name="jobs", connection="Bus")
    @app.queue_output(arg_name="storage", queue_name="jobs", connection="AzureWebJobsStorage")
    def outputs(req: func.HttpRequest, bus: func.Out[str], storage: func.Out[func.QueueMessage]) -> str:
        bus.set(json.loads(req.get_body()))
        storage.set(func.QueueMessage(body=b"a message"))
        return ""

    return app


def answers(what: str) -> Any:
    """What the function `answer` returns; its name says it."""
    cookies = func.HttpResponse("fed", headers={"X-One": "1"})
    cookies.headers.add("Set-Cookie", "a=1; Path=/")
    cookies.headers.add("Set-Cookie", "b=2; HttpOnly; SameSite=Lax")
    return {
        "none": None,
        "text": "olá",
        "bytes": func.HttpResponse(b"\x00\xff", mimetype="application/octet-stream"),
        "teapot": func.HttpResponse("short", status_code=418, mimetype="application/json", charset="utf-16"),
        "empty": func.HttpResponse("ignored", status_code=204),
        "cookies": cookies,
        "latin": func.HttpResponse("", headers={"X-Name": "Äpfel"}),
        "number": 7,
        "foreign-header": func.HttpResponse("", headers={"X-Name": "見"}),
        "surrogate": "\ud800",
        "header-name": func.HttpResponse("", headers={"X Name": "a"}),
        "header-value": func.HttpResponse("", headers={"X-Name": "a\x00b"}),
        "own-length": func.HttpResponse("four", headers={"Content-Length": "1", "Transfer-Encoding": "chunked"}),
        "status-99": func.HttpResponse("", status_code=99),
        "status-999": func.HttpResponse("", status_code=999),
    }[what]


@pytest.fixture
async def small(tmp_path: Path) -> AsyncIterator[Host]:
    local = {
        "Values": BUS | {"FUNCTIONS_REQUEST_BODY_SIZE_LIMIT": "1000"},
        "Host": {"CORS": "http://shop.test, http://desk.test", "CORSCredentials": True},
    }
    host = {"functionTimeout": "00:00:01", "extensions": {"http": {"customHeaders": {"X-Frame-Options": "DENY"}}}}
    async with running(small_config(tmp_path, local=local, host=host), small_app()) as started:
        yield started


@pytest.fixture
async def client(small: Host) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{small.config.port}", timeout=10) as opened:
        yield opened


def keys_of(host: Host) -> Keys:
    return Keys(host.config.data_dir / "keys.json")


async def test_methods_choose_the_function_and_other_methods_find_none(client: httpx.AsyncClient) -> None:
    assert (await client.get("/api/read")).text == "read"
    assert (await client.post("/api/read")).text == "written"
    assert (await client.delete("/api/read")).status_code == 404
    assert (await client.head("/api/read")).status_code == 404
    assert (await client.request("PURGE", "/api/echo")).json()["method"] == "PURGE"


async def test_head_has_headers_and_no_body(client: httpx.AsyncClient) -> None:
    answer = await client.head("/api/head")
    assert (answer.status_code, answer.headers["x-here"], answer.content) == (200, "yes", b"")


async def test_the_function_sees_the_request(client: httpx.AsyncClient) -> None:
    url = "/api/echo/a%2Fb/%C3%A9%20?x=1&x=2&y=%26&empty="
    answer = await client.put(url, content=b"\x00\xff", headers=[("X-Two", "a"), ("x-two", "b"), ("Cookie", "c=d")])
    seen = answer.json()
    assert seen["method"] == "PUT"
    assert seen["url"] == f"{client.base_url}{url}"
    assert seen["route"] == {"a": "a%2Fb", "b": "é "}  # as Kestrel does, %2F is left alone
    assert seen["query"] == {"x": "1,2", "y": "&"}  # as the host does for Python, empty ones are left out
    assert (seen["headers"]["x-two"], seen["headers"]["cookie"]) == ("a,b", "c=d")
    assert seen["body"] == "\x00ÿ"


async def test_paths_are_not_case_sensitive_and_may_end_with_a_slash(client: httpx.AsyncClient) -> None:
    assert (await client.get("/API/Read/")).text == "read"
    assert (await client.get("/ap%69/read")).text == "read"
    assert (await client.get("/api//read")).status_code == 404
    assert (await client.get("/read")).status_code == 404


async def test_answers(client: httpx.AsyncClient) -> None:
    cases = [
        ("text", 200, "text/plain; charset=utf-8", "olá".encode()),
        ("bytes", 200, "application/octet-stream", b"\x00\xff"),
        ("teapot", 418, "application/json", "short".encode("utf-16")),
        ("empty", 204, "text/plain; charset=utf-8", b""),
        ("own-length", 200, "text/plain; charset=utf-8", b"four"),
    ]
    for what, status, content_type, body in cases:
        answer = await client.get(f"/api/answer/{what}")
        assert (answer.status_code, answer.headers["content-type"], answer.content) == (status, content_type, body)
        assert answer.headers["x-frame-options"] == "DENY"


async def test_what_cannot_be_sent_is_an_empty_500_and_sends_no_message(client: httpx.AsyncClient, small: Host) -> None:
    for what in (
        "none",
        "number",
        "foreign-header",
        "surrogate",
        "header-name",
        "header-value",
        "status-99",
        "status-999",
    ):
        answer = await client.get(f"/api/answer/{what}")
        assert (answer.status_code, answer.content) == (500, b""), what
    assert small.queues.counts() == {}


async def test_headers_may_be_latin_1(client: httpx.AsyncClient) -> None:
    answer = await client.get("/api/answer/latin")
    assert answer.headers.encoding == "iso-8859-1"
    assert answer.headers["x-name"] == "Äpfel"


async def test_each_cookie_has_its_own_header(client: httpx.AsyncClient) -> None:
    answer = await client.get("/api/answer/cookies")
    first, second = (SimpleCookie(header) for header in answer.headers.get_list("set-cookie"))
    assert (first["a"].value, first["a"]["path"]) == ("1", "/")
    assert (second["b"].value, second["b"]["httponly"], second["b"]["samesite"]) == ("2", True, "Lax")
    assert answer.headers["x-one"] == "1"


async def test_an_exception_is_an_empty_500(http: httpx.AsyncClient) -> None:
    answer = await http.get("/api/broken")
    assert (answer.status_code, answer.content) == (500, b"")


async def test_exceptions_that_could_stop_the_host_do_not(client: httpx.AsyncClient) -> None:
    for name in ("exits", "stops"):
        assert (await client.get(f"/api/{name}")).status_code == 500
    assert (await client.get("/api/read")).status_code == 200


async def test_a_blocking_function_holds_up_nobody(client: httpx.AsyncClient) -> None:
    slow = asyncio.create_task(client.get("/api/block/0.5"))
    await asyncio.sleep(0.1)
    answers = await asyncio.gather(*[client.get("/api/read") for _ in range(10)])
    assert all(answer.status_code == 200 for answer in answers)
    assert not slow.done()
    assert (await slow).text == "woken"


async def test_the_function_timeout_ends_the_wait(client: httpx.AsyncClient, small: Host) -> None:
    began = time.monotonic()
    answers = await asyncio.gather(*[client.get(f"/api/{name}/1.6") for name in ("block", "wait")])
    assert [answer.status_code for answer in answers] == [500, 500]
    assert 0.9 < time.monotonic() - began < 1.5
    assert small.invoker.running == 0


async def test_auth_levels_need_their_keys(http: httpx.AsyncClient, host: Host) -> None:
    keys = keys_of(host)
    cases = [
        ("secret", "", 401), ("secret", "wrong", 401), ("secret", "é", 401), ("secret", keys.get("default"), 200),
        ("secret", keys.get("master"), 200), ("secret", keys.get("eventgrid_extension"), 401),
        ("settings", "", 401), ("settings", keys.get("default"), 401), ("settings", keys.get("master"), 200),
    ]  # fmt: skip
    for name, key, status in cases:
        assert (await http.get(f"/api/{name}", params={"code": key})).status_code == status, (name, key)
        headers = [(b"x-functions-key", key.encode())]
        assert (await http.get(f"/api/{name}", headers=headers)).status_code == status, (name, key)


async def test_the_header_goes_before_the_query(http: httpx.AsyncClient, host: Host) -> None:
    right = keys_of(host).get("default")
    answer = await http.get("/api/secret", params={"code": right}, headers={"x-functions-key": "wrong"})
    assert answer.status_code == 401
    answer = await http.get("/api/secret", params={"name": "Ana"}, headers={"x-functions-key": right})
    assert answer.text == "a secret for Ana"


async def test_keys_are_kept_and_private(host: Host) -> None:
    path = host.config.data_dir / "keys.json"
    assert path.stat().st_mode & 0o777 == 0o600
    assert Keys(path).get("default") == Keys(path).get("default")
    assert len(set(json.loads(path.read_text()).values())) == 4


async def test_cors_for_the_configured_origins(client: httpx.AsyncClient) -> None:
    ours = await client.get("/api/read", headers={"Origin": "http://desk.test"})
    assert ours.headers["access-control-allow-origin"] == "http://desk.test"
    assert ours.headers["access-control-allow-credentials"] == "true"
    foreign = await client.get("/api/read", headers={"Origin": "http://evil.test"})
    assert "access-control-allow-origin" not in foreign.headers


async def test_preflights_are_answered_by_the_host(client: httpx.AsyncClient) -> None:
    asked = {"Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "x-functions-key"}
    ours = await client.options("/api/read", headers={"Origin": "http://shop.test", **asked})
    assert ours.status_code == 200
    assert "PUT" in ours.headers["access-control-allow-methods"]
    assert ours.headers["access-control-allow-headers"] == "x-functions-key"
    foreign = await client.options("/api/read", headers={"Origin": "http://evil.test", **asked})
    assert foreign.status_code == 400


async def test_without_origins_there_is_no_cors(http: httpx.AsyncClient) -> None:
    answer = await http.get("/api/parcels/1", headers={"Origin": "http://shop.test"})
    assert "access-control-allow-origin" not in answer.headers


async def chunks(size: int) -> AsyncIterator[bytes]:
    for _ in range(size // 100):
        yield b"x" * 100


async def test_bodies_above_the_limit_are_refused(client: httpx.AsyncClient) -> None:
    assert len((await client.post("/api/echo", content=b"x" * 1000)).json()["body"]) == 1000
    assert (await client.post("/api/echo", content=b"x" * 1001)).status_code == 413
    assert len((await client.post("/api/echo", content=chunks(1000))).json()["body"]) == 1000
    assert (await client.post("/api/echo", content=chunks(1100))).status_code == 413


async def test_output_bindings_send(http: httpx.AsyncClient, ledger_path: Path) -> None:
    assert (await http.get("/api/send/box%201")).status_code == 202
    seen = await eventually(lambda: (lines := ledger.read(ledger_path)) and len(lines) > 2 and lines)
    assert ("archive", ["box 1", 1]) in [(kind, value) for kind, value in seen]
    assert [value[0][0] for kind, value in seen if kind == "labels"] == ["box 1"]


async def test_a_list_makes_a_message_of_each_item(client: httpx.AsyncClient, small: Host) -> None:
    assert (await client.post("/api/outputs", json=["one", {"n": 2}])).status_code == 200
    assert small.queues.counts() == {"bus/jobs": 2, "storage/jobs": 1}


@pytest.mark.parametrize(("prefix", "path"), [("", "/read"), ("api", "/api/read"), ("v1/open/", "/v1/open/read")])
async def test_route_prefixes(tmp_path: Path, prefix: str, path: str) -> None:
    app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)

    @app.route(route="/read")
    def read(req: func.HttpRequest) -> str:
        return "read"

    config = small_config(tmp_path, host={"extensions": {"http": {"routePrefix": prefix}}})
    async with running(config, app), httpx.AsyncClient(base_url=f"http://127.0.0.1:{config.port}") as client:
        assert (await client.get(path)).text == "read"
        assert (await client.get("/other")).status_code == 404


async def test_the_status_is_for_programs_on_this_machine(http: httpx.AsyncClient) -> None:
    status = (await http.get("/admin/host/status")).json()
    assert status["state"] == "Running"
    assert status["functions"]["secret"] == "httpTrigger"
    for headers in ({"Origin": "http://evil.test"}, {"Host": "evil.test"}, {"X-Forwarded-For": "203.0.113.7"}):
        assert (await http.get("/admin/host/status", headers=headers)).status_code == 403
    assert (await http.get("/admin/host/status", headers={"Host": "localhost:7071"})).status_code == 200
    assert (await http.get("/admin/host/other")).status_code == 404
    assert (await http.put("/admin/host/status")).status_code == 404


async def test_messages_can_be_sent_to_a_queue(http: httpx.AsyncClient, ledger_path: Path) -> None:
    sent = await http.post("/admin/queues/bus/labels?messageId=m1", content=b'{"a": "b"}')
    assert sent.status_code == 201
    assert len(sent.json()) == 1
    assert (await http.post("/admin/queues/bus/labels?messageId=m1", content=b"again")).json() == []
    assert (await http.post("/admin/queues/bus/parcels?sessionId=s", content=b"box")).status_code == 201
    seen = await eventually(lambda: (lines := ledger.read(ledger_path)) and len(lines) > 2 and lines)
    assert ("labels", [['{"a": "b"}', "m1"]]) in seen
    assert ("parcel", ["s", "box", 1]) in seen
    refused = await http.post("/admin/queues/bus/parcels", content=b"no session")
    assert (refused.status_code, "requires sessions" in refused.text) == (400, True)
    assert (await http.post("/admin/queues/topic/labels", content=b"x")).status_code == 404
    assert (await http.post("/admin/queues/bus/labels", headers={"Origin": "null"}, content=b"x")).status_code == 403


async def test_the_durable_webhook_needs_its_key(http: httpx.AsyncClient, host: Host) -> None:
    url = "/runtime/webhooks/durabletask/instances"
    keys = keys_of(host)
    assert (await http.get(url)).status_code == 401
    assert (await http.get(url, params={"code": keys.get("default")})).status_code == 401
    assert (await http.get(url, params={"code": keys.get("durabletask_extension")})).json() == []
    assert (await http.get(url.upper(), headers={"x-functions-key": keys.get("master")})).status_code in (200, 404)
    assert (await http.get("/runtime/webhooks/other")).status_code == 404


async def test_instance_ids_are_decoded_once(http: httpx.AsyncClient, host: Host) -> None:
    query = {"code": keys_of(host).get("durabletask_extension")}
    started = await http.post("/runtime/webhooks/durabletask/orchestrators/sleeper/a%2520b", params=query, json=0)
    assert (started.status_code, started.json()["id"]) == (202, "a%20b")


async def test_a_host_header_from_outside_is_only_a_text(client: httpx.AsyncClient) -> None:
    for name in ("[", "a/../../admin/host/status?", "evil.test:x", "a b"):
        answer = await client.get("/api/echo", headers={"Host": name})
        assert answer.status_code == 200
        assert answer.json()["url"] == f"http://{name}/api/echo"


async def test_a_proxy_on_this_machine_may_say_how_it_was_called(client: httpx.AsyncClient) -> None:
    answer = await client.get("/api/echo", headers={"Host": "desk.test", "X-Forwarded-Proto": "https"})
    assert answer.json()["url"] == "https://desk.test/api/echo"


async def test_repeated_headers_are_joined_but_the_first_host_counts(small: Host) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", small.config.port)
    writer.write(b"GET /api/echo HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n")
    seen = json.loads((await reader.read()).partition(b"\r\n\r\n")[2])
    writer.close()
    assert (seen["url"], seen["headers"]["host"]) == ("http://a/api/echo", "a,b")


async def test_bytes_that_are_no_text_are_no_failure(small: Host) -> None:
    for target, status in ((b"?x=%ff&%C3", 200), (b"/%ff%00", 200), (b"?x=\xff", 400), (b"/\xff", 400)):
        reader, writer = await asyncio.open_connection("127.0.0.1", small.config.port)
        writer.write(b"GET /api/echo%b HTTP/1.1\r\nHost: \xff\r\nX-Raw: \xfe\r\nConnection: close\r\n\r\n" % target)
        answer = await reader.read()
        writer.close()
        assert answer.startswith(b"HTTP/1.1 %d" % status), target


async def test_functions_without_a_return_binding_answer_204(tmp_path: Path) -> None:
    app = func.FunctionApp()

    @app.generic_trigger(arg_name="req", type="httpTrigger", route="quiet", methods=["get"], auth_level="anonymous")
    def quiet(req: func.HttpRequest) -> None:
        pass

    config = small_config(tmp_path)
    async with running(config, app), httpx.AsyncClient(base_url=f"http://127.0.0.1:{config.port}") as client:
        assert (await client.get("/api/quiet")).status_code == 204
