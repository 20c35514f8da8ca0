"""Answers of functions on the wire: the bytes themselves, as no client library shows them."""

import asyncio
import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import azure.functions as func
import pytest

from devhost.answers import WHOLE_BYTES_MAX
from devhost.host import Host
from tests.devhost.conftest import running
from tests.devhost.small import small_config

OWN: list[dict[str, str]] = [{}, {"X-Own": "host"}, {"x-own": "host", "Connection": "close"}]


def small_app() -> Any:
    """A function that says its route, one that answers with nothing, one with much, and one that waits."""
    app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)

    @app.route(route="says/{what}")
    async def says(req: func.HttpRequest) -> func.HttpResponse:
        headers = {"X-Own": "function", "X-Twice": "1", "Connection": "upgrade"}
        answer = func.HttpResponse(req.route_params["what"], headers=headers, mimetype="a/b")
        answer.headers.add("x-twice", "2")
        return answer

    @app.route(route="nothing")
    async def nothing(req: func.HttpRequest) -> func.HttpResponse:
        return func.HttpResponse("ignored", status_code=204)

    @app.route(route="much")
    async def much(req: func.HttpRequest) -> func.HttpResponse:
        return func.HttpResponse(b"x" * (WHOLE_BYTES_MAX + 1))

    @app.route(route="cookies/{value}")
    async def cookies(req: func.HttpRequest) -> func.HttpResponse:
        return func.HttpResponse("", headers={"Set-Cookie": f'a=1; Path="{req.route_params["value"]}"'})

    @app.route(route="waits")
    async def waits(req: func.HttpRequest) -> str:
        await asyncio.sleep(0.1)
        return "late"

    return app


@pytest.fixture(params=OWN, ids=["plain", "custom headers", "a custom connection"])
async def host(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Host]:
    """With each set of custom headers."""
    config = small_config(tmp_path, host={"extensions": {"http": {"customHeaders": request.param}}})
    async with running(config, small_app()) as started:
        yield started


async def exchange(host: Host, *requests: bytes) -> list[tuple[bytes, dict[bytes, bytes], bytes]]:
    """The answers to requests that are sent all at once, until the host closes: status line, headers and body."""
    reader, writer = await asyncio.open_connection("127.0.0.1", host.config.port)
    writer.write(b"".join(requests))
    answers: list[tuple[bytes, dict[bytes, bytes], bytes]] = []
    while head := (await reader.readline()).rstrip():
        lines = (await reader.readuntil(b"\r\n\r\n")).split(b"\r\n")[:-2]
        headers = dict(line.lower().split(b": ", 1) for line in lines)
        assert len(headers) == len(lines), "a header was sent twice"
        length = 0 if requests[len(answers)].startswith(b"HEAD") else int(headers.get(b"content-length", 0))
        answers.append((head, headers, await reader.readexactly(length)))
    writer.close()
    return answers


def get(path: str, method: str = "GET", last: bool = False) -> bytes:
    end = "Connection: close\r\n" if last else ""
    return f"{method} /api/{path} HTTP/1.1\r\nHost: a\r\n{end}\r\n".encode()


async def test_head_body_and_the_last_of_each_header(host: Host) -> None:
    own = host.config.host_json.extensions.http.custom_headers
    [(status, headers, body)] = await exchange(host, get("says/hello", last=True))
    assert (status, body) == (b"HTTP/1.1 200 OK", b"hello")
    assert headers.pop(b"date")
    assert headers == {
        b"content-type": b"a/b", b"content-length": b"5", b"x-twice": b"2", b"connection": b"close",
        b"x-own": b"host" if own else b"function",
    }  # fmt: skip


async def test_connections_are_kept_as_the_client_and_the_host_wish(host: Host) -> None:
    is_closed = "Connection" in host.config.host_json.extensions.http.custom_headers
    requests = [get("says/1"), get("says/2", "HEAD"), get("nothing"), get("much"), get("says/3", last=True)]
    answers = await exchange(host, *requests)
    assert [len(body) for _, _, body in answers] == ([1] if is_closed else [1, 0, 0, WHOLE_BYTES_MAX + 1, 1])
    if not is_closed:
        assert [headers.get(b"connection") for _, headers, _ in answers] == [None] * 4 + [b"close"]
        assert answers[1][1][b"content-length"] == b"1"
        assert b"content-length" not in answers[2][1]
    old = await exchange(host, b"GET /api/says/old HTTP/1.0\r\n\r\n")
    assert [(headers[b"connection"], body) for _, headers, body in old] == [(b"close", b"old")]


async def test_who_waits_to_send_a_body_is_told_or_answered(host: Host) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", host.config.port)
    head = b"POST /api/says/1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 1\r\n"
    writer.write(head + b"Expect: 100-continue\r\n\r\n")
    assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
    writer.write(b"x")
    assert (await reader.read()).startswith(b"HTTP/1.1 200 OK\r\n")
    writer.close()


async def test_cookies_that_cannot_be_sent_are_a_500(host: Host) -> None:
    [(status, headers, _)] = await exchange(host, get("cookies/p", last=True))
    assert (status, headers[b"set-cookie"]) == (b"HTTP/1.1 200 OK", b"a=1; path=p")
    for path in ("%01", "%E8%A6%8B"):
        [(status, _, body)] = await exchange(host, get(f"cookies/{path}", last=True))
        assert (status, body) == (b"HTTP/1.1 500 Internal Server Error", b""), path


async def test_nobody_is_troubled_by_a_client_that_has_gone(host: Host, caplog: pytest.LogCaptureFixture) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", host.config.port)
    writer.write(get("waits"))
    await asyncio.sleep(0.05)
    writer.transport.abort()
    await asyncio.sleep(0.1)
    assert len(await exchange(host, get("waits", last=True))) == 1
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []
