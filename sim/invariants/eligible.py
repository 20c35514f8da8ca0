"""Who may take which work, as docs/routing.md tells it: from documents and policy alone, none of the router's code."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from shared.domain.centre import AgentProfile, ContactCentre, QueueProfile
from sim.outside import seconds_at

Json = Mapping[str, Any]
EXACTLY = 1e-6
"""Times are told in milliseconds; as floats they may be a little off."""


def began_at(item: Json) -> float:
    """When an item began to wait in its queue."""
    return seconds_at(datetime.fromisoformat(item["queued_at"] or item["enqueued_at"]))


def changes_at(item: Json, queue: QueueProfile | None) -> list[float]:
    """When the item asks for less, is no longer kept for anybody, or has to leave its queue."""
    spans = [step.after for step in queue.relaxation] if queue else []
    if queue and item["preferred"]:
        spans.append(queue.preferred_for)
    return [began_at(item) + span.total_seconds() for span in [*spans, *_stays(item, queue)]]


def must_leave(item: Json, queue: QueueProfile | None, at: float) -> bool:
    """Whether a rule of overflow has the item leave by now."""
    return any(began_at(item) + span.total_seconds() <= at + EXACTLY for span in _stays(item, queue))


def _stays(item: Json, queue: QueueProfile | None) -> list[timedelta]:
    """How long work may wait in its queue; with the promise of a callback it waits for as long as it takes."""
    return [rule.waited for rule in queue.overflow if rule.waited] if queue and not item["is_promised"] else []


def refusal(item: Json, agent: Json, centre: ContactCentre, at: float) -> str | None:
    """Why an agent may not take a waiting item at a moment; None if they may."""
    profile = centre.agents.get(agent["id"])
    if profile is None or not profile.enabled or not any(role.value == "Agent" for role in profile.roles):
        return "does not work here"
    is_there = agent["is_connected"] and agent["chosen"] == "available" and agent["penalty"] == "none"
    if not is_there or agent["next"] is not None:
        return "takes nothing"
    if item["target_agent"] not in (None, profile.id):
        return "is another one"
    if item["refusals"].get(profile.id, 0) >= centre.offers.refusals_max:
        return "has refused it"
    if not item["target_agent"] and (why := _unsuited(item, profile, centre.queues.get(item["queue"]), at)):
        return why
    held = agent["held"].values()
    if sum(each["units"] for each in held) + item["units"] > profile.capacity:
        return "has no room"
    most = profile.channels.get(item["channel"])
    if most is not None and sum(each["channel"] == item["channel"] for each in held) >= most:
        return "has enough of the channel"
    return None


def _unsuited(item: Json, profile: AgentProfile, queue: QueueProfile | None, at: float) -> str | None:
    waited = at - began_at(item) + EXACTLY
    if queue and item["preferred"] and waited < queue.preferred_for.total_seconds():
        return None if profile.id in item["preferred"] else "is not preferred"
    needs = _levels(*item["skills"], *(queue.skills if queue else ()))
    queues = {item["queue"]}
    for step in queue.relaxation if queue else ():
        if step.after.total_seconds() <= waited:
            queues |= step.queues
            needs = {
                skill: min(level, step.lower.get(skill, level))
                for skill, level in needs.items() if skill not in step.drop
            }  # fmt: skip
    if not queues & profile.queues:
        return "does not serve the queue"
    is_exact = queue is None or queue.match.value == "exact"
    if is_exact and any(profile.skills.get(skill, 0) < level for skill, level in needs.items()):
        return "cannot do it"
    return None


def _levels(*texts: str) -> dict[str, int]:
    """Of "billing>=5", {"billing": 5}."""
    found: dict[str, int] = {}
    for text in texts:
        skill, _, level = re.sub(r"\s", "", text).partition(">=")
        found[skill] = max(found.get(skill, 0), int(level or 1))
    return found
