"""What a conversation's transcript and timeline must look like, given what its players were promised."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from tests.storm.journal import Chat, Journal

SAID_BY_THE_SYSTEM = {"agent_joined": {"accepted", "reassigned"}, "returned": {"returned"}, "transferred": {"released"}}
"""How often each text stands in a transcript: once per step."""
ALSO_DONE_BY = {"reopened": ("returned",), "ended": ("customerLeft", "timedOut")}
"""A command also succeeds if somebody else was faster: it is as the agent wanted it."""
BOT_TEXTS = {"opening hours": 2, "person": 1, "goodbye": 1, "vacant": 0}


def check_transcript(journal: Journal, chat: Chat, view: dict[str, Any]) -> Iterator[str]:
    """Complaints about one conversation."""
    yield from _customer(chat, view["messages"])
    yield from _bot(view["messages"])
    yield from _system(view)
    yield from _agents(journal, chat, view)
    yield from _timeline(view)
    yield from _commands(journal, chat, view)


def _of(messages: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [message for message in messages if message["sender"]["kind"] == kind]


def _customer(chat: Chat, messages: list[dict[str, Any]]) -> Iterator[str]:
    """I1: what was acknowledged exactly once and in order, nothing that was not sent, what was refused at most once."""
    found = [message["id"] for message in _of(messages, "customer")]
    if len(found) != len(set(found)) or found != [id_ for id_ in chat.said if id_ in found]:
        yield f"I1: the customer said {chat.said}, the transcript has {found}"
    if missing := set(chat.acknowledged) - set(found):
        yield f"I1: acknowledged but not in the transcript: {missing}"
    for message in _of(messages, "customer"):
        if f"({message['id']})" not in message["text"]:
            yield f"I1: the text of {message['id']} is {message['text']!r}"


def _bot(messages: list[dict[str, Any]]) -> Iterator[str]:
    """One set of replies to each message until people are called, in its place."""
    sets = Counter(int(message["id"].split("-")[1]) for message in _of(messages, "bot"))
    texts = {message["sequence"]: message["text"] for message in _of(messages, "customer")}
    if sets.pop(0, 0) != 1:
        yield "the bot did not greet once"
    for sequence, count in sets.items():
        wanted = next((n for said, n in BOT_TEXTS.items() if said in texts.get(sequence, "")), 1)
        if sequence not in texts or count != wanted:
            yield f"the bot said {count} texts to message {sequence} ({texts.get(sequence)!r}), {wanted} were due"
    asked = [sequence for sequence, text in texts.items() if "opening hours" in text]
    if unanswered := set(asked) - set(sets):
        yield f"the bot did not answer {unanswered}"


def _system(view: dict[str, Any]) -> Iterator[str]:
    steps = Counter(event["type"] for event in view["timeline"])
    said = Counter(message["id"].rsplit("-", 1)[0] for message in _of(view["messages"], "system"))
    for text, types in SAID_BY_THE_SYSTEM.items():
        if said[text] != sum(steps[type_] for type_ in types):
            yield f"the system said {text!r} {said[text]} times, the timeline has {dict(steps)}"
    for text in ("queued", "ended", "idle_ended", "queue_timeout"):
        if said[text] > 1:
            yield f"the system said {text!r} {said[text]} times"


def _agents(journal: Journal, chat: Chat, view: dict[str, Any]) -> Iterator[str]:
    """I1, I7: acknowledged once, refused never. I2: each was written by whoever owned the conversation then."""
    found = Counter(message["id"] for message in _of(view["messages"], "agent"))
    for sent in (message for message in journal.messages if message.conversation == chat.id):
        if found[sent.id] != (sent.status == 202):
            yield f"{sent} is {found[sent.id]} times in the transcript"
    names = {message["id"]: message["sender"]["name"] for message in _of(view["messages"], "agent")}
    owner = None
    for event in view["timeline"]:
        data = event["data"]
        match event["type"]:
            case "accepted" | "reassigned" | "reopened":
                owner = data["agentId"]
            case "enqueued" | "released" | "returned":
                # A note that goes with a transfer stands before the step, in the same commit.
                owner = None
            case "message" if data["sender"] == "agent" and names.get(data["messageId"]) != owner:
                yield f"I2: {names.get(data['messageId'])} wrote {data['messageId']} while {owner} was the owner"


def _timeline(view: dict[str, Any]) -> Iterator[str]:
    """Each step begins where the one before has led to; nothing is told twice."""
    status = "new"
    sequences = [event["sequence"] for event in view["timeline"]]
    if sequences != list(range(1, len(sequences) + 1)):
        yield f"the timeline has gaps: {sequences}"
    for event in view["timeline"]:
        if "from" in event["data"]:
            if event["data"]["from"] != status:
                yield f"{event} does not follow {status}"
            status = event["data"]["to"]
    head = view["conversation"]
    if head["status"] != status:
        yield f"the timeline ends in {status}, the head is {head['status']}"
    places = [message["sequence"] for message in view["messages"]]
    if places != list(range(1, len(places) + 1)):
        yield f"the transcript has gaps: {places}"


def _commands(journal: Journal, chat: Chat, view: dict[str, Any]) -> Iterator[str]:
    """I7: what an agent was promised has happened, once; what was refused has not."""
    head, events = view["conversation"], view["timeline"]
    for command in (command for command in journal.commands if command.conversation == chat.id):
        types = {command.what, *ALSO_DONE_BY.get(command.what, ())}
        done = [event for event in events if event["type"] in types and _is_by(event, command.agent)]
        if command.what == "transfer":
            yield from _transfer(command.status, command.data, command.agent, events)
        elif command.what == "wrappedUp":
            if command.status == 200 and head["disposition"] != command.data["disposition"]:
                yield f"I7: {command} was promised, the disposition is {head['disposition']}"
        elif command.status == 200 and not done:
            yield f"I7: {command} was promised and is not in the timeline"
    if chat.has_left and head["status"] not in ("wrapUp", "closed"):
        yield f"I7: the customer has left, but the conversation is {head['status']}"


def _transfer(status: int, data: dict[str, Any], agent: str, events: list[dict[str, Any]]) -> Iterator[str]:
    asked = [event for event in events if event["data"].get("transferId") == data["id"]]
    asked = [event for event in asked if event["type"] in ("transferRequested", "released")]
    if status == 202 and len(asked) != 1:
        yield f"I7: the transfer {data} was promised, the timeline has it {len(asked)} times"
    by = [e for e in events if e["type"] == "transferRequested" and e["data"]["by"] == agent]
    by += [e for e in events if e["type"] == "released" and e["data"].get("agentId") == agent]
    if status != 202 and by:
        yield f"the transfer of {agent} was refused with {status}, but has happened: {by}"


def _is_by(event: dict[str, Any], agent: str) -> bool:
    return bool(event["data"].get("agentId", agent) == agent)
