"""What the two databases must hold when all is quiet, read from outside."""

import json
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.storm.journal import Journal
from tests.storm.nursery import heads, rows


def check_stores(data: Path, journal: Journal) -> Iterator[str]:
    """Complaints."""
    instances = {str(row[0]): row for row in rows(data / "host.db", "SELECT id, status, key, output FROM instances")}
    for id_, status, _, output in instances.values():
        if status not in ("Running", "Completed"):
            yield f"the orchestration {id_} is {status}: {output!r}"
    yield from _alive(data, instances)
    yield from _work(data, journal)
    scores = {chat.id: chat.score for chat in journal.chats.values() if chat.score}
    for head in heads(data):
        survey = head["survey"] or {}
        if survey.get("score") != scores.get(str(head["id"])):
            yield f"I7: {head['id']} was rated {scores.get(str(head['id']))}, stored is {survey}"
    # Doorbells come from time to time, whatever happens.
    for left in ("tasks", "messages WHERE queue <> 'bus/work'"):
        if found := rows(data / "host.db", f"SELECT * FROM {left}"):
            yield f"I8: {left}: {found}"
    if dead := rows(data / "app.db", "SELECT document FROM deadLetters"):
        yield f"I8: dead letters: {dead}"


def _alive(data: Path, instances: dict[str, Any]) -> Iterator[str]:
    """I5: over, or waiting with a live timer."""
    timers: dict[object, list[float]] = {}
    for key, fire_at in rows(data / "host.db", "SELECT instance, fire_at FROM timers"):
        timers.setdefault(key, []).append(float(str(fire_at)))
    for head in heads(data):
        _, status, key, _ = instances.get(str(head["id"]), (None, "Completed", None, None))
        if head["status"] == "closed":
            if status != "Completed" or timers.get(key):
                yield f"I5: {head['id']} is closed, its orchestration {status} with timers {timers.get(key)}"
            if head["work"] or head["stale"]:
                yield f"I8: {head['id']} is closed and holds {head['work']}, {head['stale']}"
            continue
        wait = head["wait"]
        until = datetime.fromisoformat(wait["until"]).timestamp()
        if head["status"] != "waiting" or status != "Running" or until < time.time() or not timers.get(key):
            yield f"I5: {head['id']} is {head['status']} until {wait['until']}, {status}, timers {timers.get(key)}"


def _work(data: Path, journal: Journal) -> Iterator[str]:
    """I3, I8: all work is over, nobody holds capacity for it, what was declined stayed so."""
    bodies: dict[str, list[Any]] = {"work": [], "agent": [], "offer": [], "decider": []}
    for type_, document in rows(data / "app.db", "SELECT type, document FROM routing WHERE type NOT LIKE 'past:%'"):
        bodies[str(type_)].append(json.loads(str(document))["body"])
    for item in bodies["work"]:
        if item["state"] not in ("done", "failed"):
            yield f"I8: the work item {item['id']} is {item['state']}"
    for agent in bodies["agent"]:
        if agent["held"]:
            yield f"I3: {agent['id']} holds {agent['held']}"
    states = {offer["id"]: offer["state"] for offer in bodies["offer"]}
    for id_ in journal.declined:
        if states.get(id_) != "declined":
            yield f"I7: the offer {id_} was declined and is {states.get(id_)}"
    for id_, winners in journal.winners.items():
        if states.get(id_) != "accepted" or len(winners) != 1:
            yield f"I2: the offer {id_} was accepted by {winners} and is {states.get(id_)}"
    if pending := [id_ for id_, state in states.items() if state == "pending"]:
        yield f"I8: offers are pending: {pending}"
