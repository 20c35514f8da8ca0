"""The commands as they are typed: what they print, and their exit codes."""

import shutil
import subprocess
from pathlib import Path

import pytest

from cli.__main__ import main
from shared.config.load import load_centre
from tests.config.folders import SAMPLE, SMALL, edited

ROOT = Path(__file__).parents[2]
Capture = pytest.CaptureFixture[str]


def test_check_of_what_is_right(capsys: Capture) -> None:
    assert main(["config", "check", str(SMALL)]) == 0
    version = load_centre(SMALL).version
    counts = "2 queues, 3 agents, 1 bot"
    assert capsys.readouterr().out == f"{SMALL} is right: Small Support, {counts}, version {version}.\n"


@pytest.mark.parametrize("command", ["check", "lint"])
def test_what_is_wrong_is_told_as_the_host_tells_it(command: str, tmp_path: Path, capsys: Capture) -> None:
    folder = edited(tmp_path, "queues.yaml", "pool: main", "pool: mian")
    assert main(["config", command, str(folder)]) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err == f"{folder}/queues.yaml:4: queues.general.pool: there is no pool 'mian'; did you mean 'main'?\n"


def test_lint_fails_on_errors_only(tmp_path: Path, capsys: Capture) -> None:
    assert main(["config", "lint", str(SMALL)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.endswith("(warning)") for line in lines] == [True] * (len(lines) - 1) + [False]
    assert lines[-1] == f"{SMALL}: 0 errors, {len(lines) - 1} warnings."
    folder = edited(tmp_path, "queues.yaml", "[billing]", "['billing>=9']")
    assert main(["config", "lint", str(folder)]) == 1
    assert "1 error, " in capsys.readouterr().out.splitlines()[-1]


def test_a_diff_says_what_changes(tmp_path: Path, capsys: Capture) -> None:
    folder = edited(tmp_path, "queues.yaml", "45 s", "90 s")
    assert main(["config", "diff", str(SMALL), str(folder)]) == 0
    old, new = load_centre(SMALL).version, load_centre(folder).version
    said = capsys.readouterr().out.splitlines()
    assert said == ["queue 'general', offer: 45 s becomes 90 s", f"1 change: version {old} becomes {new}."]
    assert main(["config", "diff", str(SMALL), str(SMALL)]) == 0
    assert capsys.readouterr().out == "No change.\n"


def test_without_a_command_it_says_what_there_is(capsys: Capture) -> None:
    with pytest.raises(SystemExit) as left:
        main(["config"])
    assert left.value.code == 2
    assert "check" in capsys.readouterr().err


@pytest.mark.slow
def test_the_installed_command_works_from_anywhere(tmp_path: Path) -> None:
    assert (ROOT / ".venv" / "bin" / "atende").read_text() == (ROOT / "cli" / "atende").read_text(), "run make setup"
    shutil.copytree(SAMPLE, tmp_path / "config")
    command = [str(ROOT / ".venv" / "bin" / "atende"), "config", "check"]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert ran.stdout.startswith("config is right: Acme Support")
