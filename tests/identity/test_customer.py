"""Tokens of customers, and the names that stand for addresses."""

from datetime import timedelta
from pathlib import Path

import jwt
import pytest

from shared.errors import ProblemError
from shared.identity import Identity, build_identity
from shared.identity.customer import AUDIENCE
from tests.identity.conftest import NOW, SECRET, HandClock, Issuer, settings

OLD = "o" * 40


def made(tmp_path: Path, clock: HandClock, secrets: str) -> Identity:
    """With these secrets."""
    return build_identity(settings(secrets=secrets), tmp_path, dict, clock)


def is_refused(identity: Identity, token: str) -> bool:
    """Whether the token is answered with 401."""
    with pytest.raises(ProblemError) as caught:
        identity.customer(token)
    return caught.value.status == 401


def test_a_token_is_bound_to_its_conversation_for_a_day(identity: Identity, clock: HandClock) -> None:
    token, expires_at = identity.issue_customer("c1", NOW)
    assert expires_at == NOW + timedelta(hours=24)
    assert identity.customer(token) == "c1"
    clock.forward(hours=23, minutes=59, seconds=59)
    assert identity.customer(token) == "c1"
    clock.forward(seconds=1)
    assert is_refused(identity, token)


def test_secrets_can_be_replaced_while_tokens_live(tmp_path: Path, clock: HandClock) -> None:
    before, after = made(tmp_path, clock, OLD), made(tmp_path, clock, f"{SECRET}, {OLD}")
    token, _ = before.issue_customer("c1", NOW)
    assert after.customer(token) == "c1"
    renewed, _ = after.issue_customer("c1", NOW)
    assert is_refused(before, renewed)  # signed with the new one
    finished = made(tmp_path, clock, SECRET)
    assert finished.customer(renewed) == "c1"
    assert is_refused(finished, token)


def test_no_other_token_passes(identity: Identity, issuer: Issuer) -> None:
    good = {"sub": "c1", "aud": AUDIENCE, "iat": NOW, "exp": NOW + timedelta(hours=1)}
    assert identity.customer(jwt.encode(good, SECRET)) == "c1"
    for change in ({"aud": "atende"}, {"exp": NOW}, {"sub": 7}, {"nbf": NOW + timedelta(seconds=1)}):
        assert is_refused(identity, jwt.encode({**good, **change}, SECRET))
    for missing in good:
        assert is_refused(identity, jwt.encode({name: good[name] for name in good if name != missing}, SECRET))
    assert is_refused(identity, jwt.encode(good, SECRET, "HS512"))
    assert is_refused(identity, jwt.encode(good, "", "none"))
    assert is_refused(identity, jwt.encode(good, "x" * 40))
    assert is_refused(identity, issuer.token())
    assert is_refused(identity, "\ud800")


async def test_a_customer_is_no_agent(identity: Identity) -> None:
    token, _ = identity.issue_customer("alice", NOW)
    with pytest.raises(ProblemError) as caught:
        await identity.staff(token)
    assert caught.value.status == 401


def test_address_keys_tell_nothing_and_never_collide(tmp_path: Path, clock: HandClock) -> None:
    identity = made(tmp_path, clock, f"{SECRET},{OLD}")
    key = identity.address_key("sms", "+351123456789")
    assert key == made(tmp_path, clock, SECRET).address_key("sms", "+351123456789")
    assert len(key) == 32
    assert int(key, 16)
    others = {identity.address_key("sm", "s+351123456789"), identity.address_key("voice", "+351123456789")}
    assert key not in others
    assert key != made(tmp_path, clock, OLD).address_key("sms", "+351123456789")
