"""Inbound events as the queue carries them."""

from pydantic import TypeAdapter, ValidationError

from shared.ports import InboundEvent

_adapter = TypeAdapter(InboundEvent)


class Poison(Exception):
    """This message can never be handled, however often it is tried."""


def event_to_json(event: InboundEvent) -> bytes:
    """The body of a message."""
    return _adapter.dump_json(event)


def event_from_json(body: str | bytes) -> InboundEvent:
    """The event of a message's body. Raises Poison."""
    try:
        return _adapter.validate_json(body)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise Poison(f"not an inbound event: {place}: {first['msg']}") from None
