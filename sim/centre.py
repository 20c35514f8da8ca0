"""Contact centres for simulations: files as somebody would write them, with limits so short that every timer fires.

`PLAIN` has no policy to speak of; `RICH` has all of it: relaxation, rings, overflow, hours, preferred agents, ageing,
wrap-up rules, limits by channel. An edition is a change to either that somebody publishes while everybody is at work.
"""

import json
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from shared.config.files import load_files
from shared.config.schema import TextsSection
from shared.domain.centre import ContactCentre

POOL = "main"
OFFER_SECONDS = 8.0
PLAIN, RICH = "plain", "rich"
BASE = "base"
SUPERVISOR = "sam"

Tree = dict[str, Any]
Files = Mapping[str, str]


@lru_cache(maxsize=64)
def files_of(agents: int, capacity: int, policy: str = PLAIN, edition: str = BASE) -> Files:
    """The configuration's files. JSON is YAML, too."""
    texts = {key: key for key in TextsSection.model_fields}
    staff = {f"agent-{number}": _agent(number, capacity) for number in range(agents)}
    staff[SUPERVISOR] = {"name": "Sam", "roles": ["Supervisor"], "pool": POOL}
    tree: Tree = {
        "contact-centre.yaml": _centre(),
        "agents.yaml": {"agents": staff},
        "queues.yaml": {"queues": _queues()},
        "texts.yaml": {"texts": {"en": texts, "pt-BR": texts}},
        "bots/helper.yaml": _bot(),
    }
    if policy == RICH:
        _enrich(tree, agents)
    EDITIONS[edition](tree)
    return {name: json.dumps(file) for name, file in tree.items()}


@lru_cache(maxsize=64)
def centre_of(agents: int, capacity: int, policy: str = PLAIN, edition: str = BASE) -> ContactCentre:
    """The same, loaded as the app loads it."""
    return load_files(files_of(agents, capacity, policy, edition))


def _centre() -> Tree:
    return {
        "name": "Sim", "defaultLocale": "en", "locales": ["en", "pt-BR"], "pools": [POOL],
        "skills": {"en": "English", "pt": "Portuguese", "billing": "Billing", "sales": "Sales"},
        "dispositions": {"resolved": "Resolved", "spam": "Spam"},
        "channels": {"chat": {"queue": "general", "bot": "helper"}, "direct": {"queue": "general"}},
        "limits": {
            "botIdle": "40 s", "queueWait": "90 s", "activeIdle": "45 s", "setAside": "40 s", "wrapUp": "20 s",
            "botNotice": "3 s", "botFailure": "6 s",
        },
        "offers": {"missed": "inactive", "declined": "doNotDisturb", "refusalsMax": 3},
        "connection": {"offlineAfter": "15 s", "requeueAfter": "30 s", "restoreWithin": "60 s"},
    }  # fmt: skip


def _agent(number: int, capacity: int) -> Tree:
    """All serve the queue `general`, every other one `billing`, too; nobody serves `vacant`."""
    has_billing = number % 2 == 0
    return {
        "name": f"Agent {number}", "pool": POOL, "queues": ["general", "billing"] if has_billing else ["general"],
        "skills": {"en": 5, "pt": 5, **({"billing": 5} if has_billing else {})}, "capacity": capacity,
    }  # fmt: skip


def _queue(name: str, **more: Any) -> Tree:
    return {"name": name, "pool": POOL, "offer": f"{OFFER_SECONDS:g} s", "serviceLevel": "20 s", **more}


def _queues() -> Tree:
    return {
        "general": _queue("general"),
        "billing": _queue("billing", skills=["billing"], priority=50),
        "vacant": _queue("vacant"),
    }  # fmt: skip


def _bot() -> Tree:
    def hand_off(text: str, **more: Any) -> list[Tree]:
        return [{"handOff": {"text": {"en": text}, **more}}]

    return {
        "name": "Helper",
        "greeting": [{"say": {"en": ["Hello!", "Hi there!"]}}],
        "topics": {
            "hours": {"triggers": {"en": ["opening hours"]}, "steps": [{"say": {"en": ["All day.", "Always."]}}]},
            "goodbye": {"triggers": {"en": ["goodbye"]}, "steps": [{"end": {"en": "Goodbye!"}}]},
            "vacant": {"triggers": {"en": ["vacant"]}, "steps": hand_off("One moment.", queue="vacant")},
            "billing": {
                "triggers": {"en": ["invoice"]}, "steps": hand_off("One moment.", queue="billing", skills=["billing"])
            },
            "person": {"triggers": {"en": ["person"]}, "steps": hand_off("I am connecting you.")},
        },
        "fallback": {"en": "Pardon?"}, "misunderstandingsMax": 10, "escalation": "person",
    }  # fmt: skip


def _enrich(tree: Tree, agents: int) -> None:
    """The whole of docs/routing.md in one contact centre. The first two agents can do everything in the end."""
    tree["contact-centre.yaml"]["ageing"] = "2 s"
    tree["contact-centre.yaml"]["limits"]["activeIdle"] = "90 s"  # whose agent is gone is helped before that
    tree["contact-centre.yaml"]["channels"]["direct"]["units"] = 2
    tree["queues.yaml"]["queues"] = _rich_queues()
    for number in range(agents):
        agent = tree["agents.yaml"]["agents"][f"agent-{number}"]
        agent["skills"] = {"en": 5, "pt": 5, "billing": 2 + number % 3 * 3, "sales": 1 + number * 2 % 9}
        by_turns = ["general"] if number % 2 == 0 else ["billing", "sales"]
        agent["queues"] = ["general", "sales", "night", "spare"] if number < 2 else by_turns
        agent["channels"] = {"chat": 1} if number % 3 == 0 else {}
    calendars = {"late": _calendar("08:01-18:00"), "broken": _calendar("08:00-08:01", "08:02-18:00")}
    tree["hours.yaml"] = {"calendars": calendars}
    stories = {"sales": "sales", "night": "night", "billing": "billing"}
    rules: list[Tree] = [{"id": s, "when": {"context.story": s}, "then": {"queue": q}} for s, q in stories.items()]
    rules.append({"id": "some", "percent": 20, "then": {"priority": 90, "skills": ["en>=2"]}})
    tree["streams.yaml"] = {"streams": {"chat": {"preferred": ["lastAgent", "context.wants"], "rules": rules}}}


def _calendar(*hours: str) -> Tree:
    """The simulation begins on a Monday at eight: what happens in its first minutes is what is seen of them."""
    return {"name": "Office", "timeZone": "UTC", "week": {"monday": list(hours)}}


def _rich_queues() -> Tree:
    def rule(id_: str, when: Tree, queue: str | None = None, **do: Any) -> Tree:
        says = {"say": {"en": f"By the rule {id_}."}}
        return {"id": id_, "when": when, "do": {**({"queue": queue} if queue else says), **do}}

    return {
        "general": _queue("general", preferredFor="6 s", overflow=[
            rule("full", {"itemsWaiting": 3}, "spare"), rule("late", {"waited": "20 s"}, "spare"),
        ]),
        "billing": _queue(
            "billing", skills=["billing>=8"], priority=50, method="bestMatch", wrapUp="never",
            relaxation=[
                {"after": "6 s", "lower": {"billing": 5}},
                {"after": "12 s", "drop": ["billing"], "queues": ["general"]},
            ],
            overflow=[rule("long", {"waited": "16 s"}, "general")],
        ),
        "sales": _queue(
            "sales", skills=["sales>=7"], match="closest", method="highestCapacity", wrapUp="3 s", hours="late",
            preferredFor="5 s", overflow=[rule("closed", {"outOfHours": True}, end=True)],
        ),
        "night": _queue("night", hours="broken", method="leastActive", overflow=[
            rule("call", {"outOfHours": True}, callback=True), rule("nobody", {"waited": "18 s"}, end=True),
        ]),
        "spare": _queue("spare", method="roundRobin", priority=150, fallback="general"),
        "vacant": _queue("vacant", relaxation=[{"after": "15 s", "queues": ["spare"]}]),
    }  # fmt: skip


def _agents(tree: Tree) -> Tree:
    found: Tree = tree["agents.yaml"]["agents"]
    return found


def _last_agent(tree: Tree) -> str:
    return max(name for name in _agents(tree) if name != SUPERVISOR)


def _skills(tree: Tree) -> None:
    """Agents learn, forget and change queues; there is less room."""
    for number, name in enumerate(sorted(_agents(tree))[:-1]):
        agent = _agents(tree)[name]
        agent["skills"] = {**agent["skills"], "billing": 1 + (number * 4 + 3) % 9}
        agent["capacity"] = max(1, agent["capacity"] - number % 2)
        agent["queues"] = sorted({*agent["queues"], "billing"})


def _rules(tree: Tree) -> None:
    """Queues by other rules."""
    queues = tree["queues.yaml"]["queues"]
    for queue in queues.values():
        priority = 1000 - queue.get("priority", 100)
        queue |= {"offer": "5 s", "priority": priority, "method": "leastActive"}
        queue.pop("preferredFor", None)
        if "wrapUp" in queue:
            queue["wrapUp"] = "2 s"
    queues["billing"]["relaxation"] = [{"after": "4 s", "drop": ["billing"], "queues": ["general"]}]
    tree["contact-centre.yaml"].pop("ageing", None)
    tree["contact-centre.yaml"]["offers"]["refusalsMax"] = 2


def _removed(tree: Tree) -> None:
    del _agents(tree)[_last_agent(tree)]


def _disabled(tree: Tree) -> None:
    _agents(tree)[_last_agent(tree)]["enabled"] = False


def _wrap_up(tree: Tree) -> None:
    """Wrap-up holds no capacity any more, or (in the editions without this) holds it again."""
    for queue in tree["queues.yaml"]["queues"].values():
        queue["wrapUp"] = "never"


def _without_spare(tree: Tree) -> None:
    """A queue is removed, with all that names it."""
    queues = tree["queues.yaml"]["queues"]
    if queues.pop("spare", None) is None:
        return
    queues["general"]["overflow"] = []
    queues["vacant"]["relaxation"] = [{"after": "15 s", "queues": ["night"]}]
    for agent in _agents(tree).values():
        agent["queues"] = [queue for queue in agent.get("queues", []) if queue != "spare"]


EDITIONS: Mapping[str, Callable[[Tree], None]] = {
    BASE: lambda tree: None,
    "skills": _skills,
    "rules": _rules,
    "wrap-up": _wrap_up,
    "removed": _removed,
    "disabled": _disabled,
    "without-spare": _without_spare,
}
"""What is published; each on its own, from the same beginning."""
