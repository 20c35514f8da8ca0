"""An agent's screen as the inbox fills it: apply(snapshot, events)."""

from collections.abc import Callable
from typing import Any

Json = dict[str, Any]


class Screen:
    """What is on it, and how far the inbox was read."""

    def __init__(self, snapshot: Json, fail: Callable[[str, str], None]) -> None:
        self._fail = fail
        self.position = int(snapshot["eventId"])
        self.agent: Json = snapshot["agent"]
        self.offers: dict[str, Json] = {offer["offerId"]: offer for offer in snapshot["offers"]}
        self.conversations: dict[str, Json] = {head["id"]: head for head in snapshot["conversations"]}
        self.transfers: dict[str, str] = {}

    def apply(self, number: int, type_: str, data: Json) -> None:
        """One event; it must be the next one."""
        if number != self.position + 1:
            self._fail("I7", f"an inbox goes from event {self.position} to {number}")
        self.position = number
        match type_:
            case "offer.created":
                self.offers[data["offer"]["offerId"]] = data["offer"]
            case "offer.ended":
                self.offers.pop(data["offerId"], None)
            case "conversation.upserted":
                self.conversations[data["conversation"]["id"]] = data["conversation"]
            case "conversation.removed":
                self.conversations.pop(data["conversationId"], None)
            case "transfer.ended":
                self.transfers[data["transferId"]] = data["state"]
            case "agent.updated":
                self.agent = data["agent"]

    def shown(self) -> Json:
        """For comparisons. Closed conversations go from the screen when they are removed; messages tell no head."""
        on_screen = [head for head in self.conversations.values() if head["status"] != "closed"]
        return {
            "presence": self.agent["presence"], "used": self.agent["capacity"]["used"], "offers": sorted(self.offers),
            "conversations": {head["id"]: (head["status"], head["epoch"]) for head in on_screen},
        }  # fmt: skip
