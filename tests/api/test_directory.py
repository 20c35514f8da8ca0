"""The app with a directory of its own, as in Azure: the staff's tokens come from an OpenID issuer."""

import asyncio
import os
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from devhost.config import load_config
from tests.api.conftest import ROOT, load_app, use_settings
from tests.api.problems import check_problem
from tests.devhost.conftest import free_port, running
from tests.identity.wrong_tokens import spoilt, wrong_tokens
from tests.peers.issuer import IssuerPeer, part, running_issuer


@dataclass
class Office:
    """The running app and its issuer."""

    http: httpx.AsyncClient
    peer: IssuerPeer

    async def ask(self, token: str | bytes, path: str = "/api/agents/me") -> httpx.Response:
        """A call with a token; what is no ASCII goes out as a browser would send it."""
        raw = token if isinstance(token, bytes) else token.encode("utf-8", "surrogatepass")
        return await self.http.get(path, headers={b"Authorization": b"Bearer " + raw})

    async def refused(self, token: str) -> str:
        """The code of the problem that a token is answered with."""
        answer = await self.ask(token)
        return check_problem(answer.status_code, answer.headers, answer.content)


@pytest.fixture
async def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Office]:
    async with running_issuer() as peer:
        use_settings(
            monkeypatch, ATENDE_DATA_DIR=str(tmp_path / "data"), ATENDE_DEV_TOKENS="0", ATENDE_ISSUER=peer.issuer
        )  # fmt: skip
        config = load_config(ROOT, tmp_path / "data", port=free_port(), environ=os.environ)
        base_url = f"http://127.0.0.1:{config.port}"
        async with running(config, load_app()), httpx.AsyncClient(base_url=base_url, timeout=30) as http:
            yield Office(http, peer)


async def test_people_of_the_directory_sign_in_and_nobody_gives_tokens_away(office: Office) -> None:
    alice = await office.ask(office.peer.token())
    assert (alice.status_code, alice.json()["id"]) == (200, "alice")
    sam = office.peer.token(oid="sam", roles=["Supervisor"])
    assert (await office.ask(sam, "/api/supervisor/overview")).status_code == 200
    assert (await office.ask(office.peer.token(oid="sam"), "/api/supervisor/overview")).status_code == 403
    assert (await office.http.post("/dev/token", json={"user": "alice"})).status_code == 404


async def test_tokens_that_prove_nothing_are_problems_with_401(office: Office) -> None:
    wrong = wrong_tokens(office.peer, datetime.now(UTC))
    assert {name: await office.refused(token) for name, token in wrong.items()} == dict.fromkeys(
        wrong, "unauthenticated"
    )
    assert office.peer.counts == {"metadata": 1, "keys": 1}


@pytest.mark.parametrize("count", [300, pytest.param(10_000, marks=pytest.mark.slow)])
async def test_garbage_is_401_whatever_it_is(office: Office, count: int) -> None:
    chance, good = random.Random(count), office.peer.token()
    assert (await office.ask(good)).status_code == 200
    sent = 0
    while sent < count:
        token = spoilt(chance, good)
        if not token.strip() or token != token.strip() or any(ord(char) < 32 or char == "\x7f" for char in token):
            continue  # HTTP clients refuse to send it
        sent += 1
        assert await office.refused(token) == "unauthenticated", token
        stranger = part({"alg": "RS256", "kid": str(chance.random())})
        assert await office.refused(stranger + good[good.index(".") :]) == "unauthenticated"
    # How many minutes it took is not known; one per fetch would be 2 * count.
    assert office.peer.counts["keys"] < 20


async def test_an_issuer_out_of_reach_is_503_and_no_obstacle_to_known_keys(office: Office) -> None:
    assert (await office.ask(office.peer.token())).status_code == 200
    office.peer.status = 500
    new = office.peer.token(office.peer.rotate())
    assert await office.refused(new) == "unavailable", "nobody knows whether this one is good"
    assert (await office.ask(office.peer.token("key-1", jti="another"))).status_code == 200


async def test_an_app_that_starts_without_its_issuer_is_503_until_it_answers(office: Office) -> None:
    office.peer.status = 500
    assert await office.refused(office.peer.token()) == "unavailable"
    assert (await office.http.get("/api/health/ready")).status_code == 200
    office.peer.status = 200
    assert (await office.ask(office.peer.token())).status_code == 200


async def test_an_issuer_that_is_slow_holds_up_nobody_else(office: Office) -> None:
    office.peer.released.clear()
    waiting = [asyncio.create_task(office.ask(office.peer.token(jti=str(number)))) for number in range(30)]
    assert (await office.http.get("/api/health")).status_code == 200
    assert (await office.http.post("/api/chat/conversations", json={})).status_code == 201
    assert not any(task.done() for task in waiting)
    office.peer.released.set()
    assert {(await task).status_code for task in waiting} == {200}
    assert office.peer.counts == {"metadata": 1, "keys": 1}
