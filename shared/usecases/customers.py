"""Customers' profiles. What somebody says of themselves is kept as unverified and joins no other profile."""

import contextlib

from shared.contracts import records as wire
from shared.ports import Conflict, Container, InboundEvent, Write
from shared.usecases.services import Services

_IDENTITIES = ("email", "phone", "externalId")


async def ensure(services: Services, event: InboundEvent, conversation_id: str) -> None:
    """The profile of a new conversation's customer; nothing if there is one."""
    said = event.customer or {}
    body = {
        "version": 1,
        "name": said.get("name"),
        "locale": event.locale or services.centre.default_locale,
        "identities": [
            {"kind": kind, "value": said[kind], "verified": False} for kind in _IDENTITIES if said.get(kind)
        ],
        "first_conversation": conversation_id,
    }
    with contextlib.suppress(Conflict):
        await services.documents.commit(Container.CUSTOMERS, event.address, [Write("profile", "customer", body)])


async def find(services: Services, customer_id: str | None) -> wire.Customer | None:
    """The profile as the API shows it."""
    if customer_id is None:
        return None
    document = await services.documents.read(Container.CUSTOMERS, customer_id, "profile")
    if document is None:
        return None
    body = document.body
    return wire.Customer(
        id=customer_id,
        version=body["version"],
        name=body["name"],
        locale=body["locale"],
        identities=[wire.Identity.model_validate(identity) for identity in body["identities"]],
    )
