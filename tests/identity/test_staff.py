"""Tokens of staff: what is believed, and above all what is not."""

from base64 import urlsafe_b64encode
from dataclasses import replace
from datetime import timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.centre import AgentProfile, Role
from shared.errors import ProblemError
from shared.identity import Identity
from shared.identity.keys import Jwks, SigningKey
from shared.identity.staff import StaffTokens
from shared.identity.tokens import KEPT_FOR, InvalidToken, VerifiedTokens
from shared.ports import Unavailable
from tests.identity.conftest import AUDIENCE, ISSUER, NOW, HandClock, Issuer
from tests.peers.issuer import part


async def refused(identity: Identity, token: str) -> tuple[int, str]:
    """How a token is refused."""
    with pytest.raises(ProblemError) as caught:
        await identity.staff(token)
    return caught.value.status, caught.value.code


UNAUTHENTICATED, FORBIDDEN = (401, "unauthenticated"), (403, "forbidden")


@pytest.mark.parametrize("kid", ["ec", "rsa"])
async def test_alice_is_alice(identity: Identity, issuer: Issuer, kid: str) -> None:
    caller = await identity.staff(issuer.token(kid))
    assert (caller.profile.id, caller.roles) == ("alice", frozenset({Role.AGENT}))


async def test_roles_are_what_both_token_and_configuration_grant(identity: Identity, issuer: Issuer) -> None:
    token = issuer.token(oid="ada", roles=["Admin", "Supervisor", "Emperor"])
    caller = await identity.staff(token)
    assert caller.roles == caller.profile.roles == {Role.ADMIN}
    assert (await identity.staff(issuer.token(roles=["Admin"]))).roles == frozenset()


@pytest.mark.parametrize("roles", [..., None, "Agent", {"Agent": True}, 7, [["Agent"]], []])
async def test_roles_that_are_no_list_of_names_are_no_roles(identity: Identity, issuer: Issuer, roles: Any) -> None:
    assert (await identity.staff(issuer.token(roles=roles))).roles == frozenset()


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "somebody-else"}, {"aud": ...}, {"aud": None}, {"iss": "https://evil.example"}, {"iss": ...},
        {"exp": ...}, {"oid": ...}, {"oid": None}, {"exp": NOW - timedelta(seconds=61)},
        {"nbf": NOW + timedelta(seconds=61)}, {"exp": "never"}, {"exp": True}, {"exp": 10**400}, {"exp": 1e308},
        {"exp": float("nan")}, {"exp": float("inf")}, {"exp": None}, {"exp": [1]}, {"nbf": "x"}, {"nbf": -(10**400)},
    ],
    ids=str,
)  # fmt: skip
async def test_wrong_claims_prove_nothing(identity: Identity, issuer: Issuer, changes: dict[str, Any]) -> None:
    assert await refused(identity, issuer.token(**changes)) == UNAUTHENTICATED


async def test_a_minute_of_disagreement_between_clocks_is_forgiven(
    identity: Identity, issuer: Issuer, clock: HandClock
) -> None:
    token = issuer.token(exp=NOW - timedelta(seconds=59), nbf=NOW + timedelta(seconds=59), iat=NOW - timedelta(days=1))
    assert (await identity.staff(token)).profile.id == "alice"
    clock.forward(seconds=2)
    assert await refused(identity, token) == UNAUTHENTICATED


async def test_a_verified_token_expires_all_the_same(identity: Identity, issuer: Issuer, clock: HandClock) -> None:
    token = issuer.token(exp=NOW + timedelta(minutes=2))
    await identity.staff(token)
    clock.forward(seconds=179)
    await identity.staff(token)
    clock.forward(seconds=1)
    assert await refused(identity, token) == UNAUTHENTICATED


async def test_strangers_and_disabled_agents_are_refused(identity: Identity, issuer: Issuer) -> None:
    assert await refused(identity, issuer.token(oid="mallory")) == FORBIDDEN
    assert await refused(identity, issuer.token(oid="gone")) == FORBIDDEN


async def test_a_change_of_the_profile_holds_for_verified_tokens(
    identity: Identity, issuer: Issuer, people: dict[str, AgentProfile]
) -> None:
    token = issuer.token(oid="ada", roles=["Admin", "Agent"])
    assert (await identity.staff(token)).roles == {Role.ADMIN, Role.AGENT}
    people["ada"] = replace(people["ada"], roles=frozenset({Role.AGENT}))
    assert (await identity.staff(token)).roles == {Role.AGENT}
    people["ada"] = replace(people["ada"], enabled=False)
    assert await refused(identity, token) == FORBIDDEN
    del people["ada"]
    assert await refused(identity, token) == FORBIDDEN


async def test_no_signature_is_no_proof(identity: Identity, issuer: Issuer) -> None:
    claims = {**issuer.claims(), "iat": 0, "nbf": 0, "exp": NOW.timestamp() + 999}
    for algorithm in ("none", "None", "nOnE", ""):
        unsigned = f"{part({'alg': algorithm, 'kid': 'ec', 'typ': 'JWT'})}.{part(claims)}."
        assert await refused(identity, unsigned) == UNAUTHENTICATED
        assert await refused(identity, f"{unsigned}AAAA") == UNAUTHENTICATED
    head, body, signature = issuer.token().split(".")
    assert await refused(identity, f"{head}.{part(claims)}.{signature}") == UNAUTHENTICATED
    assert await refused(identity, f"{head}.{body}.") == UNAUTHENTICATED


@pytest.mark.parametrize("kid", ["ec", "rsa"])
async def test_a_public_key_is_no_secret(identity: Identity, issuer: Issuer, kid: str) -> None:
    public = issuer.keys[kid].public_key()
    encodings = [
        public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo),
        public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo),
    ]
    claims = {**issuer.claims(), "iat": 0, "nbf": 0, "exp": NOW.timestamp() + 999}
    for secret in encodings:
        for algorithm in ("HS256", "ES256", "RS256"):  # what the header says, of an HMAC
            head = f"{part({'alg': algorithm, 'kid': kid})}.{part(claims)}"
            hmac = jwt.api_jws.PyJWS(algorithms=["HS256"]).get_algorithm_by_name("HS256")
            # Signed by hand: PyJWT itself refuses to take a public key for a secret.
            signature = urlsafe_b64encode(hmac.sign(head.encode(), secret)).rstrip(b"=").decode()
            assert await refused(identity, f"{head}.{signature}") == UNAUTHENTICATED


async def test_a_key_signs_with_its_own_algorithm_only(identity: Identity, issuer: Issuer) -> None:
    crossed = jwt.encode(issuer.claims(), issuer.keys["rsa"], "RS256", headers={"kid": "ec"})
    assert await refused(identity, crossed) == UNAUTHENTICATED
    weaker = jwt.encode(issuer.claims(), issuer.keys["rsa"], "RS512", headers={"kid": "rsa"})
    assert await refused(identity, weaker) == UNAUTHENTICATED


async def test_unknown_and_missing_keys(identity: Identity, issuer: Issuer) -> None:
    stranger = Issuer()
    assert await refused(identity, stranger.token()) == UNAUTHENTICATED  # our key's id, another's key
    for headers in ({"kid": "other"}, {}, {"kid": "ec", "crit": ["exp"]}, {"kid": "ec", "jwk": stranger.jwks()}):
        token = jwt.encode(stranger.claims(), stranger.keys["ec"], "ES256", headers=headers)
        assert await refused(identity, token) == UNAUTHENTICATED


@pytest.mark.parametrize(
    "token",
    [
        "", ".", "..", "a.b", "a.b.c", "a.b.c.d", "é.é.é", "a.b.c\n", "\ud800", "a" * 10_000, f"{'a' * 4000}.a.a",
        f"{part('[' * 5000)}.e30.AA", f"{part('{' * 900)}.e30.AA", f"{part('null')}.e30.AA", f"{part('[]')}.e30.AA",
        f"{part({'alg': ['ES256'], 'kid': 'ec'})}.e30.AA", f"{part({'alg': 'ES256', 'kid': 7})}.e30.AA",
        f"{part({'alg': 'ES256', 'kid': 'ec', 'b64': False, 'crit': ['b64']})}.e30.AA",
        f"{part({'alg': 'ES256', 'kid': 'ec'})}.{part('9' * 5000)}.AA", f"{part({'alg': {}, 'kid': 'ec'})}.e30.AA",
    ],
    ids=lambda token: repr(token[:20]),
)  # fmt: skip
async def test_what_is_no_token_is_refused_like_a_wrong_one(identity: Identity, token: str) -> None:
    assert await refused(identity, token) == UNAUTHENTICATED


@given(st.data())
async def test_no_changed_token_is_believed(issuer: Issuer, data: st.DataObject) -> None:
    tokens = StaffTokens(Jwks(issuer.jwks()), ISSUER, AUDIENCE)
    token = issuer.token(data.draw(st.sampled_from(["ec", "rsa"])))
    last = token.rindex(".") - 1  # the last character of the signature has bits that mean nothing
    at = data.draw(st.integers(0, last))
    other = data.draw(st.characters(max_codepoint=0x2FF).filter(lambda c: c != token[at]))
    with pytest.raises(InvalidToken):
        await tokens.verify(token[:at] + other + token[at + 1 :], NOW)


async def test_a_key_source_that_does_not_answer_is_no_refusal() -> None:
    class Down:
        async def key(self, kid: str) -> SigningKey | None:
            raise Unavailable("the issuer does not answer")

    with pytest.raises(Unavailable):
        await StaffTokens(Down(), ISSUER, AUDIENCE).verify(Issuer().token(), NOW)


def test_the_memory_of_verified_tokens_is_bounded_and_short() -> None:
    kept = VerifiedTokens[int](size_max=2)
    for number in (1, 2):
        kept.keep(str(number), number, NOW + KEPT_FOR)
    assert kept.get("1", NOW) == 1  # used, so that it stays
    kept.keep("3", 3, NOW + KEPT_FOR)
    assert [kept.get(str(number), NOW) for number in (1, 2, 3)] == [1, None, 3]
    assert kept.get("1", NOW + KEPT_FOR) is None


async def test_a_withdrawn_key_is_forgotten_within_minutes(issuer: Issuer) -> None:
    jwks = Jwks(issuer.jwks())
    tokens, token = StaffTokens(jwks, ISSUER, AUDIENCE), issuer.token()
    await tokens.verify(token, NOW)
    jwks._keys.clear()
    await tokens.verify(token, NOW + KEPT_FOR - timedelta(seconds=1))
    with pytest.raises(InvalidToken):
        await tokens.verify(token, NOW + KEPT_FOR)
