"""I3, I4 and the routing half of I8, from the documents of the routing partition alone."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from shared.domain.centre import AgentProfile, ContactCentre
from shared.ports import Document
from sim.invariants.deadlines import Deadlines

WAIT_SECONDS = 2.0
Json = Mapping[str, Any]
Fail = Callable[[str, str], None]
OVER = ("done", "failed", "overflowed")


class RoutingWatch:
    """A pool as its documents show it."""

    def __init__(self, centre: ContactCentre, deadlines: Deadlines, fail: Fail) -> None:
        self._centre, self._deadlines, self._fail = centre, deadlines, fail
        self.items: dict[str, Json] = {}
        self.agents: dict[str, Json] = {}
        self.offers: dict[str, Json] = {}
        self.of: dict[str, dict[str, None]] = {}
        """The work items of each conversation."""
        self._waiting: dict[str, None] = {}

    def wrote(self, changes: Sequence[tuple[Document | None, Document]]) -> None:
        """One batch was committed."""
        touched_items, touched_agents = [], []
        for before, after in changes:
            body = after.body
            if after.type == "work":
                self._same_place(before, body)
                self.items[body["id"]] = body
                self.of.setdefault(body["conversation_id"], {})[body["id"]] = None
                touched_items.append(body["id"])
            elif after.type == "agent":
                self.agents[body["id"]] = body
                touched_agents.append(body["id"])
                self._capacity(body)
            elif after.type == "offer":
                self._offer(before, body)
                self.offers[body["id"]] = body
        for id_ in touched_items:
            self._consistent(self.items[id_])
        for id_ in touched_agents:
            self._held_is_known(self.agents[id_])
        for id_ in touched_items:
            self._pairs_of_item(self.items[id_])
        for id_ in touched_agents:
            for item in self._waiting:
                self._pair(self.items[item], id_)

    def held(self) -> list[str]:
        """Who holds what."""
        return [f"{id_} holds {work}" for id_, agent in self.agents.items() for work in agent["held"]]

    def unfinished(self) -> list[str]:
        """Work that is not over."""
        return [f"{id_} is {item['state']}" for id_, item in self.items.items() if item["state"] not in OVER]

    def _same_place(self, before: Document | None, item: Json) -> None:
        """A place in line is kept, whatever happens to the work."""
        if before is None:
            return
        for name in ("enqueued_at", "priority", "conversation_id", "epoch"):
            if before.body[name] != item[name]:
                self._fail("place", f"{name} of {item['id']} was {before.body[name]} and is {item[name]}")
        if item["revision"] <= before.body["revision"] and item != before.body:
            self._fail("place", f"the revision of {item['id']} does not rise")

    def _capacity(self, agent: Json) -> None:
        profile = self._centre.agents[agent["id"]]
        used = sum(held["units"] for held in agent["held"].values())
        if used > profile.capacity:
            self._fail("I3", f"{agent['id']} holds {used} units of {profile.capacity}: {sorted(agent['held'])}")

    def _offer(self, before: Document | None, offer: Json) -> None:
        if before is not None and before.body["state"] != "pending" and before.body["state"] != offer["state"]:
            self._fail("I2", f"offer {offer['id']} was {before.body['state']} and is {offer['state']}")

    def _consistent(self, item: Json) -> None:
        """Work, agent and offer say the same of who has it."""
        id_, state, agent_id = item["id"], item["state"], item["agent_id"]
        holders = [name for name, agent in self.agents.items() if id_ in agent["held"]]
        expected = [agent_id] if state in ("offered", "assigned") else []
        if holders != expected:
            self._fail("I3", f"{id_} is {state} (agent {agent_id}) and held by {holders}")
        if state == "offered":
            offer = self.offers.get(item["offer_id"])
            if offer is None or offer["state"] != "pending" or offer["agent_id"] != agent_id:
                self._fail("I3", f"{id_} is offered to {agent_id}, the offer is {offer}")

    def _held_is_known(self, agent: Json) -> None:
        for id_, held in agent["held"].items():
            item = self.items.get(id_)
            wanted = "offered" if held["state"] == "offered" else "assigned"
            if item is None or item["state"] != wanted or item["agent_id"] != agent["id"]:
                self._fail("I3", f"{agent['id']} holds {id_} as {held['state']}, which is {item and item['state']}")

    def _pairs_of_item(self, item: Json) -> None:
        if item["state"] == "waiting":
            self._waiting[item["id"]] = None
            for agent_id in self.agents:
                self._pair(item, agent_id)
        elif item["id"] in self._waiting:
            del self._waiting[item["id"]]
            for agent_id in self.agents:
                self._deadlines.end(("pair", item["id"], agent_id))

    def _pair(self, item: Json, agent_id: str) -> None:
        """I4: work that waits and an agent who may have it."""
        is_eligible = self._is_eligible(item, self.agents[agent_id], self._centre.agents[agent_id])
        self._deadlines.set(
            ("pair", item["id"], agent_id), is_eligible, "I4", WAIT_SECONDS,
            lambda: f"{item['id']} waits and {agent_id} is free",
        )  # fmt: skip

    def _is_eligible(self, item: Json, agent: Json, profile: AgentProfile) -> bool:
        is_there = agent["is_connected"] and agent["chosen"] == "available" and agent["penalty"] == "none"
        if not is_there or agent["next"] is not None or not profile.enabled:
            return False
        if sum(held["units"] for held in agent["held"].values()) + item["units"] > profile.capacity:
            return False
        if item["refusals"].get(agent_id := profile.id, 0) >= self._centre.offers.refusals_max:
            return False
        if item["target_agent"]:
            return bool(item["target_agent"] == agent_id)
        queue = self._centre.queues[item["queue"]]
        wanted = {*item["skills"], *queue.skills}
        return queue.id in profile.queues and wanted <= profile.skills.keys()
