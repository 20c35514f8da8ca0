"""The host's HTTP face: function routes, webhooks and the status page."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Any

import orjson
from azure.functions.meta import Datum
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from devhost.bindings import encode
from devhost.config import HostConfig
from devhost.durable.api import WEBHOOK_PATH, DurableApi
from devhost.eventgrid import EventGrid
from devhost.invoker import Invoker
from devhost.keys import Keys
from devhost.listeners import outgoing
from devhost.loader import FunctionSpec
from devhost.queues import Message, QueueStore
from devhost.routes import Route, compile_route

LOOPBACK = ("127.0.0.1", "::1", "testclient")

log = logging.getLogger("devhost.http")


class Front:
    """The ASGI application."""

    def __init__(
        self, config: HostConfig, keys: Keys, invoker: Invoker, queues: QueueStore, functions: list[FunctionSpec],
        durable: DurableApi, status: Callable[[], Mapping[str, Any]],
    ) -> None:  # fmt: skip
        self._config, self._keys, self._invoker, self._queues, self._durable, self._status = (
            config, keys, invoker, queues, durable, status,
        )  # fmt: skip
        self._eventgrid = EventGrid(invoker, queues, functions)
        prefix = config.host_json.extensions.http.route_prefix
        routes = [
            (compile_route(f"{prefix}/{spec.trigger['route']}", f"function {spec.name}"), spec)
            for spec in functions
            if spec.kind == "httpTrigger"
        ]
        self._routes: list[tuple[Route, FunctionSpec]] = sorted(routes, key=lambda item: item[0].rank)
        self._headers = config.host_json.extensions.http.custom_headers

    def asgi(self) -> ASGIApp:
        """The application with CORS, if origins are configured."""
        if not self._config.cors:
            return self
        return CORSMiddleware(
            self, allow_origins=self._config.cors, allow_methods=["*"], allow_headers=["*"],
            allow_credentials=self._config.cors_credentials,
        )  # fmt: skip

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        try:
            response = await self._respond(request)
        except ClientDisconnect:
            return
        except asyncio.CancelledError:
            raise
        except Exception:
            log.exception("%s %s failed in the host", request.method, request.url.path)
            response = Response(status_code=500)
        response.headers.update(self._headers)
        await response(scope, receive, send)

    async def _respond(self, request: Request) -> Response:
        body = await self._body(request)
        if body is None:
            return Response("the request body is too large", 413)
        path = request.url.path
        if path.startswith("/admin/"):
            return await self._admin(request, path, body)
        if path.startswith("/runtime/webhooks/"):
            return await self._webhook(request, path, body)
        return await self._function(request, body)

    async def _body(self, request: Request) -> bytes | None:
        """The body; None if it is too large."""
        limit = self._config.body_bytes_max
        declared = request.headers.get("content-length", "0")
        if declared.isdigit() and int(declared) > limit:
            return None
        chunks, size = [], 0
        async for chunk in request.stream():
            size += len(chunk)
            if size > limit:
                return None
            chunks.append(chunk)
        return b"".join(chunks)

    def _key(self, request: Request) -> str:
        return request.headers.get("x-functions-key") or request.query_params.get("code") or ""

    async def _function(self, request: Request, body: bytes) -> Response:
        raw = request.scope.get("raw_path") or request.url.path.encode()
        path = raw.decode("latin-1").partition("?")[0].strip("/")
        for route, spec in self._routes:
            methods = [str(method).upper() for method in spec.trigger.get("methods") or ()]
            if methods and request.method not in methods:
                continue
            if (parameters := route.match(path)) is not None:
                return await self._invoke(spec, request, parameters, body)
        return Response(status_code=404)

    async def _invoke(
        self, spec: FunctionSpec, request: Request, parameters: Mapping[str, str], body: bytes
    ) -> Response:
        if not self._keys.allows(str(spec.trigger.get("authLevel", "function")).lower(), self._key(request)):
            return Response(status_code=401)
        trigger = Datum(
            {
                "method": Datum(request.method, "string"),
                "url": Datum(str(request.url), "string"),
                "headers": _joined(request.headers.items()),
                "query": _joined(request.query_params.multi_items()),
                "params": {name: Datum(value, "string") for name, value in parameters.items()},
                "body": Datum(body, "bytes"),
            },
            "http",
        )
        try:
            call = await self._invoker.call(
                spec, trigger, None, {"durableClient": Datum(self._durable.client_binding(), "string")}
            )
            if messages := outgoing(self._config, spec, call):
                await self._queues.send(messages)
            return _response(call.returned)
        except Exception as error:
            log.debug("%s raised %r", spec.name, error)
            return Response(status_code=500)

    async def _webhook(self, request: Request, path: str, body: bytes) -> Response:
        if path == "/runtime/webhooks/eventgrid":
            # As with Core Tools, programs on this machine need no key; pages in a browser do.
            local = self._is_local(request) and "origin" not in request.headers
            if not local and not self._keys.allows("eventgrid_extension", self._key(request)):
                return Response(status_code=401)
            return await self._eventgrid.handle(request, body)
        if path.startswith(f"{WEBHOOK_PATH}/"):
            if not self._keys.allows("durabletask_extension", self._key(request)):
                return Response(status_code=401)
            reply = await self._durable.handle(
                request.method, path.removeprefix(WEBHOOK_PATH), request.query_params, body,
                request.headers.get("content-type", ""), request.headers.get("x-ms-continuation-token", ""),
            )  # fmt: skip
            content = b"" if reply.body is None else orjson.dumps(reply.body)
            return Response(content, reply.status, reply.headers, "application/json")
        return Response(status_code=404)

    def _is_local(self, request: Request) -> bool:
        return request.client is not None and request.client.host in LOOPBACK

    async def _admin(self, request: Request, path: str, body: bytes) -> Response:
        """On loopback, to programs (not to pages of a browser): the state of the host, and a way to send to its queues."""
        if not self._is_local(request) or "origin" in request.headers:
            return Response(status_code=403)
        match [request.method, *path.strip("/").split("/")[1:]]:
            case ["GET", "host", "status"]:
                return Response(orjson.dumps(self._status()), media_type="application/json")
            case ["POST", "queues", "bus" | "storage" as kind, name]:
                query = request.query_params
                message = Message(f"{kind}/{name}", body, query.get("sessionId"))
                if "messageId" in query:
                    message.properties["MessageId"] = query["messageId"]
                return Response(orjson.dumps(await self._queues.send([message])), 201, media_type="application/json")
            case ["POST", "eventgrid", name]:
                return await self._eventgrid.publish(name, body)
        return Response(status_code=404)


def _joined(items: Any) -> dict[str, Datum]:
    """Headers or query parameters; repeated names are joined by commas, as the runtime does."""
    values: dict[str, str] = {}
    for name, value in items:
        values[name] = f"{values[name]},{value}" if name in values else value
    return {name: Datum(value, "string") for name, value in values.items()}


def _response(returned: Any) -> Response:
    if returned is None:
        return Response(status_code=204)
    datum = encode("http", returned)
    if datum.type == "string":
        return Response(datum.value, media_type="text/plain")
    value = datum.value
    headers = {name: header.value for name, header in value["headers"].items()}
    response = Response(value["body"].value, int(value["status_code"].value), headers)
    for cookie in value["cookies"] or []:
        for morsel in cookie.values():
            response.headers.append("set-cookie", morsel.OutputString())
    return response
