"""docs/conversation.md shows the table as it is and explains all of it."""

import re
from pathlib import Path

import pytest

from shared.domain.conversation import TRANSITIONS, Status, Step
from shared.domain.diagram import state_diagram
from shared.domain.life import STAGES

DOCUMENT = (Path(__file__).parents[2] / "docs" / "conversation.md").read_text(encoding="utf-8")


def rows(heading: str) -> dict[str, str]:
    """The table under a heading: what is named in the first column, and the rest of the row."""
    part = re.search(rf"^## {heading}\n(.*?)(?=^## |\Z)", DOCUMENT, re.MULTILINE | re.DOTALL)
    assert part, heading
    return dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", part[1], re.MULTILINE))


def test_the_committed_diagram_is_the_generated_one() -> None:
    (committed,) = re.findall(r"^```mermaid\n(stateDiagram.*?)^```$", DOCUMENT, re.MULTILINE | re.DOTALL)
    assert committed == state_diagram()


def test_the_diagram_holds_each_transition_once() -> None:
    drawn = set()
    for before, after, steps in re.findall(r"^    (\w+) --> (\w+): (.+)$", state_diagram(), re.MULTILINE):
        for step in steps.split(", "):
            assert (before, step, after) not in drawn
            drawn.add((before, step, after))
    assert drawn == {(before, step, after) for before, steps in TRANSITIONS.items() for step, after in steps.items()}
    assert "    [*] --> new\n" in state_diagram() and state_diagram().count("[*]") == 2
    assert state_diagram().endswith("    closed --> [*]\n")


def test_every_status_is_explained_with_its_stage() -> None:
    explained = rows("States")
    assert list(explained) == [str(status) for status in Status]
    for status in Status:
        assert f"`{STAGES[status]}`" in explained[status]


def test_every_step_is_explained() -> None:
    assert list(rows("Steps")) == [str(step) for step in Step]


@pytest.mark.parametrize("word", ["epoch", "bell-{token}", "signals", "seen", "until", "transfer"])
def test_what_else_there_is_to_know_is_named(word: str) -> None:
    assert f"`{word}`" in DOCUMENT
