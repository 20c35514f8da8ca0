"""The runner's output, and our engine's cells at tiny sizes. Nothing here looks at how fast anything is."""

import json
from pathlib import Path
from types import ModuleType

import pytest

import bench.__main__ as runner
from bench.durable import MODES, SHAPES, events, ours, profile, replays
from bench.report import Report
from devhost.config import Mode

TINY = {"in_flight": 5, "warm_up_seconds": 0.0, "seconds": 0.1}


def _benchmark(name: str, value: float) -> ModuleType:
    module = ModuleType(name)
    module.run = lambda report: report.figure(f"{name}.rate", value, "1/s", 4.0)  # type: ignore[attr-defined]
    return module


@pytest.fixture
def output(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two benchmarks, and the file that they are written to."""
    found = {"first": _benchmark("first", 8.0), "second": _benchmark("second", 2.0)}
    monkeypatch.setattr(runner, "modules", lambda: found)
    return tmp_path / "deep" / "bench.json"


def test_the_runner_finds_the_benchmarks() -> None:
    assert "durable" in runner.modules()
    assert "report" not in runner.modules()


def test_figures_are_written_by_name(output: Path) -> None:
    assert runner.main(["--output", str(output)]) == 0
    assert json.loads(output.read_text()) == {
        "first.rate": {"value": 8.0, "unit": "1/s", "peer": 4.0, "ratio": 2.0},
        "second.rate": {"value": 2.0, "unit": "1/s", "peer": 4.0, "ratio": 0.5},
    }


def test_one_benchmark_leaves_the_others_figures(output: Path) -> None:
    output.parent.mkdir()
    output.write_text('{"old.figure": {}, "second.rate": {}}')
    assert runner.main(["--only", "second", "--output", str(output)]) == 0
    assert set(json.loads(output.read_text())) == {"old.figure", "second.rate"}


def test_an_unknown_benchmark_is_refused(output: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert runner.main(["--only", "third", "--output", str(output)]) == 2
    assert "there are first, second" in capsys.readouterr().err


def test_a_table_is_aligned(capsys: pytest.CaptureFixture[str]) -> None:
    Report().table("Title", ["engine", "rate"], [["ours", 1234.5], ["a peer", None]], "a note")
    assert capsys.readouterr().out.splitlines() == [
        "", "Title", "  engine   rate", "  ------  -----", "  ours    1,234", "  a peer      -", "  a note",
    ]  # fmt: skip


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("shape", SHAPES)
async def test_a_cell_of_our_engine_runs(tmp_path: Path, shape: str, mode: Mode) -> None:
    measured = await ours.measure(tmp_path, shape, TINY, mode)
    assert set(measured) == {"per_second", "cpu_ms", "work_items_per_second"}


async def test_events_to_one_instance_all_arrive(tmp_path: Path) -> None:
    assert set(await events.measure(tmp_path, events=20)) == {"per_second"}


def test_replays_are_measured_with_both_parsers(tmp_path: Path) -> None:
    found = replays.measure(tmp_path, sizes=(20,), events_measured=20)
    assert {parser: set(sizes) for parser, sizes in found.items()} == {"shipped": {"20"}, "fast": {"20"}}


async def test_the_profile_names_areas(tmp_path: Path) -> None:
    found = await profile.measure(tmp_path, TINY)
    assert "SDK" in found["loop"]
    assert "commits with fsync, elapsed" in found["writer"]
