"""The app under the embedded host: health, and its own description."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from devhost.config import load_config
from devhost.loader import index
from shared.contracts.health import Check, Readiness
from shared.openapi import document_json
from tests.api.conftest import load_app, use_settings
from tests.devhost.conftest import free_port, running

ROOT = Path(__file__).parents[2]


@pytest.fixture
async def http(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the app."""
    use_settings(monkeypatch, ATENDE_DATA_DIR=str(tmp_path))
    config = load_config(ROOT, tmp_path, port=free_port(), environ=os.environ)
    assert config.warnings == ()
    base_url = f"http://127.0.0.1:{config.port}"
    async with running(config, load_app()), httpx.AsyncClient(base_url=base_url) as client:
        yield client


async def test_health(http: httpx.AsyncClient) -> None:
    answer = await http.get("/api/health")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


async def test_ready_says_what_it_checked(http: httpx.AsyncClient) -> None:
    answer = await http.get("/api/health/ready")
    assert (answer.status_code, answer.json()) == (
        200,
        {"checks": {"store": {"ok": True, "error": None}}, "status": "ready"},
    )


def test_one_failing_check_makes_the_app_unavailable() -> None:
    checks = {"store": Check(ok=True), "queue": Check(ok=False, error="refused")}
    assert Readiness(checks=checks).status == "unavailable"


async def test_openapi_is_served_and_committed(http: httpx.AsyncClient) -> None:
    answer = await http.get("/api/openapi.json")
    assert answer.text == document_json() == (ROOT / "docs" / "openapi.json").read_text()


async def test_every_route_is_described(http: httpx.AsyncClient) -> None:
    described = set((await http.get("/api/openapi.json")).json()["paths"])
    served = {f"/{spec.trigger['route']}" for spec in index(load_app()) if spec.kind == "httpTrigger"}
    assert served - {"/api/{*path}", "/{*path}"} == described
