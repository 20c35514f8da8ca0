"""The Event Grid webhook: handshakes and deliveries in both schemas, and local publishing with Event Grid's retries."""

import asyncio

import orjson
from azure.functions.meta import Datum
from starlette.requests import Request
from starlette.responses import Response

from devhost.invoker import Invoker
from devhost.loader import FunctionSpec
from devhost.queues import Message, QueueStore, Refused

EVENTS_MAX = 5000
_REQUIRED = {"specversion": ("id", "source", "type"), "eventType": ("id", "subject", "eventTime")}


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
        if kind == "unsubscribe":
            return Response(status_code=202)
        try:
            events = _events(body)
            if kind == "subscriptionvalidation":
                code = orjson.loads(events[0])["data"]["validationCode"]
                return Response(orjson.dumps({"validationResponse": code}), media_type="application/json")
        except (ValueError, LookupError, TypeError) as error:
            return Response(f"not a delivery: {error!r}", 400)
        calls = [self._invoker.call(spec, Datum(event.decode(), "json")) for event in events]
        results = await asyncio.gather(*calls, return_exceptions=True)
        return Response(status_code=500 if any(isinstance(result, BaseException) for result in results) else 202)

    async def publish(self, name: str, body: bytes) -> Response:
        """Keep events and deliver them to a function of this host, again on failure as Event Grid does."""
        spec = self._functions.get(name.lower())
        if spec is None:
            return Response("cannot find the function", 404)
        try:
            events = _events(body)
        except (ValueError, TypeError) as error:
            return Response(f"not a delivery: {error!r}", 400)
        try:
            await self._queues.send([Message(f"events/{spec.name}", event) for event in events])
        except Refused as error:
            return Response(str(error), 503)
        return Response(status_code=202)


def _events(body: bytes) -> list[bytes]:
    """Each event of an array in either schema, or one CloudEvent; ValueError or TypeError if it is neither."""
    value = orjson.loads(body)
    events = value if isinstance(value, list) else [value]
    if len(events) > EVENTS_MAX:
        raise ValueError(f"more than {EVENTS_MAX} events")
    for event in events:
        schema = next((key for key in _REQUIRED if key in event), None) if isinstance(event, dict) else None
        if schema is None or not all(isinstance(event.get(key), str) for key in (schema, *_REQUIRED[schema])):
            raise ValueError("an event has neither the Event Grid nor the CloudEvents 1.0 schema")
    return [orjson.dumps(event) for event in events]


def _cloud_handshake(request: Request) -> Response:
    origin, rate = (request.headers.get(f"webhook-request-{name}") for name in ("origin", "rate"))
    if not origin:
        return Response("WebHook-Request-Origin is missing", 400)
    return Response(headers={"WebHook-Allowed-Origin": origin, "WebHook-Allowed-Rate": rate or "*"})
