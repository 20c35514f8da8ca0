"""The queues on Storage, where there is no Service Bus: Core Tools with Azurite. They keep no order."""

from datetime import UTC, datetime

import azure.durable_functions as df
import azure.functions as func

from shared.adapters.durable import DurableBells
from triggers.consume import CHANNEL_EVENTS, WORK, Received, park, take_doorbell, take_event

CONNECTION = "AzureWebJobsStorage"

bp = df.Blueprint()


@bp.queue_trigger(arg_name="message", connection=CONNECTION, queue_name=CHANNEL_EVENTS)
@bp.durable_client_input(client_name="client")
async def channel_events(message: func.QueueMessage, client: df.DurableOrchestrationClient) -> None:
    """One event of a channel."""
    await take_event(_received(message), DurableBells(client))


@bp.queue_trigger(arg_name="message", connection=CONNECTION, queue_name=f"{CHANNEL_EVENTS}-poison")
async def channel_events_dead(message: func.QueueMessage) -> None:
    """What the runtime has given up on is parked."""
    await park(_received(message), "given up by the queue: delivered too often")


@bp.queue_trigger(arg_name="message", connection=CONNECTION, queue_name=WORK)
@bp.durable_client_input(client_name="client")
async def work(message: func.QueueMessage, client: df.DurableOrchestrationClient) -> None:
    """A doorbell of a pool."""
    await take_doorbell(_received(message), DurableBells(client))


def _received(message: func.QueueMessage) -> Received:
    enqueued_at = message.insertion_time or datetime(1970, 1, 1, tzinfo=UTC)
    return Received(str(message.id), message.get_body(), int(message.dequeue_count or 1), enqueued_at)
