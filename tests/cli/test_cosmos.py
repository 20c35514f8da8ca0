"""The commands for an account, against a peer of it."""

import asyncio
import json

import pytest

from cli.__main__ import main
from shared.adapters.azure.containers import DATABASE
from tests.contracts.clock import HandClock
from tests.peers.cosmos import CosmosPeer

Capture = pytest.CaptureFixture[str]
Patch = pytest.MonkeyPatch


async def create(peer: CosmosPeer, monkeypatch: Patch) -> int:
    monkeypatch.setenv("Cosmos", peer.connection)
    return await asyncio.to_thread(main, ["cosmos", "create"])


async def test_create_makes_the_containers(monkeypatch: Patch, capsys: Capture) -> None:
    async with CosmosPeer(HandClock()).serving() as peer:
        assert await create(peer, monkeypatch) == 0
        assert "conversations: created" in capsys.readouterr().out.splitlines()
        assert "leases" in peer.account.database(DATABASE)
        assert await create(peer, monkeypatch) == 0
        assert "conversations: brought up to date" in capsys.readouterr().out.splitlines()


async def test_an_account_whose_reads_may_be_old_is_refused(monkeypatch: Patch, capsys: Capture) -> None:
    async with CosmosPeer(HandClock(), consistency="Session").serving() as peer:
        assert await create(peer, monkeypatch) == 1
        assert "consistency is Session, Atende needs BoundedStaleness or Strong" in capsys.readouterr().err


@pytest.mark.parametrize("setting", ["", "devhost:app.db"])
def test_without_an_account_it_says_what_to_set(setting: str, monkeypatch: Patch, capsys: Capture) -> None:
    monkeypatch.setenv("Cosmos", setting)
    assert main(["cosmos", "create"]) == 1
    assert "Cosmos__accountEndpoint" in capsys.readouterr().err


@pytest.mark.parametrize("setting", ["nonsense", "AccountEndpoint=http://127.0.0.1:1/;AccountKey=a2V5;"])
def test_an_account_that_cannot_be_reached_is_told(setting: str, monkeypatch: Patch, capsys: Capture) -> None:
    monkeypatch.setenv("Cosmos", setting)
    assert main(["cosmos", "create"]) == 1
    told = capsys.readouterr()
    assert told.err and "Traceback" not in told.err


def test_show_prints_definitions(capsys: Capture) -> None:
    assert main(["cosmos", "show"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["database"] == DATABASE
    ids = [container["id"] for container in shown["containers"]]
    assert {"conversations", "routing", "leases"} <= set(ids)
