"""The staff's tokens of an OpenID issuer, over the wire: whose are believed, how often the issuer is asked."""

import asyncio
import random
import string
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest

from shared.domain.centre import AgentProfile
from shared.errors import ProblemError
from shared.identity import Identity, build_identity
from shared.identity.directory import REFRESH_AFTER, STALE_MAX, TASK, WAITERS_MAX, DirectoryKeys
from shared.identity.fetching import BYTES_MAX, HttpFetch
from shared.identity.tokens import KEPT_FOR
from shared.ports import Unavailable
from tests.identity.conftest import NOW, HandClock, settings
from tests.identity.wrong_tokens import spoilt, wrong_tokens
from tests.peers.issuer import IssuerPeer, part, running_issuer

MINUTE = timedelta(minutes=1)


class Door:
    """An app's identity with an issuer over the wire, and how it answers a token: 200 or the refusal's status."""

    def __init__(self, peer: IssuerPeer, people: dict[str, AgentProfile], clock: HandClock, folder: Path) -> None:
        self.peer, self.people, self.clock, self._folder = peer, people, clock, folder
        self._serial = 0
        self.identity = self.built()

    def built(self, **values: Any) -> Identity:
        """As the composition root makes it."""
        wanted = settings(**{"environment": "Development", "issuer": self.peer.issuer, **values})
        return build_identity(wanted, self._folder, lambda: self.people, self.clock)

    def token(self, kid: str | None = None, **changes: Any) -> str:
        """A token of the issuer, issued now and never before: the door remembers those that it has verified."""
        self._serial += 1
        return self.peer.token(kid, self.clock.now, jti=str(self._serial), **changes)

    async def __call__(self, token: str | None = None, identity: Identity | None = None) -> int:
        try:
            await (identity or self.identity).staff(self.token() if token is None else token)
        except ProblemError as error:
            return error.status
        except Unavailable:
            return 503
        return 200

    @property
    def fetches(self) -> int:
        """How often the issuer was asked for its keys."""
        return self.peer.counts["keys"]

    async def settled(self) -> None:
        """What goes on in the background has come to its end."""
        await asyncio.gather(*_flights())


def _flights() -> list["asyncio.Task[Any]"]:
    return [task for task in asyncio.all_tasks() if task.get_name() == TASK]


@pytest.fixture
async def door(people: dict[str, AgentProfile], clock: HandClock, tmp_path: Path) -> AsyncIterator[Door]:
    async with running_issuer() as peer:
        yield Door(peer, people, clock, tmp_path)


async def test_the_keys_are_asked_for_once(door: Door) -> None:
    assert [await door(door.token(oid=who)) for who in ("alice", "sam", "ada")] == [200] * 3
    assert door.peer.counts == {"metadata": 1, "keys": 1}


async def test_tokens_that_prove_nothing(door: Door) -> None:
    wrong = wrong_tokens(door.peer, NOW)
    assert {name: await door(token) for name, token in wrong.items()} == dict.fromkeys(wrong, 401)
    assert door.peer.counts == {"metadata": 1, "keys": 1}
    assert await door() == 200


async def test_a_new_key_is_believed_after_one_look_and_a_retired_one_no_longer(door: Door) -> None:
    old = door.peer.current
    token = door.token()
    assert await door(token) == 200
    door.peer.rotate()
    assert (await door(), door.fetches) == (200, 2)
    assert await door(door.token(old)) == 200, "both are published"
    door.peer.published.remove(old)
    door.clock.now += REFRESH_AFTER
    await door()  # looks for new keys in the background
    await door.settled()
    assert REFRESH_AFTER > KEPT_FOR
    assert await door(door.token(old)) == 401
    assert (await door(), door.fetches) == (200, 4), "it was looked for, too"


async def test_ten_thousand_key_ids_cause_two_fetches_a_minute(door: Door) -> None:
    chance = random.Random(7)
    tokens = [
        jwt.encode({"x": 1}, "k" * 32, "HS256", headers={"kid": "".join(chance.choices(string.printable, k=12))})
        for _ in range(50)
    ]
    signed = door.token().split(".")[1:]
    for number in range(10_000):
        kid = "".join(chance.choices(string.ascii_letters, k=1 + number % 200))
        token = ".".join([part({"alg": "RS256", "kid": kid}), *signed]) if number % 200 else tokens[number // 200]
        assert await door(token) == 401
        if number % 2_500 == 2_499:
            minutes = number // 2_500 + 1
            assert door.fetches == 2 * minutes
            door.clock.forward(minutes=1)
    assert door.peer.counts == {"metadata": 1, "keys": 8}
    assert await door() == 200


async def test_many_at_once_are_one_fetch(door: Door) -> None:
    door.peer.released.clear()
    calls = [asyncio.create_task(door(door.token(oid=who))) for who in ("alice", "sam", "ada") * 20]
    while not _flights():
        await asyncio.sleep(0)
    calls[0].cancel()  # whoever gives up does not end it for the others
    door.peer.released.set()
    assert set(await asyncio.gather(*calls[1:])) == {200}
    assert door.peer.counts == {"metadata": 1, "keys": 1}


async def test_those_who_wait_for_a_slow_issuer_are_few(door: Door) -> None:
    door.peer.released.clear()
    calls = [asyncio.create_task(door()) for _ in range(WAITERS_MAX + 40)]
    done, _ = await asyncio.wait(calls, return_when=asyncio.FIRST_COMPLETED)
    door.peer.released.set()
    answers = await asyncio.gather(*calls)
    assert (answers.count(503), answers.count(200)) == (40, WAITERS_MAX)
    assert all(call.result() == 503 for call in done)


async def test_an_issuer_that_is_out_of_reach_is_no_fault_of_the_caller(door: Door) -> None:
    door.peer.status = 503
    assert [await door() for _ in range(100)] == [503] * 100
    assert door.peer.counts == {"metadata": 2}
    door.peer.status = 200
    assert await door() == 503, "it was asked a moment ago"
    door.clock.now += MINUTE
    assert await door() == 200


async def test_known_keys_count_for_a_day_while_the_issuer_is_out_of_reach(door: Door) -> None:
    assert await door() == 200
    door.peer.status = 500
    while door.clock.now < NOW + STALE_MAX - 5 * MINUTE:
        door.clock.forward(minutes=5)
        assert await door() == 200
        await door.settled()
    assert door.peer.counts["metadata"] > 200, "it was asked again and again"
    assert await door(door.token(door.peer.rotate())) == 503, "a new key cannot be looked for"
    assert await door(door.token("key-1")) == 200
    door.clock.now = NOW + STALE_MAX
    assert await door(door.token("key-1")) == 503
    door.peer.status = 200
    door.clock.now += MINUTE
    assert await door(door.token("key-1")) == 200


async def test_refreshes_are_not_waited_for_and_keep_to_the_limit(door: Door) -> None:
    assert await door() == 200
    door.clock.now += REFRESH_AFTER
    door.peer.released.clear()
    assert [await door() for _ in range(50)] == [200] * 50
    door.peer.status = 500
    door.peer.released.set()
    await door.settled()
    for _ in range(2):  # the second of this minute, and no third
        assert await door() == 200
        await door.settled()
    assert door.peer.counts == {"metadata": 3, "keys": 1}


async def test_a_clock_that_was_set_back_does_not_lock_the_issuer_out(door: Door) -> None:
    door.clock.forward(days=300)
    for _ in range(3):
        assert await door(door.token(door.peer.rotate())) in (200, 401)
    door.clock.now = NOW
    assert await door(door.token(door.peer.rotate())) == 200


@pytest.mark.parametrize(
    ("what", "body"),
    [
        ("metadata", b"{"), ("metadata", b"[]"), ("metadata", b"{}"), ("metadata", b"\xff"), ("keys", b"null"),
        ("keys", b'{"keys": []}'), ("keys", b'{"keys": {}}'), ("keys", b"[" * 100_000), ("keys", b""),
        ("keys", b'{"keys": [{"kid": "key-1", "kty": "RSA"}]}'), ("keys", b" " * (BYTES_MAX + 1)),
    ],
    ids=lambda value: repr(value[:24]),
)  # fmt: skip
async def test_answers_that_make_no_sense_take_no_key_away(door: Door, what: str, body: bytes) -> None:
    fresh = door.built()
    assert await door() == 200
    door.peer.bodies[what] = body
    assert await door(identity=fresh) == 503
    door.clock.now += REFRESH_AFTER
    assert await door() == 200
    await door.settled()
    assert await door() == 200


@pytest.mark.parametrize(
    "metadata",
    [
        {"issuer": "https://evil.example/v2.0"}, {"jwks_uri": None}, {"jwks_uri": "http://issuer.example/keys"},
        {"jwks_uri": "file:///etc/passwd"}, {"jwks_uri": "//127.0.0.1/keys"}, {"jwks_uri": "http://127.0.0.1:0/"},
        {"jwks_uri": "http://127.0.0.1:99999/"}, {"jwks_uri": "https://[/"},
    ],
    ids=str,
)  # fmt: skip
async def test_metadata_of_others_or_with_unsafe_addresses_are_refused(door: Door, metadata: dict[str, Any]) -> None:
    identity, token = door.identity, door.token()
    door.peer.metadata = metadata
    assert await door(token, identity) == 503
    assert door.fetches == 0


async def test_redirects_are_not_followed(door: Door) -> None:
    door.peer.status = 302
    assert await door() == 503
    assert door.peer.counts == {"metadata": 1}


async def test_only_algorithms_that_the_issuer_declares(door: Door) -> None:
    private = door.peer.private[door.peer.current]
    door.peer.bodies["keys"] = (
        b'{"keys": [%s]}' % jwt.algorithms.RSAAlgorithm.to_jwk(private.public_key(), as_dict=False).encode()
    ).replace(b'"kty"', b'"alg": "PS256", "kid": "key-1", "kty"')
    token = jwt.encode(door.peer.claims(NOW), private, "PS256", headers={"kid": "key-1"})
    assert await door(token) == 503, "none of its keys could be used"
    door.peer.metadata = {"id_token_signing_alg_values_supported": ["PS256", "none", "HS256"]}
    assert await door(token, door.built()) == 200


async def test_an_issuer_that_does_not_answer_in_time(door: Door, clock: HandClock) -> None:
    door.peer.released.clear()
    keys = DirectoryKeys(door.peer.issuer, HttpFetch(is_loopback_safe=True, seconds_max=0.1), clock)
    with pytest.raises(Unavailable):
        await keys.key("key-1")


async def test_plain_http_is_for_development_machines(door: Door, clock: HandClock) -> None:
    with pytest.raises(Unavailable, match="not https"):
        await HttpFetch(is_loopback_safe=False)(f"{door.peer.url}/keys")


async def test_tenants(door: Door) -> None:
    home = door.built(tenants="home, other")
    assert [await door(door.token(tid=tid), home) for tid in ("home", "other", "evil", None, ..., ["home"])] == [
        200, 200, 401, 401, 401, 401,
    ]  # fmt: skip


async def test_an_issuer_of_many_tenants(door: Door) -> None:
    door.peer.metadata = {"issuer": f"{door.peer.url}/{{tenantid}}/v2.0"}
    many = door.built(tenants="home,other")

    async def answer(tid: Any, issued_for: str) -> int:
        return await door(door.token(tid=tid, iss=f"{door.peer.url}/{issued_for}/v2.0"), many)

    assert [await answer(tid, tid) for tid in ("home", "other", "evil")] == [200, 200, 401]
    assert [await answer("home", "other"), await answer("home", "{tenantid}"), await answer(..., "")] == [401] * 3
    keys = door.peer.jwks()["keys"]
    keys[0]["issuer"] = f"{door.peer.url}/other/v2.0"  # a key for one of them alone
    door.peer.bodies["keys"] = str(keys).replace("'", '"').join(('{"keys": ', "}")).encode()
    many = door.built(tenants="home,other")
    assert [await answer("home", "home"), await answer("other", "other")] == [401, 200]


async def test_another_claim_may_tell_who_it_is(door: Door) -> None:
    by_name = door.built(user_claim="preferred_username")
    assert await door(door.token(preferred_username="sam", oid=...), by_name) == 200
    assert await door(door.token(), by_name) == 401


async def test_who_is_disabled_is_refused_at_once(door: Door) -> None:
    token = door.token()
    assert await door(token) == 200
    door.people["alice"] = replace(door.people["alice"], enabled=False)
    assert await door(token) == 403


async def test_garbage_is_refused_and_never_reaches_the_issuer(door: Door) -> None:
    chance = random.Random(11)
    good = door.token()
    assert await door(good) == 200
    for _ in range(10_000):
        wrong = spoilt(chance, good)
        assert await door(wrong) == 401, (wrong, good)
    assert door.fetches <= 2
