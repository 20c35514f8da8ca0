"""The durable client's HTTP API, as the extension answers it: over HTTP for others, in process for the SDK's client."""

import importlib
import json
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
from devhost.durable.store import PAGE_SIZE_DEFAULT, AlreadyRunning, Filter, Record

PAGE_SIZE_MAX = 1000
WEBHOOK_PATH = "/runtime/webhooks/durabletask"


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
        return json.dumps(
            {
                "taskHubName": self._hub,
                "creationUrls": {"createNewInstancePostUri": create, "createAndWaitOnNewInstancePostUri": create},
                "managementUrls": self._links("INSTANCEID"),
                "baseUrl": self.base_url,
                "requiredQueryStringParameters": f"code={self._key}",
                "rpcBaseUrl": self.base_url,
            }
        )

    async def handle(
        self,
        method: str,
        path: str,
        query: Mapping[str, str],
        body: bytes = b"",
        content_type: str = "",
        token: str = "",
    ) -> Reply:
        """Answer one request; `path` is relative to the webhook, `token` the continuation token header."""
        match [method, *(unquote(part) for part in path.strip("/").split("/"))]:
            case ["POST", "orchestrators", name]:
                call = self._start(name, None, query, body)
            case ["POST", "orchestrators", name, instance_id]:
                call = self._start(name, instance_id or None, query, body)
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
                call = self._control(instance_id, operation, query)
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

    async def _start(self, name: str, instance_id: str | None, query: Mapping[str, str], body: bytes) -> Reply:
        if not self._engine.knows(name):
            raise _Refused(
                400, f"The function '{name}' doesn't exist, is disabled, or is not an orchestrator function."
            )
        if instance_id and instance_id.startswith("@"):
            raise _Refused(400, "Orchestration instance IDs must not start with @.")
        input_json = _json_text(body) if body else None
        try:
            created = await self._engine.begin(name, instance_id, input_json, query.get("version", ""))
        except AlreadyRunning as error:
            raise _Refused(409, str(error)) from None
        links = self._links(created)
        return Reply(202, links, {"Location": links["statusQueryGetUri"], "Retry-After": "10"})

    async def _status(self, instance_id: str, query: Mapping[str, str]) -> Reply:
        record = await self._database.read(store.find(instance_id))
        if record is None:
            return Reply(404)
        payload = _payload(record, _flag(query, "showInput", True))
        if _flag(query, "showHistory", False):
            _, chunks = await self._database.read(store.load(record.key))
            payload["historyEvents"] = orjson.loads(b"[" + b",".join(chunks) + b"]")
        if record.status.is_open:
            links = self._links(instance_id)
            return Reply(202, payload, {"Location": links["statusQueryGetUri"], "Retry-After": "5"})
        failed = record.status is Status.FAILED and _flag(query, "returnInternalServerErrorOnFailure", False)
        return Reply(500 if failed else 200, payload)

    async def _list(self, query: Mapping[str, str], token: str) -> Reply:
        size = min(_number(query.get("top", ""), PAGE_SIZE_DEFAULT), PAGE_SIZE_MAX)
        after = _number(token, 0)
        records = await self._database.read(store.listing(_filter(query, after), size + 1))
        more = len(records) > size
        headers = {"x-ms-continuation-token": str(records[size - 1].key) if more else ""}
        return Reply(200, [_payload(r, _flag(query, "showInput", False)) for r in records[:size]], headers)

    async def _purge(self, query: Mapping[str, str]) -> Reply:
        if not query.get("createdTimeFrom"):
            raise _Refused(400, "Please provide value for 'createdTimeFrom' parameter.")
        deleted = await self._database.write(store.purge(_filter(query)))
        return Reply(200, {"instancesDeleted": deleted}) if deleted else Reply(404)

    async def _purge_one(self, instance_id: str) -> Reply:
        record = await self._found(instance_id)
        deleted = await self._database.write(store.purge(Filter(key=record.key)))
        return Reply(200, {"instancesDeleted": deleted})

    async def _raise(self, instance_id: str, name: str, body: bytes, content_type: str) -> Reply:
        record = await self._found(instance_id)
        if content_type.partition(";")[0].strip().lower() != "application/json":
            raise _Refused(400, "Only application/json request content is supported")
        message = orjson.dumps([name, _json_text(body) if body else "null"])
        accepted = record.status.is_open and await self._engine.send(record.key, "event", message)
        return Reply(202 if accepted else 410)

    async def _control(self, instance_id: str, operation: str, query: Mapping[str, str]) -> Reply:
        record = await self._found(instance_id)
        accepted = record.status.is_open and await self._engine.send(
            record.key, operation, query.get("reason", "").encode()
        )
        return Reply(202 if accepted else 410)

    async def _restart(self, instance_id: str, query: Mapping[str, str]) -> Reply:
        record = await self._found(instance_id)
        target = None if _flag(query, "restartWithNewInstanceId", True) else instance_id
        return await self._start(record.name, target, query, (record.input or "").encode())

    async def _found(self, instance_id: str) -> Record:
        record = await self._database.read(store.find(instance_id))
        if record is None:
            raise _Refused(404, f"No instance with ID {instance_id} found.")
        return record

    def _links(self, instance_id: str) -> dict[str, str]:
        base = f"{self.base_url}instances/{quote(instance_id, safe='')}"
        suffix = f"taskHub={quote(self._hub)}&connection=Storage&code={self._key}"
        operations = {
            name: f"{base}/{name}?reason={{text}}&{suffix}" for name in ("terminate", "rewind", "suspend", "resume")
        }
        return {
            "id": instance_id,
            "statusQueryGetUri": f"{base}?{suffix}",
            "sendEventPostUri": f"{base}/raiseEvent/{{eventName}}?{suffix}",
            "purgeHistoryDeleteUri": f"{base}?{suffix}",
            "restartPostUri": f"{base}/restart?{suffix}",
            **{f"{name}PostUri": url for name, url in operations.items()},
        }


def connect_sdk_client(apis: Mapping[str, DurableApi]) -> None:
    """Let the SDK's client reach hosts of this process (by base URL) without HTTP: same requests, same answers.

    Over loopback HTTP each call costs about 2 ms of CPU in client and server; other addresses still go that way.
    """

    def local(method: str, over_http: Callable[..., Awaitable[list[Any]]]) -> Callable[..., Awaitable[list[Any]]]:
        async def request(url: str, data: Any = None, *rest: Any, **more: Any) -> list[Any]:
            api = next((api for base, api in apis.items() if url.startswith(base)), None)
            if api is None:
                return await (
                    over_http(url, data, *rest, **more) if method == "POST" else over_http(url, *rest, **more)
                )
            parts = urlsplit(url[len(api.base_url) :])
            body = b"" if data is None else orjson.dumps(data)
            reply = await api.handle(method, parts.path, dict(parse_qsl(parts.query)), body, "application/json")
            return [reply.status, reply.body if reply.body is not None or method != "GET" else ""]

        return request

    client_module = importlib.import_module("azure.durable_functions.models.DurableOrchestrationClient")
    for method, name in (
        ("POST", "post_async_request"),
        ("GET", "get_async_request"),
        ("DELETE", "delete_async_request"),
    ):
        setattr(client_module, name, local(method, getattr(client_module, name)))


def _payload(record: Record, with_input: bool) -> dict[str, Any]:
    return {
        "name": record.name,
        "instanceId": record.id,
        "runtimeStatus": str(record.status),
        "input": _value(record.input) if with_input else None,
        "customStatus": _value(record.custom_status),
        "output": _value(record.output),
        "createdTime": _second(record.created),
        "lastUpdatedTime": _second(record.updated),
    }


def _value(text: str | None) -> Any:
    return None if text is None else json.loads(text)


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


def _flag(query: Mapping[str, str], name: str, default: bool) -> bool:
    return {"true": True, "false": False}.get(query.get(name, "").lower(), default)


def _filter(query: Mapping[str, str], after_key: int = 0) -> Filter:
    wanted = [part for part in query.get("runtimeStatus", "").split(",") if part]
    return Filter(
        created_from=_instant(query.get("createdTimeFrom")),
        created_to=_instant(query.get("createdTimeTo")),
        statuses=tuple(wanted),
        id_prefix=query.get("instanceIdPrefix", ""),
        after_key=after_key,
    )


def _instant(text: str | None) -> float | None:
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise _Refused(400, f"{text!r} is not a time") from None
    return (at.replace(tzinfo=UTC) if at.tzinfo is None else at).timestamp()
