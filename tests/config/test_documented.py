"""docs/configuration.md names every key with its default."""

import re
from datetime import timedelta
from enum import Enum
from pathlib import Path

import pytest
from pydantic.fields import FieldInfo

from shared.config import schema, schema_hours, schema_queues, schema_streams
from shared.config.section import Section, keys_of
from shared.domain.policy import WrapUpRule

DOCUMENT = (Path(__file__).parents[2] / "docs" / "configuration.md").read_text(encoding="utf-8")
PARTS = dict(re.findall(r"^##+ (\S+)\n(.*?)(?=^##|\Z)", DOCUMENT, re.MULTILINE | re.DOTALL))
SECTIONS: dict[str, type[Section]] = {
    "contact-centre.yaml": schema.ContactCentreFile,
    "channels": schema.ChannelSection,
    "limits": schema.LimitsSection,
    "offers": schema.OffersSection,
    "connection": schema.ConnectionSection,
    "agents.yaml": schema.AgentsFile,
    "agents": schema.AgentSection,
    "queues.yaml": schema_queues.QueuesFile,
    "queues": schema_queues.QueueSection,
    "announcements": schema_queues.AnnouncementsSection,
    "relaxation": schema_queues.RelaxationSection,
    "overflow": schema_queues.OverflowSection,
    "overflow.when": schema_queues.WhenSection,
    "overflow.do": schema_queues.DoSection,
    "hours.yaml": schema_hours.HoursFile,
    "calendars": schema_hours.CalendarSection,
    "week": schema_hours.WeekSection,
    "streams.yaml": schema_streams.StreamsFile,
    "streams": schema_streams.StreamSection,
    "rules": schema_streams.RuleSection,
    "conditions": schema_streams.ConditionSection,
    "then": schema_streams.ThenSection,
    "texts.yaml": schema.TextsFile,
    "texts": schema.TextsSection,
    "bots/{id}.yaml": schema.BotFile,
    "topics": schema.TopicSection,
    "steps": schema.StepSection,
    "ask": schema.AskSection,
    "handOff": schema.HandOffSection,
}
IN_WORDS = {
    ("ask", "retry"): "the question",
    ("handOff", "queue"): "the channel's",
    ("then", "priority"): "the queue's",
    ("overflow", "id"): "`rule-{n}`",
    ("rules", "id"): "`rule-{n}`",
    ("streams.yaml", "streams"): "none",
}
UNITS = {"d": 86_400, "h": 3_600, "min": 60, "s": 1}


def duration(span: timedelta) -> str:
    """As people write it; seconds up to five minutes."""
    seconds = int(span.total_seconds())
    unit = "s" if seconds < 300 else next(unit for unit, size in UNITS.items() if seconds % size == 0)
    return f"{seconds // UNITS[unit]} {unit}"


def default_of(field: FieldInfo) -> str:
    match field.default:
        case _ if field.is_required():
            return "required"
        case None | [] | {}:
            return "none"
        case timedelta() as span:
            return duration(span)
        case [Enum() as choice]:
            return f"`[{choice.value}]`"
        case Enum() as choice:
            return f"`{choice.value}`"
        case WrapUpRule(blocks=blocks):
            return f"`{blocks.value}`"
        case Section():
            return "all defaults"
        case str() as text:
            return f"`{text}`"
    return str(field.default).lower()


@pytest.mark.parametrize(
    ("heading", "key"), [(heading, key) for heading, section in SECTIONS.items() for key in keys_of(section)]
)
def test_every_key_is_documented_with_its_default(heading: str, key: str) -> None:
    default = IN_WORDS.get((heading, key), default_of(keys_of(SECTIONS[heading])[key]))
    assert f"\n| `{key}` | {default} | " in PARTS[heading]


def test_nothing_else_is_documented_and_no_section_is_forgotten() -> None:
    for heading, section in SECTIONS.items():
        documented = re.findall(r"^\| `(\w+)` \|", PARTS[heading], re.MULTILINE)
        assert documented == list(keys_of(section)), heading
    assert set(SECTIONS.values()) == set(Section.__subclasses__())
