"""What the linter says of the small configuration after edits, in every word; of what is meant it says nothing."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from shared.config.lint import lint
from shared.config.load import read_centre
from tests.config.folders import SAMPLE, SMALL, edited

CASES = yaml.safe_load((Path(__file__).parent / "linted.yaml").read_text(encoding="utf-8"))


def hints_of(folder: Path) -> str:
    """All hints, with paths as seen from beside the folder."""
    return "\n".join(map(str, lint(*read_centre(folder)))).replace(f"{folder.parent}/", "")


@pytest.mark.parametrize("case", CASES, ids=[case["about"] for case in CASES])
def test_every_hint_names_place_and_remedy(tmp_path: Path, case: dict[str, Any]) -> None:
    folder = edited(tmp_path, "hours.yaml", None, "calendars:\n")
    edited(tmp_path, "streams.yaml", None, "streams:\n")
    for edit in case["edits"]:
        edited(tmp_path, edit["file"], edit.get("find"), edit["write"])
    assert hints_of(folder) == (case.get("hints") or "").rstrip("\n")


def test_the_sample_is_as_it_is_meant() -> None:
    assert hints_of(SAMPLE) == ""


def test_hints_come_in_the_order_of_files_and_lines(tmp_path: Path) -> None:
    folder = edited(tmp_path, "agents.yaml", "    queues: [general, billing]\n", "")
    files = [line.split(": ")[0] for line in hints_of(folder).split("\n")]
    assert files == ["config/agents.yaml:8", "config/queues.yaml:6", "config/hours.yaml:2", "config/streams.yaml:5"]


def test_the_small_configuration_has_only_warnings() -> None:
    assert all(not hint.is_error for hint in lint(*read_centre(SMALL)))
