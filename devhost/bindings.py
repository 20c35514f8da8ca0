"""Between the host's values and the functions' parameters, through the SDK's own converters and its `Datum`s."""

import json
from collections.abc import Mapping
from typing import Any

import azure.functions as func
from azure.functions.meta import Datum, get_binding_registry

from devhost.loader import FunctionSpec

Metadata = Mapping[str, Datum]


class Out(func.Out[Any]):  # type: ignore[misc]  # the SDK is untyped
    """An output parameter, as the worker hands it to the function."""

    _value: Any = None

    def set(self, val: Any) -> None:
        """Set the value of the output parameter."""
        self._value = val

    def get(self) -> Any:
        """The value that the function has set, or None."""
        return self._value


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
