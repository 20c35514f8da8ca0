"""The directory and what administrators look after."""

import azure.durable_functions as df

from shared.contracts.agents import DeadLetter, DirectoryEntry
from shared.contracts.manage import Policy, PolicyPublished, PublishPolicy, TrafficEntry
from shared.contracts.wire import Accepted, Page
from shared.usecases import dead_letters, directory, publishing, traffic
from triggers.api import Call, operation

bp = df.Blueprint()


@operation(bp, "readDirectory")
async def read_directory(call: Call[None]) -> Page[DirectoryEntry]:
    """What dialogs choose from."""
    query = call.query
    return await directory.search(call.services, query["kind"], query["q"] or "", query["cursor"], query["limit"])


@operation(bp, "readPolicy")
async def read_policy(call: Call[None]) -> Policy:
    """The configuration that counts, with its files."""
    return await publishing.read(call.app.policies)


@operation(bp, "publishPolicy")
async def publish_policy(call: Call[PublishPolicy]) -> PolicyPublished:
    """Have another configuration count."""
    return await publishing.publish(call.services, call.app.policies, call.body, call.profile.id)


@operation(bp, "exportTraffic")
async def export_traffic(call: Call[None]) -> Page[TrafficEntry]:
    """What routing has recorded, in order."""
    return await traffic.export(call.services, call.query["pool"], call.query["cursor"])


@operation(bp, "listDeadLetters")
async def list_dead_letters(call: Call[None]) -> Page[DeadLetter]:
    """Messages that could not be handled, with the reason."""
    return await dead_letters.search(call.services, call.query["cursor"], call.query["limit"])


@operation(bp, "resubmitDeadLetter")
async def resubmit_dead_letter(call: Call[None]) -> Accepted:
    """Put a message back where it came from."""
    await dead_letters.resubmit(call.services, call.id)
    return Accepted()
