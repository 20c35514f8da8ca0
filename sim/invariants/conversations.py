"""I2, I5 and what holds of every head, message and event, from the documents of the conversations alone."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from shared.ports import Document
from sim.invariants.deadlines import Deadlines
from sim.invariants.entering import EnteringWatch
from sim.invariants.routing import FORCED
from sim.outside import seconds_at

Json = Mapping[str, Any]
Fail = Callable[[str, str], None]

FOLLOWS = {
    "new": {"bot", "queued", "closed"},
    "bot": {"queued", "closed"},
    "queued": {"offered", "active", "closed"},
    "offered": {"queued", "active", "closed"},
    "active": {"wrapUp", "waiting", "queued"},
    "waiting": {"queued", "active", "closed"},
    "wrapUp": {"closed"},
    "closed": set[str](),
}
"""As docs/conversation.md tells it. Two steps may be taken at once: an offer and its acceptance."""

LOOK_SECONDS = 25.0
"""A signal is looked at within this: the bot may take 6 s, a turn that fails is repeated after 3 s."""
OVERDUE_SECONDS = 130.0
"""A wait that is over by more than a minute is found by the sweep within another one."""


class ConversationWatch:
    """All conversations as their documents show them."""

    def __init__(
        self, deadlines: Deadlines, fail: Fail, time: Callable[[], float], entering: EnteringWatch
    ) -> None:  # fmt: skip
        self._deadlines, self._fail, self._time, self._entering = deadlines, fail, time, entering
        self.heads: dict[str, Json] = {}
        self.open: dict[str, None] = {}
        self.messages: dict[str, list[Json]] = {}
        self.owners: dict[str, set[str]] = {}

    def wrote(self, partition: str, changes: Sequence[tuple[Document | None, Document]]) -> None:
        """One batch was committed: a head, and what was said and done with it."""
        head = next((after.body for _, after in changes if after.type == "conversation"), None)
        if head is None:
            self._fail("I1", f"a batch of {partition} has no head: {[after.id for _, after in changes]}")
            return
        before = self.heads.get(partition)
        self.heads[partition] = head
        self._head(before, head)
        status = before["status"] if before else "new"
        for older, after in changes:
            if after.type in ("message", "event") and older is not None:
                self._fail("I1", f"{after.id} of {partition} was written twice")
            if after.type == "event":
                status = self._event(partition, status, after.body)
                self._entering.event(partition, after.body)
            if after.type == "message":
                self._message(partition, before, head, after.body)
        self._forced_is_told(before, head, [after.body for _, after in changes if after.type == "event"])
        if status != head["status"]:
            self._fail("timeline", f"the timeline of {partition} ends in {status}, the head is {head['status']}")

    def _head(self, before: Json | None, head: Json) -> None:
        id_ = head["id"]
        if before is not None:
            if head["version"] != before["version"] + 1:
                self._fail("I2", f"{id_} goes from version {before['version']} to {head['version']}")
            if head["epoch"] < before["epoch"]:
                self._fail("I2", f"the epoch of {id_} falls from {before['epoch']} to {head['epoch']}")
            if head["owner"] != before["owner"] and head["epoch"] == before["epoch"]:
                self._fail("I2", f"{id_} goes from {before['owner']} to {head['owner']} under one epoch")
            if before["enqueued_at"] and head["enqueued_at"] != before["enqueued_at"]:
                self._fail("place", f"{id_} has lost its place in line")
        owner = head["owner"]
        if owner and owner["kind"] == "agent":
            self.owners.setdefault(id_, set()).add(owner["id"])
        if (head["status"] == "active") != bool(owner and owner["kind"] == "agent" and head["work"]) and (
            head["status"] in ("active", "queued", "offered", "bot")
        ):
            self._fail("I2", f"{id_} is {head['status']}, its owner is {owner}")
        self._lives(head)

    def _forced_is_told(self, before: Json | None, head: Json, events: Sequence[Json]) -> None:
        """I3: what is given to an agent whatever they have to do is on record as such."""
        work = head["work"]["id"] if head["work"] else ""
        is_new = before is None or before["work"] != head["work"]
        if FORCED in work and is_new and not any("assignedBy" in event["data"] for event in events):
            self._fail("I3", f"{work} was given to somebody, and the timeline does not tell by whom")

    def _lives(self, head: Json) -> None:
        """I5: it is over, or its orchestration will look at it."""
        id_, wait, is_open = head["id"], head["wait"], head["status"] != "closed"
        if is_open:
            self.open[id_] = None
        else:
            self.open.pop(id_, None)
        unseen = is_open and (wait["signals"] > wait["seen"] or wait["token"] == 0)
        self._deadlines.set(
            ("look", id_), unseen, "I5", LOOK_SECONDS, lambda: f"nobody looks at {id_} ({head['status']})", 20.0
        )
        until = seconds_at(datetime.fromisoformat(wait["until"])) if wait["until"] else self._time()
        left = max(until - self._time(), 0.0)
        text = f"{id_} is {head['status']} and has no live timer"
        self._deadlines.renew(("alive", id_), is_open, "I5", left + OVERDUE_SECONDS, lambda: text, 150.0)

    def _event(self, id_: str, status: str, event: Json) -> str:
        """Each step begins where the one before has led to."""
        data = event["data"]
        if "from" not in data:
            return status
        if data["from"] != status or data["to"] not in FOLLOWS[status] | {status}:
            self._fail("timeline", f"{id_}: {event['type']} from {data['from']} to {data['to']} while it is {status}")
        return str(data["to"])

    def _message(self, id_: str, before: Json | None, head: Json, message: Json) -> None:
        """I2: agents write to what they own, the bot only until people were called."""
        kept = self.messages.setdefault(id_, [])
        if message["sequence"] != len(kept) + 1:
            self._fail("I1", f"message {message['id']} of {id_} has the place {message['sequence']}")
        kept.append(message)
        sender = message["sender"]
        owners = [h["owner"]["id"] for h in (before, head) if h and h["owner"] and h["owner"]["kind"] == "agent"]
        if sender["kind"] == "agent" and sender["id"] not in owners:
            self._fail("I2", f"{sender['id']} wrote to {id_}, which {owners} own")
        if sender["kind"] == "bot" and (before is None or before["status"] not in ("new", "bot")):
            self._fail("I2", f"the bot spoke in {id_}, which was {before and before['status']}")
