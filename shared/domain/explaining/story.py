"""A conversation's way through queues and to its end, as its timeline tells it; routing's own records tell the rest."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from shared.domain.conversation import Event, Step
from shared.domain.explaining.policy import Reason, reasons
from shared.domain.explaining.voice import Voice
from shared.domain.overflow import CLOSURE

TRANSFER_REQUESTED = "transferRequested"

Kind = Literal["queued", "overflowed", "callback", "assigned", "transferred", "setAside", "ended"]


@dataclass(frozen=True, slots=True)
class Told:
    """Something that happened on the way. `rule` is the last rule of a queue by which it did."""

    at: datetime
    kind: Kind
    text: str
    queue: str | None = None
    agent_id: str | None = None
    rule: str | None = None


def path_of(event: Event) -> list[Reason]:
    """The rules of queues by which it came to a step, in their order."""
    data = event.data
    if "overflowQueues" in data:
        return list(zip(data["overflow"], data["overflowQueues"], strict=True))
    if data.get("by") == CLOSURE:
        return [(CLOSURE, data["queue"])]
    # Of timelines that are older than the path only the rule that came last is known.
    return [(data["rule"], data.get("fromQueue") or data["queue"])] if "rule" in data else []


def tell(event: Event, voice: Voice, closed_by: str | None = None) -> Told | None:
    """What an event tells; None if routing's records tell it, or it is about something else.

    `closed_by` has closed the queue in an emergency, if it is known who did.
    """
    teller = _TELLERS.get(event.type)
    return teller(event, voice, closed_by) if teller else None


def _enqueued(event: Event, voice: Voice, closed_by: str | None) -> Told:
    words, queue, path = voice.words, event.data["queue"], path_of(event)
    # A promise to call back is told by a step of its own; who comes round to the first queue has not been diverted.
    moves = path[: next((number for number, (_, at) in enumerate(path) if at == queue), len(path))]
    if moves:
        first = voice.queue(moves[0][1])
        text = words.diverted.format(first=first, queue=voice.queue(queue), reasons=reasons(moves, voice, closed_by))
        return Told(event.at, "overflowed", text, queue, rule=moves[-1][0])
    rules = event.data.get("rules", ())
    text = words.queued_by_rule if rules else words.queued
    return Told(event.at, "queued", text.format(queue=voice.queue(queue), rules=voice.words.both(list(rules))), queue)


def _overflowed(event: Event, voice: Voice, closed_by: str | None) -> Told:
    data, path = event.data, path_of(event)
    why, first = reasons(path, voice, closed_by), voice.queue(data["fromQueue"])
    text = voice.words.overflowed.format(first=first, queue=voice.queue(data["queue"]), reasons=why)
    return Told(event.at, "overflowed", text, data["queue"], rule=path[-1][0])


def _callback(event: Event, voice: Voice, closed_by: str | None) -> Told:
    data = event.data
    why = reasons([(data["rule"], data["queue"])], voice, closed_by)
    return Told(event.at, "callback", voice.words.callback.format(reasons=why), data["queue"], rule=data["rule"])


def _ended(event: Event, voice: Voice, closed_by: str | None) -> Told:
    data, words, path = event.data, voice.words, path_of(event)
    if path:
        text = words.ended_by_rules.format(reasons=reasons(path, voice, closed_by))
        return Told(event.at, "ended", text, data.get("queue"), rule=path[-1][0])
    agent = data.get("byId") or data.get("agentId")
    texts = {"supervisor": words.ended_by_supervisor, "agent": words.ended_by_agent, "bot": words.ended_by_bot}
    text = texts.get(str(data.get("by")), words.ended).format(name=voice.agent(agent))
    if reason := data.get("reason"):
        text = f"{text} {words.ended_why.format(reason=reason)}"
    return Told(event.at, "ended", text, agent_id=agent)


def _left(event: Event, voice: Voice, _: str | None) -> Told:
    return Told(event.at, "ended", voice.words.customer_left)


def _timed_out(event: Event, voice: Voice, _: str | None) -> Told:
    return Told(event.at, "ended", voice.words.timed_out.get(event.data.get("limit", ""), voice.words.ended))


def _released(event: Event, voice: Voice, _: str | None) -> Told:
    data, words = event.data, voice.words
    agent, queue = data.get("agentId"), data.get("queue")
    if queue is None:
        return Told(event.at, "queued", words.agent_lost.format(name=voice.agent(agent)), agent_id=agent)
    text = words.released.format(name=voice.agent(agent), queue=voice.queue(queue))
    return Told(event.at, "transferred", text, queue, agent)


def _returned(event: Event, voice: Voice, _: str | None) -> Told:
    return Told(event.at, "queued", voice.words.returned)


def _set_aside(event: Event, voice: Voice, _: str | None) -> Told:
    agent = event.data.get("agentId")
    return Told(event.at, "setAside", voice.words.set_aside.format(name=voice.agent(agent)), agent_id=agent)


def _taken(event: Event, voice: Voice, _: str | None) -> Told | None:
    """By a supervisor's doing or as something set aside; acceptances are in routing's records."""
    agent, by, words = event.data.get("agentId"), event.data.get("assignedBy"), voice.words
    if by:
        text = words.assigned_over if event.data.get("isOverCapacity") else words.assigned
    elif event.type == Step.REOPENED:
        text = words.reopened
    else:
        return None
    return Told(event.at, "assigned", text.format(by=voice.agent(by), name=voice.agent(agent)), agent_id=agent)


def _transfer_asked(event: Event, voice: Voice, _: str | None) -> Told:
    to, by = event.data.get("to"), event.data.get("by")
    text = voice.words.transfer_asked.format(by=voice.agent(by), name=voice.agent(to))
    return Told(event.at, "transferred", text, agent_id=to)


_Teller = Callable[[Event, Voice, str | None], Told | None]
_TELLERS: Mapping[str, _Teller] = {
    Step.ENQUEUED: _enqueued,
    Step.OVERFLOWED: _overflowed,
    Step.CALLBACK_PROMISED: _callback,
    Step.ENDED: _ended,
    Step.CUSTOMER_LEFT: _left,
    Step.TIMED_OUT: _timed_out,
    Step.RELEASED: _released,
    Step.RETURNED: _returned,
    Step.SET_ASIDE: _set_aside,
    Step.REOPENED: _taken,
    Step.ACCEPTED: _taken,
    Step.REASSIGNED: _taken,
    TRANSFER_REQUESTED: _transfer_asked,
}


def closed_queue(event: Event) -> str | None:
    """The queue whose emergency closure an event is about."""
    return next((queue for rule, queue in path_of(event) if rule == CLOSURE), None)


def policy_of(data: Mapping[str, Any]) -> str | None:
    """The version of the policy that a step was taken under, if it says so."""
    version = data.get("configVersion")
    return version if isinstance(version, str) else None
