"""What changes between two configurations, in words."""

from pathlib import Path

import pytest

from shared.config.difference import differences
from shared.config.load import load_centre
from tests.config.folders import SMALL, edited

LATE = "priority: 50\n    overflow: [{id: late, when: {waited: 5 min}, do: {queue: general}}]"
EDITS = [
    ("queues.yaml", "45 s", "0.75 min # the same", []),
    ("queues.yaml", "name: General", "name: The General", ["queue 'general', name: General becomes 'The General'"]),
    ("queues.yaml", "[billing]", "['billing>=5', en]", [
        "queue 'billing', skills: gains billing>=5, en and loses billing",
    ]),
    ("queues.yaml", "priority: 50", "method: bestMatch", [
        "queue 'billing', priority: 50 becomes 100", "queue 'billing', method: longestIdle becomes bestMatch",
    ]),
    ("queues.yaml", "priority: 50", LATE, ["queue 'billing', overflow, 'late' is new"]),
    ("queues.yaml", "priority: 50", "priority: 50\n    relaxation: [{after: 90 s, drop: [billing]}]",
     ["queue 'billing', relaxation: [] becomes [{after: 90 s, drop: [billing]}]"]),
    ("agents.yaml", "skills: [en, pt]", "skills: {en: 5}", [
        "agent 'alice', skills, en: 1 becomes 5", "agent 'alice', skills: pt is gone",
    ]),
    ("agents.yaml", "  sam:", "  tom:", ["agent 'sam' is gone", "agent 'tom' is new"]),
    ("hours.yaml", "09:00-18:00", "09:00-17:00", ["calendar 'day', week: "]),
    ("hours.yaml", "[2026-12-24]", "[]", ["calendar 'day', dates: 2026-12-24 is gone"]),
    ("hours.yaml", "BR-SP", "BR", ["calendar 'day', regions: [BR-SP] becomes [BR]"]),
    ("streams.yaml", "percent: 50", "percent: 60", ["stream 'chat', rules, 'rule-1', percent: 50 becomes 60"]),
    ("contact-centre.yaml", "limits:", "ageing: 2 min\nlimits:", ["ageing: nothing becomes 2 min"]),
    ("contact-centre.yaml", "queueWait: 2 h", "queueWait: 90 min", ["limits, queueWait: 2 h becomes 90 min"]),
    ("contact-centre.yaml", "missed: none", "missed: inactive", ["offers, missed: none becomes inactive"]),
    ("contact-centre.yaml", "billing: Billing", "billing: Bills", ["skill 'billing': Billing becomes Bills"]),
    ("texts.yaml", "queued: Soon.", "queued: At once.", ["texts in 'en', queued: Soon. becomes 'At once.'"]),
    ("bots/helper.yaml", "queue: billing", "queue: general", ["bot 'helper', topics, 'order', steps: "]),
]  # fmt: skip


@pytest.mark.parametrize(("file", "find", "write", "said"), EDITS, ids=[f"{edit[0]}: {edit[2]}" for edit in EDITS])
def test_one_line_for_each_change(tmp_path: Path, file: str, find: str, write: str, said: list[str]) -> None:
    found = differences(load_centre(SMALL), load_centre(edited(tmp_path, file, find, write)))
    assert len(found) == len(said), found
    for line, expected in zip(found, said, strict=True):
        assert line.startswith(expected) if expected.endswith(": ") else line == expected


def test_the_order_of_topics_is_a_change(tmp_path: Path) -> None:
    script = (SMALL / "bots" / "helper.yaml").read_text(encoding="utf-8")
    goodbye = script[script.index("  goodbye:") : script.index("  person:")]
    moved = script.replace(goodbye, "").replace("topics:\n", f"topics:\n{goodbye}")
    found = differences(load_centre(SMALL), load_centre(edited(tmp_path, "bots/helper.yaml", None, moved)))
    assert found == ["bot 'helper', topics: the order is now goodbye, hours, order, person"]
