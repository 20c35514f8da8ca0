"""The host's HTTP face: function routes, webhooks and the status page."""

import logging
import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote

import orjson
from azure.functions.meta import Datum
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from devhost.answers import Answer, answer_of, own_headers, transmit
from devhost.bindings import http_value
from devhost.config import HostConfig
from devhost.durable.api import WEBHOOK_PATH, DurableApi
from devhost.eventgrid import EventGrid
from devhost.invoker import Invoker
from devhost.keys import Keys
from devhost.listeners import outgoing
from devhost.loader import FunctionSpec
from devhost.queues import Message, QueueStore, Refused
from devhost.routes import Router, compile_route, decoded

LOOPBACK = ("127.0.0.1", "::1")
LOCAL_NAMES = ("127.0.0.1", "localhost", "[::1]")
BODY_BYTES_MAX_DEFAULT = 104_857_600  # of the real runtime
EVENT_GRID_PATH = "/runtime/webhooks/eventgrid"
_OWN_PATHS = ("/admin/", "/runtime/webhooks/")

log = logging.getLogger("devhost.http")


class Front:
    """The ASGI application."""

    def __init__(
        self, config: HostConfig, keys: Keys, invoker: Invoker, queues: QueueStore, functions: list[FunctionSpec],
        durable: DurableApi, status: Callable[[], Mapping[str, Any]],
    ) -> None:  # fmt: skip
        self._config, self._keys, self._invoker, self._queues = config, keys, invoker, queues
        self._durable, self._status, self._eventgrid = durable, status, EventGrid(invoker, queues, functions)
        prefix, http = config.host_json.extensions.http.route_prefix, [f for f in functions if f.kind == "httpTrigger"]
        routes = [(compile_route(f"{prefix}/{spec.route}", f"function {spec.name}"), spec) for spec in http]
        self._router = Router((route, spec.methods, (spec, _level(spec))) for route, spec in routes)
        self._headers = config.host_json.extensions.http.custom_headers
        self._raw_headers = own_headers(self._headers)
        trusted = config.settings.get("FORWARDED_ALLOW_IPS", "127.0.0.1")
        self._heed_forwarded = ProxyHeadersMiddleware(_nothing, trusted)
        self._body_bytes_max = config.number("FUNCTIONS_REQUEST_BODY_SIZE_LIMIT", BODY_BYTES_MAX_DEFAULT)

    def asgi(self) -> ASGIApp:
        """The application with CORS, if origins are configured."""
        origins, credentials = self._config.cors, self._config.cors_credentials
        return CORSMiddleware(self, origins, ["*"], ["*"], allow_credentials=credentials) if origins else self

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        try:
            answered = await self._respond(scope, receive, send)
        except ClientDisconnect:
            return
        except Exception:
            log.exception("%s %s failed in the host", scope["method"], _raw_path(scope))
            answered = Response(status_code=500)
        if isinstance(answered, Answer):
            await transmit(answered, self._raw_headers, send)
        else:
            answered.headers.update(self._headers)
            await answered(scope, receive, send)

    async def _respond(self, scope: Scope, receive: Receive, send: Send) -> Answer | Response:
        headers = _joined([(str(name, "latin-1"), str(value, "latin-1")) for name, value in scope["headers"]])
        if "x-forwarded-for" in headers or "x-forwarded-proto" in headers:
            await self._heed_forwarded(scope, receive, send)  # type: ignore[arg-type]  # uvicorn's own types
        body = await self._body(receive)
        if body is None:
            return Response("the request body is too large", 413)
        path = _raw_path(scope)
        folder = path.lower()
        if folder.startswith(_OWN_PATHS) and (response := await self._own(Request(scope), path, folder, body)):
            return response
        found = self._router.find(scope["method"], decoded(path[1:]))
        if found is None:
            return Response(status_code=404)
        (spec, level), parameters = found
        if level != "anonymous" and not self._keys.allows(level, _key(Request(scope))):
            return Response(status_code=401)
        return await self._invoke(spec, _value(scope, headers, parameters, body))

    async def _body(self, receive: Receive) -> bytes | None:
        """The whole body, None if it is too large. Raises ClientDisconnect."""
        received = bytearray()
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            received += message.get("body", b"")
            if len(received) > self._body_bytes_max:
                return None
            if not message.get("more_body", False):
                return bytes(received)

    async def _own(self, request: Request, path: str, folder: str, body: bytes) -> Response | None:
        """The answer of the host itself, None for a path that is not its own."""
        if folder.startswith("/admin/"):
            return await self._admin(request, path, body)
        if folder.rstrip("/") == EVENT_GRID_PATH:
            # As with Core Tools, programs on this machine need no key.
            if not _is_local(request) and not self._keys.allows("eventgrid_extension", _key(request)):
                return Response(status_code=401)
            return await self._eventgrid.handle(request, body)
        if folder.startswith(f"{WEBHOOK_PATH}/"):
            return await self._durable_webhook(request, path[len(WEBHOOK_PATH) :], body)
        return None

    async def _invoke(self, spec: FunctionSpec, value: Datum) -> Answer | Response:
        try:
            call = await self._invoker.call(spec, value)
        except Exception:
            return Response(status_code=500)  # the invoker has logged it
        try:
            answered = answer_of(call.returned) if spec.returns else Response(status_code=204)
            if messages := outgoing(self._config, spec, call):
                await self._queues.send(messages)
        except Exception:
            log.exception("%s: its result cannot be sent", spec.name)
            return Response(status_code=500)
        return answered

    async def _durable_webhook(self, request: Request, path: str, body: bytes) -> Response:
        if not self._keys.allows("durabletask_extension", _key(request)):
            return Response(status_code=401)
        content_type, token = (request.headers.get(name, "") for name in ("content-type", "x-ms-continuation-token"))
        reply = await self._durable.handle(request.method, path, request.query_params, body, content_type, token)
        content = b"" if reply.body is None else orjson.dumps(reply.body)
        return Response(content, reply.status, reply.headers, "application/json")

    async def _admin(self, request: Request, path: str, body: bytes) -> Response:
        """For programs on this machine: the state of the host, and a way to send to its queues."""
        if not _is_local(request):
            return Response(status_code=403)
        match [request.method, *(unquote(part) for part in path.strip("/").split("/")[1:])]:
            case ["GET", "host", "status"]:
                return Response(orjson.dumps(self._status()), media_type="application/json")
            case ["POST", "queues", "bus" | "storage" as kind, name]:
                query = request.query_params
                message = Message(f"{kind}/{name}", body, query.get("sessionId"))
                if "messageId" in query:
                    message.properties["MessageId"] = query["messageId"]
                try:
                    sent = await self._queues.send([message])
                except Refused as error:
                    return Response(str(error), 400)
                return Response(orjson.dumps(sent), 201, media_type="application/json")
            case ["POST", "eventgrid", name]:
                return await self._eventgrid.publish(name, body)
        return Response(status_code=404)


async def _nothing(*_: object) -> None:
    """An application that does nothing."""


def _raw_path(scope: Scope) -> str:
    """The path as it was sent, percent-encoded."""
    return str(scope["raw_path"], "latin-1")


def _value(scope: Scope, headers: dict[str, str], parameters: dict[str, str], body: bytes) -> Datum:
    """What the function is called with."""
    # As the host does for this worker: a parameter without a value is left out.
    query = str(scope["query_string"], "latin-1")
    parsed = _joined(parse_qsl(query)) if query else {}
    # The address is as it was sent, whatever its Host header holds.
    host = next((value for name, value in scope["headers"] if name == b"host"), b"")
    address = f"{scope['scheme']}://{str(host, 'latin-1')}{_raw_path(scope)}"
    return http_value(scope["method"], f"{address}?{query}" if query else address, headers, parsed, parameters, body)


def _level(spec: FunctionSpec) -> str:
    return str(spec.trigger.get("authLevel", "function")).lower()


def _key(request: Request) -> str:
    return request.headers.get("x-functions-key") or request.query_params.get("code") or ""


def _is_local(request: Request) -> bool:
    """From a program on this machine; a page in a browser sends its origin or (after DNS rebinding) a foreign name."""
    host = re.sub(":[0-9]+$", "", request.headers.get("host", "").lower())
    from_loopback = request.client is not None and request.client.host in LOOPBACK
    return from_loopback and "origin" not in request.headers and host in LOCAL_NAMES


def _joined(items: list[tuple[str, str]]) -> dict[str, str]:
    """Headers or parameters; the values of a repeated name are joined by commas, as the runtime does."""
    values = dict(items)
    if len(values) == len(items):
        return values
    several: dict[str, list[str]] = {}
    for name, value in items:
        several.setdefault(name, []).append(value)
    return {name: ",".join(each) for name, each in several.items()}
