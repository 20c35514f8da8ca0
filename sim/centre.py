"""A contact centre made in code, with limits so short that every timer fires within a simulation."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from shared.domain.bot import BotDefinition, End, HandOff, Say, Topic
from shared.domain.centre import (
    AgentProfile,
    ChannelProfile,
    ConnectionRules,
    ContactCentre,
    Limits,
    OfferRules,
    Penalty,
    QueueProfile,
    Role,
)

POOL = "main"
OFFER_SECONDS = 8.0
SKILLS = {"en": "English", "pt": "Portuguese", "billing": "Billing"}


class AnyText(dict[str, str]):
    """Texts of the contact centre: each says its own key."""

    def __missing__(self, key: str) -> str:
        return key


def centre_of(agents: int, capacity: int) -> ContactCentre:
    """Agents in one pool: all serve the queue `general`, every other one `billing`, too; nobody serves `vacant`."""
    names = [f"agent-{number}" for number in range(agents)]
    return ContactCentre(
        version="sim",
        name="Sim",
        default_locale="en",
        texts={"en": AnyText(), "pt": AnyText()},
        agents={name: _agent(number, name, capacity) for number, name in enumerate(names)},
        queues={
            "general": _queue("general", 100),
            "billing": _queue("billing", 50, frozenset({"billing"})),
            "vacant": _queue("vacant", 100),
        },
        channels={
            "chat": ChannelProfile("chat", "general", "helper", 1),
            "direct": ChannelProfile("direct", "general", None, 1),
        },
        bots={"helper": _bot()},
        skills=SKILLS,
        dispositions={"resolved": "Resolved", "spam": "Spam"},
        limits=Limits(
            bot_idle=timedelta(seconds=40),
            queue_wait=timedelta(seconds=90),
            active_idle=timedelta(seconds=45),
            set_aside=timedelta(seconds=40),
            wrap_up=timedelta(seconds=20),
            bot_notice=timedelta(seconds=3),
            bot_failure=timedelta(seconds=6),
        ),
        offers=OfferRules(Penalty.INACTIVE, Penalty.DO_NOT_DISTURB, refusals_max=3),
        connection=ConnectionRules(timedelta(seconds=15), timedelta(seconds=30), timedelta(seconds=60)),
    )


def _agent(number: int, name: str, capacity: int) -> AgentProfile:
    has_billing = number % 2 == 0
    return AgentProfile(
        id=name,
        name=name,
        roles=frozenset({Role.AGENT}),
        pool=POOL,
        queues=frozenset({"general", "billing"} if has_billing else {"general"}),
        skills={"en": 5, "pt": 5, **({"billing": 5} if has_billing else {})},
        capacity=capacity,
    )


def _queue(id_: str, priority: int, skills: frozenset[Any] = frozenset()) -> QueueProfile:
    offer, level = timedelta(seconds=OFFER_SECONDS), timedelta(seconds=20)
    return QueueProfile(id_, id_, POOL, skills, priority, offer, level)


def _said(text: str) -> Mapping[str, tuple[str, ...]]:
    return {"en": (text,)}


def _bot() -> BotDefinition:
    return BotDefinition(
        id="helper",
        name="Helper",
        default_locale="en",
        greeting=(Say({"en": ("Hello!", "Hi there!")}),),
        topics=(
            Topic("hours", _said("opening hours"), (Say({"en": ("All day.", "Always.")}),)),
            Topic("goodbye", _said("goodbye"), (End(_said("Goodbye!")),)),
            Topic("vacant", _said("vacant"), (HandOff(_said("One moment."), "vacant", ()),)),
            Topic("billing", _said("invoice"), (HandOff(_said("One moment."), "billing", ("billing",)),)),
            Topic("person", _said("person"), (HandOff(_said("I am connecting you."), None, ()),)),
        ),
        fallback=_said("Pardon?"),
        misunderstandings_max=10,
        escalation="person",
    )
