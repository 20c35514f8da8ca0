"""What a right configuration means."""

import re
import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from shared.config.load import load_centre
from shared.domain.bot import Ask, BotMemory, End, HandOff
from shared.domain.centre import AgentProfile, ChannelProfile, ConnectionRules, Limits, OfferRules, Penalty, Role
from shared.domain.scripted_bot import respond
from tests.config.folders import SAMPLE, SMALL, edited, load_edited


def test_the_sample_is_what_the_contract_says() -> None:
    centre = load_centre(SAMPLE)
    for name in ("alice", "bob"):
        agent = centre.agents[name]
        assert agent.roles == {Role.AGENT}
        assert "general" in agent.queues
        assert agent.skills.keys() >= {"en", "pt"}
        assert agent.capacity == 3
    assert centre.agents["sam"].roles == {Role.SUPERVISOR}
    assert centre.agents["ada"].roles == {Role.ADMIN}
    assert centre.default_locale == "en"
    assert set(centre.texts) == {"en", "pt-BR"}
    assert {"resolved", "follow-up", "no-answer", "spam"} <= centre.dispositions.keys()
    assert centre.channels["chat"] == ChannelProfile("chat", "general", "helper", 1)
    assert centre.queues["general"].offer == timedelta(seconds=45)


@pytest.mark.parametrize(("locale", "said"), [("en", "Talk to a person"), ("pt-BR", "quero falar com uma pessoa!")])
def test_the_samples_bot_greets_and_hands_off(locale: str, said: str) -> None:
    helper = load_centre(SAMPLE).bots["helper"]
    greeting = respond(helper, BotMemory(), None, locale, lambda count: count - 1)
    assert greeting.texts
    assert respond(helper, greeting.memory, said, locale, lambda count: 0).hand_off is not None


def test_what_is_not_written_has_its_default() -> None:
    centre = load_centre(SMALL)
    assert centre.limits == Limits(
        bot_idle=timedelta(minutes=20),
        queue_wait=timedelta(hours=2),
        active_idle=timedelta(minutes=30),
        set_aside=timedelta(days=30),
        wrap_up=timedelta(minutes=15),
        bot_notice=timedelta(seconds=15),
        bot_failure=timedelta(seconds=30),
    )
    assert centre.offers == OfferRules(Penalty.NONE, Penalty.DO_NOT_DISTURB, 3)
    assert centre.connection == ConnectionRules(timedelta(seconds=60), timedelta(seconds=90), timedelta(seconds=150))
    assert centre.agents["bob"] == AgentProfile(
        id="bob",
        name="Bob",
        roles=frozenset({Role.AGENT}),
        pool="main",
        queues=frozenset({"general", "billing"}),
        skills={"en": 1, "billing": 1},
        capacity=3,
        enabled=True,
    )
    billing = centre.queues["billing"]
    assert (billing.offer, billing.service_level) == (timedelta(seconds=120), timedelta(seconds=20))


def test_a_bot_is_read_step_by_step() -> None:
    helper = load_centre(SMALL).bots["helper"]
    order, goodbye, person = helper.topics[1:]
    number = {"en": ("Which number?",)}
    assert order.steps[0] == Ask("order_number", number, r"[A-Z]{2}\d{6}", number, 2)
    assert order.steps[1] == HandOff({"en": ("Passing {order_number} on.",)}, "billing", ())
    assert goodbye.steps == (End({"en": ("Bye!",)}),)
    assert person.steps == (HandOff({}, None, ()),)
    assert person.triggers == {"en": ("talk to a person",), "pt-BR": ("atendente",)}
    assert helper.misunderstandings_max == 3


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("45 s", timedelta(seconds=45)),
        ("45s", timedelta(seconds=45)),
        ("0.5 s", timedelta(milliseconds=500)),
        ("20 min", timedelta(minutes=20)),
        ("1.5 h", timedelta(minutes=90)),
        ("30 d", timedelta(days=30)),
    ],
)
def test_durations(tmp_path: Path, written: str, meant: timedelta) -> None:
    assert load_edited(tmp_path, "queues.yaml", "45 s", written).queues["general"].offer == meant


@pytest.mark.parametrize("id", ["no", "on", "010", "2026-01-01", "1e3", "0x1f", "12:30:45", "0", "true", "null"])
def test_an_id_is_text_whatever_yaml_makes_of_it(tmp_path: Path, id: str) -> None:
    edited(tmp_path, "contact-centre.yaml", "queue: general", f"queue: '{id}'")
    edited(tmp_path, "agents.yaml", "[general]", f"['{id}']")
    edited(tmp_path, "agents.yaml", "[general, billing]", "[billing]")
    assert id in load_edited(tmp_path, "queues.yaml", "  general:", f"  {id}:").queues


def test_norwegian_is_a_locale(tmp_path: Path) -> None:
    texts = (SMALL / "texts.yaml").read_text(encoding="utf-8")
    english = texts[texts.index("  en:\n") : texts.index("  pt-BR:")]
    edited(tmp_path, "contact-centre.yaml", "locales: [en, pt-BR]", "locales: [en, pt-BR, no]")
    centre = load_edited(tmp_path, "texts.yaml", english, english + english.replace("en:", "no:"))
    assert centre.text("queued", "no-NO") == "Soon."
    assert set(centre.texts) == {"en", "no", "pt-BR"}


def test_keys_without_values_count_as_not_written(tmp_path: Path) -> None:
    centre = load_edited(tmp_path, "contact-centre.yaml", "  queueWait: 2 h", "  # queueWait: 2 h")
    assert centre.limits.queue_wait == timedelta(hours=2)


def test_the_version_is_that_of_the_content(tmp_path: Path) -> None:
    version = load_centre(SMALL).version
    assert re.fullmatch("[0-9a-f]{12}", version)
    same = ("offer: 45 s", "offer: 0.75 min # a minute is too long"), ("[billing]", "\n      - billing")
    for find, write in same:
        assert load_edited(tmp_path, "queues.yaml", find, write).version == version
    assert load_edited(tmp_path, "queues.yaml", "name: General", "name: Geral").version != version


def test_the_order_of_topics_is_content(tmp_path: Path) -> None:
    script = (SMALL / "bots" / "helper.yaml").read_text(encoding="utf-8")
    goodbye = script[script.index("  goodbye:") : script.index("  person:")]
    moved = script.replace(goodbye, "").replace("topics:\n", f"topics:\n{goodbye}")
    assert load_edited(tmp_path, "bots/helper.yaml", None, moved).version != load_centre(SMALL).version


def test_a_contact_centre_needs_no_bot(tmp_path: Path) -> None:
    folder = edited(tmp_path, "contact-centre.yaml", "    bot: helper\n", "")
    shutil.rmtree(folder / "bots")
    assert load_centre(folder).channels["chat"].bot is None
