"""Which keys of a published set could sign our tokens; whatever else it holds does no harm."""

from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given
from hypothesis import strategies as st
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from shared.identity.keys import signing_keys
from tests.identity.conftest import Issuer
from tests.peers.issuer import part

STRONG = RSAAlgorithm.to_jwk(rsa.generate_private_key(65537, 2048).public_key(), as_dict=True)


def read(**changes: Any) -> list[str]:
    """The algorithms of what is left of one key with these members; a member that is `...` is left out."""
    key = {name: value for name, value in {**STRONG, "kid": "k", **changes}.items() if value is not ...}
    return [found.algorithm for found in signing_keys({"keys": [key]}).values()]


def test_a_key_signs_with_one_algorithm(issuer: Issuer) -> None:
    assert read() == read(use="sig") == read(use=...) == read(x5c=["x"]) == ["RS256"]
    assert read(alg="PS384") == ["PS384"]
    assert {kid: key.algorithm for kid, key in signing_keys(issuer.jwks()).items()} == {"ec": "ES256", "rsa": "RS256"}


@pytest.mark.parametrize(
    "changes",
    [
        {"use": "enc"}, {"use": 7}, {"kid": ...}, {"kid": 7}, {"kid": None}, {"kid": ["k"]}, {"kty": ...}, {"kty": []},
        {"kty": "XXX"}, {"n": ...}, {"n": 7}, {"n": ""}, {"n": "é"}, {"e": None}, {"e": "AQ"}, {"alg": "none"},
        {"alg": "HS256"}, {"alg": ["RS256"]}, {"alg": "RSA-OAEP"}, {"kty": "oct", "k": part("x" * 40)},
        {"kty": "oct", "k": part("x" * 40), "alg": "HS256"}, {"kty": "EC", "crv": "secp256k1"},
    ],
    ids=str,
)  # fmt: skip
def test_what_is_no_key_for_signing_is_left_out(changes: dict[str, Any]) -> None:
    assert read(**changes) == []


def test_weak_and_private_keys_are_left_out() -> None:
    weak = rsa.generate_private_key(65537, 1024)
    assert read(**RSAAlgorithm.to_jwk(weak.public_key(), as_dict=True)) == []
    leaked = [
        RSAAlgorithm.to_jwk(rsa.generate_private_key(65537, 2048), as_dict=True),
        ECAlgorithm.to_jwk(ec.generate_private_key(ec.SECP256R1()), as_dict=True),
    ]
    assert signing_keys({"keys": [{**key, "kid": str(number)} for number, key in enumerate(leaked)]}) == {}


def test_only_algorithms_that_are_asked_for() -> None:
    jwks = {"keys": [{**STRONG, "kid": "a"}, {**STRONG, "kid": "b", "alg": "RS512"}]}
    assert set(signing_keys(jwks, ["RS256"])) == {"a"}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
)


@given(st.sampled_from(["kty", "n", "e", "alg", "use", "kid", "x", "y", "crv", "issuer", "d", "key_ops"]), JSON)
def test_any_member_may_be_anything(name: str, value: Any) -> None:
    keys = signing_keys({"keys": [{**STRONG, "kid": "odd", name: value}, {**STRONG, "kid": "good"}]})
    assert "good" in keys and all(isinstance(key.public, jwt.PyJWK) for key in keys.values())


@given(JSON)
def test_any_document_is_a_set_of_keys_or_an_empty_one(document: Any) -> None:
    assert signing_keys(document) == {} == signing_keys({"keys": document})
