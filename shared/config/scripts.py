"""What must be right about a bot beyond its schema: languages, placeholders, and that every step can be reached."""

from collections.abc import Iterator

from shared.config.errors import Trail, quoted, remedy
from shared.config.references import STEPS, Names, report_unknown
from shared.config.source import Document, Tree
from shared.config.trees import ANY, mappings, select, words
from shared.config.values import check_placeholders
from shared.domain.scripted_bot import GREETING

_STEP_TEXTS = (("say",), ("end",), ("ask", "text"), ("ask", "retry"), ("handOff", "text"))
_ENDS = ("handOff", "end")


def check_bot(bot: Document, locales: Names, default_locale: str | None) -> None:
    """Report what is wrong with a bot. Without a default locale it cannot be told which wording is missing."""
    asked = {name for steps in STEPS for _, name in words(bot.tree, *steps, "ask", "name")}
    said = list(_wordings(bot.tree))
    for trail, by_locale in (*said, *mappings(bot.tree, "topics", ANY, "triggers")):
        for locale in by_locale:
            report_unknown(bot, (*trail, locale), "locale", locale, locales)
        if default_locale is not None and default_locale not in by_locale:
            bot.report(trail, f"has nothing in the default locale; add a line '{default_locale}: …'")
    for trail, by_locale in said:
        for inner, text in (*words(by_locale, ANY), *words(by_locale, ANY, ANY)):
            try:
                check_placeholders(text, asked)
            except ValueError as error:
                bot.report((*trail, *inner), str(error))
    _check_ends(bot)
    _check_escalation(bot)


def _wordings(tree: Tree) -> Iterator[tuple[Trail, dict[str, Tree]]]:
    """All texts that the bot may say."""
    for steps in STEPS:
        for key in _STEP_TEXTS:
            yield from mappings(tree, *steps, *key)
    yield from mappings(tree, "fallback")


def _check_ends(bot: Document) -> None:
    """Nothing follows a step that ends the conversation or hands it off."""
    for trail, steps in (*select(bot.tree, ("greeting",)), *select(bot.tree, ("topics", ANY, "steps"))):
        for index, step in enumerate(steps[:-1] if isinstance(steps, list) else ()):
            ends = [key for key in _ENDS if isinstance(step, dict) and key in step]
            if ends:
                bot.report(
                    (*trail, index + 1),
                    f"is never reached, because the {ends[0]} before it is the last; remove one of them",
                )


def _check_escalation(bot: Document) -> None:
    """The topic that is to bring people in is there and does so."""
    topics = bot.tree.get("topics")
    escalation = bot.tree.get("escalation")
    if not isinstance(topics, dict) or not topics or not isinstance(escalation, str):
        return
    if GREETING in topics:
        bot.report(("topics", GREETING), "this id is the greeting's own; choose another")
    if escalation not in topics:
        bot.report(("escalation",), f"there is no topic {quoted(escalation)}; {remedy(escalation, topics)}")
        return
    for _, steps in select(bot.tree, ("topics", escalation, "steps")):
        last = steps[-1] if isinstance(steps, list) and steps else None
        if isinstance(last, dict) and "handOff" not in last:
            bot.report(
                ("escalation",), f"topic {quoted(escalation)} does not end in a handOff; add one as its last step"
            )
