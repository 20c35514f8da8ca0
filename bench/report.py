"""What a benchmark reports: tables for people, figures for `.data/bench.json`."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

Figures = dict[str, dict[str, Any]]


class Report:
    """Prints tables as they come and collects figures by name."""

    def __init__(self) -> None:
        self.figures: Figures = {}

    def figure(self, name: str, value: float, unit: str, peer: float | None = None) -> None:
        """Record one figure; `peer` is the peer's value in the same unit, measured in the same run."""
        ratio = round(value / peer, 4) if peer else None
        self.figures[name] = {"value": _short(value), "unit": unit, "peer": _short(peer), "ratio": ratio}

    def table(self, title: str, header: Sequence[str], rows: Sequence[Sequence[Any]], note: str = "") -> None:
        """Print a table: the first column to the left, the others to the right."""
        cells = [[_cell(value) for value in row] for row in [header, *rows]]
        widths = [max(len(row[column]) for row in cells) for column in range(len(header))]
        print(f"\n{title}")
        for number, row in enumerate(cells):
            numbers = (cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))
            print("  " + "  ".join([row[0].ljust(widths[0]), *numbers]).rstrip())
            if number == 0:
                print("  " + "  ".join("-" * width for width in widths))
        if note:
            print(f"  {note}", flush=True)


def write(path: Path, figures: Figures, *, merge: bool) -> None:
    """Write the figures; with `merge`, those of the file that were not measured now stay."""
    before: Figures = json.loads(path.read_text()) if merge and path.exists() else {}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(before | figures, indent=2, sort_keys=True) + "\n")


def _short(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.5g}")


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if not isinstance(value, float):
        return str(value)
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
