"""I3, I4 and the routing half of I8, from the documents of the routing partition and the policy that counts."""

import heapq
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from shared.ports import Document
from sim.invariants import eligible
from sim.invariants.deadlines import Deadlines
from sim.invariants.policy import PolicyInForce
from sim.outside import seconds_at

WAIT_SECONDS = 2.0
REMEMBERED_SECONDS = 12.0
"""How many waited in a queue is remembered for so long: a rule that counts them is held against what it has read."""
LOST_SECONDS = 30.0
"""From when an agent is known to be lost, after 15 s of silence: another 15 s, heartbeats and sweeps every 5 s."""
GONE_SECONDS = 50.0
"""From when an agent does not work here any more: 30 s of silence, heartbeats and sweeps, a policy learnt late."""
STRANDED_SECONDS = 75.0
"""Who still enters a queue that is not there any more is found by a sweep every minute."""
Json = Mapping[str, Any]
Fail = Callable[[str, str], None]
OVER = ("done", "failed", "overflowed")
FORCED = ".assigned."
"""Stands in the ids of work that a supervisor has given to somebody."""


class RoutingWatch:
    """A pool as its documents show it."""

    def __init__(
        self, policy: PolicyInForce, deadlines: Deadlines, fail: Fail, time: Callable[[], float]
    ) -> None:  # fmt: skip
        self._policy, self._deadlines, self._fail, self._time = policy, deadlines, fail, time
        self.items: dict[str, Json] = {}
        self.agents: dict[str, Json] = {}
        self.offers: dict[str, Json] = {}
        self.of: dict[str, dict[str, None]] = {}
        """The work items of each conversation."""
        self._waiting: dict[str, None] = {}
        self._later: list[tuple[float, str]] = []
        """When which item is to be looked at again: it may ask for less by then."""
        self._queued: dict[str, deque[tuple[float, int]]] = {}
        self._held_before: dict[str, set[str]] = {}
        self._wraps_up: set[tuple[str, str]] = set()

    def wrote(self, changes: Sequence[tuple[Document | None, Document]]) -> None:
        """One batch was committed."""
        touched_items, touched_agents = [], []
        before_all = {
            after.body["id"]: before.body if before else None for before, after in changes if after.type == "agent"
        }
        for before, after in changes:
            body = after.body
            if after.type == "work":
                self._same_place(before, body)
                self._leaves_in_time(before, body)
                self._is_let_in(before, body)
                self.items[body["id"]] = body
                self.of.setdefault(body["conversation_id"], {})[body["id"]] = None
                touched_items.append(body["id"])
            elif after.type == "agent":
                self._capacity(self.agents.get(body["id"]), body)
                self.agents[body["id"]] = body
                touched_agents.append(body["id"])
            elif after.type == "offer":
                self._offer(before, body)
                self.offers[body["id"]] = body
        for before, after in changes:
            if after.type == "offer" and before is None:
                self._may_be_offered(after.body, before_all[after.body["agent_id"]])
        for id_ in touched_items:
            self._consistent(self.items[id_])
        for id_ in touched_agents:
            self._held_is_known(self.agents[id_])
            self._given_back(self.agents[id_])
            self._is_looked_after(self.agents[id_])
        for id_ in touched_items:
            self._look_at(self.items[id_])
        for id_ in touched_agents:
            self._pairs(self._waiting, (id_,))

    def policy_changed(self) -> None:
        """Another policy counts: who may take what is another question."""
        for id_ in list(self._waiting):
            self._look_at(self.items[id_])
        for agent in self.agents.values():
            self._is_looked_after(agent)

    def tick(self) -> None:
        """Some items may ask for less by now."""
        now = self._time()
        while self._later and self._later[0][0] <= now:
            _, id_ = heapq.heappop(self._later)
            if id_ in self._waiting:
                self._pairs((id_,), self.agents)
                self._must_leave(self.items[id_])

    def held(self) -> list[str]:
        """Who holds what."""
        return [f"{id_} holds {work}" for id_, agent in self.agents.items() for work in agent["held"]]

    def unfinished(self) -> list[str]:
        """Work that is not over."""
        return [f"{id_} is {item['state']}" for id_, item in self.items.items() if item["state"] not in OVER]

    def most_waiting(self, queue: str) -> int:
        """How many items waited in a queue at most, a moment ago."""
        return max((count for _, count in self._queued.get(queue, ())), default=0)

    def _same_place(self, before: Document | None, item: Json) -> None:
        """A place in line is kept, whatever happens to the work."""
        if before is None:
            return
        for name in ("enqueued_at", "priority", "conversation_id", "epoch"):
            if before.body[name] != item[name]:
                self._fail("place", f"{name} of {item['id']} was {before.body[name]} and is {item[name]}")
        if item["revision"] <= before.body["revision"] and item != before.body:
            self._fail("place", f"the revision of {item['id']} does not rise")

    def _leaves_in_time(self, before: Document | None, item: Json) -> None:
        """Work leaves its queue by a rule that holds."""
        if item["state"] != "overflowed" or (before and before.body["state"] == "overflowed"):
            return
        waited = self._time() - eligible.began_at(item) + eligible.EXACTLY
        queues = [centre.queues.get(item["queue"]) for centre in self._policy.lately()]
        rules = [rule for queue in queues if queue for rule in queue.overflow if rule.id == item["reason"]]
        if not any(rule.waited is not None and rule.waited.total_seconds() <= waited for rule in rules):
            self._fail("policy", f"{item['id']} leaves {item['queue']} by {item['reason']} after {waited:.3f} s")

    def _is_let_in(self, before: Document | None, item: Json) -> None:
        """Nobody who comes anew enters a queue that a supervisor has closed."""
        is_first = item["queued_at"] is not None and item["queued_at"] == item["enqueued_at"]
        is_new = before is None and item["kind"] == "new" and item["state"] == "waiting" and is_first
        if is_new and self._policy.is_closed(item["queue"], eligible.began_at(item)):
            self._fail("policy", f"{item['id']} has entered {item['queue']}, which is closed")

    def _capacity(self, before: Json | None, agent: Json) -> None:
        """What is offered or taken fits; what a supervisor gives, and what was held before, may be more."""
        known = before["held"] if before else {}
        news = [work for work in agent["held"] if work not in known and FORCED not in work]
        used = sum(held["units"] for held in agent["held"].values())
        profiles = [centre.agents.get(agent["id"]) for centre in self._policy.lately()]
        most = max((profile.capacity for profile in profiles if profile), default=0)
        if news and used > most:
            self._fail("I3", f"{agent['id']} gets {news} and holds {used} units of {most}: {sorted(agent['held'])}")

    def _offer(self, before: Document | None, offer: Json) -> None:
        if before is not None and before.body["state"] != "pending" and before.body["state"] != offer["state"]:
            self._fail("I2", f"offer {offer['id']} was {before.body['state']} and is {offer['state']}")

    def _may_be_offered(self, offer: Json, before: Json | None) -> None:
        """Work is offered to those who may take it, by a policy that counts; `before` is the agent before the batch."""
        item, after = self.items[offer["work_id"]], self.agents[offer["agent_id"]]
        held = {id_: held for id_, held in after["held"].items() if id_ != item["id"]}
        agent = {**after, "next": before["next"] if before else None}
        at = seconds_at(datetime.fromisoformat(offer["created_at"]))
        policies = self._policy.lately()
        if offer["policy"] not in {centre.version for centre in policies}:
            self._fail("policy", f"offer {offer['id']} was made by the policy {offer['policy']}, which counts no more")
        why = [eligible.refusal(item, {**agent, "held": held}, centre, at) for centre in policies]
        if None not in why:
            self._fail("policy", f"{item['id']} is offered to {agent['id']}, who {why[0]}")

    def _consistent(self, item: Json) -> None:
        """Work, agent and offer say the same of who has it."""
        id_, state, agent_id = item["id"], item["state"], item["agent_id"]
        holders = [name for name, agent in self.agents.items() if id_ in agent["held"]]
        expected = [agent_id] if state in ("offered", "assigned") else []
        # Wrap-up need not hold what it is given for: that it is wrap-up, the conversation says.
        is_given_back = state == "assigned" and not holders and self._wraps_up_freely(item)
        if holders != expected and not is_given_back:
            self._fail("I3", f"{id_} is {state} (agent {agent_id}) and held by {holders}")
        if state == "offered":
            offer = self.offers.get(item["offer_id"])
            if offer is None or offer["state"] != "pending" or offer["agent_id"] != agent_id:
                self._fail("I3", f"{id_} is offered to {agent_id}, the offer is {offer}")

    def _wraps_up_freely(self, item: Json) -> bool:
        queues = [centre.queues.get(item["queue"]) for centre in self._policy.lately(60.0)]
        return any(queue is not None and queue.wrap_up.blocks.value != "always" for queue in queues)

    def _held_is_known(self, agent: Json) -> None:
        for id_, held in agent["held"].items():
            item = self.items.get(id_)
            wanted = "offered" if held["state"] == "offered" else "assigned"
            if item is None or item["state"] != wanted or item["agent_id"] != agent["id"]:
                self._fail("I3", f"{agent['id']} holds {id_} as {held['state']}, which is {item and item['state']}")

    def _given_back(self, agent: Json) -> None:
        """What wrap-up holds for a time only is given back then."""
        for id_, held in agent["held"].items():
            if held["state"] != "wrapUp" or (agent["id"], id_) in self._wraps_up:
                continue
            self._wraps_up.add((agent["id"], id_))
            seconds = self._wrap_up_seconds(id_)
            self._deadlines.set(
                ("until", agent["id"], id_), seconds is not None, "I3", WAIT_SECONDS + (seconds or 0.0),
                partial("{} still holds {}".format, agent["id"], id_),
            )  # fmt: skip
        for id_ in self._held_before.get(agent["id"], set()) - agent["held"].keys():
            self._deadlines.end(("until", agent["id"], id_))
            self._deadlines.end(("alone", agent["id"], id_))
        self._held_before[agent["id"]] = set(agent["held"])

    def _wrap_up_seconds(self, id_: str) -> float | None:
        """For how long wrap-up may hold capacity; None for as long as it takes, or if policies of late differ."""
        queues = [centre.queues.get(self.items[id_]["queue"]) for centre in self._policy.lately()]
        rules = [queue.wrap_up if queue else None for queue in queues]
        rule = rules[0]
        if rule is None or rule.blocks.value == "always" or any(each != rule for each in rules):
            return None
        return rule.lasts.total_seconds()

    def _is_looked_after(self, agent: Json) -> None:
        """Who talks with an agent that is lost, or does not work here any more, gets somebody else."""
        profile = self._policy.centre.agents.get(agent["id"])
        is_gone = profile is None or not profile.enabled
        is_alone = is_gone or not agent["is_connected"]
        for id_, held in agent["held"].items():
            self._deadlines.set(
                ("alone", agent["id"], id_), is_alone and held["state"] == "active", "lost",
                GONE_SECONDS if is_gone else LOST_SECONDS,
                partial("{} is gone, and {} is still theirs".format, agent["id"], id_),
            )  # fmt: skip

    def _look_at(self, item: Json) -> None:
        self._count(item["queue"])
        if item["state"] == "waiting":
            self._waiting[item["id"]] = None
            now, queue = self._time(), self._policy.centre.queues.get(item["queue"])
            for at in eligible.changes_at(item, queue):
                if at > now:
                    heapq.heappush(self._later, (at, item["id"]))
            self._pairs((item["id"],), self.agents)
        elif item["id"] in self._waiting:
            del self._waiting[item["id"]]
            for agent_id in self.agents:
                self._deadlines.end(("pair", item["id"], agent_id))
        self._must_leave(item)

    def _pairs(self, items: Iterable[str], agents: Iterable[str]) -> None:
        """I4: work that waits and an agent who may have it."""
        now, centre = self._time(), self._policy.centre
        seconds = WAIT_SECONDS + self._policy.grace()
        for id_ in items:
            item = self.items[id_]
            for agent_id in agents:
                is_eligible = eligible.refusal(item, self.agents[agent_id], centre, now) is None
                self._deadlines.set(
                    ("pair", id_, agent_id), is_eligible, "I4", seconds,
                    partial("{} waits and {} is free".format, id_, agent_id),
                )  # fmt: skip

    def _must_leave(self, item: Json) -> None:
        is_waiting = item["state"] == "waiting"
        queue = self._policy.centre.queues.get(item["queue"])
        self._deadlines.set(
            ("stranded", item["id"]), is_waiting and queue is None, "lost", STRANDED_SECONDS,
            lambda: f"{item['id']} waits in {item['queue']}, which is not there any more",
        )  # fmt: skip
        is_due = is_waiting and eligible.must_leave(item, queue, self._time())
        self._deadlines.set(
            ("leave", item["id"]), is_due, "I4", WAIT_SECONDS + self._policy.grace(),
            lambda: f"{item['id']} waits in {item['queue']}, which it has to leave",
        )  # fmt: skip

    def _count(self, queue: str) -> None:
        """How many wait or are offered, at which moments."""
        now, past = self._time(), self._queued.setdefault(queue, deque())
        past.append((now, sum(i["queue"] == queue and i["state"] in ("waiting", "offered") for i in self._open())))
        while past[0][0] < now - REMEMBERED_SECONDS and len(past) > 1:
            past.popleft()

    def _open(self) -> Iterable[Json]:
        return (item for item in self.items.values() if item["state"] not in OVER)
