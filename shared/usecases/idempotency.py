"""Idempotency-Key: the same key and body do a thing once, within a day."""

import contextlib
import hashlib
from collections.abc import Awaitable, Callable
from datetime import timedelta

from shared.errors import ProblemError
from shared.ports import Conflict, Container, Document, Unavailable, Write
from shared.usecases.services import Services

KEPT = timedelta(hours=24)


async def once(
    services: Services, scope: str, key: str | None, body: str, do: Callable[[str], Awaitable[None]]
) -> str:  # fmt: skip
    """The id of what is made; `do` makes it under that id and can be repeated. Problem: idempotency-mismatch."""
    minted = services.ids()
    if key is None:
        await do(minted)
        return minted
    partition = "idempotency:" + hashlib.sha256(f"{scope}\0{key}".encode()).hexdigest()[:32]
    request = {"digest": hashlib.sha256(body.encode()).hexdigest(), "made": minted, "done": False}
    stored = await _claim(services, partition, request)
    if stored.body["digest"] != request["digest"]:
        raise ProblemError(422, "idempotency-mismatch", "this key came with another body before")
    minted = str(stored.body["made"])
    if not stored.body["done"]:  # also if an earlier request was cut off halfway: `do` can be repeated
        await do(minted)
        done = Write("request", "idempotency", {**request, "made": minted, "done": True}, stored.etag, lives=KEPT)
        with contextlib.suppress(Conflict):  # a twin of this request has noted it
            await services.documents.commit(Container.ADDRESSES, partition, [done])
    return minted


async def _claim(services: Services, partition: str, request: dict[str, object]) -> Document:
    """The request as first made under its key."""
    with contextlib.suppress(Conflict):
        write = Write("request", "idempotency", request, lives=KEPT)
        await services.documents.commit(Container.ADDRESSES, partition, [write])
    stored = await services.documents.read(Container.ADDRESSES, partition, "request")
    if stored is None:
        raise Unavailable("the key has expired just now")
    return stored
