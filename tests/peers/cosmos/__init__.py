"""A Cosmos DB account (NoSQL) in memory, as far as the product uses one."""

from tests.peers.cosmos.faults import Fault
from tests.peers.cosmos.server import CosmosPeer

__all__ = ["CosmosPeer", "Fault"]
