"""Between the host's values and the functions' parameters, through the SDK's own converters.

Incoming values travel as `Datum`s exactly as the language worker builds them from the host's messages; outgoing
ones are encoded by the same registry.
"""

import json
from collections.abc import Mapping
from typing import Any

import azure.functions as func
from azure.functions.meta import Datum, get_binding_registry

from devhost.loader import FunctionSpec, Parameter

Metadata = Mapping[str, Datum]


class Out(func.Out[Any]):  # type: ignore[misc]  # the SDK is untyped
    """An output parameter, as the worker hands it to the function."""

    def __init__(self) -> None:
        self._value: Any = None

    def set(self, val: Any) -> None:
        """Set the value of the output parameter."""
        self._value = val

    def get(self) -> Any:
        """The value that the function has set, or None."""
        return self._value


def decode(parameter: Parameter, datum: Datum, metadata: Metadata | None) -> Any:
    """The Python value of an incoming datum."""
    if parameter.binding == "generic":
        if datum.type not in ("string", "bytes", "json"):
            raise ValueError(f"unexpected type of data received for the 'generic' binding: {datum.type}")
        value = datum.value
        if parameter.annotation is bytes and isinstance(value, str):
            return value.encode()
        if parameter.annotation is str and isinstance(value, bytes):
            return value.decode()
        return value
    return get_binding_registry().get(parameter.binding).decode(datum, trigger_metadata=metadata or {})


def encode(binding: str, value: Any) -> Datum:
    """The datum of an outgoing value; TypeError if the binding does not take it."""
    try:
        return get_binding_registry().get(binding).encode(value, expected_type=None)
    except NotImplementedError:
        raise TypeError(f"the {binding} binding does not take a value of type {type(value).__name__}") from None


def outputs(spec: FunctionSpec, out: Mapping[str, Out], returned: Any) -> list[tuple[Mapping[str, Any], list[bytes]]]:
    """What the function sends to queues: pairs of a binding and its messages; TypeError if one cannot be sent."""
    sent = [
        (spec.bindings[name], _messages(value)) for name, holder in out.items() if (value := holder.get()) is not None
    ]
    if spec.returns and spec.returns.binding in ("queue", "serviceBus") and returned is not None:
        sent.append((spec.bindings["$return"], _messages(returned)))
    return sent


def _messages(value: Any) -> list[bytes]:
    """A list makes one message of each item, anything else makes one."""
    return [_body(item) for item in value] if isinstance(value, list) else [_body(value)]


def _body(value: Any) -> bytes:
    if isinstance(value, func.QueueMessage):
        return bytes(value.get_body())
    if isinstance(value, bytes | bytearray):
        return bytes(value)
    return value.encode() if isinstance(value, str) else json.dumps(value).encode()
