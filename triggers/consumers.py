"""The queues: what channels have told us, and doorbells for the dispatcher."""

import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import azure.durable_functions as df
import azure.functions as func
import stamina

from shared.adapters.durable import DurableBells
from shared.app import App, current
from shared.ports import Unavailable
from shared.records.events import Poison, event_from_json
from shared.usecases import dead_letters
from shared.usecases.dispatch import dispatch
from shared.usecases.ingest import receive

TRIES_MAX = 10
"""An event that fails so often is parked, whatever the reason: those behind it in its session go on."""
SOURCE = "channel-events"
PATIENCE = timedelta(minutes=4)

bp = df.Blueprint()
log = logging.getLogger(__name__)


@bp.service_bus_queue_trigger(
    arg_name="message", connection="ServiceBus", queue_name="channel-events", is_sessions_enabled=True
)
@bp.durable_client_input(client_name="client")
async def channel_events(message: func.ServiceBusMessage, client: df.DurableOrchestrationClient) -> None:
    """One event of a channel; the events of an address come one after the other."""
    app, bells = current(), DurableBells(client)
    try:
        event = event_from_json(message.get_body())
        await _patiently(lambda: receive(app.services, event, bells))
    except Poison as error:
        await _park(app, message, str(error))
    except Unavailable:
        raise  # not the message's fault: it stays in the queue
    except Exception as error:
        if int(message.delivery_count or 1) < TRIES_MAX:
            raise
        log.exception("an event was given up after %s tries", TRIES_MAX)
        await _park(app, message, f"failed {TRIES_MAX} times: {error!r}")


@bp.service_bus_queue_trigger(arg_name="message", connection="ServiceBus", queue_name="channel-events/$deadletterqueue")
async def channel_events_dead(message: func.ServiceBusMessage) -> None:
    """What the queue itself has given up on (a lock lost too often) is parked as well."""
    await _park(current(), message, "given up by the queue: delivered too often")


@bp.service_bus_queue_trigger(arg_name="message", connection="ServiceBus", queue_name="work", is_sessions_enabled=True)
@bp.durable_client_input(client_name="client")
async def work(message: func.ServiceBusMessage, client: df.DurableOrchestrationClient) -> None:
    """A doorbell: have the dispatcher look at a pool."""
    pool, bells = message.get_body().decode(), DurableBells(client)
    await _patiently(lambda: dispatch(current().services, pool, bells))


async def _patiently(attempt: Callable[[], Awaitable[None]]) -> None:
    """Try again while a dependency is away, as long as the message's lock is renewed."""
    retries = stamina.retry_context(on=Unavailable, attempts=None, timeout=PATIENCE, wait_initial=0.1, wait_max=10.0)
    async for trial in retries:
        with trial:
            await attempt()


async def _park(app: App, message: func.ServiceBusMessage, reason: str) -> None:
    log.error("a message of %s is parked: %s", SOURCE, reason)
    text = message.get_body().decode("utf-8", "replace")
    enqueued_at = message.enqueued_time_utc or datetime(1970, 1, 1, tzinfo=UTC)
    await dead_letters.park(app.services, SOURCE, str(message.message_id), enqueued_at, reason, text)
