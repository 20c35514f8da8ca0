"""Ten thousand requests that nobody should send. The seed is fixed: a failure can be run again."""

import asyncio
import contextlib
import json
import logging
import re
from collections import Counter
from random import Random
from typing import Any

import httpx
import pytest

from devhost.host import Host
from devhost.keys import Keys
from tests.devhost.conftest import eventually

pytestmark = pytest.mark.slow

SEED = 20240501
RAW_REQUESTS = 7000
HTTP_REQUESTS = 3000
AT_ONCE = 64
SILENCE_SECONDS = 0.2

EVENT = b'[{"id":"e","subject":"s","eventType":"t","eventTime":"2024-05-01T10:00:00Z","data":{}}]'
HEAD = b"Host: 127.0.0.1\r\nConnection: close\r\n"
VALID = [
    b"GET /api/parcels/7/a/b?x=1&x=2 HTTP/1.1\r\n" + HEAD + b"Cookie: a=b\r\n\r\n",
    b"POST /api/parcels/7 HTTP/1.1\r\n" + HEAD + b"Content-Length: 5\r\nContent-Type: text/plain\r\n\r\nhello",
    b"POST /api/parcels/7 HTTP/1.1\r\n" + HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    b"GET /api/secret?code=wrong HTTP/1.1\r\n" + HEAD + b"x-functions-key: wrong\r\n\r\n",
    b"GET /api/broken HTTP/1.0\r\n\r\n",
    b"HEAD /api/parcels/7 HTTP/1.1\r\n" + HEAD + b"\r\n",
    b"GET /admin/host/status HTTP/1.1\r\n" + HEAD + b"\r\n",
    b"POST /admin/queues/bus/nobody?sessionId=s HTTP/1.1\r\n" + HEAD + b"Content-Length: 2\r\n\r\n{}",
    b"GET /runtime/webhooks/durabletask/instances HTTP/1.1\r\n" + HEAD + b"\r\n",
    b"POST /runtime/webhooks/eventgrid?functionName=on_event HTTP/1.1\r\n" + HEAD
    + b"aeg-event-type: Notification\r\nContent-Length: %d\r\n\r\n" % len(EVENT) + EVENT,
    b"OPTIONS /runtime/webhooks/eventgrid?functionName=on_event HTTP/1.1\r\n" + HEAD
    + b"WebHook-Request-Origin: a\r\n\r\n",
]  # fmt: skip
NASTY = [
    b"\x00", b"\xff", b"\xff\xfe", b"\xc3\x28", b"\xed\xa0\x80", b"\r", b"\n", b"\r\n", b"\r\n\r\n", b"\t", b" ", b":",
    b"%", b"%00", b"%zz", b"%2F", b"%252F", b"%c0%ae", b"%ff", b"%ed%a0%80", b"%u0041", b"/../", b"//", b"\\", b"?",
    b"#", b";", b"&=&", b"[", b"{", b"\xc2\xb2", b"a" * 70_000, b"HTTP/9.9", b"HTTP/1.1 HTTP/1.1", b"GET ", b"PRI * ",
    b"\r\nContent-Length: -1", b"\r\nContent-Length: 18446744073709551616", b"\r\nContent-Length: 1e3",
    b"\r\nContent-Length: 7\r\nContent-Length: 8", b"\r\nTransfer-Encoding: chunked", b"\r\nTransfer-Encoding: gzip",
    b"\r\nHost: [", b"\r\nHost: a/admin?", b"\r\nExpect: 100-continue", b"\r\nUpgrade: h2c\r\nConnection: Upgrade",
    b"\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: AAAA\r\nSec-WebSocket-Version: 13",
    b"\r\nX-Forwarded-For: testclient", b"\r\nX-Forwarded-Proto: \xff", b"\r\n X-Folded: a", b"\r\n: no name",
    b"\r\nContent-Type: ;;;=", b"\r\nCookie: =;\x01", b"ffffffffffffffff\r\n", b"-5\r\n", b"5;ext=\x00\r\n",
]  # fmt: skip
PATHS = [
    "/api/parcels/{}", "/api/parcels/1/{}", "/api/{}", "/{}", "/api/secret?name={}", "/api/status/{}", "/api/send/{}",
    "/api/start/{}", "/api/raise/{}/{}", "/admin/{}", "/admin/host/{}", "/admin/queues/bus/{}?messageId={}",
    "/admin/queues/storage/{}", "/admin/eventgrid/on_event", "/runtime/webhooks/{}",
    "/runtime/webhooks/eventgrid?functionName={}", "/runtime/webhooks/eventgrid?functionName=on_event",
    "/runtime/webhooks/eventgrid?functionName=on_cloud_event", "/runtime/webhooks/durabletask/{}?code={key}",
    "/runtime/webhooks/durabletask/instances?code={key}&top={}&runtimeStatus={}&createdTimeFrom={}",
    "/runtime/webhooks/durabletask/instances/{}?code={key}&showHistory={}",
    "/runtime/webhooks/durabletask/instances/{}/raiseEvent/{}?code={key}",
    "/runtime/webhooks/durabletask/instances/{}/{}?code={key}&reason={}",
    "/runtime/webhooks/durabletask/orchestrators/sleeper/{}?code={key}",
    "/runtime/webhooks/durabletask/orchestrators/{}?code={key}",
]  # fmt: skip
WORDS = [
    "", "1", "-1", "²", "9" * 5000, "%00", "%2F", "%2e%2e", "%ff", "%ED%A0%80", "%25", "a" * 5000, "'", "@x", "null",
    "NaN", "é", "𝕏", "..", "a.b", "true", "2024-05-01", "0001-01-01T00:00:00", "9999-12-31T23:59:59%2B00:00",
    "on_event", "sleeper", "terminate", "suspend", "resume", "rewind", "restart", "raiseEvent", "instances", "known",
]  # fmt: skip
HEADERS = [
    ("content-type", "application/json"), ("content-type", "application/cloudevents+json"), ("content-type", "é"),
    ("aeg-event-type", "SubscriptionValidation"), ("aeg-event-type", "Notification"), ("x-functions-key", "ÿ"),
    ("origin", "null"), ("host", "]"), ("x-ms-continuation-token", "²"), ("x-ms-continuation-token", "9" * 400),
    ("content-encoding", "gzip"), ("range", "bytes=9-1"), ("cookie", "a=\xff"),
]  # fmt: skip


def mutated(random: Random) -> bytes:
    """A valid request with a few bytes deleted, doubled, exchanged or put in between."""
    data = bytearray(random.choice(VALID))
    for _ in range(random.choice((1, 1, 2, 4))):
        at = random.randrange(len(data) + 1)
        to = min(len(data), at + random.choice((1, 1, 2, 8, 40)))
        match random.randrange(5):
            case 0:
                del data[at:to]
            case 1:
                data[at:at] = data[at:to]
            case 2:
                data[at:to] = random.randbytes(to - at)
            case _:
                lines = [found.start() for found in re.finditer(rb"\r\n|[ /?]", data)] or [0]
                at = random.choice(lines)
                data[at:at] = random.choice(NASTY)
    return bytes(data)


def some_json(random: Random, depth: int = 0) -> Any:
    """A value that may look like an event, or like nothing."""
    keys = [
        "id",
        "subject",
        "eventType",
        "eventTime",
        "data",
        "specversion",
        "source",
        "type",
        "time",
        "validationCode",
    ]
    match random.randrange(9 if depth < 5 else 6):
        case 0:
            return random.choice([None, True, False, "", "2024-05-01T10:00:00Z", "1.0", "x" * 2000])
        case 1:
            return random.choice([0, -1, 2**63, 2**70, 1.5, 1e308, float("inf"), float("nan")])
        case 2 | 3 | 4 | 5:
            return random.choice(["text", "\ud800", "\x00", "\u2028", "é", "𝕏", "Fail", "1.0"])
        case 6:
            return [some_json(random, depth + 1) for _ in range(random.randrange(4))]
        case _:
            return {key: some_json(random, depth + 1) for key in random.sample(keys, random.randrange(len(keys) + 1))}


def body(random: Random) -> bytes:
    """JSON of all kinds, and what is none."""
    match random.randrange(8):
        case 0:
            return random.randbytes(random.randrange(200))
        case 1:
            return random.choice(
                [b"[" * 50_000, b'{"a":' * 2000 + b"1" + b"}" * 2000, b'"\\ud800"', b"\xef\xbb\xbf{}", b"1e999"]
            )
        case 2:
            return json.dumps(some_json(random)).encode(random.choice(["utf-8", "utf-16", "utf-32"]))
        case 3:
            return random.choice([EVENT, EVENT.replace(b'"t"', b'"Fail"'), EVENT.replace(b"10:00", b"noon"), EVENT * 2])
        case 4:
            return b"[" + b",".join([EVENT[1:-1]] * random.choice((0, 3, 6000))) + b"]"
        case _:
            return json.dumps([some_json(random)] if random.random() < 0.5 else some_json(random)).encode()


async def exchange(port: int, data: bytes) -> list[int]:
    """Send raw bytes; the status of each answer until the host closes or is silent."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    answer = b""
    with contextlib.suppress(OSError, TimeoutError):
        writer.write(data)
        while chunk := await asyncio.wait_for(reader.read(65_536), SILENCE_SECONDS):
            answer += chunk
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
    return [int(status) for status in re.findall(rb"^HTTP/1\.[01] (\d{3}) ", answer, re.MULTILINE)]


async def send(client: httpx.AsyncClient, random: Random, key: str) -> list[int]:
    """A well-formed request with a senseless content."""
    words = iter([random.choice(WORDS) for _ in range(4)])
    url = re.sub(r"\{(key)?\}", lambda found: key if found[1] else next(words), random.choice(PATHS))
    headers = [(name.encode(), value.encode("latin-1")) for name, value in random.sample(HEADERS, random.randrange(3))]
    method = random.choice(["GET", "POST", "POST", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PURGE"])
    content = None if method in ("GET", "HEAD") else body(random)
    answer = await client.request(method, url, content=content, headers=headers)
    return [answer.status_code]


async def all_at_once(requests: Any) -> Counter[int]:
    """Run the requests a few at a time; how often each status was answered."""
    slots, statuses = asyncio.Semaphore(AT_ONCE), Counter[int]()

    async def one(request: Any) -> None:
        async with slots:
            statuses.update(await request)

    await asyncio.gather(*[one(request) for request in requests])
    return statuses


async def still_works(http: httpx.AsyncClient) -> None:
    """Requests, orchestrations and the status page are as ever."""
    assert (await http.get("/api/parcels/1")).status_code == 200
    assert (await http.get("/admin/host/status")).json()["state"] == "Running"
    started = (await http.post("/api/start/five_steps", json=1)).json()

    async def finished() -> bool:
        return bool((await http.get(f"/api/status/{started['id']}")).json()["runtimeStatus"] == "Completed")

    await eventually(finished)


async def test_nothing_from_outside_breaks_the_host(
    http: httpx.AsyncClient, host: Host, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR)
    random, key = Random(SEED), Keys(host.config.data_dir / "keys.json").get("durabletask_extension")
    raw = await all_at_once(exchange(host.config.port, mutated(random)) for _ in range(RAW_REQUESTS))
    sent = await all_at_once(send(http, random, key) for _ in range(HTTP_REQUESTS))
    statuses = raw + sent
    assert statuses[200] > 500, statuses  # it was not all refused at the door
    assert statuses[400] > 500, statuses
    failed_functions = [record for record in caplog.records if record.name == "devhost.function"]
    others = [record.getMessage() for record in caplog.records if record not in failed_functions]
    assert others == [], "the host itself failed"
    assert {status for status in statuses if status > 500} <= {501}  # entities and rewind
    assert statuses[500] <= len(failed_functions), statuses
    await still_works(http)
