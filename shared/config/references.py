"""What no file can say for itself: that what it names, another one declares.

These checks read the trees as written, so that a file that does not fit its schema hides no errors of the others.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from shared.config.errors import Trail, nearest, quoted, remedy
from shared.config.source import Document
from shared.config.trees import ANY, mappings, words
from shared.config.values import is_locale

Names = frozenset[str] | None
"""What is declared of a kind; None if that cannot be told, and then nothing is said of those who name it."""

STEPS = (("greeting", ANY), ("topics", ANY, "steps", ANY))
"""Where the steps of a bot stand."""

_WHERE = {
    "pool": "under pools in contact-centre.yaml",
    "skill": "under skills in contact-centre.yaml",
    "locale": "under locales in contact-centre.yaml",
    "queue": "in queues.yaml",
    "bot": "by a file in bots/",
}


@dataclass(frozen=True, slots=True)
class Documents:
    """All files of a configuration; bots by id."""

    centre: Document
    agents: Document
    queues: Document
    texts: Document
    bots: Mapping[str, Document]

    def all(self) -> tuple[Document, ...]:
        """In the order in which their errors are told."""
        return (self.centre, self.agents, self.queues, self.texts, *self.bots.values())


def declared(documents: Documents) -> dict[str, Names]:
    """What may be named, by kind."""
    locales = _names(documents.centre, "locales")
    return {
        "pool": _names(documents.centre, "pools"),
        "skill": _names(documents.centre, "skills", frozenset()),
        "locale": locales if all(map(is_locale, locales or ())) else None,
        "queue": _names(documents.queues, "queues"),
        "bot": frozenset(documents.bots),
    }


def check_references(documents: Documents) -> None:
    """Report every name that nothing bears."""
    known = declared(documents)

    def check(document: Document, kind: str, *pattern: str) -> None:
        for trail, name in words(document.tree, *pattern):
            report_unknown(document, trail, kind, name, known[kind])

    check(documents.centre, "locale", "defaultLocale")
    check(documents.centre, "queue", "channels", ANY, "queue")
    check(documents.centre, "bot", "channels", ANY, "bot")
    check(documents.agents, "pool", "agents", ANY, "pool")
    check(documents.agents, "queue", "agents", ANY, "queues", ANY)
    check(documents.agents, "skill", "agents", ANY, "skills", ANY)
    check(documents.queues, "pool", "queues", ANY, "pool")
    check(documents.queues, "skill", "queues", ANY, "skills", ANY)
    for bot in documents.bots.values():
        for steps in STEPS:
            check(bot, "queue", *steps, "handOff", "queue")
            check(bot, "skill", *steps, "handOff", "skills", ANY)
    _check_pools(documents, known["pool"] or frozenset())
    _check_texts(documents.texts, known["locale"])


def report_unknown(document: Document, trail: Trail, kind: str, name: str, known: Names) -> None:
    """Report a name that is not declared."""
    if known is None or name in known:
        return
    instead = remedy(name, known) if known else ""
    if nearest(name, known) is None:
        instead += f"{', or ' if known else ''}declare it {_WHERE[kind]}"
    document.report(trail, f"there is no {kind} {quoted(name)}; {instead}")


def _names(document: Document, key: str, otherwise: Names = None) -> Names:
    if not document.is_readable:
        return None
    match document.tree.get(key):
        case dict() as mapping:
            return frozenset(mapping)
        case list() as values:
            return frozenset(value for value in values if isinstance(value, str))
        case None:
            return otherwise
    return None


def _check_pools(documents: Documents, known: frozenset[str]) -> None:
    """An agent works in one pool and so can only serve queues of it."""
    pools = {trail[1]: pool for trail, pool in words(documents.queues.tree, "queues", ANY, "pool") if pool in known}
    agents = documents.agents
    for (_, agent, _), pool in words(agents.tree, "agents", ANY, "pool"):
        for trail, queue in words(agents.tree, "agents", str(agent), "queues", ANY):
            if pool in known and pools.get(queue, pool) != pool:
                theirs = f"queue {quoted(queue)} is of pool {quoted(pools[queue])}, the agent works in {quoted(pool)}"
                agents.report(trail, f"{theirs}; remove it or change one of the pools")


def _check_texts(texts: Document, locales: Names) -> None:
    """The texts are there in each language, and in no other."""
    for _, by_locale in mappings(texts.tree, "texts"):
        for locale in by_locale:
            report_unknown(texts, ("texts", locale), "locale", locale, locales)
        for locale in sorted((locales or frozenset()) - by_locale.keys()):
            instead = "add them, or remove it from locales in contact-centre.yaml"
            texts.report(("texts",), f"there is nothing for locale {quoted(locale)}; {instead}")
