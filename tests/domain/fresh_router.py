"""Decisions of a router that was made for them, for tests of what is decided rather than of how it is kept up."""

from datetime import datetime

from shared.domain.centre import ContactCentre
from shared.domain.routing import Assignment, NewId, Pool
from shared.domain.routing.router import Router
from tests.domain.cast import CENTRE, NOW


def decide(pool: Pool, centre: ContactCentre, now: datetime, limit: int, new_id: NewId) -> list[Assignment]:
    """The first batch."""
    return Router(centre, now, pool).decide(now, limit, new_id)


def next_deadline(pool: Pool, centre: ContactCentre = CENTRE, now: datetime = NOW) -> datetime | None:
    """Of such a pool."""
    return Router(centre, now, pool).next_deadline()
