"""Between the host's values and the functions' parameters, through the SDK's own converters and its `Datum`s."""

import contextlib
import functools
import importlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import azure.functions as func
from azure.functions.meta import Datum, get_binding_registry

from devhost.loader import FunctionSpec

Metadata = Mapping[str, Datum]
_ISO_UTC = "%Y-%m-%dT%H:%M:%S.%fZ"


class Out(func.Out[Any]):  # type: ignore[misc]  # the SDK is untyped
    """An output parameter, as the worker hands it to the function."""

    _value: Any = None

    def set(self, val: Any) -> None:
        """Set the value of the output parameter."""
        self._value = val

    def get(self) -> Any:
        """The value that the function has set, or None."""
        return self._value


def tune_converters() -> None:
    """Spare the SDK's converters (azure-functions 1.26, durable 1.7) some detours; functions see the same.

    Each time of a message is tried against six strptime formats (a tenth of a queue-driven app's time), each
    document of a change feed is copied key by key through abstract classes, each header of a request is wrapped only
    to be unwrapped, each response asks of which kind its empty list of headers is, and the same JSON is parsed for
    each durable client.
    """
    meta, feed = importlib.import_module("azure.functions.meta"), importlib.import_module("azure.functions._cosmosdb")
    given = meta.try_parse_datetime_with_formats

    def parse(text: str, formats: list[str]) -> Any:
        if _ISO_UTC in formats and text.endswith("Z"):
            with contextlib.suppress(ValueError):
                return datetime.fromisoformat(text).replace(tzinfo=None), _ISO_UTC, None
        return given(text, formats)

    def from_dict(cls: Any, document: Mapping[str, Any]) -> Any:
        made = cls.__new__(cls)
        made.data = dict(document)
        return made

    def request(_: Any, data: Datum, *, trigger_metadata: object) -> Any:
        if data.type != "http":
            raise NotImplementedError
        return http.HttpRequest(**data.value)

    def headers(self: Any, defaults: Any = None) -> None:
        self._list = []
        if defaults:
            self.extend(defaults)

    http, http_base = (importlib.import_module(f"azure.functions.{name}") for name in ("http", "_http"))
    http.HttpRequestConverter.decode = classmethod(request)
    http_base.HttpResponseHeaders.__init__ = headers
    durable = importlib.import_module("azure.durable_functions.models.DurableOrchestrationBindings")
    bindings = durable.DurableOrchestrationBindings
    bindings.from_json = staticmethod(functools.lru_cache(16)(bindings.from_json))  # clients only read it
    meta.try_parse_datetime_with_formats = parse  # type: ignore[attr-defined]  # the SDK is untyped
    feed.Document.from_dict = classmethod(from_dict)


def http_value(
    method: str, url: str, headers: Mapping[str, str], query: Mapping[str, str], parameters: Mapping[str, str],
    body: bytes,
) -> Datum:  # fmt: skip
    """The datum of an HTTP trigger, as the converter of `tune_converters` takes it."""
    value = {"method": method, "url": url, "headers": headers, "params": query, "route_params": parameters}
    return Datum(value | {"body_type": "bytes", "body": body}, "http")


def decode(binding: str, content: type | None, datum: Datum, metadata: Metadata | None) -> Any:
    """The Python value of an incoming datum: its text or bytes if `content` is `str` or `bytes`."""
    if content is None:
        return get_binding_registry().get(binding).decode(datum, trigger_metadata=metadata or {})
    value = datum.value.encode() if isinstance(datum.value, str) else datum.value
    if not isinstance(value, bytes):
        raise ValueError(f"the {binding} binding's data of type {datum.type} cannot be had as {content.__name__}")
    return value.decode() if content is str else value


def encode(binding: str, value: Any) -> Datum:
    """The datum of an outgoing value; TypeError if the binding does not take it."""
    try:
        return get_binding_registry().get(binding).encode(value, expected_type=None)
    except NotImplementedError:
        raise TypeError(f"the {binding} binding does not take a value of type {type(value).__name__}") from None


def outputs(spec: FunctionSpec, out: Mapping[str, Out], returned: Any) -> list[tuple[Mapping[str, Any], list[bytes]]]:
    """What the function sends to queues: pairs of a binding and its messages; TypeError if one cannot be sent."""
    values = {name: holder.get() for name, holder in out.items()}
    if spec.returns in ("queue", "serviceBus"):
        values["$return"] = returned
    return [(spec.bindings[name], _messages(value)) for name, value in values.items() if value is not None]


def _messages(value: Any) -> list[bytes]:
    """A list makes one message of each item, anything else makes one."""
    return [_body(item) for item in (value if isinstance(value, list) else [value])]


def _body(value: Any) -> bytes:
    if isinstance(value, func.QueueMessage):
        return bytes(value.get_body())
    if isinstance(value, bytes | bytearray):
        return bytes(value)
    return value.encode() if isinstance(value, str) else json.dumps(value).encode()
