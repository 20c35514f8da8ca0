"""What the Cosmos DB account holds: the one definition of its containers, for the adapter, its command and deployment.

An indexing policy names what the queries use and nothing else: each index is paid for with every write. Point reads and
the change feed need none.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from shared.ports import Container

DATABASE = "atende"
LEASES = "leases"
"""Where the change feed's triggers keep how far they have come."""

PARTITION = "/partition"
"""In every container: what the member holds is the conversation's, pool's, agent's... id, as the records say."""

PAGED = frozenset({Container.CONVERSATIONS, Container.ROUTING, Container.INBOX})
"""Containers with documents of a sequence."""
SEQUENCE = ("/partition", "/type", "/sequence", "/written")
"""The index that pages follow, and backwards the last of a sequence. It begins with what queries ask to be equal."""

ORDERED_BY_ID: Mapping[Container, Sequence[tuple[str, ...]]] = {
    Container.CONVERSATIONS: (
        ("status",), ("queue", "status"), ("owner.id",), ("owner.id", "status"), ("customer_id",),
    ),
    Container.DEAD_LETTERS: (),
}  # fmt: skip
"""Members that are searched by, beside the type, where the newest id comes first."""

ORDERED_BY_VALUE: Mapping[Container, Sequence[str]] = {
    Container.CONVERSATIONS: ("wait.until",), Container.INBOX: ("seen_at",),
}  # fmt: skip
"""Members that are searched for values below another one."""


def member_path(path: str) -> str:
    """Where a member such as "wait.until" lies in an item."""
    return "/body/" + path.replace(".", "/")


def id_index(members: Sequence[str]) -> tuple[str, ...]:
    """The paths of an index for a search by members that are equal."""
    return "/type", *map(member_path, members), "/id"


def definitions() -> list[dict[str, Any]]:
    """Each container as Cosmos DB's own interfaces want it."""
    leases = {"id": LEASES, "partitionKey": {"paths": ["/id"], "kind": "Hash", "version": 2}}
    return [*(_definition(container) for container in Container), leases]


def _definition(container: Container) -> dict[str, Any]:
    return {
        "id": str(container),
        "partitionKey": {"paths": [PARTITION], "kind": "Hash", "version": 2},
        "defaultTtl": -1,  # documents that are to go by themselves say when
        "indexingPolicy": {
            "indexingMode": "consistent",
            "automatic": True,
            "includedPaths": [{"path": f"{path}/?"} for path in _included(container)],
            "excludedPaths": [{"path": "/*"}, {"path": '/"_etag"/?'}],
            "compositeIndexes": [
                [{"path": path, "order": "ascending"} for path in index] for index in composites(container)
            ],
        },
    }


def composites(container: Container) -> list[tuple[str, ...]]:
    """The indexes over several paths. Read from behind they serve the opposite order."""
    indexes: list[tuple[str, ...]] = [SEQUENCE] if container in PAGED else []
    if container in ORDERED_BY_ID:
        indexes += [id_index(members) for members in ((), *ORDERED_BY_ID[container])]
    return indexes + [("/type", member_path(member)) for member in ORDERED_BY_VALUE.get(container, ())]


def _included(container: Container) -> list[str]:
    """Paths with an index of their own: those of the conditions, a composite index gives only the order."""
    paths = {path for index in composites(container) for path in index} - {"/id", "/written"}
    return sorted(paths)
