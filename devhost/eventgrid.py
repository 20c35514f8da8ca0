"""The Event Grid webhook: handshakes and deliveries in both schemas, and local publishing with Event Grid's retries."""

import asyncio
from typing import Any

import orjson
from azure.functions.meta import Datum
from starlette.requests import Request
from starlette.responses import Response

from devhost.invoker import Invoker
from devhost.loader import FunctionSpec
from devhost.queues import Message, QueueStore

EVENTS_MAX = 5000
_REQUIRED = {"specversion": ("id", "source", "type"), "eventType": ("id", "subject", "eventTime")}


class Malformed(Exception):
    """The body is not a delivery; answered 400."""


class EventGrid:
    """Serves the functions with an Event Grid trigger."""

    def __init__(self, invoker: Invoker, queues: QueueStore, functions: list[FunctionSpec]) -> None:
        self._invoker, self._queues = invoker, queues
        self._functions = {spec.name.lower(): spec for spec in functions if spec.kind == "eventGridTrigger"}

    async def handle(self, request: Request, body: bytes) -> Response:
        """One request to /runtime/webhooks/eventgrid?functionName=: 202 when the function took every event."""
        spec = self._functions.get(request.query_params.get("functionName", "").lower())
        if spec is None:
            return Response("cannot find the function", 404)
        if request.method == "OPTIONS":
            return _cloud_handshake(request)
        if request.method != "POST":
            return Response(status_code=405)
        kind = request.headers.get("aeg-event-type", "").lower()
        try:
            if kind == "subscriptionvalidation":
                return _validation(_parse(body))
            events = [] if kind == "unsubscribe" else _checked(_parse(body))
        except Malformed as error:
            return Response(str(error), 400)
        calls = [self._invoker.call(spec, Datum(orjson.dumps(item).decode(), "json")) for item in events]
        results = await asyncio.gather(*calls, return_exceptions=True)
        return Response(status_code=500 if any(isinstance(result, BaseException) for result in results) else 202)

    async def publish(self, name: str, body: bytes) -> Response:
        """Keep events and deliver them to a function of this host, again on failure as Event Grid does."""
        spec = self._functions.get(name.lower())
        if spec is None:
            return Response("cannot find the function", 404)
        try:
            events = _checked(_parse(body))
        except Malformed as error:
            return Response(str(error), 400)
        await self._queues.send([Message(f"events/{spec.name}", orjson.dumps(item)) for item in events])
        return Response(status_code=202)


def _parse(body: bytes) -> list[dict[str, Any]]:
    """The events of a delivery: an array (Event Grid schema, CloudEvents batch) or one object (CloudEvents)."""
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise Malformed("the body is not JSON") from None
    events = value if isinstance(value, list) else [value]
    if len(events) > EVENTS_MAX or not all(isinstance(item, dict) for item in events):
        raise Malformed("the body is not an event or an array of events")
    return events


def _checked(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    for item in events:
        schema = next((key for key in _REQUIRED if key in item), None)
        if schema is None or not all(isinstance(item.get(key), str) for key in (schema, *_REQUIRED[schema])):
            raise Malformed("an event has neither the Event Grid nor the CloudEvents 1.0 schema")
    return events


def _validation(events: list[dict[str, Any]]) -> Response:
    data = events[0].get("data") if events else None
    code = data.get("validationCode") if isinstance(data, dict) else None
    if not isinstance(code, str):
        raise Malformed("the validation event has no validationCode")
    return Response(orjson.dumps({"validationResponse": code}), media_type="application/json")


def _cloud_handshake(request: Request) -> Response:
    origin = request.headers.get("webhook-request-origin")
    if not origin:
        return Response("WebHook-Request-Origin is missing", 400)
    rate = request.headers.get("webhook-request-rate", "*")
    return Response(headers={"WebHook-Allowed-Origin": origin, "WebHook-Allowed-Rate": rate})
