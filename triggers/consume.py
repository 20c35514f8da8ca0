"""What the queue triggers have in common, whichever service carries the queues."""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import stamina

from shared.app import current, fresh
from shared.ports import Bells, Unavailable
from shared.records.events import Poison, event_from_json
from shared.usecases import dead_letters
from shared.usecases.dispatch import dispatch
from shared.usecases.ingest import receive

CHANNEL_EVENTS = "channel-events"
WORK = "work"
TRIES_MAX = 10
"""An event that fails so often is parked, whatever the reason: those behind it in its session go on."""
PATIENCE = timedelta(minutes=4)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Received:
    """A message as its trigger got it."""

    id: str
    body: bytes
    deliveries: int
    enqueued_at: datetime


async def take_event(message: Received, bells: Bells) -> None:
    """Handle an event of a channel; park it if it can never be handled."""
    services = (await fresh()).services
    try:
        event = event_from_json(message.body)
        await _patiently(lambda: receive(services, event, bells))
    except Poison as error:
        await park(message, str(error))
    except Unavailable:
        raise  # not the message's fault: it stays in the queue
    except Exception as error:
        if message.deliveries < TRIES_MAX:
            raise
        log.exception("an event was given up after %s tries", TRIES_MAX)
        await park(message, f"failed {TRIES_MAX} times: {error!r}")


async def take_doorbell(message: Received, bells: Bells) -> None:
    """Have the dispatcher look at a pool."""
    services, pool = (await fresh()).services, message.body.decode()
    await _patiently(lambda: dispatch(services, pool, bells))


async def park(message: Received, reason: str) -> None:
    """Keep a message that cannot be handled, for the admins."""
    log.error("a message of %s is parked: %s", CHANNEL_EVENTS, reason)
    text = message.body.decode("utf-8", "replace")
    await dead_letters.park(current().services, CHANNEL_EVENTS, message.id, message.enqueued_at, reason, text)


async def _patiently(attempt: Callable[[], Awaitable[None]]) -> None:
    """Try again while a dependency is away, as long as the message's lock is renewed."""
    try:
        await attempt()
    except Unavailable:
        retries = stamina.retry_context(on=Unavailable, attempts=None, timeout=PATIENCE, wait_max=10.0)
        async for trial in retries:
            with trial:
                await attempt()
