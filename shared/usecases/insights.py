"""Figures of the day, projected from conversations: fed by the change feed, safe to repeat."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from shared.domain.centre import ContactCentre
from shared.domain.conversation import Event, Status, Step
from shared.ports import Document
from shared.records.insights import Contribution, Open, Outcome, Stay
from shared.usecases.services import Services

TIMELINE_PAGE = 200
_WAITS = (Status.QUEUED, Status.OFFERED)


def day_of(moment: datetime) -> str:
    """The day that a moment belongs to, in UTC."""
    return moment.astimezone(UTC).date().isoformat()


def is_counted(document: Document) -> bool:
    """Whether an event begins or ends a stay in a queue."""
    data = document.body["data"]
    return _begins(data) or _ends(data)


async def note_open(services: Services, document: Document) -> None:
    """Note where the conversation of a head document is."""
    body = document.body
    owner = body["owner"]
    agent = owner["id"] if owner and owner["kind"] == "agent" else None
    open_ = Open(document.id, int(body["version"]), Status(body["status"]), body["queue"], agent)
    await services.insights.note(open_)


async def count(services: Services, conversation_id: str) -> None:
    """Put a conversation's contributions in the place of those before."""
    conversation = await services.conversations.get(conversation_id)
    if conversation is None:
        return
    events: list[Event] = []
    while page := await services.conversations.timeline(
        conversation_id, after=events[-1].sequence if events else 0, limit=TIMELINE_PAGE
    ):
        events += page
    by_day: dict[tuple[str, str], list[Stay]] = {}
    for queue, stay in stays_of(events, conversation.queue or "", services.centre):
        by_day.setdefault((queue, day_of(stay.began)), []).append(stay)
    for (queue, day), stays in by_day.items():
        contribution = Contribution(conversation_id, len(events), tuple(stays))
        await services.insights.contribute(queue, day, contribution)


def stays_of(events: Iterable[Event], queue: str, centre: ContactCentre) -> list[tuple[str, Stay]]:
    """The stays in queues that a timeline tells of; `queue` where it names none."""
    stays: list[tuple[str, Stay]] = []
    began: datetime | None = None
    for event in events:
        if began and _is_moved(event.data) and event.data["queue"] == queue:
            continue  # something else happened to it where it waits
        if began and _ends(event.data):
            stays.append((queue, _stay(event, began, queue, centre)))
            began = None
        if _begins(event.data):
            queue, began = str(event.data.get("queue") or queue), event.at
    if began:
        stays.append((queue, Stay(began)))
    return stays


def _begins(data: Mapping[str, Any]) -> bool:
    return (data.get("to") == Status.QUEUED and data.get("from") != Status.OFFERED) or _is_moved(data)


def _ends(data: Mapping[str, Any]) -> bool:
    return data.get("from") in _WAITS and (data.get("to") not in _WAITS or _is_moved(data))


def _is_moved(data: Mapping[str, Any]) -> bool:
    """Into another queue. A declined offer leads back into the same one and names none."""
    return data.get("from") in _WAITS and data.get("to") == Status.QUEUED and "queue" in data


def _stay(event: Event, began: datetime, queue: str, centre: ContactCentre) -> Stay:
    waited = event.at - began
    milliseconds = round(waited.total_seconds() * 1000)
    profile = centre.queues.get(queue)
    if event.data.get("to") == Status.ACTIVE:
        is_in_time = profile is not None and waited <= profile.service_level
        return Stay(began, milliseconds, Outcome.ANSWERED, is_in_time)
    if event.type == Step.CUSTOMER_LEFT and profile and waited < profile.short_abandon:
        return Stay(began, milliseconds, Outcome.SHORT_ABANDONED)
    if event.type in (Step.CUSTOMER_LEFT, Step.TIMED_OUT):
        return Stay(began, milliseconds, Outcome.ABANDONED)
    return Stay(began, milliseconds, Outcome.MOVED if _is_moved(event.data) else Outcome.CLOSED)
