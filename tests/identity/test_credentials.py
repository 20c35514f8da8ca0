"""Managed identity, with Azure's own library over the wire: what it asks for, and that there is one for all clients."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from shared.adapters.azure import credentials
from tests.peers.issuer import IssuerPeer, running_issuer

SCOPE = "https://cosmos.azure.com/.default"


@pytest.fixture
async def platform(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[IssuerPeer]:
    """What App Service and Functions give an app: an address on the machine and a header that proves who asks."""
    async with running_issuer() as peer:
        monkeypatch.setenv("IDENTITY_ENDPOINT", f"{peer.url}/msi/token")
        monkeypatch.setenv("IDENTITY_HEADER", "proof")
        monkeypatch.setenv("AZURE_FUNCTIONS_ENVIRONMENT", "Production")
        for name in ("AZURE_CLIENT_ID", "AZURE_TENANT_ID", "AZURE_CLIENT_SECRET", "AZURE_TOKEN_CREDENTIALS"):
            monkeypatch.delenv(name, raising=False)
        yield peer
        await credentials.close()


async def test_the_managed_identity_is_asked_once_for_all_clients(
    platform: IssuerPeer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AZURE_CLIENT_ID", "user-assigned")
    made = credentials.credential()
    assert credentials.credential() is made
    tokens = [await made.get_token(SCOPE) for _ in range(3)]
    assert {token.token for token in tokens} == {"msi-token"}
    assert platform.counts == {"identity": 1}
    wanted = {"resource": "https://cosmos.azure.com", "client_id": "user-assigned", "header": "proof"}
    assert platform.asked.items() >= wanted.items()


async def test_without_a_client_id_it_is_the_apps_own_identity(platform: IssuerPeer) -> None:
    assert (await credentials.credential().get_token(SCOPE)).token == "msi-token"
    assert "client_id" not in platform.asked


async def test_secrets_in_the_environment_are_not_used(platform: IssuerPeer, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AZURE_CLIENT_ID", "AZURE_TENANT_ID", "AZURE_CLIENT_SECRET"):
        monkeypatch.setenv(name, "a-service-principal")
    assert (await credentials.credential().get_token(SCOPE)).token == "msi-token"


async def test_a_closed_one_is_made_anew_and_closing_twice_is_harmless(platform: IssuerPeer) -> None:
    first = credentials.credential()
    await credentials.close()
    await credentials.close()
    assert credentials.credential() is not first


def test_each_event_loop_has_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_FUNCTIONS_ENVIRONMENT", "Production")

    async def made() -> int:
        try:
            return id(credentials.credential())
        finally:
            await credentials.close()

    assert asyncio.run(made()) and asyncio.run(made())
    assert not credentials._credentials
