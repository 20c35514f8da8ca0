"""The queues on Service Bus: what channels have told us, and doorbells for the dispatcher."""

from datetime import UTC, datetime

import azure.durable_functions as df
import azure.functions as func

from shared.adapters.durable import DurableBells
from triggers.consume import CHANNEL_EVENTS, WORK, Received, park, take_doorbell, take_event

CONNECTION = "ServiceBus"

bp = df.Blueprint()


@bp.service_bus_queue_trigger(
    arg_name="message", connection=CONNECTION, queue_name=CHANNEL_EVENTS, is_sessions_enabled=True
)
@bp.durable_client_input(client_name="client")
async def channel_events(message: func.ServiceBusMessage, client: df.DurableOrchestrationClient) -> None:
    """One event of a channel; the events of an address come one after the other."""
    await take_event(_received(message), DurableBells(client))


@bp.service_bus_queue_trigger(
    arg_name="message", connection=CONNECTION, queue_name=f"{CHANNEL_EVENTS}/$deadletterqueue"
)
async def channel_events_dead(message: func.ServiceBusMessage) -> None:
    """What the queue itself has given up on (a lock lost too often) is parked as well."""
    await park(_received(message), "given up by the queue: delivered too often")


@bp.service_bus_queue_trigger(arg_name="message", connection=CONNECTION, queue_name=WORK, is_sessions_enabled=True)
@bp.durable_client_input(client_name="client")
async def work(message: func.ServiceBusMessage, client: df.DurableOrchestrationClient) -> None:
    """A doorbell of a pool; those of one pool come one after the other."""
    await take_doorbell(_received(message), DurableBells(client))


def _received(message: func.ServiceBusMessage) -> Received:
    enqueued_at = message.enqueued_time_utc or datetime(1970, 1, 1, tzinfo=UTC)
    return Received(str(message.message_id), message.get_body(), int(message.delivery_count or 1), enqueued_at)
