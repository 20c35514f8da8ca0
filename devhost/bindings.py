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
        value = datum.value
        if parameter.annotation is bytes and isinstance(value, str):
            return value.encode()
        if parameter.annotation is str and isinstance(value, bytes):
            return value.decode()
        return value
    return get_binding_registry().get(parameter.binding).decode(datum, trigger_metadata=metadata or {})


def encode(binding: str, value: Any, annotation: Any = None) -> Datum:
    """The datum of an outgoing value; TypeError if the binding does not take it."""
    try:
        return get_binding_registry().get(binding).encode(value, expected_type=annotation)
    except NotImplementedError:
        raise TypeError(f"the {binding} binding does not take a value of type {type(value).__name__}") from None


def outputs(
    spec: FunctionSpec, out: Mapping[str, Out], returned: Any
) -> list[tuple[Mapping[str, Any], list[bytes | dict[str, Any]]]]:
    """What the function sends: pairs of a binding and its messages (bodies, or events as objects)."""
    sent = []
    for name, holder in out.items():
        if (value := holder.get()) is not None:
            sent.append((spec.bindings[name], messages(spec.bindings[name]["type"], value)))
    if spec.returns and spec.returns.binding in ("queue", "serviceBus", "eventGrid") and returned is not None:
        sent.append((spec.bindings["$return"], messages(spec.returns.binding, returned)))
    return sent


def messages(binding: str, value: Any) -> list[bytes | dict[str, Any]]:
    """The messages of an output value: a list makes one each, anything else makes one."""
    if binding == "serviceBus" and isinstance(value, list):
        # The SDK passes a list on as one JSON array, from which the host makes one message per element.
        return [_body(item) for item in value]
    datum = encode(binding, value)
    if datum.type == "json":
        decoded = json.loads(datum.value)
        items = decoded if isinstance(decoded, list) else [decoded]
        if binding == "eventGrid":
            return [dict(item) for item in items]
        return [_body(item["body"] if isinstance(item, dict) and "body" in item else item) for item in items]
    return [_body(datum.value)]


def _body(value: Any) -> bytes:
    if isinstance(value, bytes):
        return value
    return value.encode() if isinstance(value, str) else json.dumps(value).encode()
