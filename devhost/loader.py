"""Indexing: from `function_app.py` to function specifications, refusing what the real worker and host refuse."""

import importlib
import inspect
import os
import re
import sys
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

import azure.functions as func
from azure.functions.meta import get_binding_registry

from devhost.errors import HostError

TRIGGERS = {
    "httpTrigger", "eventGridTrigger", "timerTrigger", "serviceBusTrigger", "queueTrigger", "cosmosDBTrigger",
    "orchestrationTrigger", "activityTrigger",
}  # fmt: skip
OTHER_BINDINGS = {"http", "serviceBus", "queue", "durableClient"}
_IMPLICIT_OUTPUT = {"orchestrationTrigger", "activityTrigger"}
_RESERVED = ("admin", "runtime")

Bindings = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class FunctionSpec:
    """One indexed function, with everything an invocation needs."""

    name: str
    kind: str  # the trigger's binding type, such as "httpTrigger"
    func: Callable[..., Any]
    is_async: bool  # runs on the event loop; other functions run on threads
    trigger: Mapping[str, Any]
    bindings: Bindings
    inputs: Mapping[str, type | None]  # `str` or `bytes` where a parameter takes the value as it is
    outputs: frozenset[str]
    returns: str | None  # the binding type of what it returns
    retry: Mapping[str, Any] | None
    requires_context: bool
    route: str  # of an HTTP trigger, without the prefix
    methods: frozenset[str]  # of an HTTP trigger; none means all


def load_app(app_dir: Path, settings: Mapping[str, str]) -> Any:
    """Import `function_app.py` with the app's settings in the environment; the one app object in it."""
    if not (app_dir / "function_app.py").exists():
        raise HostError(f"{app_dir / 'function_app.py'} is missing: only the v2 programming model is served")
    os.environ.update(settings)
    sys.path.insert(0, str(app_dir))
    try:
        module = importlib.import_module("function_app")
    except Exception as error:
        if getattr(error, "is_for_operator", False):  # about the app's configuration, not its code
            raise HostError(str(error)) from None
        raise
    apps = [value for value in vars(module).values() if isinstance(value, func.FunctionRegister)]
    _require(len(apps) == 1, f"function_app.py must have one top-level function app, not {len(apps)}; use blueprints")
    return apps[0]


def index(app: Any, route_prefix: str = "") -> list[FunctionSpec]:
    """The functions of an app; HostError names the first one that the real worker or host would refuse."""
    app.functions_bindings = None  # the SDK keeps the names it has seen: another host may have indexed this app
    try:
        functions = app.get_functions()
    except ValueError as error:
        raise HostError(str(error)) from None
    specs: list[FunctionSpec] = []
    for function in functions:
        try:
            spec = _specify(function)
            _check_among(specs, spec, route_prefix)
        except HostError as error:
            raise HostError(f"function {function.get_function_name()}: {error}") from None
        specs.append(spec)
    return specs


def _require(condition: object, otherwise: str) -> None:
    if not condition:
        raise HostError(otherwise)


def _specify(function: Any) -> FunctionSpec:
    name, user_function = str(function.get_function_name()), function.get_user_function()
    is_valid = re.fullmatch("[A-Za-z][A-Za-z0-9_-]{0,127}", name) and name.lower() != "host"
    _require(is_valid, "invalid function name")
    bindings = {binding.name: _plain(binding.get_dict_repr()) for binding in function.get_bindings()}
    names = {binding.lower() for binding in bindings}
    _require(len(names) == len(function.get_bindings()), "two bindings have the same name")
    trigger = bindings[function.get_trigger().name]
    route = str(trigger.get("route", "")).strip()
    if trigger["type"] == "httpTrigger":
        trigger["route"] = route = route or name
    _check_bindings(user_function, trigger, bindings)
    try:
        annotations = typing.get_type_hints(user_function)
    except Exception as error:
        raise HostError(f"an annotation cannot be resolved: {error}") from None
    parameters, bound = set(inspect.signature(user_function).parameters), set(bindings) - {"$return"}
    requires_context = "context" in parameters - bound
    if requires_context:
        parameters.remove("context")
        is_context = getattr(annotations.get("context", func.Context), "__name__", "") == "Context"
        _require(is_context, 'the "context" parameter is expected to be of type azure.functions.Context')
    _require(parameters <= bound, f"declared in Python but not bound: {sorted(parameters - bound)}")
    _require(bound <= parameters, f"bindings that have no parameter in Python: {sorted(bound - parameters)}")
    content = {key: _content_type(key, bindings[key], annotations.get(key)) for key in bound}
    outputs = frozenset(key for key in bound if bindings[key]["direction"] == "OUT")
    explicit = [binding["type"] for key, binding in bindings.items() if key == "$return"]
    implicit = [binding["type"] for binding in bindings.values() if binding["type"] in _IMPLICIT_OUTPUT]
    if explicit and "return" in annotations:
        _check_annotation("the returned value", explicit[0], annotations["return"], is_output=True)
    return FunctionSpec(
        name=name,
        kind=trigger["type"],
        func=user_function,
        is_async=inspect.iscoroutinefunction(user_function),
        trigger=trigger,
        bindings=bindings,
        inputs={key: content[key] for key in bound - outputs},
        outputs=outputs,
        returns=next(iter(explicit + implicit), None),
        retry=function.get_settings_dict("retry_policy"),
        requires_context=requires_context,
        route=route.strip("/"),
        methods=frozenset(str(method).upper() for method in trigger.get("methods", ())),
    )


def _plain(value: Any) -> Any:
    """A binding as in function.json: enums by their text, directions and data types by name, unset keys left out."""
    match value:
        case dict():
            return {key: _plain(item) for key, item in value.items() if item is not None}
        case list() | tuple():
            return [_plain(item) for item in value]
        case Enum():
            return value.value if isinstance(value.value, str) else value.name
    return value


def _check_bindings(user_function: Any, trigger: Mapping[str, Any], bindings: Bindings) -> None:
    """The host's rules, and what this one leaves out."""
    _require(trigger["type"] in TRIGGERS, f"trigger {trigger['type']} is not served by this host")
    for name, binding in bindings.items():
        is_served = binding["type"] in TRIGGERS | OTHER_BINDINGS
        _require(is_served, f"binding {binding['type']} is not served by this host")
        is_valid = re.fullmatch(r"[A-Za-z][A-Za-z0-9]{0,127}|\$return", name)
        _require(is_valid, f"the binding name {name!r} is invalid: letters and digits only")
    # The SDK wraps a function with a durable client in an async one, which awaits its result.
    is_async = inspect.iscoroutinefunction(getattr(user_function, "__wrapped__", user_function))
    has_client = any(binding["type"] == "durableClient" for binding in bindings.values())
    _require(is_async or not has_client, "a function with a durable client must be async")


def _content_type(name: str, binding: Mapping[str, Any], annotation: Any) -> type | None:
    """`str` or `bytes` if a parameter takes the value as it is; anything else must suit the binding's converter."""
    kind, is_output = binding["type"], binding["direction"] == "OUT"
    is_out = (typing.get_origin(annotation) or annotation) is func.Out
    _require(is_output or not is_out, f"binding {name} is an input, but is annotated with azure.functions.Out")
    if annotation is None:
        return None
    _require(is_out or not is_output, f"binding {name} is an output, its annotation must be azure.functions.Out")
    content = typing.get_args(annotation)[0] if typing.get_args(annotation) and is_out else annotation
    if content in (str, bytes) and kind not in _IMPLICIT_OUTPUT:
        return str if content is str else bytes
    _check_annotation(f"binding {name}", kind, content, is_output)
    return None


def _check_annotation(owner: str, binding: str, annotation: Any, is_output: bool) -> None:
    converter = get_binding_registry().get(binding)
    check = converter.check_output_type_annotation if is_output else converter.check_input_type_annotation
    try:
        fits = check(annotation)
    except TypeError:  # a generic type where the converter expects a class
        fits = False
    _require(fits, f"{owner}: its annotation {annotation!r} does not match the binding type {binding}")


def _check_among(others: list[FunctionSpec], spec: FunctionSpec, route_prefix: str) -> None:
    """Names differ by more than case; a route is nobody else's."""
    _require(all(spec.name.lower() != other.name.lower() for other in others), "its name differs in case only")
    if spec.kind != "httpTrigger":
        return
    route = spec.route.lower()
    is_reserved = route.startswith(_RESERVED) or f"{route_prefix}/{route}".strip("/").startswith(_RESERVED)
    _require(not is_reserved, f"the route {route!r} conflicts with the host's own: admin... and runtime...")
    for other in others:
        is_same = other.kind == "httpTrigger" and other.route.lower() == route
        shares_method = not spec.methods or not other.methods or spec.methods & other.methods
        _require(not (is_same and shares_method), f"the route {route!r} conflicts with that of function {other.name}")
