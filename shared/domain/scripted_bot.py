"""What the scripted bot answers: phrases begin topics, topics run step by step, what it cannot do goes to people.

A conversation with it never goes round for ever: a question allows so many tries and the bot so many misunderstandings;
then the escalation topic runs, which does not insist on its own questions and always ends.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from shared.domain.bot import Ask, BotDefinition, BotMemory, BotReply, End, HandOff, HandOffRequest, Texts, Topic
from shared.domain.centre import best_locale

GREETING = "greeting"
"""The id under which an open question of the greeting is remembered; no topic may have it."""
VALUE_CHARS_MAX = 500

_BRACES = re.compile(r"\{\{|\}\}|\{([a-z][a-z0-9_]*)\}")


def respond(
    definition: BotDefinition, memory: BotMemory, said: str | None, locale: str, choose: Callable[[int], int]
) -> BotReply:
    """Answer one message; greet when there is none. `choose(n)` picks one of n wordings: a number below n."""
    turn = _Turn(definition, locale, choose)
    if said is None:
        return turn.run(Topic(GREETING, {}, definition.greeting), memory)
    words = normalised(said)
    if triggered((turn.escalation,), words) is not None:
        return turn.escalate(memory)
    question = turn.open_question(memory)
    if question is not None:
        return turn.take_answer(memory, question, said.strip())
    topic = triggered(definition.topics, words)
    if topic is None:
        return turn.misunderstand(memory)
    return turn.run(topic, replace(memory, misunderstandings=0))


def normalised(text: str) -> str:
    """The words of a text in one spelling: without case, accents and punctuation, one space between them."""
    decomposed = unicodedata.normalize("NFKD", text)
    # Marks are accents; invisible format characters may stand inside a word that was copied from a page.
    visible = (c for c in decomposed if unicodedata.category(c) not in ("Mn", "Mc", "Me", "Cf"))
    return " ".join("".join(c if c.isalnum() else " " for c in visible).casefold().split())


def triggered(topics: Iterable[Topic], words: str) -> Topic | None:
    """The topic whose trigger phrase stands among the normalised words; the longest phrase wins, then the first topic.

    Phrases of every language count: customers do not always write in the one that their browser announces.
    """
    found: Topic | None = None
    longest = 0
    for topic in topics:
        for phrase in (normalised(text) for texts in topic.triggers.values() for text in texts):
            if len(phrase) > longest and f" {phrase} " in f" {words} ":
                found, longest = topic, len(phrase)
    return found


def filled_in(text: str, values: Mapping[str, str]) -> str:
    """The text with `{name}` replaced by that value (by nothing if there is none); `{{` and `}}` stand for braces."""

    def replacement(braces: re.Match[str]) -> str:
        return braces[0][0] if braces[1] is None else values.get(braces[1], "")

    return _BRACES.sub(replacement, text)


@dataclass(frozen=True, slots=True)
class _Turn:
    """One message being answered."""

    definition: BotDefinition
    locale: str
    choose: Callable[[int], int]

    @property
    def escalation(self) -> Topic:
        wanted = self.definition.escalation
        return next((topic for topic in self.definition.topics if topic.id == wanted), Topic(wanted, {}, ()))

    def run(self, topic: Topic, memory: BotMemory, first: int = 0) -> BotReply:
        """Take the topic's steps from the first on, up to a question or the end."""
        texts: tuple[str, ...] = ()
        over = replace(memory, topic=None, step=0, tries=0, last_topic=self._came_for(topic.id, memory))
        for index, step in enumerate(topic.steps[first:], first):
            texts += self._wording(step.texts, memory.learnt)
            if isinstance(step, Ask):
                return BotReply(texts, replace(memory, topic=topic.id, step=index, tries=0))
            if isinstance(step, End):
                return BotReply(texts, over, is_end=True)
            if isinstance(step, HandOff):
                return BotReply(texts, over, HandOffRequest(step.queue, step.skills, over.last_topic))
        # Whoever was to be escalated is not left alone because the script says no more.
        at_people = topic.id == self.definition.escalation
        return BotReply(texts, over, HandOffRequest(None, (), over.last_topic) if at_people else None)

    def escalate(self, memory: BotMemory) -> BotReply:
        """Run the escalation topic; if it is one of its own questions that got no answer, go on behind it."""
        escalation = self.escalation
        first = memory.step + 1 if memory.topic == escalation.id else 0
        last_topic = self._came_for(memory.topic, memory)
        return self.run(escalation, replace(memory, misunderstandings=0, last_topic=last_topic), first)

    def open_question(self, memory: BotMemory) -> tuple[Topic, Ask] | None:
        """The question that the customer was asked last, if it awaits an answer."""
        for topic in (Topic(GREETING, {}, self.definition.greeting), *self.definition.topics):
            if topic.id == memory.topic:
                step = topic.steps[memory.step] if memory.step < len(topic.steps) else None
                return (topic, step) if isinstance(step, Ask) else None
        return None

    def take_answer(self, memory: BotMemory, question: tuple[Topic, Ask], value: str) -> BotReply:
        """Learn the value and go on, or ask again until the tries are used up."""
        topic, ask = question
        if 0 < len(value) <= VALUE_CHARS_MAX and (ask.pattern is None or re.fullmatch(ask.pattern, value)):
            learnt = {**memory.learnt, ask.name: value}
            return self.run(topic, replace(memory, misunderstandings=0, learnt=learnt), memory.step + 1)
        tries = memory.tries + 1
        if tries >= ask.tries_max:
            return self.escalate(memory)
        return BotReply(self._wording(ask.retry_texts or ask.texts, memory.learnt), replace(memory, tries=tries))

    def misunderstand(self, memory: BotMemory) -> BotReply:
        """Say so, unless it has happened too often in a row."""
        count = memory.misunderstandings + 1
        if count >= self.definition.misunderstandings_max:
            return self.escalate(memory)
        texts = self._wording(self.definition.fallback, memory.learnt)
        return BotReply(texts, replace(memory, misunderstandings=count))

    def _came_for(self, topic_id: str | None, memory: BotMemory) -> str | None:
        """What the customer came for, once this topic is left: neither being greeted nor asking for people is it."""
        return memory.last_topic if topic_id in (None, GREETING, self.definition.escalation) else topic_id

    def _wording(self, texts: Texts, learnt: Mapping[str, str]) -> tuple[str, ...]:
        """One of the wordings in the customer's language; none if the step says nothing."""
        if not texts:
            return ()
        wordings = texts[best_locale(self.locale, tuple(texts), self.definition.default_locale)]
        return (filled_in(wordings[self.choose(len(wordings))], learnt),)
