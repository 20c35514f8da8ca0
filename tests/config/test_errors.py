"""What a wrong configuration gets told, in every word."""

from pathlib import Path

import pytest
import yaml

from shared.config.source import BYTES_MAX
from tests.config.folders import SMALL, edited, errors_of

BROKEN = yaml.safe_load((Path(__file__).parent / "broken.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", BROKEN, ids=[f"{case['file']}: {case['write']}" for case in BROKEN])
def test_every_error_names_place_and_remedy(tmp_path: Path, case: dict[str, str]) -> None:
    folder = edited(tmp_path, case["file"], case.get("find"), case["write"])
    assert errors_of(folder) == case["errors"].rstrip("\n")


def test_the_small_configuration_is_right() -> None:
    assert errors_of(SMALL) == "no errors"


def test_all_errors_of_all_files_are_told(tmp_path: Path) -> None:
    edited(tmp_path, "queues.yaml", "priority: 50", "priority: high")
    edited(tmp_path, "queues.yaml", "45 s", "45")
    edited(tmp_path, "agents.yaml", "agents:", "agents: [")
    folder = edited(tmp_path, "bots/helper.yaml", "queue: billing", "queue: bilings")
    assert [line.split(": ")[0] for line in errors_of(folder).split("\n")] == [
        "config/agents.yaml:3",
        "config/queues.yaml:5",
        "config/queues.yaml:10",
        "config/bots/helper.yaml:26",
    ]


def test_a_missing_file_is_told_with_what_it_needs(tmp_path: Path) -> None:
    folder = edited(tmp_path, "queues.yaml", None, "")
    (folder / "queues.yaml").unlink()
    assert errors_of(folder) == "config/queues.yaml:1: the file is missing; create it with at least: queues"


def test_a_missing_folder(tmp_path: Path) -> None:
    told = errors_of(tmp_path / "konfig")
    assert told == "konfig:1: there is no such folder; begin with a copy of config/"


def test_a_file_that_is_none(tmp_path: Path) -> None:
    folder = edited(tmp_path, "queues.yaml", None, "")
    (folder / "queues.yaml").unlink()
    (folder / "queues.yaml").mkdir()
    assert errors_of(folder).startswith("config/queues.yaml:1: the file cannot be read (Is a directory)")


def test_another_encoding(tmp_path: Path) -> None:
    folder = edited(tmp_path, "queues.yaml", None, "")
    (folder / "queues.yaml").write_bytes("queues:\n  general: {name: Balcão}".encode("latin-1"))
    assert errors_of(folder) == "config/queues.yaml:2: this is not UTF-8; save the file in that encoding"


def test_a_file_has_a_size(tmp_path: Path) -> None:
    folder = edited(tmp_path, "queues.yaml", None, "#" * (BYTES_MAX + 1))
    assert errors_of(folder) == "config/queues.yaml:1: the file is too large; at most 8 MB are read"


def test_a_bot_that_would_be_overlooked(tmp_path: Path) -> None:
    folder = edited(tmp_path, "queues.yaml", "", "")
    (folder / "bots" / "night.yml").write_text("name: Night")
    (folder / "bots" / "helper.yaml").rename(folder / "bots" / "help er.yaml")
    assert errors_of(folder).split("\n") == [
        "config/contact-centre.yaml:13: channels.chat.bot: there is no bot 'helper'; did you mean 'help er'?",
        "config/bots/night.yml:1: the file would be ignored; rename it to night.yaml",
        "config/bots/help er.yaml:1: the file's name is the bot's id: 'help er' is no id: "
        "use up to 128 letters, digits and . _ : @ -",
    ]
