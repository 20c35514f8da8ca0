"""Routing: work items, offers and who gets which work. docs/routing.md says by which rules."""

from shared.domain.routing.decisions import Place, decide, next_deadline, place
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
    "Assignment", "NewId", "Offer", "OfferGone", "OfferState", "Place", "Pool", "WorkItem", "WorkKind", "WorkState",
    "accept", "decide", "end_offer", "finish", "next_deadline", "place",
]  # fmt: skip
