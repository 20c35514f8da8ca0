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
from dataclasses import dataclass, field
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
_IMPLICIT_OUTPUT = {"orchestrationTrigger", "activityTrigger", "durableClient"}


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
    is_async: bool = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "is_async", inspect.iscoroutinefunction(self.func))

    @property
    def kind(self) -> str:
        """The trigger's binding type, such as "httpTrigger"."""
        return str(self.trigger["type"])


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
    try:
        functions = app.get_functions()
    except ValueError as error:
        raise HostError(str(error)) from None
    specs = [_specify(function) for function in functions]
    seen: dict[str, str] = {}
    for spec in specs:
        other = seen.setdefault(spec.name.lower(), spec.name)
        if other is not spec.name:
            raise HostError(f"function {spec.name}: its name differs from {other} in case only")
        _check_host_rules(spec, route_prefix)
    return specs


def _specify(function: Any) -> FunctionSpec:
    name = str(function.get_function_name())
    user_function = function.get_user_function()
    bindings = {binding.name: _plain(binding.get_dict_repr()) for binding in function.get_bindings()}
    if len(bindings) != len(function.get_bindings()):
        raise HostError(f"function {name}: two bindings have the same name")
    trigger = _plain(function.get_trigger().get_dict_repr())
    try:
        annotations = typing.get_type_hints(user_function)
    except Exception as error:
        raise HostError(f"function {name}: an annotation cannot be resolved: {error}") from None
    parameters = dict(inspect.signature(user_function).parameters)
    requires_context = _takes_context(name, parameters, bindings, annotations)
    inputs, outputs = _bind(name, parameters, bindings, annotations)
    retry = function.get_settings_dict("retry_policy")
    return FunctionSpec(
        name,
        user_function,
        trigger,
        bindings,
        inputs,
        outputs,
        _return(name, bindings, annotations),
        retry,
        requires_context,
    )


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
        if binding["direction"] == "INOUT":
            raise HostError(f'function {name}: "inout" bindings are not supported')
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
    if not isinstance(annotation, type) and typing.get_origin(annotation) is None:
        raise HostError(f"function {name}: binding {parameter} has invalid non-type annotation {annotation!r}")
    if annotation in (str, bytes) and binding not in _IMPLICIT_OUTPUT:
        return Parameter("generic", annotation)
    converter = get_binding_registry().get(binding)
    if converter:
        check = converter.check_output_type_annotation if is_output else converter.check_input_type_annotation
        if not check(annotation):
            raise HostError(
                f'function {name}: type of {parameter} binding "{binding}" does not match its Python annotation {annotation!r}'
            )
    return Parameter(binding, annotation)


def _return(name: str, bindings: Mapping[str, Mapping[str, Any]], annotations: Mapping[str, Any]) -> Parameter | None:
    explicit = bindings.get("$return")
    if explicit:
        if explicit["direction"] != "OUT":
            raise HostError(f'function {name}: "$return" binding must have direction set to "out"')
        annotation = annotations.get("return")
        converter = get_binding_registry().get(explicit["type"])
        if isinstance(annotation, type) and converter and annotation is not type(None):
            if not converter.check_output_type_annotation(annotation):
                raise HostError(
                    f'function {name}: Python return annotation "{annotation.__name__}" does not match binding type '
                    f'"{explicit["type"]}"'
                )
        return Parameter(explicit["type"], annotation)
    implicit = [b["type"] for b in bindings.values() if b["type"] in _IMPLICIT_OUTPUT - {"durableClient"}]
    return Parameter(implicit[0], annotations.get("return")) if implicit else None


def _check_host_rules(spec: FunctionSpec, route_prefix: str) -> None:
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]{0,126}", spec.name) or spec.name.lower() == "host":
        raise HostError(f"function {spec.name}: invalid function name")
    if spec.kind not in TRIGGERS:
        raise HostError(
            f"function {spec.name}: trigger {spec.kind} is not served by this host (it serves {sorted(TRIGGERS)})"
        )
    for binding in spec.bindings.values():
        if binding["type"] not in TRIGGERS | OTHER_BINDINGS:
            raise HostError(f"function {spec.name}: binding {binding['type']} is not served by this host")
    if spec.kind == "httpTrigger":
        route = str(spec.trigger["route"]).strip("/").lower()
        full = f"{route_prefix.strip('/')}/{route}".strip("/")
        if re.match(r"(admin|runtime)(/|$)", route) or re.match(r"(admin|runtime)(/|$)", full):
            raise HostError(
                f"function {spec.name}: the route {route!r} conflicts with built-in routes; it may not start with admin or runtime"
            )
    if "durableClient" in {b["type"] for b in spec.bindings.values()} and not spec.is_async:
        raise HostError(f"function {spec.name}: a function with a durable client must be async")
