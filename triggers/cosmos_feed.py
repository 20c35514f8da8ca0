"""The change feed: whatever a crash kept from being told after a commit is told from here.

One function and one lease prefix per sink, so that a slow sink holds up no other. Each is safe to repeat, and cheap for
what has been told already.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import azure.durable_functions as df
import azure.functions as func

from shared.adapters.durable import DurableBells
from shared.app import current
from shared.ports import Document
from shared.usecases import follow

POLL_MILLISECONDS = 500
ITEMS_MAX = 500

bp = df.Blueprint()
Registered = TypeVar("Registered", bound=Callable[..., Any])


def _feed(container: str, sink: str) -> Callable[[Registered], Registered]:
    """A function that follows a container, and tries again until it succeeds."""

    def register(function: Registered) -> Registered:
        bp.cosmos_db_trigger(
            arg_name="documents", connection="Cosmos", database_name="atende", container_name=container,
            lease_container_name="leases", lease_container_prefix=sink, create_lease_container_if_not_exists=True,
            feed_poll_delay=POLL_MILLISECONDS, max_items_per_invocation=ITEMS_MAX, start_from_beginning=True,
        )(bp.retry(strategy="fixed_delay", max_retry_count="-1", delay_interval="00:00:01")(function))  # fmt: skip
        return function

    return register


@_feed("conversations", "bells")
@bp.durable_client_input(client_name="client")
async def feed_bells(documents: func.DocumentList, client: df.DurableOrchestrationClient) -> None:
    """Orchestrations that were not begun or not rung."""
    await follow.ring(current().services, _documents(documents, "conversation"), DurableBells(client))


@_feed("conversations", "screens")
async def feed_screens(documents: func.DocumentList) -> None:
    """Agents' screens that were not told of a conversation's events."""
    await follow.tell_screens(current().services, _documents(documents, "event"))


@_feed("routing", "routing")
@bp.durable_client_input(client_name="client")
async def feed_routing(documents: func.DocumentList, client: df.DurableOrchestrationClient) -> None:
    """Conversations and screens that were not told of routing's decisions."""
    found = _documents(documents, "work", "agent", "offer")
    await follow.tell_routing(current().services, found, DurableBells(client))


@_feed("conversations", "insights")
async def feed_insights(documents: func.DocumentList) -> None:
    """Figures of the day that have not been counted."""
    await follow.count(current().services, _documents(documents, "conversation", "event"))


@_feed("config", "closures")
@bp.durable_client_input(client_name="client")
async def feed_closures(documents: func.DocumentList, client: df.DurableOrchestrationClient) -> None:
    """Customers who wait in a queue that was closed and have not been told."""
    await follow.tell_closures(current().services, _documents(documents, "closure"), DurableBells(client))


def _documents(found: func.DocumentList, *types: str) -> list[Document]:
    """Those of these types; nothing is read of the others."""
    return [_document(document.data) for document in found if document.data["type"] in types]


def _document(found: Mapping[str, Any]) -> Document:
    id_ = found.get("name", found["id"])
    return Document(id_, found["partition"], found["type"], found["body"], "", found["sequence"])
