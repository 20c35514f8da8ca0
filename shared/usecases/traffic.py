"""The export of what routing has recorded."""

from shared.contracts.manage import TrafficEntry
from shared.contracts.wire import Page
from shared.errors import invalid_request, not_found
from shared.usecases.services import Services


async def export(services: Services, pool: str, cursor: str | None) -> Page[TrafficEntry]:
    """A part of a pool's log. Problems: not-found, invalid-request for a cursor that is not one of ours."""
    if pool not in {queue.pool for queue in services.centre.queues.values()}:
        raise not_found("pool")
    if cursor is not None and not (cursor.isascii() and cursor.isdigit() and len(cursor) <= 18):
        raise invalid_request("cursor is not one of ours")
    found, following = await services.history.log(pool, cursor)
    items = [
        TrafficEntry(position=past.position, at=past.at, kind=past.id.partition(":")[0], record=dict(past.body))
        for past in found
    ]
    return Page(items=items, next_cursor=following)
