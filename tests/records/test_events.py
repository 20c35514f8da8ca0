"""Inbound events as the queue carries them."""

import json
from dataclasses import replace
from datetime import timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.ports import Inbound, InboundEvent
from shared.records.events import Poison, event_from_json, event_to_json
from tests.domain.cast import NOW

HELLO = InboundEvent("chat", "m1", "alice", Inbound.MESSAGE, NOW, NOW, "Olá!")
JSON: dict[str, Any] = json.loads(event_to_json(HELLO))
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=50)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=10,
)
EVENTS = st.builds(
    InboundEvent,
    channel=TEXTS,
    source_id=TEXTS,
    address=TEXTS,
    kind=st.sampled_from(Inbound),
    at=st.datetimes(timezones=st.just(NOW.tzinfo)),
    received_at=st.datetimes(timezones=st.just(NOW.tzinfo)),
    text=TEXTS,
    conversation_id=st.none() | TEXTS,
    locale=st.none() | TEXTS,
    customer=st.none() | st.dictionaries(TEXTS, TEXTS, max_size=3),
    context=st.none() | st.dictionaries(TEXTS, VALUES, max_size=3),
    previous_conversation_id=st.none() | TEXTS,
)


@given(EVENTS)
def test_an_event_comes_out_as_it_went_in(event: InboundEvent) -> None:
    assert event_from_json(event_to_json(event)) == event
    assert event_from_json(event_to_json(event).decode()) == event


def test_times_of_other_zones_are_the_same_moment() -> None:
    elsewhere = NOW.astimezone(timezone(timedelta(hours=-3)))
    assert event_from_json(event_to_json(replace(HELLO, at=elsewhere))).at == NOW


def test_what_a_newer_version_adds_does_not_matter() -> None:
    assert event_from_json(json.dumps(JSON | {"colour": "blue"})) == HELLO


@pytest.mark.parametrize(
    ("body", "place"),
    [
        (b"", ""),
        (b"\xff\xfe\x00", ""),
        (b"not json", ""),
        (b"[]", ""),
        (b"null", ""),
        (b"{}", "channel"),
        (b'{"channel": "chat"', ""),
        (b"[" * 100_000, ""),
        (json.dumps(JSON | {"kind": "exploded"}), "kind"),
        (json.dumps(JSON | {"at": "yesterday"}), "at"),
        (json.dumps(JSON | {"text": None}), "text"),
        (json.dumps(JSON | {"text": 7}), "text"),
        (json.dumps(JSON | {"customer": {"name": ["x"]}}), "customer.name"),
        (json.dumps(JSON | {"context": "none"}), "context"),
        (json.dumps({name: value for name, value in JSON.items() if name != "source_id"}), "source_id"),
    ],
)
def test_what_can_never_be_handled_is_poison(body: str | bytes, place: str) -> None:
    with pytest.raises(Poison) as poison:
        event_from_json(body)
    assert f": {place}: " in str(poison.value)


def test_the_reason_does_not_repeat_what_the_customer_wrote() -> None:
    secret = "4111 1111 1111 1111"
    for body in (
        JSON | {"text": [secret]},
        JSON | {"kind": secret},
        JSON | {"at": secret},
        JSON | {"customer": secret},
    ):
        with pytest.raises(Poison) as poison:
            event_from_json(json.dumps(body))
        assert secret not in str(poison.value)
        assert poison.value.__cause__ is None and poison.value.__suppress_context__
    with pytest.raises(Poison) as poison:
        event_from_json(f'{{"text": "{secret}"')
    assert secret not in str(poison.value)


@given(st.binary(max_size=200) | st.text(max_size=200) | VALUES.map(json.dumps))
def test_anything_else_is_poison_and_nothing_worse(body: str | bytes) -> None:
    with pytest.raises(Poison):
        event_from_json(body)
