"""Indexing: from `function_app.py` to function specifications, refusing what the real worker and host refuse.

The checks and their words follow the Python worker's `functions.py` and `loader.py` (parameters against bindings,
annotations against binding types) and the host's own (names, routes, known bindings).
"""

import importlib
import inspect
import os
import re
import sys
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from pathlib import Path
from typing import Any

import azure.functions as func
from azure.functions.meta import get_binding_registry, typing_inspect

from devhost.errors import HostError

TRIGGERS = {
    "httpTrigger", "eventGridTrigger", "timerTrigger", "serviceBusTrigger", "queueTrigger", "cosmosDBTrigger",
    "orchestrationTrigger", "activityTrigger",
}  # fmt: skip
OTHER_BINDINGS = {"http", "serviceBus", "queue", "durableClient"}
_IMPLICIT_OUTPUT = {"orchestrationTrigger", "activityTrigger"}


@dataclass(frozen=True)
class Parameter:
    """A bound parameter: its binding type (as the converter registry names it) and its Python annotation."""

    binding: str
    annotation: Any


@dataclass(frozen=True)
class FunctionSpec:
    """One indexed function, with everything an invocation needs."""

    name: str
    func: Callable[..., Any]
    trigger: Mapping[str, Any]
    bindings: Mapping[str, Mapping[str, Any]]
    inputs: Mapping[str, Parameter]
    outputs: Mapping[str, Parameter]
    returns: Parameter | None
    retry: Mapping[str, Any] | None
    requires_context: bool

    @cached_property
    def is_async(self) -> bool:
        """Whether it runs on the event loop; other functions run on threads."""
        return inspect.iscoroutinefunction(self.func)

    @property
    def kind(self) -> str:
        """The trigger's binding type, such as "httpTrigger"."""
        return str(self.trigger["type"])

    @property
    def route(self) -> str:
        """The route template of an HTTP trigger, without the prefix."""
        return str(self.trigger["route"]).strip("/")

    @cached_property
    def methods(self) -> frozenset[str]:
        """The methods of an HTTP trigger; none means all."""
        return frozenset(str(method).upper() for method in self.trigger.get("methods", ()))


def load_app(app_dir: Path, settings: Mapping[str, str]) -> Any:
    """Import `function_app.py` with the app's settings in the environment; the one app object in it."""
    if not (app_dir / "function_app.py").exists():
        raise HostError(f"{app_dir / 'function_app.py'} is missing: only the v2 programming model is served")
    os.environ.update(settings)
    sys.path.insert(0, str(app_dir))
    module = importlib.import_module("function_app")
    apps = [value for value in vars(module).values() if isinstance(value, func.FunctionRegister)]
    if not apps:
        raise HostError("could not find a top level function app instance in function_app.py")
    if len(apps) > 1:
        raise HostError(
            f"more than one {type(apps[0]).__name__} or other top level function app instance is defined in "
            "function_app.py; register blueprints on one"
        )
    return apps[0]


def index(app: Any, route_prefix: str = "") -> list[FunctionSpec]:
    """The functions of an app; HostError names the first one that the real worker or host would refuse."""
    app.functions_bindings = None  # the SDK keeps the names it has seen: another host may have indexed this app
    try:
        functions = app.get_functions()
    except ValueError as error:
        raise HostError(str(error)) from None
    specs: dict[str, FunctionSpec] = {}
    for function in functions:
        spec = _specify(function)
        if other := specs.get(spec.name.lower()):
            raise HostError(f"function {spec.name}: its name differs from {other.name} in case only")
        _check_route(spec, list(specs.values()), route_prefix)
        specs[spec.name.lower()] = spec
    return list(specs.values())


def _specify(function: Any) -> FunctionSpec:
    name = str(function.get_function_name())
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]{0,127}", name) or name.lower() == "host":
        raise HostError(f"function {name}: invalid function name")
    user_function = function.get_user_function()
    bindings = {binding.name: _plain(binding.get_dict_repr()) for binding in function.get_bindings()}
    if len({binding.lower() for binding in bindings}) != len(function.get_bindings()):
        raise HostError(f"function {name}: two bindings have the same name")
    trigger = bindings[function.get_trigger().name]
    if trigger["type"] == "httpTrigger" and not str(trigger.get("route", "")).strip():
        trigger["route"] = name
    _check_bindings(name, trigger, bindings)
    # The SDK wraps a function with a durable client in an async one, which awaits its result.
    awaited = getattr(user_function, "__wrapped__", user_function)
    if any(b["type"] == "durableClient" for b in bindings.values()) and not inspect.iscoroutinefunction(awaited):
        raise HostError(f"function {name}: a function with a durable client must be async")
    try:
        annotations = typing.get_type_hints(user_function)
    except Exception as error:
        raise HostError(f"function {name}: an annotation cannot be resolved: {error}") from None
    parameters = dict(inspect.signature(user_function).parameters)
    requires_context = _takes_context(name, parameters, bindings, annotations)
    inputs, outputs = _bind(name, parameters, bindings, annotations)
    returns = _return(name, bindings, annotations)
    retry = function.get_settings_dict("retry_policy")
    return FunctionSpec(name, user_function, trigger, bindings, inputs, outputs, returns, retry, requires_context)


def _check_bindings(name: str, trigger: Mapping[str, Any], bindings: Mapping[str, Mapping[str, Any]]) -> None:
    """The host's rules, and what this one leaves out."""
    if trigger["type"] not in TRIGGERS:
        raise HostError(
            f"function {name}: trigger {trigger['type']} is not served by this host (but {sorted(TRIGGERS)})"
        )
    for binding, properties in bindings.items():
        if properties["type"] not in TRIGGERS | OTHER_BINDINGS:
            raise HostError(f"function {name}: binding {properties['type']} is not served by this host")
        if not re.fullmatch(r"[A-Za-z][A-Za-z0-9]{0,127}|\$return", binding):
            raise HostError(f"function {name}: the binding name {binding!r} is invalid: letters and digits only")
        if properties["direction"] == "INOUT":
            raise HostError(f'function {name}: "inout" bindings are not supported')
        if binding == "$return" and properties["direction"] != "OUT":
            raise HostError(f'function {name}: "$return" binding must have direction set to "out"')


def _plain(binding: Mapping[str, Any]) -> dict[str, Any]:
    """A binding's function.json form: enums by their value, directions and data types by name, unset keys left out."""
    result: dict[str, Any] = {}
    for key, value in binding.items():
        if isinstance(value, Enum):
            value = value.value if isinstance(value.value, str) else value.name
        elif isinstance(value, list | tuple):
            value = [item.value if isinstance(item, Enum) else item for item in value]
        if value is not None:
            result[key] = value
    return result


def _takes_context(
    name: str, parameters: dict[str, Any], bindings: Mapping[str, Any], annotations: Mapping[str, Any]
) -> bool:
    if "context" not in parameters or "context" in bindings:
        return False
    del parameters["context"]
    annotation = annotations.get("context", func.Context)
    if not isinstance(annotation, type) or annotation.__name__ != "Context":
        raise HostError(f'function {name}: the "context" parameter is expected to be of type azure.functions.Context')
    return True


def _bind(
    name: str, parameters: Mapping[str, Any], bindings: Mapping[str, Mapping[str, Any]], annotations: Mapping[str, Any]
) -> tuple[dict[str, Parameter], dict[str, Parameter]]:
    bound = {key for key in bindings if key != "$return"}
    if extra := set(parameters) - bound:
        raise HostError(
            f"function {name}: the following parameters are declared in Python but not bound: {sorted(extra)}"
        )
    if extra := bound - set(parameters):
        raise HostError(f"function {name}: the following bindings have no parameter in Python: {sorted(extra)}")
    inputs: dict[str, Parameter] = {}
    outputs: dict[str, Parameter] = {}
    for parameter in parameters:
        binding = bindings[parameter]
        is_output = binding["direction"] == "OUT"
        annotation = _parameter_type(name, parameter, annotations.get(parameter), is_output)
        (outputs if is_output else inputs)[parameter] = _typed(name, parameter, binding["type"], annotation, is_output)
    return inputs, outputs


def _parameter_type(name: str, parameter: str, annotation: Any, is_output: bool) -> Any:
    """The annotation, freed of `Out[...]`."""
    origin = typing.get_origin(annotation) or annotation
    is_out = isinstance(origin, type) and origin.__name__ == "Out"
    if annotation is not None and is_output and not is_out:
        raise HostError(
            f"function {name}: binding {parameter} is an output, its annotation must be azure.functions.Out"
        )
    if is_out and not is_output:
        raise HostError(f"function {name}: binding {parameter} is an input, but is annotated with azure.functions.Out")
    if not is_out:
        return annotation
    arguments = typing.get_args(annotation)
    if len(arguments) != 1:
        raise HostError(f"function {name}: binding {parameter} has invalid Out annotation {annotation!r}")
    return arguments[0]


def _typed(name: str, parameter: str, binding: str, annotation: Any, is_output: bool) -> Parameter:
    if annotation is None:
        return Parameter(binding, None)
    # Like the worker: typing.List[X] is a type to it, list[X] and unions are not.
    if not isinstance(annotation, type) and not typing_inspect.is_generic_type(annotation):
        raise HostError(f"function {name}: binding {parameter} has invalid non-type annotation {annotation!r}")
    if annotation in (str, bytes) and binding not in _IMPLICIT_OUTPUT:
        return Parameter("generic", annotation)
    if not _accepts(binding, annotation, is_output):
        raise HostError(
            f'function {name}: type of {parameter} binding "{binding}" does not match its Python annotation '
            f"{annotation!r}"
        )
    return Parameter(binding, annotation)


def _accepts(binding: str, annotation: Any, is_output: bool) -> bool:
    converter = get_binding_registry().get(binding)
    check = converter.check_output_type_annotation if is_output else converter.check_input_type_annotation
    try:
        return bool(check(annotation))
    except TypeError:  # a generic type where the converter expects a class
        return False


def _return(name: str, bindings: Mapping[str, Mapping[str, Any]], annotations: Mapping[str, Any]) -> Parameter | None:
    annotation = annotations.get("return")
    if explicit := bindings.get("$return"):
        if annotation is not None and not isinstance(annotation, type):
            raise HostError(f"function {name}: has invalid non-type return annotation {annotation!r}")
        if annotation is not None and not _accepts(explicit["type"], annotation, True):
            raise HostError(
                f"function {name}: Python return annotation {annotation!r} does not match binding type "
                f'"{explicit["type"]}"'
            )
        return Parameter(explicit["type"], annotation)
    implicit = next((b["type"] for b in bindings.values() if b["type"] in _IMPLICIT_OUTPUT), None)
    return Parameter(implicit, annotation) if implicit else None


def _check_route(spec: FunctionSpec, others: list[FunctionSpec], route_prefix: str) -> None:
    if spec.kind != "httpTrigger":
        return
    route, reserved = spec.route.lower(), ("admin", "runtime")
    if route.startswith(reserved) or f"{route_prefix}/{route}".strip("/").startswith(reserved):
        raise HostError(
            f"function {spec.name}: the route {route!r} conflicts with the host's own: admin... and runtime..."
        )
    for other in others:
        is_same = other.kind == "httpTrigger" and other.route.lower() == route
        if is_same and (not spec.methods or not other.methods or spec.methods & other.methods):
            raise HostError(f"function {spec.name}: the route {route!r} conflicts with that of function {other.name}")
