"""The account on a free port of this machine, over HTTP as the SDK speaks it."""

import base64
import contextlib
import json
import uuid
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import datetime
from typing import Any

from aiohttp import web

from tests.peers.cosmos.faults import Fault, Faults
from tests.peers.cosmos.query import parse
from tests.peers.cosmos.store import CODES, RANGES, Account, Container, Item, Json, Refusal

KEY = base64.b64encode(b"any key will do").decode()
PAGE_MAX = 1000
CROSS_PARTITION_QUERY_NOT_SERVABLE = 1004

Answer = tuple[int, Any, Mapping[str, str]]


class CosmosPeer:
    """To be used as a context; `consistency` is what the account says of itself."""

    def __init__(self, clock: Callable[[], datetime], consistency: str = "Strong") -> None:
        self.account = Account(clock)
        self.faults = Faults()
        self.requests = 0
        self._consistency = consistency
        self._runner: web.AppRunner | None = None
        self._port = 0

    @property
    def connection(self) -> str:
        """A connection string."""
        return f"AccountEndpoint=http://127.0.0.1:{self._port}/;AccountKey={KEY};"

    def inject(self, fault: Fault | None) -> None:
        """Do something wrong from now on; None: no more."""
        self.faults.inject(fault)

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator["CosmosPeer"]:
        """Listen while the context lasts."""
        await self.start()
        try:
            yield self
        finally:
            await self.stop()

    async def start(self) -> None:
        """Listen, after a stop where it listened before."""
        app = web.Application(client_max_size=8 << 20)
        app.router.add_route("*", "/{path:.*}", self._handle)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._port).start()
        self._port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Be out of reach; what is stored stays."""
        if self._runner:
            await self._runner.cleanup()
        self._runner = None

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        self.requests += 1
        fault = self.faults.strike(request)
        answer = await self._answered(request) if fault is None or fault.is_applied else None
        if fault and fault.status == 0:
            if request.transport:
                request.transport.close()
            return web.Response()
        if fault:
            headers = {"x-ms-substatus": "0", **fault.headers}
            answer = fault.status, {"code": "Fault", "message": "by order of a test"}, headers
        assert answer
        return _response(*answer)

    async def _answered(self, request: web.Request) -> Answer:
        try:
            return await self._route(request)
        except Refusal as refusal:
            body = {"code": CODES[refusal.status], "message": str(refusal)}
            return refusal.status, body, {"x-ms-substatus": str(refusal.substatus)}

    async def _route(self, request: web.Request) -> Answer:
        raw = await request.read()
        body: Any = json.loads(raw, parse_constant=_refuse_constant) if raw else None
        match request.method, [part for part in request.path.split("/") if part]:
            case "GET", []:
                return 200, self._described(request), {}
            case "POST", ["dbs"]:
                self.account.create_database(body["id"])
                return 201, _resource(body), {}
            case "GET", ["dbs", database]:
                self.account.database(database)
                return 200, _resource({"id": database}), {}
            case "POST", ["dbs", database, "colls"]:
                return 201, _resource(self.account.create_container(database, body).properties), {}
            case "GET", ["dbs", database, "colls", name]:
                return 200, _resource(self.account.container(database, name).properties), {}
            case "PUT", ["dbs", database, "colls", name]:
                container = self.account.container(database, name)
                container.properties.update(body)
                return 200, _resource(container.properties), {}
            case "GET", ["dbs", database, "colls", name, "pkranges"]:
                self.account.container(database, name)
                return _ranges(request)
            case method, ["dbs", database, "colls", name, "docs", *rest]:
                return _documents(request, method, self.account.container(database, name), rest, body)
        raise Refusal(400, f"the peer has no route {request.method} {request.path}")

    def _described(self, request: web.Request) -> Json:
        location = [{"name": "Local", "databaseAccountEndpoint": f"http://{request.host}/"}]
        return {
            "id": "peer", "_rid": "peer", "_self": "", "_dbs": "//dbs/",
            "media": "//media/", "addresses": "//addresses/", "writableLocations": location,
            "readableLocations": location, "enableMultipleWriteLocations": False,
            "userConsistencyPolicy": {"defaultConsistencyLevel": self._consistency}, "queryEngineConfiguration": "{}",
        }  # fmt: skip


def _documents(request: web.Request, method: str, container: Container, rest: list[str], body: Any) -> Answer:
    headers = request.headers
    key = _partition_key(request)
    match method, rest:
        case "GET", [id_]:
            item = container.read(_needed(key), id_)
            return 200, item.content, {"x-ms-item-lsn": str(item.lsn), "etag": item.content["_etag"]}
        case "POST", [] if "x-ms-cosmos-is-batch-request" in headers:
            status, results = container.batch(_needed(key), body)
            return status, results, {}
        case "POST", [] if "x-ms-cosmos-is-query-plan-request" in headers:
            return 200, parse(body, container.properties["indexingPolicy"]).plan(), {}
        case "POST", [] if headers.get("content-type", "").startswith("application/query+json"):
            return _queried(request, container, key, body)
        case "GET", [] if "a-im" in headers:
            return _fed(request, container)
    raise Refusal(400, f"the peer has no route {method} {request.path}")


def _queried(request: web.Request, container: Container, key: str | None, body: Json) -> Answer:
    query = parse(body, container.properties["indexingPolicy"])
    range_ = request.headers.get("x-ms-documentdb-partitionkeyrangeid")
    if key is not None:
        items = container.items(key.__eq__)
    elif range_ is not None:
        items = container.items(lambda candidate: container.range_of(candidate) == range_)
    elif request.headers.get("x-ms-documentdb-query-enablecrosspartition", "").lower() != "true":
        raise Refusal(400, "Cross partition query is required but disabled.")
    else:
        raise Refusal(400, "The query needs a plan.", CROSS_PARTITION_QUERY_NOT_SERVABLE)
    found, size = query.run(item.content for item in items), _page_size(request)
    token = request.headers.get("x-ms-continuation", "")
    if query.order:
        found = found[int(token or 0) :]
        following = str(int(token or 0) + size)
    else:  # in the order of creation: who reads page by page misses nothing that was there all the time
        found = sorted((item for item in found if item["_rid"] > token), key=lambda item: str(item["_rid"]))
        following = found[size - 1]["_rid"] if len(found) > size else ""
    page = found[:size]
    headers = {"x-ms-continuation": following} if len(found) > size else {}
    return 200, {"_rid": "peer", "Documents": page, "_count": len(page)}, headers


def _fed(request: web.Request, container: Container) -> Answer:
    """The change feed: the latest version of each item, in the order of writing, a transaction never cut in two."""
    headers = request.headers
    range_ = headers["x-ms-documentdb-partitionkeyrangeid"]
    newest, since = container.lsns[range_], headers.get("if-none-match", "0")
    after = newest if since == "*" else int(since.strip('"'))
    low, high = headers.get("x-ms-start-epk", ""), headers.get("x-ms-end-epk", "FF")

    def is_wanted(key: str) -> bool:
        return container.range_of(key) == range_ and low <= container.hashed(key) < high

    found = [item for item in container.items(is_wanted) if item.lsn > after]
    page = found[: _page_size(request)]
    page += [item for item in found[len(page) :] if item.lsn == page[-1].lsn]
    if not page:
        return 304, None, {"etag": f'"{newest}"'}
    documents = [{**item.content, "_lsn": item.lsn} for item in _shuffled(page)]
    return 200, {"_rid": "peer", "Documents": documents, "_count": len(page)}, {"etag": f'"{page[-1].lsn}"'}


def _shuffled(page: list[Item]) -> list[Item]:
    """Within a transaction the service promises no order: the peer's is never the order of writing."""
    return sorted(page, key=lambda item: (item.lsn, -item.order))


def _ranges(request: web.Request) -> Answer:
    if "if-none-match" in request.headers:
        return 304, None, {"etag": '"1"'}
    ranges = [
        {"id": id_, "minInclusive": low, "maxExclusive": high, "_rid": id_, "ridPrefix": 0, "throughputFraction": 0.5,
         "status": "online", "parents": []}
        for id_, (low, high) in RANGES.items()
    ]  # fmt: skip
    return 200, {"_rid": "peer", "PartitionKeyRanges": ranges, "_count": len(ranges)}, {"etag": '"1"'}


def _partition_key(request: web.Request) -> str | None:
    header = request.headers.get("x-ms-documentdb-partitionkey")
    return str(json.loads(header)[0]) if header else None


def _needed(key: str | None) -> str:
    if key is None:
        raise Refusal(400, "PartitionKey value must be supplied for this operation.")
    return key


def _page_size(request: web.Request) -> int:
    asked = int(request.headers.get("x-ms-max-item-count", -1))
    return asked if asked > 0 else PAGE_MAX


def _resource(content: Mapping[str, Any]) -> Json:
    return {"_rid": "AAAAAAAAAAA=", "_self": "", "_etag": f'"{uuid.uuid4()}"', "_ts": 0, **content}


def _refuse_constant(name: str) -> None:
    raise Refusal(400, f"{name} is not JSON")


def _response(status: int, body: Any, headers: Mapping[str, str]) -> web.Response:
    common = {"x-ms-activity-id": str(uuid.uuid4()), "x-ms-request-charge": "1", "x-ms-session-token": "0:-1#1"}
    raw = b"" if body is None else json.dumps(body, ensure_ascii=False).encode("utf-8", "surrogatepass")
    return web.Response(status=status, headers={**common, **headers}, body=raw, content_type="application/json")
