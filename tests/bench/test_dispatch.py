"""The dispatch benchmark on a small floor. Nothing here looks at how fast anything is."""

import pytest

import bench.dispatch
from bench.dispatch import Sizes
from bench.report import Report

TINY = Sizes(agents=4, waiting=6, freed=3, freed_per_second=5.0, restarts=2)


@pytest.mark.slow
def test_offers_come_warm_and_after_a_restart() -> None:
    report = Report()
    bench.dispatch.run(report, TINY)
    for name in ("dispatch.warm.p50", "dispatch.warm.p95", "dispatch.cold.p50", "dispatch.cold.p95"):
        assert report.figures[name]["value"] > 0
        assert report.figures[name]["ratio"]
