"""The host's HTTP face: function routes, webhooks and the status page."""

import functools
import logging
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import unquote

import orjson
from azure.functions.meta import Datum
from pydantic import TypeAdapter
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from devhost.bindings import encode
from devhost.config import HeaderName, HeaderValue, HostConfig
from devhost.durable.api import WEBHOOK_PATH, DurableApi
from devhost.eventgrid import EventGrid
from devhost.invoker import Invoker
from devhost.keys import Keys
from devhost.listeners import outgoing
from devhost.loader import FunctionSpec
from devhost.queues import Message, QueueStore, Refused
from devhost.routes import Route, compile_route, decoded

LOOPBACK = ("127.0.0.1", "::1")
LOCAL_NAMES = ("127.0.0.1", "localhost", "[::1]")
BODY_BYTES_MAX_DEFAULT = 104_857_600  # of the real runtime
EVENT_GRID_PATH = "/runtime/webhooks/eventgrid"
_OF_THE_SERVER = ("content-length", "transfer-encoding", "connection")
_HEADERS = TypeAdapter(dict[HeaderName, HeaderValue])

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
        self._routes: list[tuple[Route, FunctionSpec]] = sorted(routes, key=lambda item: item[0].rank)
        self._body_bytes_max = config.number("FUNCTIONS_REQUEST_BODY_SIZE_LIMIT", BODY_BYTES_MAX_DEFAULT)

    def asgi(self) -> ASGIApp:
        """The application with CORS, if origins are configured."""
        origins, credentials = self._config.cors, self._config.cors_credentials
        return CORSMiddleware(self, origins, ["*"], ["*"], allow_credentials=credentials) if origins else self

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        try:
            response = await self._respond(request)
        except ClientDisconnect:
            return
        except Exception:
            log.exception("%s %s failed in the host", request.method, _raw_path(request))
            response = Response(status_code=500)
        response.headers.update(self._config.host_json.extensions.http.custom_headers)
        await response(scope, receive, send)

    async def _respond(self, request: Request) -> Response:
        received = bytearray()
        async for chunk in request.stream():
            received += chunk
            if len(received) > self._body_bytes_max:
                return Response("the request body is too large", 413)
        path, body = _raw_path(request), bytes(received)
        folder = path.lower()
        if folder.startswith("/admin/"):
            return await self._admin(request, path, body)
        if folder.rstrip("/") == EVENT_GRID_PATH:
            # As with Core Tools, programs on this machine need no key.
            if not _is_local(request) and not self._keys.allows("eventgrid_extension", _key(request)):
                return Response(status_code=401)
            return await self._eventgrid.handle(request, body)
        if folder.startswith(f"{WEBHOOK_PATH}/"):
            return await self._durable_webhook(request, path[len(WEBHOOK_PATH) :], body)
        plain_path = decoded(path[1:])
        for route, spec in self._routes:
            is_served = not spec.methods or request.method in spec.methods
            if is_served and (parameters := route.match(plain_path)) is not None:
                return await self._invoke(spec, request, parameters, body)
        return Response(status_code=404)

    async def _invoke(self, spec: FunctionSpec, request: Request, parameters: dict[str, str], body: bytes) -> Response:
        level = str(spec.trigger.get("authLevel", "function")).lower()
        if level != "anonymous" and not self._keys.allows(level, _key(request)):
            return Response(status_code=401)
        value = {
            "method": Datum(request.method, "string"),
            "url": Datum(_url(request), "string"),
            "headers": _joined(request.headers.items()),
            # As the host does for this worker: a parameter without a value is left out.
            "query": _joined(item for item in request.query_params.multi_items() if item[1]),
            "params": _joined(parameters.items()),
            "body": Datum(body, "bytes"),
        }
        try:
            call = await self._invoker.call(spec, Datum(value, "http"))
        except Exception:
            return Response(status_code=500)  # the invoker has logged it
        try:
            response = _response(call.returned) if spec.returns else Response(status_code=204)
            if messages := outgoing(self._config, spec, call):
                await self._queues.send(messages)
        except Exception:
            log.exception("%s: its result cannot be sent", spec.name)
            return Response(status_code=500)
        return response

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


def _raw_path(request: Request) -> str:
    """The path as it was sent, percent-encoded."""
    return str(request.scope["raw_path"].decode("latin-1"))


def _url(request: Request) -> str:
    """The address as it was sent, whatever its Host header holds."""
    query = request.scope["query_string"].decode("latin-1")
    address = f"{request.scope['scheme']}://{request.headers.get('host', '')}{_raw_path(request)}"
    return f"{address}?{query}" if query else address


def _key(request: Request) -> str:
    return request.headers.get("x-functions-key") or request.query_params.get("code") or ""


def _is_local(request: Request) -> bool:
    """From a program on this machine; a page in a browser sends its origin or (after DNS rebinding) a foreign name."""
    host = re.sub(":[0-9]+$", "", request.headers.get("host", "").lower())
    from_loopback = request.client is not None and request.client.host in LOOPBACK
    return from_loopback and "origin" not in request.headers and host in LOCAL_NAMES


def _joined(items: Iterable[tuple[str, str]]) -> dict[str, Datum]:
    """Headers or parameters; the values of a repeated name are joined by commas, as the runtime does."""
    values: dict[str, list[str]] = {}
    for name, value in items:
        values.setdefault(name, []).append(value)
    return {name: Datum(",".join(several), "string") for name, several in values.items()}


@functools.lru_cache(1024)
def _check_header(name: str, value: str) -> None:
    """Raises ValueError. Apps send the same headers again and again."""
    _HEADERS.validate_python({name: value})


def _response(returned: Any) -> Response:
    """What the function returned, on the wire; TypeError or ValueError if that cannot be."""
    datum = encode("http", returned)
    if datum.type == "string":
        return Response(datum.value, media_type="text/plain")
    value = datum.value
    status = int(value["status_code"].value)
    if not 200 <= status <= 599:
        raise ValueError(f"{status} is not a final HTTP status")
    response = Response(b"" if status in (204, 304) else value["body"].value, status)
    for name, header in value["headers"].items():
        _check_header(name, header.value)
        if name.lower() not in _OF_THE_SERVER:
            response.headers[name] = header.value
    for morsel in (morsel for cookie in value["cookies"] or [] for morsel in cookie.values()):
        response.headers.append("set-cookie", morsel.OutputString())
    return response
