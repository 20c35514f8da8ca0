"""The directory and what administrators look after."""

import azure.durable_functions as df

from shared.contracts.agents import DeadLetter, DirectoryEntry
from shared.contracts.wire import Accepted, Page
from shared.usecases import dead_letters, directory
from triggers.api import Call, operation

bp = df.Blueprint()


@operation(bp, "readDirectory")
async def read_directory(call: Call[None]) -> Page[DirectoryEntry]:
    """What dialogs choose from."""
    query = call.query
    return await directory.search(call.services, query["kind"], query["q"] or "", query["cursor"], query["limit"])


@operation(bp, "listDeadLetters")
async def list_dead_letters(call: Call[None]) -> Page[DeadLetter]:
    """Messages that could not be handled, with the reason."""
    return await dead_letters.search(call.services, call.query["cursor"], call.query["limit"])


@operation(bp, "resubmitDeadLetter")
async def resubmit_dead_letter(call: Call[None]) -> Accepted:
    """Put a message back where it came from."""
    await dead_letters.resubmit(call.services, call.id)
    return Accepted()
