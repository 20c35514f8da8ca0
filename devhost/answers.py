"""What functions answer to HTTP requests: from what they return to the bytes on the wire.

Starlette's responses and uvicorn's `send` would do, and do so for rare answers; on every call they are a third of what
the host's HTTP face costs.
"""

import functools
from collections.abc import Iterable
from typing import Any, NamedTuple

import azure.functions as func
from pydantic import TypeAdapter
from starlette.types import Send
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

from devhost.bindings import encode
from devhost.config import HeaderName, HeaderValue

RawHeader = tuple[bytes, bytes]
WHOLE_BYTES_MAX = 65_536
_WITHOUT_BODY = (204, 304)
_OF_THE_SERVER = (b"content-length", b"transfer-encoding", b"connection")
_HEADERS = TypeAdapter(dict[HeaderName, HeaderValue])


class Answer(NamedTuple):
    """All of its headers are valid, and none but the length is one that the server decides on."""

    status: int
    headers: list[RawHeader]
    body: bytes


def answer_of(returned: Any) -> Answer:
    """What a function returned, on the wire; TypeError or ValueError if that cannot be."""
    if type(returned) is func.HttpResponse:  # as the SDK's converter reads it, which takes three times as long
        head = _head(tuple(returned.headers), returned.mimetype, returned.charset)
        if head is not None:
            return _answer(int(str(returned.status_code)), head, returned.get_body())
    datum = encode("http", returned)
    if datum.type == "string":
        return _answer(200, ((b"content-type", b"text/plain; charset=utf-8"),), datum.value.encode())
    value = datum.value
    checked = _checked((name, header.value) for name, header in value["headers"].items())
    for morsel in (morsel for cookie in value["cookies"] or [] for morsel in cookie.values()):
        checked += _checked([("set-cookie", morsel.OutputString())])
    return _answer(int(value["status_code"].value), checked, value["body"].value)


def own_headers(headers: dict[str, str]) -> list[RawHeader]:
    """Headers that the host sets itself. They are valid."""
    return [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]


async def transmit(answer: Answer, own: list[RawHeader], send: Send) -> None:
    """Send an answer, with the host's own headers in the place of the function's."""
    names = {name for name, _ in own}
    if own:
        answer = answer._replace(headers=[header for header in answer.headers if header[0] not in names] + own)
    cycle = getattr(send, "__self__", None)  # uvicorn's, unless something like CORS wants to see what is sent
    is_small = len(answer.body) <= WHOLE_BYTES_MAX
    if isinstance(cycle, RequestResponseCycle) and is_small and names.isdisjoint(_OF_THE_SERVER):
        await _transmit_whole(cycle, answer)
        return
    await send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
    await send({"type": "http.response.body", "body": answer.body})


async def _transmit_whole(cycle: RequestResponseCycle, answer: Answer) -> None:
    """What uvicorn's `send` does, but in one system call instead of two, and without checking the headers again."""
    if cycle.flow.write_paused and not cycle.disconnected:
        await cycle.flow.drain()
    if cycle.disconnected:
        return
    cycle.response_started, cycle.waiting_for_100_continue = True, False
    content = [STATUS_LINE[answer.status]]
    for name, value in (*cycle.default_headers, *answer.headers):
        content += (name, b": ", value, b"\r\n")
    content.append(b"\r\n" if cycle.keep_alive else b"connection: close\r\n\r\n")
    if cycle.scope["method"] != "HEAD":
        content.append(answer.body)
    cycle.transport.write(b"".join(content))
    cycle.response_complete = True
    cycle.message_event.set()
    if not cycle.keep_alive:
        cycle.transport.close()
    cycle.on_response()


def _answer(status: int, head: tuple[RawHeader, ...], body: bytes) -> Answer:
    """ValueError if it cannot be sent."""
    if not 200 <= status <= 599:
        raise ValueError(f"{status} is not a final HTTP status")
    if status in _WITHOUT_BODY:
        return Answer(status, [*head], b"")
    return Answer(status, [(b"content-length", b"%d" % len(body)), *head], body)


@functools.lru_cache(1024)
def _head(given: tuple[tuple[str, str], ...], mimetype: str, charset: str) -> tuple[RawHeader, ...] | None:
    """The headers of a response, None if there are cookies; ValueError if they cannot be sent.

    Apps send the same headers again and again.
    """
    names = {name.lower() for name, _ in given}
    if "set-cookie" in names:
        return None
    if "content-type" not in names:
        kind = f"{mimetype}; charset={charset}" if mimetype.startswith("text/") else mimetype
        given = (*given, ("content-type", kind))
    return _checked(given)


def _checked(headers: Iterable[tuple[str, str]]) -> tuple[RawHeader, ...]:
    """On the wire: the last one of each name, without those that the server decides on. ValueError if one is wrong."""
    sent: dict[bytes, RawHeader] = {}
    for name, value in headers:
        _HEADERS.validate_python({name: value})
        raw = name.lower().encode()
        if raw not in _OF_THE_SERVER:
            sent[raw] = (raw, value.encode("latin-1"))
    return tuple(sent.values())
