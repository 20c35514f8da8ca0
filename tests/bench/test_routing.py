"""The routing benchmark at tiny sizes: it reports all its figures, and its peers decide alike."""

import pytest

import bench.routing
from bench.report import Report
from bench.routing import LABELS, Sizes
from bench.routing.peers import PEERS
from bench.routing.workload import Size

TINY = Size(agents=40, waiting=300, skills=12, queues=6, sets=60)
SIZES = Sizes(
    TINY, 30, Size(agents=40, waiting=300, skills=12, queues=6, sets=60, is_simple=True), 120,
    dict.fromkeys(PEERS, 120), (50, 200), 40,
)  # fmt: skip


def test_all_figures_are_reported(capsys: pytest.CaptureFixture[str]) -> None:
    report = Report()
    bench.routing.run(report, SIZES)
    for name in (*LABELS, "any"):
        assert {f"routing.{name}.p50", f"routing.{name}.p99"} <= report.figures.keys()
    for name in PEERS:
        assert report.figures[f"routing.simple.free.p50.{name}"]["peer"] is not None
    assert "routing.growth.200.free.p99" in report.figures
    assert "Simple policy, the same decisions" in capsys.readouterr().out
