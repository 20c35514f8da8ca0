"""The demo against the real app under a host in this process, and how its outcome is counted."""

import io
import os
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from demo.__main__ import Impossible, main, play
from demo.outcome import Outcome, take_in
from demo.play import Plan
from devhost.config import load_config
from tests.api.conftest import load_app, use_settings
from tests.devhost.conftest import free_port, running

ROOT = Path(__file__).parents[2]
PLAN = Plan(chats=8, seconds=6.0, speed=6.0, seed=1, service_levels={"general": 20.0, "billing": 20.0})


@pytest.mark.slow
async def test_a_demo_loses_nothing_and_its_outcomes_add_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use_settings(monkeypatch)
    config = load_config(ROOT, tmp_path / "data", port=free_port(), environ=os.environ)
    said = io.StringIO()
    async with running(config, load_app()):
        outcome = await play(f"http://127.0.0.1:{config.port}", PLAN, Console(file=said, width=100))
    assert outcome.conversations == PLAN.chats
    assert (outcome.lost, outcome.doubled) == (0, 0)
    assert not outcome.by_end["still open"], outcome.by_end
    assert outcome.handled.total() >= outcome.by_end["handled by an agent"] > 0
    assert outcome.dispositions.total() == outcome.by_end["handled by an agent"]
    assert outcome.sent > PLAN.chats
    assert "lost" in said.getvalue()
    assert "errors" not in said.getvalue(), said.getvalue()


@pytest.mark.slow
async def test_without_development_tokens_it_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use_settings(monkeypatch, ATENDE_DEV_TOKENS="0", ATENDE_SECRETS="0" * 64)
    config = load_config(ROOT, tmp_path / "data", port=free_port(), environ=os.environ)
    async with running(config, load_app()):
        with pytest.raises(Impossible, match="ATENDE_DEV_TOKENS=1"):
            await play(f"http://127.0.0.1:{config.port}", PLAN, Console(file=io.StringIO()))


def test_without_a_host_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("PORT", str(free_port()))
    assert main(["--chats", "1"]) == 1
    assert "make run" in capsys.readouterr().err


def _view(status: str, *timeline: tuple[str, int], disposition: str | None = None) -> dict[str, Any]:
    events = [
        {"type": type_, "at": f"2026-11-23T12:00:{second:02}Z", "data": {"agentId": "alice"}}
        for type_, second in timeline
    ]
    return {"conversation": {"status": status, "queue": "general", "disposition": disposition}, "timeline": events}


def test_outcomes_are_counted_from_what_the_host_says() -> None:
    outcome, limits = Outcome(), {"general": 10.0}
    talked = [("enqueued", 0), ("offered", 3), ("accepted", 5), ("released", 10), ("accepted", 25), ("wrappedUp", 30)]
    take_in(outcome, _view("closed", *talked, disposition="resolved"), ["c1", "a1"], ["c1", "a1"], limits)
    take_in(outcome, _view("closed", ("enqueued", 0), ("customerLeft", 4)), ["c1"], ["c1", "c2"], limits)
    take_in(outcome, _view("closed", ("botTookOver", 0), ("ended", 4)), ["c1", "c1"], ["c1"], limits)
    take_in(outcome, _view("active", ("enqueued", 0)), [], [], limits)
    assert outcome.by_end == {
        "handled by an agent": 1, "abandoned in the queue": 1, "closed with the bot": 1, "still open": 1,
    }  # fmt: skip
    assert outcome.answered == [5.0, 15.0]
    assert (outcome.abandoned, outcome.service_level) == (1, 1 / 3)
    assert outcome.handled == {"alice": 2}
    assert (outcome.sent, outcome.lost, outcome.doubled) == (5, 1, 1)
