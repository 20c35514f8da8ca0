"""Strict parsing: what is refused, where the complaint points, and that it repeats nothing."""

import json
from typing import Any

import azure.functions as func
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from shared.contracts.agents import Transfer
from shared.contracts.chat import CustomerMessage, StartChat, Survey
from shared.contracts.endpoints import AFTER_MESSAGE, CURSOR, STATUS, WAIT
from shared.errors import ProblemError
from triggers import requests

HELLO = {"text": "hello", "clientMessageId": "m1"}


def request(**parts: Any) -> func.HttpRequest:
    """As a host hands it over."""
    return func.HttpRequest("POST", "http://localhost/", **({"body": b""} | parts))


def refusal(call: Any, *arguments: Any) -> ProblemError:
    """The problem that a call ends with."""
    with pytest.raises(ProblemError) as caught:
        call(*arguments)
    return caught.value


def pointers(model: type[BaseModel], body: Any) -> list[str]:
    """Where the complaints about a body point to."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    problem = refusal(requests.parse_body, model, raw)
    assert (problem.status, problem.code) == (400, "invalid-request")
    return [error.pointer for error in problem.errors]


def test_what_is_described_is_taken() -> None:
    assert requests.parse_body(CustomerMessage, json.dumps(HELLO).encode()).text == "hello"
    assert requests.parse_body(StartChat, b" {} ").context == {}
    values = {"a": 1, "b": 1.5, "c": True, "d": "x"}
    assert requests.parse_body(StartChat, json.dumps({"context": values}).encode()).context == values


@pytest.mark.parametrize(
    "raw",
    [
        b"", b" ", b"{", b"null", b"[]", b'"x"', b"1", b"NaN", b"{'text': 1}", b'{"text": "a",}', b"\xff", b"\x00",
        b"\xef\xbb\xbf{}", '{"text":"a"}'.encode("utf-16"), b'{"text": "\xff", "clientMessageId": "m"}',
        b'{"text": "\\ud800", "clientMessageId": "m"}', b'{"text": "\xed\xa0\x80", "clientMessageId": "m"}',
        b'{"text": "a", "clientMessageId": "m"} x', b"[" * 60_000, b'{"text":' * 8_000 + b"1" + b"}" * 8_000,
        b'{"text": "\n", "clientMessageId": "m"}', b"1" * 60_000, b"-", b'{"text": 1e99999, "clientMessageId": "m"}',
    ],
    ids=lambda raw: repr(raw[:24]),
)  # fmt: skip
def test_what_is_no_such_json_is_refused(raw: bytes) -> None:
    problem = refusal(requests.parse_body, CustomerMessage, raw)
    assert (problem.status, problem.code) == (400, "invalid-request")


def test_complaints_point_to_where_the_fault_is() -> None:
    assert pointers(CustomerMessage, {}) == ["/text", "/clientMessageId"]
    assert pointers(CustomerMessage, {**HELLO, "colour": 1}) == ["/colour"]
    assert pointers(CustomerMessage, {"text": "hi", "client_message_id": "m1"}) == [
        "/clientMessageId",
        "/client_message_id",
    ]
    assert pointers(StartChat, {"customer": {"email": "nobody"}}) == ["/customer/email"]
    assert pointers(StartChat, {"customer": []}) == ["/customer"]
    assert pointers(StartChat, {"context": {"a": [], "b": {"x": 1}}}) == ["/context/a", "/context/b"]
    assert pointers(Transfer, {"to": {"kind": "moon"}}) == ["/to/kind", "/to/id"]
    assert pointers(CustomerMessage, b"[]") == [""]


def test_complaints_repeat_nothing_that_was_sent() -> None:
    secret = "4111111111111111"
    bodies: list[tuple[type[BaseModel], Any]] = [
        (CustomerMessage, {**HELLO, f"{secret} is my card": 1}),
        (CustomerMessage, {"text": 4111111111111111, "clientMessageId": f"{secret}!"}),
        (StartChat, {"context": {f"{secret}?": 1}, "locale": secret}),
        (StartChat, {"customer": {"phone": f"{secret}x", "email": secret, "name": ""}}),
        (Transfer, {"to": {"kind": secret, "id": f" {secret}"}, "mode": secret}),
        (CustomerMessage, f"[{secret}".encode()),
    ]
    for model, body in bodies:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        assert secret not in refusal(requests.parse_body, model, raw).problem().model_dump_json()


def test_many_faults_make_a_short_answer() -> None:
    raw = json.dumps({f"x{number}": 1 for number in range(5_000)}).encode()
    assert len(refusal(requests.parse_body, CustomerMessage, raw).errors) == requests.VIOLATIONS_MAX


@pytest.mark.parametrize("score", ["5", 5.5, True, None, 0, 6, 10**30])
def test_values_of_another_type_are_not_converted(score: Any) -> None:
    assert pointers(Survey, {"score": score}) == ["/score"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
)


@given(st.sampled_from([StartChat, CustomerMessage, Transfer, Survey]), JSON)
def test_any_json_is_either_taken_or_refused(model: type[BaseModel], body: Any) -> None:
    try:
        requests.parse_body(model, json.dumps(body).encode())
    except ProblemError as problem:
        problem.problem().model_dump_json()


def test_bodies_have_a_limit() -> None:
    most = b"x" * 100
    assert requests.read_body(request(body=most), 100) == most
    problem = refusal(requests.read_body, request(body=most + b"x"), 100)
    assert (problem.status, problem.code) == (413, "too-large")


READ = requests.query_reader((STATUS, AFTER_MESSAGE, WAIT, CURSOR))


def test_queries_have_defaults_and_ignore_what_is_unknown() -> None:
    assert READ(request(params={"x": "1"})) == {"status": None, "after": 0, "wait": 0, "cursor": None}
    given_ = {"status": "wrapUp", "after": "7", "wait": "25", "cursor": "é" * 512}
    assert READ(request(params=given_)) == {**given_, "after": 7, "wait": 25}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("wait", "26"), ("wait", "-1"), ("wait", "1.0"), ("wait", "1e1"), ("wait", " 1"), ("wait", "1,2"),
        ("wait", "٣"), ("wait", "²"), ("wait", "1_0"), ("wait", "0x1"), ("wait", "true"), ("wait", "9" * 5_000),
        ("after", str(2**53)), ("status", "Bot"), ("status", "bot,closed"), ("cursor", "x" * 513),
        ("cursor", "a\0"), ("cursor", "\x7f"), ("cursor", "\ud800"), ("cursor", "a\nb"),
    ],
)  # fmt: skip
def test_queries_are_read_to_the_letter(name: str, text: str) -> None:
    problem = refusal(READ, request(params={name: text}))
    assert (problem.status, [error.pointer for error in problem.errors]) == (400, [name])
    assert text not in str(problem.errors)


def test_ids_keys_and_tokens() -> None:
    assert requests.path_id(request(route_params={"id": "c1:2-3"})) == "c1:2-3"
    for id_ in ("", "a b", "a/b", "é", "x" * 129, "a\n", "\0", "\ud800"):
        assert refusal(requests.path_id, request(route_params={"id": id_})).status == 400
    assert requests.idempotency_key(request()) is None
    assert requests.idempotency_key(request(headers={"Idempotency-Key": "a b~"})) == "a b~"
    for key in ("", "é", "x" * 129, "a\tb", "a\n"):
        assert refusal(requests.idempotency_key, request(headers={"idempotency-key": key})).status == 400
    assert requests.bearer_token(request(headers={"Authorization": "bEaReR a.b.c"})) == "a.b.c"
    for header in ("", "Bearer", "Bearer ", "Basic a", "a.b.c", "Bearera.b.c"):
        assert refusal(requests.bearer_token, request(headers={"Authorization": header})).status == 401
