"""What no file can say for itself: that what it names, another one declares.

These checks read the trees as written, so that a file that does not fit its schema hides no errors of the others.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from shared.config.errors import Trail, nearest, quoted, remedy
from shared.config.schema import ContactCentreFile
from shared.config.source import Document, Tree
from shared.config.trees import ANY, LIST, Pattern, keys, mappings, words
from shared.config.values import is_locale
from shared.domain import policy
from shared.domain.streams import CALENDAR

OVERFLOW_TEXTS = ("queues", ANY, "overflow", ANY, "do", "say")
"""Where the texts of overflow stand."""

_SKILL_LISTS = ("agents", ANY, "skills", LIST)

Names = frozenset[str] | None
"""What is declared of a kind; None if that cannot be told, and then nothing is said of those who name it."""

STEPS = (("greeting", ANY), ("topics", ANY, "steps", ANY))
"""Where the steps of a bot stand."""

_WHERE = {
    "pool": "under pools in contact-centre.yaml",
    "skill": "under skills in contact-centre.yaml",
    "locale": "under locales in contact-centre.yaml",
    "channel": "under channels in contact-centre.yaml",
    "queue": "in queues.yaml",
    "calendar": "in hours.yaml",
    "bot": "by a file in bots/",
}


@dataclass(frozen=True, slots=True)
class Documents:
    """All files of a configuration; bots by id."""

    centre: Document
    agents: Document
    queues: Document
    texts: Document
    hours: Document
    streams: Document
    bots: Mapping[str, Document]

    def all(self) -> tuple[Document, ...]:
        """In the order in which their errors are told."""
        return (
            self.centre, self.agents, self.queues, self.hours, self.streams, self.texts, *self.bots.values(),
        )  # fmt: skip

    @property
    def default_locale(self) -> str | None:
        """The language that every text is needed in; None if that cannot be told."""
        written = self.centre.tree.get("defaultLocale") or ContactCentreFile.model_fields["default_locale"].default
        return written if isinstance(written, str) and written in (declared(self)["locale"] or ()) else None


def declared(documents: Documents) -> dict[str, Names]:
    """What may be named, by kind."""
    locales = _names(documents.centre, "locales")
    return {
        "pool": _names(documents.centre, "pools"),
        "skill": _names(documents.centre, "skills", frozenset()),
        "locale": locales if all(map(is_locale, locales or ())) else None,
        "channel": _names(documents.centre, "channels"),
        "queue": _names(documents.queues, "queues"),
        "calendar": _names(documents.hours, "calendars", frozenset()),
        "bot": frozenset(documents.bots),
    }


_NAMES: tuple[tuple[str, str, Pattern], ...] = (
    ("centre", "locale", ("defaultLocale",)),
    ("centre", "queue", ("channels", ANY, "queue")),
    ("centre", "bot", ("channels", ANY, "bot")),
    ("agents", "pool", ("agents", ANY, "pool")),
    ("agents", "queue", ("agents", ANY, "queues", ANY)),
    ("agents", "locale", ("agents", ANY, "locales", ANY)),
    ("queues", "pool", ("queues", ANY, "pool")),
    ("queues", "skill", ("queues", ANY, "relaxation", ANY, "drop", ANY)),
    ("queues", "queue", ("queues", ANY, "relaxation", ANY, "queues", ANY)),
    ("queues", "queue", ("queues", ANY, "overflow", ANY, "do", "queue")),
    ("queues", "queue", ("queues", ANY, "fallback")),
    ("queues", "calendar", ("queues", ANY, "hours")),
    ("streams", "queue", ("streams", ANY, "rules", ANY, "then", "queue")),
)
"""Which file names what where: as values, as keys of a mapping, as needs."""
_KEYS: tuple[tuple[str, str, Pattern], ...] = (
    ("agents", "skill", ("agents", ANY, "skills")),
    ("agents", "channel", ("agents", ANY, "channels")),
    ("queues", "skill", ("queues", ANY, "relaxation", ANY, "lower")),
    ("queues", "locale", OVERFLOW_TEXTS),
    ("streams", "channel", ("streams",)),
    ("streams", "queue", ("streams", ANY, "rules", ANY, "then", "queues")),
)
_NEEDS: tuple[tuple[str, Pattern], ...] = (
    ("queues", ("queues", ANY, "skills", ANY)),
    ("streams", ("streams", ANY, "rules", ANY, "then", "skills", ANY)),
)


def check_references(documents: Documents) -> None:
    """Report every name that nothing bears."""
    known = declared(documents)
    named: list[tuple[Document, str, Iterator[tuple[Trail, str]]]] = []
    for file, kind, pattern in _NAMES:
        document: Document = getattr(documents, file)
        named.append((document, kind, words(document.tree, *pattern)))
    for file, kind, pattern in _KEYS:
        document = getattr(documents, file)
        named.append((document, kind, keys(document.tree, *pattern)))
    for file, pattern in _NEEDS:
        document = getattr(documents, file)
        named.append((document, "skill", _needed(document.tree, *pattern)))
    named.append((documents.agents, "skill", words(documents.agents.tree, *_SKILL_LISTS)))
    named.append((documents.streams, "calendar", _asked_calendars(documents.streams.tree)))
    for bot in documents.bots.values():
        for steps in STEPS:
            named.append((bot, "queue", words(bot.tree, *steps, "handOff", "queue")))
            named.append((bot, "skill", _needed(bot.tree, *steps, "handOff", "skills", ANY)))
    for document, kind, found in named:
        for trail, name in found:
            report_unknown(document, trail, kind, name, known[kind])
    _check_pools(documents, known["pool"] or frozenset())
    _check_texts(documents.texts, known["locale"])
    _check_overflow_texts(documents)


def _needed(tree: Tree, *pattern: str) -> Iterator[tuple[Trail, str]]:
    """The skills of needs; what is no need is the schema's business."""
    for trail, text in words(tree, *pattern):
        try:
            yield trail, policy.need(text).skill
        except ValueError:
            continue


def _asked_calendars(tree: Tree) -> Iterator[tuple[Trail, str]]:
    for trail, name in keys(tree, "streams", ANY, "rules", ANY, "when"):
        if name.startswith(CALENDAR):
            yield trail, name.removeprefix(CALENDAR)


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
    """An agent works in one pool: can only serve queues of it, and only help in them."""
    queues, agents = documents.queues, documents.agents
    pools = {trail[1]: pool for trail, pool in words(queues.tree, "queues", ANY, "pool") if pool in known}
    for (_, agent, _), pool in words(agents.tree, "agents", ANY, "pool"):
        for trail, queue in words(agents.tree, "agents", str(agent), "queues", ANY):
            if pool in known and pools.get(queue, pool) != pool:
                theirs = f"queue {quoted(queue)} is of pool {quoted(pools[queue])}, the agent works in {quoted(pool)}"
                agents.report(trail, f"{theirs}; remove it or change one of the pools")
    for trail, helper in words(queues.tree, "queues", ANY, "relaxation", ANY, "queues", ANY):
        pool = pools.get(trail[1], "")
        if pool and pools.get(helper, pool) != pool:
            theirs = f"the agents of queue {quoted(helper)} are of pool {quoted(pools[helper])}, not {quoted(pool)}"
            queues.report(trail, f"{theirs}; remove it or change one of the pools")


def _check_overflow_texts(documents: Documents) -> None:
    """Whoever does not speak the language of a text gets the default one."""
    default = documents.default_locale
    for trail, by_locale in mappings(documents.queues.tree, *OVERFLOW_TEXTS):
        if default and by_locale and default not in by_locale:
            documents.queues.report(trail, f"has nothing in the default locale; add a line '{default}: …'")


def _check_texts(texts: Document, locales: Names) -> None:
    """The texts are there in each language, and in no other."""
    for _, by_locale in mappings(texts.tree, "texts"):
        for locale in by_locale:
            report_unknown(texts, ("texts", locale), "locale", locale, locales)
        for locale in sorted((locales or frozenset()) - by_locale.keys()):
            instead = "add them, or remove it from locales in contact-centre.yaml"
            texts.report(("texts",), f"there is nothing for locale {quoted(locale)}; {instead}")
