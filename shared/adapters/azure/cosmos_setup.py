"""Makes an account's database and containers what `containers` says, as often as is wanted."""

import contextlib
from collections.abc import Mapping
from typing import Any

from azure.cosmos.aio import DatabaseProxy
from azure.cosmos.exceptions import CosmosResourceExistsError
from azure.cosmos.partition_key import PartitionKey

from shared.adapters.azure.containers import DATABASE, definitions
from shared.adapters.azure.cosmos_client import CosmosConnection, answering

CONSISTENT_ENOUGH = frozenset({"Strong", "BoundedStaleness"})


async def create(setting: str) -> list[str]:
    """Create what is missing, bring indexing policies up to date; what was done. Raises Unavailable and ValueError."""
    connection = CosmosConnection(setting)
    try:
        async with answering("creating the containers"):
            client = await connection.client()
            with contextlib.suppress(CosmosResourceExistsError):
                await client.create_database(DATABASE)
            database = client.get_database_client(DATABASE)
            return [await _create(database, definition) for definition in definitions()]
    finally:
        await connection.close()


async def consistency(setting: str) -> str:
    """The account's default. Raises Unavailable."""
    connection = CosmosConnection(setting)
    try:
        async with answering("asking the account"):
            client = await connection.client()
            account = await client._get_database_account()  # the SDK shows it nowhere else
            return str((account.ConsistencyPolicy or {}).get("defaultConsistencyLevel"))
    finally:
        await connection.close()


async def _create(database: DatabaseProxy, definition: Mapping[str, Any]) -> str:
    key = PartitionKey(path=definition["partitionKey"]["paths"][0], version=2)
    options: dict[str, Any] = {
        name: definition[member]
        for name, member in (("indexing_policy", "indexingPolicy"), ("default_ttl", "defaultTtl"))
        if member in definition
    }
    try:
        await database.create_container(definition["id"], key, **options)
    except CosmosResourceExistsError:
        await database.replace_container(definition["id"], key, **options)
        return f"{definition['id']}: brought up to date"
    return f"{definition['id']}: created"
