"""A small app that uses every binding the host serves. Parcels, not conversations: the host must not care."""

import json
from typing import List  # noqa: UP035

import azure.durable_functions as df
import azure.functions as func
import ledger
from orchestrators import bp

app = df.DFApp(http_auth_level=func.AuthLevel.FUNCTION)
app.register_functions(bp)


@app.route(route="parcels/{number:int}/{*rest}", methods=["GET", "POST"], auth_level=func.AuthLevel.ANONYMOUS)
async def show_parcel(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    """Echoes what the host made of the request."""
    seen = {
        "method": req.method,
        "route": dict(req.route_params),
        "query": dict(req.params),
        "body": req.get_body().decode("utf-8", "replace"),
        "function": context.function_name,
        "invocation": context.invocation_id,
    }
    return func.HttpResponse(
        json.dumps(seen), status_code=200, headers={"X-Parcel": "yes"}, mimetype="application/json"
    )


@app.route(route="secret")
def secret(req: func.HttpRequest) -> str:
    """Needs a function key; synchronous; answers plain text."""
    return "a secret for " + req.params.get("name", "nobody")


@app.route(route="settings", auth_level=func.AuthLevel.ADMIN)
def settings(req: func.HttpRequest) -> func.HttpResponse:
    """Needs the master key."""
    return func.HttpResponse("all settings")


@app.route(route="broken", auth_level=func.AuthLevel.ANONYMOUS)
def broken(req: func.HttpRequest) -> func.HttpResponse:
    """Raises."""
    raise RuntimeError("the parcel is broken")


@app.route(route="start/{name}/{instance?}", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
@app.durable_client_input(client_name="client")
async def start(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Starts an orchestration."""
    given = req.get_json() if req.get_body() else None
    instance = await client.start_new(req.route_params["name"], req.route_params.get("instance"), given)
    return client.create_check_status_response(req, instance)


@app.route(route="raise/{instance}/{name}", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
@app.durable_client_input(client_name="client")
async def raise_event(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Raises an event."""
    await client.raise_event(req.route_params["instance"], req.route_params["name"], req.get_json())
    return func.HttpResponse(status_code=202)


@app.route(route="status/{instance}", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
@app.durable_client_input(client_name="client")
async def status(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """The state of an orchestration."""
    state = await client.get_status(req.route_params["instance"], show_input=True)
    if not state:
        return func.HttpResponse(status_code=404)
    shown = {"runtimeStatus": state.runtime_status.name, "input": state._input, "output": state.output}
    return func.HttpResponse(json.dumps(shown), mimetype="application/json")


@app.route(route="send/{text}", auth_level=func.AuthLevel.ANONYMOUS)
@app.service_bus_queue_output(arg_name="labels", connection="Bus", queue_name="labels")
@app.queue_output(arg_name="archive", connection="AzureWebJobsStorage", queue_name="archive")
def send(req: func.HttpRequest, labels: func.Out[str], archive: func.Out[str]) -> func.HttpResponse:
    """Sends to both kinds of queue."""
    labels.set(req.route_params["text"])
    archive.set(req.route_params["text"])
    return func.HttpResponse(status_code=202)


@app.service_bus_queue_trigger(
    arg_name="message", connection="Bus", queue_name="%ParcelsQueue%", is_sessions_enabled=True
)
@app.durable_client_input(client_name="client")
async def on_parcel(message: func.ServiceBusMessage, client: df.DurableOrchestrationClient) -> None:
    """One message of a session; "poison" fails always, {"raise": ...} rings an instance."""
    body = message.get_body().decode()
    if body == "poison":
        raise ValueError("cannot be delivered")
    if body.startswith("{"):
        order = json.loads(body)
        await client.raise_event(order["instance"], order["event"], order["value"])
    ledger.write("parcel", [message.session_id, body, message.delivery_count])


@app.service_bus_queue_trigger(
    arg_name="messages", connection="Bus", queue_name="labels", cardinality=func.Cardinality.MANY
)
def on_labels(messages: List[func.ServiceBusMessage]) -> None:  # noqa: UP006  # the worker refuses list[...]
    """A batch."""
    ledger.write("labels", [[message.get_body().decode(), message.message_id] for message in messages])


@app.queue_trigger(arg_name="message", connection="AzureWebJobsStorage", queue_name="archive")
def on_archive(message: func.QueueMessage) -> None:
    """A Storage queue message; "poison" fails always."""
    text = message.get_body().decode()
    if text == "poison":
        raise ValueError("cannot be archived")
    ledger.write("archive", [text, message.dequeue_count])


@app.event_grid_trigger(arg_name="event")
def on_event(event: func.EventGridEvent) -> None:
    """An event in Event Grid's schema; the type "Fail" raises."""
    if event.event_type == "Fail":
        raise ValueError("no such parcel")
    ledger.write("event", [event.id, event.event_type, event.get_json()])


@app.event_grid_trigger(arg_name="event")
def on_cloud_event(event: func.CloudEvent) -> None:
    """A CloudEvent."""
    ledger.write("cloudEvent", [event.id, event.type, event.subject])


@app.timer_trigger(arg_name="timer", schedule="0 0 3 * * *", run_on_startup=True)
def nightly(timer: func.TimerRequest) -> None:
    """Runs at start and at three in the morning."""
    ledger.write("timer", timer.past_due)


@app.cosmos_db_trigger(
    arg_name="documents", connection="Catalogue", database_name="sample", container_name="items",
    lease_container_name="leases", start_from_beginning=True, feed_poll_delay=50,
)  # fmt: skip
@app.retry(strategy="fixed_delay", max_retry_count="-1", delay_interval="00:00:01")
def on_change(documents: func.DocumentList) -> None:
    """New versions of documents."""
    ledger.write("change", [document["id"] for document in documents])
