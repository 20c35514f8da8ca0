"""The identity under which this app calls Azure's services: no key, no connection string.

In Azure it is the managed identity (or a cluster's workload identity), on a development machine whoever has signed in
with `az login` or `azd auth login`. Nothing else is tried: a service principal's secret in the environment would be the
very thing that identities make needless, and each further attempt delays the first call.
"""

import asyncio
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from shared.settings import read_settings

if TYPE_CHECKING:
    from azure.core.credentials_async import AsyncTokenCredential
    from azure.identity.aio import DefaultAzureCredential

_credentials: "WeakKeyDictionary[asyncio.AbstractEventLoop, DefaultAzureCredential]" = WeakKeyDictionary()


def credential() -> "AsyncTokenCredential":
    """The one credential of the running event loop: its clients share the tokens that it keeps."""
    loop = asyncio.get_running_loop()
    if loop not in _credentials:
        _credentials[loop] = _make()
    return _credentials[loop]


async def close() -> None:
    """Let go of the connections of the running event loop's credential; to be called after its clients are closed."""
    made = _credentials.pop(asyncio.get_running_loop(), None)
    if made:
        await made.close()


def _make() -> "DefaultAzureCredential":
    # Only where it is used: it takes long to import.
    from azure.identity.aio import DefaultAzureCredential

    settings = read_settings()
    has_developer = settings.environment == "Development"
    return DefaultAzureCredential(
        managed_identity_client_id=settings.identity_client_id or None,
        exclude_workload_identity_credential=False,
        exclude_managed_identity_credential=False,
        exclude_cli_credential=not has_developer,
        exclude_developer_cli_credential=not has_developer,
        exclude_environment_credential=True,
        exclude_shared_token_cache_credential=True,
        exclude_visual_studio_code_credential=True,
        exclude_powershell_credential=True,
    )
