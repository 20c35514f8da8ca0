"""Routing: work items, offers and who gets which work. docs/routing.md says by which rules.

The router itself is in `shared.domain.routing.router`, which imports numpy: it is imported where a router is made.
"""

from shared.domain.routing.eligibility import Explanation, Fails, explain
from shared.domain.routing.place import Place, Places, place
from shared.domain.routing.work import (
    Assignment,
    NewId,
    Offer,
    OfferGone,
    OfferState,
    Pool,
    WorkItem,
    WorkKind,
    WorkState,
    accept,
    end_offer,
    finish,
)

__all__ = [
    "Assignment", "Explanation", "Fails", "NewId", "Offer", "OfferGone", "OfferState", "Place", "Places", "Pool",
    "WorkItem", "WorkKind", "WorkState", "accept", "end_offer", "explain", "finish", "place",
]  # fmt: skip
