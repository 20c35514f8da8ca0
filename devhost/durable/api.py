"""The durable client's HTTP API, as the extension answers it: over HTTP for others, in process for the SDK's client."""

import importlib
import json
import math
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlsplit

import orjson

from devhost.database import Database
from devhost.durable import store
from devhost.durable.engine import Engine
from devhost.durable.history import Status
from devhost.durable.store import AlreadyRunning, Filter, Record

PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX = 100, 1000
WEBHOOK_PATH = "/runtime/webhooks/durabletask"
Query = Mapping[str, str]


@dataclass(frozen=True)
class Reply:
    """Status, JSON body (None: no body) and headers."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


class _Refused(Exception):
    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.reply = Reply(status, {"Message": message, "ExceptionMessage": message})


class DurableApi:
    """Routes below /runtime/webhooks/durabletask."""

    def __init__(self, engine: Engine, database: Database, origin: str, hub: str, key: str) -> None:
        """`origin` is the host's address, such as http://127.0.0.1:7071; `key` the webhook's system key."""
        self._engine, self._database, self._hub, self._key = engine, database, hub, key
        self.base_url = f"{origin}{WEBHOOK_PATH}/"

    def client_binding(self) -> str:
        """The value of a durable client input binding."""
        create = f"{self.base_url}orchestrators/{{functionName}}[/{{instanceId}}]?code={self._key}"
        binding = {
            "taskHubName": self._hub,
            "creationUrls": {"createNewInstancePostUri": create, "createAndWaitOnNewInstancePostUri": create},
            "managementUrls": self._links("INSTANCEID"),
            "baseUrl": self.base_url,
            "requiredQueryStringParameters": f"code={self._key}",
            "rpcBaseUrl": self.base_url,
        }
        return json.dumps(binding)

    async def handle(
        self, method: str, path: str, query: Query, body: bytes = b"", content_type: str = "", token: str = ""
    ) -> Reply:
        """Answer one request; `path` is relative to the webhook, `token` the continuation token header."""
        match [method, *(unquote(part) for part in path.strip("/").split("/"))]:
            case ["POST", "orchestrators", name, *rest] if len(rest) < 2:
                call = self._start(name, rest[0] if rest else None, query, body)
            case ["GET", "instances"]:
                call = self._list(query, token)
            case ["DELETE", "instances"]:
                call = self._purge(query)
            case ["GET", "instances", instance_id]:
                call = self._status(instance_id, query)
            case ["DELETE", "instances", instance_id]:
                call = self._purge_one(instance_id)
            case ["POST", "instances", instance_id, "raiseEvent", name]:
                call = self._raise(instance_id, name, body, content_type)
            case ["POST", "instances", instance_id, "terminate" | "suspend" | "resume" as operation]:
                call = self._send(instance_id, operation, query.get("reason", "").encode())
            case ["POST", "instances", instance_id, "restart"]:
                call = self._restart(instance_id, query)
            case [_, "entities", *_] | ["POST", "instances", _, "rewind"]:
                return Reply(501, {"Message": "entities and rewind are not supported by this host"})
            case _:
                return Reply(404)
        try:
            return await call
        except _Refused as refused:
            return refused.reply

    async def _start(self, name: str, instance_id: str | None, query: Query, body: bytes) -> Reply:
        if not self._engine.knows(name):
            what = f"The function '{name}' doesn't exist, is disabled, or is not an orchestrator function."
            raise _Refused(400, what)
        if instance_id and instance_id.startswith("@"):
            raise _Refused(400, "Orchestration instance IDs must not start with @.")
        input_json = _json_text(body) if body else None
        try:
            created = await self._engine.begin(name, instance_id, input_json, query.get("version", ""))
        except AlreadyRunning as error:
            raise _Refused(409, str(error)) from None
        links = self._links(created)
        return Reply(202, links, {"Location": links["statusQueryGetUri"], "Retry-After": "10"})

    async def _status(self, instance_id: str, query: Query) -> Reply:
        record = await self._found(instance_id)
        payload = _payload(record, _flag(query, "showInput", True))
        if _flag(query, "showHistory", False):
            _, chunks = await self._database.read(lambda c: store.load(c, record.key))
            payload["historyEvents"] = orjson.loads(b"[" + b",".join(chunks) + b"]")
        if record.status.is_open:
            links = self._links(instance_id)
            return Reply(202, payload, {"Location": links["statusQueryGetUri"], "Retry-After": "5"})
        failed = record.status is Status.FAILED and _flag(query, "returnInternalServerErrorOnFailure", False)
        return Reply(500 if failed else 200, payload)

    async def _list(self, query: Query, token: str) -> Reply:
        size = min(_number(query.get("top", ""), PAGE_SIZE_DEFAULT), PAGE_SIZE_MAX)
        wanted = _filter(query, _number(token, 0))
        records = await self._database.read(lambda c: store.select(c, wanted, size + 1))
        next_token = str(records[size - 1].key) if len(records) > size else ""
        shown = [_payload(record, _flag(query, "showInput", False)) for record in records[:size]]
        return Reply(200, shown, {"x-ms-continuation-token": next_token})

    async def _purge(self, query: Query) -> Reply:
        if not query.get("createdTimeFrom"):
            raise _Refused(400, "Please provide value for 'createdTimeFrom' parameter.")
        wanted = _filter(query)
        deleted = await self._database.write(lambda c: store.purge(c, store.select(c, wanted, -1)), is_long=True)
        return Reply(200, {"instancesDeleted": deleted}) if deleted else Reply(404)

    async def _purge_one(self, instance_id: str) -> Reply:
        record = await self._found(instance_id)
        return Reply(200, {"instancesDeleted": await self._database.write(lambda c: store.purge(c, [record]))})

    async def _raise(self, instance_id: str, name: str, body: bytes, content_type: str) -> Reply:
        if content_type.partition(";")[0].strip().lower() != "application/json":
            raise _Refused(400, "Only application/json request content is supported")
        return await self._send(instance_id, "event", orjson.dumps([name, _json_text(body) if body else "null"]))

    async def _send(self, instance_id: str, kind: str, body: bytes) -> Reply:
        accepted = await self._engine.send(instance_id, kind, body)
        if accepted is None:
            raise _Refused(404, f"No instance with ID {instance_id} found.")
        return Reply(202 if accepted else 410)

    async def _restart(self, instance_id: str, query: Query) -> Reply:
        record = await self._found(instance_id)
        target = None if _flag(query, "restartWithNewInstanceId", True) else instance_id
        return await self._start(record.name, target, query, (record.input or "").encode())

    async def _found(self, instance_id: str) -> Record:
        record = await self._database.read(lambda c: store.find(c, instance_id))
        if record is None:
            raise _Refused(404, f"No instance with ID {instance_id} found.")
        return record

    def _links(self, instance_id: str) -> dict[str, str]:
        base = f"{self.base_url}instances/{quote(instance_id, safe='')}"
        suffix = f"taskHub={quote(self._hub)}&connection=Storage&code={self._key}"
        operations = ("terminate", "rewind", "suspend", "resume")
        return {
            "id": instance_id,
            "statusQueryGetUri": f"{base}?{suffix}",
            "sendEventPostUri": f"{base}/raiseEvent/{{eventName}}?{suffix}",
            "purgeHistoryDeleteUri": f"{base}?{suffix}",
            "restartPostUri": f"{base}/restart?{suffix}",
            **{f"{name}PostUri": f"{base}/{name}?reason={{text}}&{suffix}" for name in operations},
        }


def connect_sdk_client(apis: Mapping[str, DurableApi]) -> None:
    """Let the SDK's client reach hosts of this process (by base URL) without HTTP: same requests, same answers.

    Over loopback HTTP each call costs about 2 ms of CPU in client and server; other addresses still go that way.
    """

    def local(method: str, over_http: Callable[..., Awaitable[list[Any]]]) -> Callable[..., Awaitable[list[Any]]]:
        async def request(url: str, *arguments: Any, **named: Any) -> list[Any]:
            api = next((api for base, api in apis.items() if url.startswith(base)), None)
            if api is None:
                return await over_http(url, *arguments, **named)
            parts = urlsplit(url[len(api.base_url) :])
            data = arguments[0] if arguments else named.get("data")
            body = orjson.dumps(data) if method == "POST" and data is not None else b""
            reply = await api.handle(method, parts.path, dict(parse_qsl(parts.query)), body, "application/json")
            return [reply.status, reply.body if reply.body is not None or method != "GET" else ""]

        return request

    client = importlib.import_module("azure.durable_functions.models.DurableOrchestrationClient")
    for method in ("POST", "GET", "DELETE"):
        name = f"{method.lower()}_async_request"
        setattr(client, name, local(method, getattr(client, name)))


def _payload(record: Record, with_input: bool) -> dict[str, Any]:
    values = {
        "input": record.input if with_input else None,
        "customStatus": record.custom_status,
        "output": record.output,
    }
    return {
        "name": record.name,
        "instanceId": record.id,
        "runtimeStatus": str(record.status),
        "createdTime": _second(record.created),
        "lastUpdatedTime": _second(record.updated),
        **{name: None if text is None else json.loads(text) for name, text in values.items()},
    }


def _second(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _json_text(body: bytes) -> str:
    try:
        orjson.loads(body)  # as strict as what reads it later: no NaN, no lone surrogates, UTF-8 only
        return body.decode()
    except ValueError:
        raise _Refused(400, "Invalid JSON content") from None


def _number(text: str, default: int) -> int:
    return int(text) if re.fullmatch("[0-9]{1,18}", text) else default


def _flag(query: Query, name: str, default: bool) -> bool:
    return {"true": True, "false": False}.get(query.get(name, "").lower(), default)


def _filter(query: Query, after_key: int = 0) -> Filter:
    statuses = tuple(part for part in query.get("runtimeStatus", "").split(",") if part)
    created = (_instant(query.get("createdTimeFrom"), 0.0), _instant(query.get("createdTimeTo"), math.inf))
    return Filter(*created, statuses, query.get("instanceIdPrefix", ""), after_key)


def _instant(text: str | None, default: float) -> float:
    if not text:
        return default
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise _Refused(400, f"{text!r} is not a time") from None
    return (at.replace(tzinfo=UTC) if at.tzinfo is None else at).timestamp()
