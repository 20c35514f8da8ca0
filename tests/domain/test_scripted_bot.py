"""The scripted bot, by examples and by properties over random scripts and customers."""

import json
from collections.abc import Mapping
from dataclasses import asdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.bot import Ask, BotDefinition, BotMemory, BotReply, End, HandOff, HandOffRequest, Say, Step, Topic
from shared.domain.scripted_bot import GREETING, VALUE_CHARS_MAX, filled_in, normalised, respond


def both(en: str, pt: str) -> dict[str, tuple[str, ...]]:
    return {"en": (en,), "pt-BR": (pt,)}


ASK_NUMBER = Ask("order_number", both("Which number?", "Qual número?"), r"[A-Z]{2}\d{4}", {"en": ("Like AB1234.",)}, 3)
HELPER = BotDefinition(
    id="helper",
    name="Helper",
    default_locale="en",
    greeting=(Say(both("Hello!", "Olá!")),),
    topics=(
        Topic("hours", {"en": ("opening hours", "open")}, (Say(both("9 to 18.", "Das 9 às 18.")),)),
        Topic(
            "order", {"en": ("my order", "order status")}, (ASK_NUMBER, Say({"en": ("Looking up {order_number}.",)}))
        ),
        Topic("invoice", {"en": ("invoice", "order")}, (HandOff({"en": ("One moment.",)}, "billing", ("pt",)),)),
        Topic("bye", {"en": ("bye",)}, (End(both("Goodbye!", "Tchau!")),)),
        Topic(
            "person",
            {"en": ("talk to a person", "human"), "pt-BR": ("falar com uma pessoa", "atendente")},
            (HandOff(both("Connecting you.", "Conectando."), None, ()),),
        ),
    ),
    fallback=both("Pardon?", "Como?"),
    misunderstandings_max=3,
    escalation="person",
)


def first(_count: int) -> int:
    return 0


def bot(*greeting: Step, topics: tuple[Topic, ...] = (), escalation: str = "person") -> BotDefinition:
    return BotDefinition("b", "B", "en", greeting, topics, {}, 1, escalation)


class Customer:
    """Talks to a bot turn by turn; the memory is stored in between, as JSON."""

    def __init__(self, definition: BotDefinition = HELPER, locale: str = "en") -> None:
        self.definition = definition
        self.locale = locale
        self.memory = BotMemory()

    def says(self, text: str | None) -> BotReply:
        reply = respond(self.definition, self.memory, text, self.locale, first)
        self.memory = BotMemory(**json.loads(json.dumps(asdict(reply.memory))))
        assert self.memory == reply.memory
        return reply


def test_it_greets_in_the_customers_language() -> None:
    assert Customer().says(None).texts == ("Hello!",)
    assert Customer(locale="pt-PT").says(None).texts == ("Olá!",)
    assert Customer(locale="fr").says(None).texts == ("Hello!",)


@pytest.mark.parametrize("said", ["opening hours", "What are your OPENING, hours?!", "ópening  hóurs", "are you open?"])
def test_a_phrase_is_found_whatever_its_spelling(said: str) -> None:
    reply = Customer().says(said)
    assert reply.texts == ("9 to 18.",)
    assert reply.memory == BotMemory(last_topic="hours")


@pytest.mark.parametrize("said", ["opened", "reopen", "hours opening", "", "?!", "👋"])
def test_only_whole_words_in_their_order_are_found(said: str) -> None:
    assert Customer().says(said).texts == ("Pardon?",)


def test_the_longest_phrase_wins_then_the_earliest_topic() -> None:
    assert Customer().says("order status, is it open?").texts == ("Which number?",)
    assert Customer().says("about an order").hand_off is not None
    twins = tuple(Topic(name, {"en": ("same",)}, (Say({"en": (name,)}),)) for name in ("one", "two"))
    assert Customer(bot(topics=twins)).says("the same").texts == ("one",)


def test_a_value_is_asked_for_checked_and_filled_in() -> None:
    customer = Customer()
    assert customer.says("my order").texts == ("Which number?",)
    assert customer.says("what?").texts == ("Like AB1234.",)
    reply = customer.says("  AB1234\n")
    assert reply.texts == ("Looking up AB1234.",)
    assert reply.memory == BotMemory(learnt={"order_number": "AB1234"}, last_topic="order")


def test_without_a_right_value_people_take_over() -> None:
    customer = Customer()
    customer.says("my order")
    customer.says("no idea")
    customer.says("AB12345")
    reply = customer.says("it is AB1234, I think")
    assert reply.texts == ("Connecting you.",)
    assert reply.hand_off == HandOffRequest(None, (), "order")


def test_while_a_value_is_asked_for_only_a_person_may_interrupt() -> None:
    customer = Customer()
    customer.says("my order")
    assert customer.says("opening hours").texts == ("Like AB1234.",)
    assert customer.says("Quero FALAR com uma pessoa!").hand_off == HandOffRequest(None, (), "order")


@pytest.mark.parametrize(("said", "answer"), [(" ", "Well?"), ("x" * 501, "Well?"), (f" {'x' * 500} ", "x" * 500)])
def test_a_value_has_a_length(said: str, answer: str) -> None:
    story = Ask("story", {"en": ("Tell me.",)}, None, {"en": ("Well?",)}, 2)
    customer = Customer(bot(story, Say({"en": ("{story}",)})))
    customer.says(None)
    assert customer.says(said).texts == (answer,)


def test_people_take_over_after_misunderstandings_in_a_row() -> None:
    customer = Customer()
    customer.says("hmpf")
    customer.says("hmpf")
    customer.says("opening hours")
    assert [customer.says("hmpf").texts for _ in range(2)] == [("Pardon?",)] * 2
    reply = customer.says("hmpf")
    assert reply.texts == ("Connecting you.",)
    assert reply.hand_off == HandOffRequest(None, (), "hours")
    assert reply.memory.misunderstandings == 0


def test_a_topic_hands_off_with_its_own_queue_and_skills() -> None:
    reply = Customer().says("invoice")
    assert reply.hand_off == HandOffRequest("billing", ("pt",), "invoice")


def test_what_was_learnt_goes_over_to_people() -> None:
    customer = Customer()
    customer.says("my order")
    customer.says("AB1234")
    reply = customer.says("human please")
    assert reply.hand_off == HandOffRequest(None, (), "order")
    assert reply.memory.learnt == {"order_number": "AB1234"}


def test_asking_for_a_person_at_once_names_no_topic() -> None:
    assert Customer().says("Talk to a person").hand_off == HandOffRequest(None, (), None)


def test_goodbye_ends_it() -> None:
    reply = Customer(locale="pt-BR").says("ok, bye")
    assert reply.texts == ("Tchau!",)
    assert reply.is_end
    assert reply.hand_off is None


def test_a_wording_is_chosen_by_the_injected_number() -> None:
    def last(count: int) -> int:
        return count - 1

    definition = bot(Say({"en": ("Hi", "Hello", "Hey")}))
    assert respond(definition, BotMemory(), None, "en", first).texts == ("Hi",)
    assert respond(definition, BotMemory(), None, "en", last).texts == ("Hey",)


def test_the_greeting_may_ask() -> None:
    customer = Customer(bot(Ask("name", {"en": ("Who?",)}, None, {}, 1), Say({"en": ("Hi {name}.",)})))
    assert customer.says(None).memory.topic == GREETING
    reply = customer.says("Al")
    assert reply.texts == ("Hi Al.",)
    assert reply.memory == BotMemory(learnt={"name": "Al"})


def test_insisting_on_a_person_skips_the_questions_on_the_way() -> None:
    steps = (Ask("reason", {"en": ("Why?",)}, None, {}, 3), HandOff({"en": ("Now.",)}, None, ()))
    customer = Customer(bot(topics=(Topic("person", {"en": ("human",)}, steps),)))
    assert customer.says("human").texts == ("Why?",)
    reply = customer.says("HUMAN!")
    assert reply.texts == ("Now.",)
    assert reply.hand_off is not None
    assert reply.memory.learnt == {}


@pytest.mark.parametrize("memory", [BotMemory("gone"), BotMemory("order", step=9), BotMemory("order", step=1)])
def test_a_memory_that_fits_no_question_is_no_question(memory: BotMemory) -> None:
    assert respond(HELPER, memory, "opening hours", "en", first).texts == ("9 to 18.",)


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("{name}", "{other} {0} {"),
        ("<{other}>", "<>"),
        ("{{name}} {name!r} {0} {", "{name} {name!r} {0} {"),
        ("{name.__class__}", "{name.__class__}"),
    ],
)
def test_braces_in_values_are_data(text: str, filled: str) -> None:
    assert filled_in(text, {"name": "{other} {0} {"}) == filled


# Properties: any script, any customer.

WORDS = st.sampled_from(["alpha", "beta", "gamma", "alpha beta"])
LOCALES = st.sampled_from(["en", "pt", "pt-BR", "fr", "", "-", "EN-us"])
WORDINGS: st.SearchStrategy[Mapping[str, tuple[str, ...]]] = st.fixed_dictionaries(
    {"en": st.lists(st.sampled_from(["Text.", "{one} {two}", "{", "{{x}}"]), min_size=1, max_size=2).map(tuple)},
    optional={"pt-BR": st.just(("Texto.",))},
)
ASKS = st.builds(
    Ask, st.sampled_from(["one", "two"]), WORDINGS, st.sampled_from([None, r"\d+", "a*"]), WORDINGS, st.integers(1, 3)
)
QUIET_STEPS: st.SearchStrategy[Step] = st.one_of(ASKS, st.builds(Say, WORDINGS))
HAND_OFFS = st.builds(HandOff, WORDINGS, st.sampled_from([None, "billing"]), st.just(()))
STEPS: st.SearchStrategy[Step] = st.one_of(QUIET_STEPS, HAND_OFFS, st.builds(End, WORDINGS))


@st.composite
def definitions(draw: st.DrawFn) -> BotDefinition:
    def topic(name: str) -> Topic:
        steps = draw(st.lists(STEPS, min_size=1, max_size=4))
        return Topic(name, {"en": tuple(draw(st.lists(WORDS, min_size=1, max_size=2)))}, tuple(steps))

    topics = [topic(f"t{number}") for number in range(draw(st.integers(0, 3)))]
    escalation = Topic("person", {"en": ("human",)}, tuple(draw(st.lists(QUIET_STEPS, max_size=2))))
    greeting = tuple(draw(st.lists(QUIET_STEPS, max_size=2)))
    misunderstandings_max = draw(st.integers(1, 4))
    return BotDefinition(
        "b", "B", "en", greeting, (*topics, escalation), draw(WORDINGS), misunderstandings_max, "person"
    )


SAID = st.one_of(st.text(), WORDS, st.sampled_from(["human", "42", "a" * 600, "{one}", "{", "%s", "\ud800"]))


@given(definitions(), LOCALES, st.lists(SAID, max_size=12))
def test_any_customer_gets_an_answer(definition: BotDefinition, locale: str, said: list[str]) -> None:
    customer = Customer(definition, locale)
    for text in (None, *said):
        reply = customer.says(text)
        assert all(len(value) <= VALUE_CHARS_MAX for value in reply.memory.learnt.values())
        assert not (reply.is_end and reply.hand_off)
        if reply.is_end or reply.hand_off:
            assert reply.memory.topic is None


@given(definitions(), st.lists(st.text(), min_size=40, max_size=40))
def test_whoever_is_not_understood_reaches_a_person(definition: BotDefinition, said: list[str]) -> None:
    asks = [step for step in definition.greeting + definition.topics[-1].steps if isinstance(step, Ask)]
    turns_max = sum(ask.tries_max for ask in asks) + definition.misunderstandings_max
    customer = Customer(definition)
    customer.says(None)
    nonsense = [f"nonsense {text}" for text in said if not set(normalised(text).split()) & {"alpha", "beta", "gamma"}]
    for turn, text in enumerate(nonsense, 1):
        if customer.says(text).hand_off:
            break
        assert turn < turns_max


@given(definitions(), SAID)
def test_asking_for_a_person_reaches_one_at_once_but_for_its_questions(definition: BotDefinition, said: str) -> None:
    customer = Customer(definition)
    customer.says(None)
    customer.says(said)
    questions = sum(isinstance(step, Ask) for step in definition.topics[-1].steps)
    assert any(customer.says("I want a HUMAN!").hand_off for _ in range(questions + 1))


@given(st.text())
def test_spelling_is_settled(text: str) -> None:
    assert normalised(normalised(text)) == normalised(text)
    assert normalised(f"  {text}?! ") == normalised(text)
