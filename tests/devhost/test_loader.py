"""Indexing refuses what the real worker and host refuse, with the reason."""

import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, List, Optional  # noqa: UP035  # the worker knows typing's names only

import azure.durable_functions as df
import azure.functions as func
import pytest

from devhost.errors import HostError
from devhost.loader import FunctionSpec, index, load_app

Refuse = Callable[[str], None]


@pytest.fixture
def app() -> Any:
    return df.DFApp(http_auth_level=func.AuthLevel.ANONYMOUS)


@pytest.fixture
def refused(app: Any) -> Refuse:
    """Index the app: it is refused for that reason."""

    def check(reason: str) -> None:
        with pytest.raises(HostError, match=reason):
            index(app, "api")

    return check


def only(app: Any) -> FunctionSpec:
    (spec,) = index(app, "api")
    return spec


def http(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse()


def test_a_function_is_described(app: Any) -> None:
    @app.route(route="{id}", methods=["GET"])
    @app.queue_output(arg_name="archive", queue_name="q", connection="AzureWebJobsStorage")
    async def show(req: func.HttpRequest, archive: func.Out[str], context: func.Context) -> str:
        return ""

    spec = only(app)
    assert (spec.name, spec.kind, spec.route, set(spec.methods)) == ("show", "httpTrigger", "{id}", {"GET"})
    assert (list(spec.inputs), list(spec.outputs)) == (["req"], ["archive"])
    assert spec.is_async
    assert spec.requires_context
    assert spec.returns == "http"


def test_the_same_app_can_be_indexed_again(app: Any) -> None:
    app.route(route="a")(http)
    assert [spec.name for spec in index(app)] == [spec.name for spec in index(app)] == ["http"]


@pytest.mark.parametrize("route", [None, "", " "])
def test_the_route_defaults_to_the_name(app: Any, route: str | None) -> None:
    app.route(route=route)(http)
    assert only(app).route == "http"


def test_a_parameter_without_binding(app: Any, refused: Refuse) -> None:
    @app.route(route="a")
    def show(req: func.HttpRequest, extra: str) -> str:
        return ""

    refused(r"show: .*declared in Python but not bound: \['extra'\]")


def test_a_binding_without_parameter(app: Any, refused: Refuse) -> None:
    @app.route(route="a")
    @app.queue_output(arg_name="archive", queue_name="q", connection="AzureWebJobsStorage")
    def show(req: func.HttpRequest) -> str:
        return ""

    refused(r"show: bindings that have no parameter in Python: \['archive'\]")


def test_a_function_without_trigger(app: Any, refused: Refuse) -> None:
    @app.queue_output(arg_name="archive", queue_name="q", connection="AzureWebJobsStorage")
    def show(archive: func.Out[str]) -> None:
        pass

    refused("show does not have a trigger")


def test_triggers_that_are_not_served(app: Any, refused: Refuse) -> None:
    @app.blob_trigger(arg_name="blob", path="a/{name}", connection="AzureWebJobsStorage")
    def on_blob(blob: func.InputStream) -> None:
        pass

    refused("on_blob: trigger blobTrigger is not served")


def test_entities_are_not_served(app: Any, refused: Refuse) -> None:
    @app.entity_trigger(context_name="context")
    def counter(context: df.DurableEntityContext) -> None:
        pass

    refused("counter: trigger entityTrigger is not served")


def test_a_trigger_of_an_unknown_kind(app: Any, refused: Refuse) -> None:
    @app.generic_trigger(arg_name="thing", type="telepathyTrigger")
    def on_thought(thing: str) -> None:
        pass

    refused("on_thought: trigger telepathyTrigger is not served")


def test_bindings_that_are_not_served(app: Any, refused: Refuse) -> None:
    @app.route(route="a")
    @app.blob_input(arg_name="blob", path="a/b", connection="AzureWebJobsStorage")
    def show(req: func.HttpRequest, blob: str) -> str:
        return ""

    refused("show: binding blob is not served")


@pytest.mark.parametrize("route", ["admin", "admin/x", "/Runtime/webhooks", "administrators"])
def test_routes_of_the_host_itself(app: Any, refused: Refuse, route: str) -> None:
    app.route(route=route)(http)
    refused("http: the route .* conflicts with the host's own")


def test_a_prefix_that_makes_it_the_hosts_route(app: Any) -> None:
    app.route(route="x")(http)
    with pytest.raises(HostError, match="conflicts with the host's own"):
        index(app, "runtime/webhooks")


@pytest.mark.parametrize(
    ("first", "second", "conflict"),
    [(["GET"], ["GET", "POST"], True), (None, ["GET"], True), (["GET"], ["POST"], False)],
)
def test_two_functions_at_one_route(app: Any, first: Any, second: Any, conflict: bool) -> None:
    app.function_name("one")(app.route(route="a/{b}", methods=first)(http))
    app.function_name("two")(app.route(route="/A/{b}/", methods=second)(http))
    if conflict:
        with pytest.raises(HostError, match=r"function two: the route .* conflicts with that of function one"):
            index(app)
    else:
        assert len(index(app)) == 2


def test_one_name_twice(app: Any, refused: Refuse) -> None:
    app.route(route="a")(http)
    app.route(route="b")(http)
    refused("http does not have a unique")


def test_names_that_differ_in_case_only(app: Any, refused: Refuse) -> None:
    app.function_name("show")(app.route(route="a")(http))
    app.function_name("Show")(app.route(route="b")(http))
    refused("Show: its name differs in case only")


@pytest.mark.parametrize("name", ["1st", "host", "Host", "a b", "ação", "a" * 129, "_a"])
def test_invalid_function_names(app: Any, refused: Refuse, name: str) -> None:
    app.function_name(name)(app.route(route="a")(http))
    refused("invalid function name")


def test_binding_names_are_letters_and_digits(app: Any, refused: Refuse) -> None:
    @app.route(route="a", trigger_arg_name="the_request")
    def show(the_request: func.HttpRequest) -> str:
        return ""

    refused("show: the binding name 'the_request' is invalid")


def test_two_bindings_of_one_name(app: Any, refused: Refuse) -> None:
    @app.route(route="a")
    @app.queue_output(arg_name="Req", queue_name="q", connection="AzureWebJobsStorage")
    def show(req: func.HttpRequest) -> str:
        return ""

    refused("show: two bindings have the same name")


def test_an_output_needs_out(app: Any, refused: Refuse) -> None:
    @app.route(route="a")
    @app.queue_output(arg_name="archive", queue_name="q", connection="AzureWebJobsStorage")
    def show(req: func.HttpRequest, archive: str) -> str:
        return ""

    refused("show: binding archive is an output")


def test_an_input_is_no_out(app: Any, refused: Refuse) -> None:
    @app.queue_trigger(arg_name="message", queue_name="q", connection="AzureWebJobsStorage")
    def take(message: func.Out[str]) -> None:
        pass

    refused("take: binding message is an input")


@pytest.mark.parametrize(
    "annotation",
    [
        list[func.ServiceBusMessage],  # only typing.List[...] is a type to the worker
        Optional[func.ServiceBusMessage],  # noqa: UP045
        func.ServiceBusMessage | None,
        func.QueueMessage,
        List[func.QueueMessage],  # noqa: UP006
        int,
        "a forward reference to nothing",
        3,
    ],
)
def test_wrong_annotations_of_a_trigger(app: Any, refused: Refuse, annotation: Any) -> None:
    def take(message: Any) -> None:
        pass

    take.__annotations__["message"] = annotation
    many = {"cardinality": func.Cardinality.MANY}
    app.service_bus_queue_trigger(arg_name="message", queue_name="q", connection="Bus", **many)(take)
    refused("function take: (binding message|an annotation)")


def test_typings_list_makes_a_batch(app: Any) -> None:
    def take(messages: List[func.ServiceBusMessage]) -> None:  # noqa: UP006
        pass

    many = {"cardinality": func.Cardinality.MANY}
    app.service_bus_queue_trigger(arg_name="messages", queue_name="q", connection="Bus", **many)(take)
    assert list(only(app).inputs) == ["messages"]


def test_wrong_annotation_of_an_output(app: Any, refused: Refuse) -> None:
    @app.route(route="a")
    @app.service_bus_queue_output(arg_name="bus", queue_name="q", connection="Bus")
    def show(req: func.HttpRequest, bus: func.Out[List[str]]) -> str:  # noqa: UP006
        return ""

    refused("show: binding bus: its annotation .* does not match the binding type serviceBus")


@pytest.mark.parametrize("annotation", [None, bytes, dict, func.HttpResponse | None, func.Out[str], List[str]])  # noqa: UP006
def test_wrong_return_annotations(app: Any, refused: Refuse, annotation: Any) -> None:
    def show(req: func.HttpRequest) -> Any:
        return ""

    show.__annotations__["return"] = annotation
    app.route(route="a")(show)
    refused("show: the returned value: its annotation")


def test_annotations_may_be_missing(app: Any) -> None:
    def show(req, context):  # type: ignore[no-untyped-def]
        return ""

    app.route(route="a")(show)
    assert list(only(app).inputs) == ["req"]


@pytest.mark.parametrize("annotation", [str, func.HttpRequest, func.Context | None])
def test_a_context_of_another_type(app: Any, refused: Refuse, annotation: Any) -> None:
    def show(req: func.HttpRequest, context: Any) -> str:
        return ""

    show.__annotations__["context"] = annotation
    app.route(route="a")(show)
    refused('"context" parameter is expected to be of type azure.functions.Context')


def test_a_durable_client_needs_an_async_function(app: Any, refused: Refuse) -> None:
    @app.route(route="a")
    @app.durable_client_input(client_name="client")
    def start(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> str:
        return ""

    refused("start: a function with a durable client must be async")


def test_a_decorator_may_make_the_function_async(app: Any) -> None:
    def deferred(function: Callable[..., str]) -> Callable[..., Awaitable[str]]:
        async def start(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> str:
            return function()

        return start

    app.route(route="a")(app.durable_client_input(client_name="client")(deferred(lambda: "")))
    assert only(app).is_async


@pytest.fixture
def write_app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """Write a function_app.py that is imported anew."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.delitem(sys.modules, "function_app", raising=False)

    def write(text: str) -> Path:
        (tmp_path / "function_app.py").write_text("import azure.functions as func\n" + text)
        return tmp_path

    return write


def test_the_app_is_found_and_sees_its_settings(write_app: Callable[[str], Path], monkeypatch: Any) -> None:
    monkeypatch.setenv("SAMPLE_SETTING", "to be replaced")
    text = "import os\nmine = func.FunctionApp()\nmine.seen = os.environ['SAMPLE_SETTING']"
    assert load_app(write_app(text), {"SAMPLE_SETTING": "from the file"}).seen == "from the file"
    sys.modules.pop("function_app")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "one top-level function app, not 0"),
        ("app = func.Blueprint()", "one top-level function app, not 0"),
        ("def make(): return func.FunctionApp()", "one top-level function app, not 0"),
        ("app = func.FunctionApp()\nother = func.FunctionApp()", "one top-level function app, not 2"),
        ("app = alias = func.FunctionApp()", "one top-level function app, not 2"),
    ],
)
def test_there_must_be_exactly_one_app(write_app: Callable[[str], Path], text: str, reason: str) -> None:
    with pytest.raises(HostError, match=reason):
        load_app(write_app(text), {})
    sys.modules.pop("function_app")


def test_a_folder_without_function_app_is_refused(tmp_path: Path) -> None:
    with pytest.raises(HostError, match=r"function_app\.py is missing"):
        load_app(tmp_path, {})
