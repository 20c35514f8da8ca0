"""What the demo shows: a live table on a terminal, a line now and then elsewhere, and the summary."""

import contextlib
import time
from collections.abc import Iterator

from rich.console import Console
from rich.live import Live
from rich.table import Table

from demo.outcome import Outcome
from demo.play import Demo

LINE_EVERY_SECONDS = 5.0
STATUSES = {"new": "beginning", "bot": "with the bot", "queued": "in the queue", "offered": "offered to an agent",
            "active": "with an agent", "waiting": "set aside", "wrapUp": "being filed", "closed": "closed"}  # fmt: skip


class Screen:
    """Shows a demo under way."""

    def __init__(self, console: Console, demo: Demo, chats: int) -> None:
        self._console, self._demo, self._chats = console, demo, chats
        self._live: Live | None = None
        self._begin = self._said_at = time.monotonic()

    @contextlib.contextmanager
    def shown(self) -> Iterator[None]:
        """On a terminal, draw as long as this is open."""
        if not self._console.is_terminal:
            yield
            return
        with Live(self._table(), console=self._console, transient=True, auto_refresh=False) as self._live:
            yield

    def show(self) -> None:
        """What is going on now."""
        if self._live:
            self._live.update(self._table(), refresh=True)
        elif time.monotonic() - self._said_at > LINE_EVERY_SECONDS:
            self._said_at = time.monotonic()
            found = ", ".join(f"{count} {what}" for what, count in self._counts())
            self._console.print(f"{self._seconds():3.0f} s: {found}", highlight=False, soft_wrap=True)

    def _counts(self) -> list[tuple[str, int]]:
        statuses = self._demo.statuses()
        found = [("to come", self._chats - statuses.total())]
        found += [(title, statuses[status]) for status, title in STATUSES.items()]
        return [(title, count) for title, count in found if count]

    def _table(self) -> Table:
        table = Table(title=f"Atende demo, {self._seconds():.0f} s", min_width=44)
        table.add_column("conversations")
        table.add_column("", justify="right")
        table.add_column("", min_width=20)
        for title, count in self._counts():
            table.add_row(title, str(count), "█" * min(count, 40))
        table.add_section()
        for colleague in self._demo.colleagues:
            table.add_row(f"{colleague.desk.user} has in hand", str(colleague.in_hand), "█" * colleague.in_hand)
        return table

    def _seconds(self) -> float:
        return time.monotonic() - self._begin


def summary(outcome: Outcome, errors: int) -> Table:
    """The result of a demo."""
    table = Table(title="Summary", min_width=44)
    table.add_column("")
    table.add_column("", justify="right")
    table.add_row("conversations", str(outcome.conversations))
    for end, count in sorted(outcome.by_end.items()):
        table.add_row(f"  {end}", str(count))
    table.add_section()
    answered, level = outcome.answered, outcome.service_level
    table.add_row("wait, median", _quantile(answered, 0.5))
    table.add_row("wait, 95 %", _quantile(answered, 0.95))
    table.add_row("wait, longest", _quantile(answered, 1.0))
    table.add_row("service level (answered in time)", "-" if level is None else f"{level:.0%}")
    table.add_row("abandoned waits", str(outcome.abandoned))
    table.add_section()
    for agent, count in sorted(outcome.handled.items()):
        table.add_row(f"handled by {agent}", str(count))
    for disposition, count in sorted(outcome.dispositions.items()):
        table.add_row(f"filed as {disposition}", str(count))
    table.add_section()
    table.add_row("messages sent", str(outcome.sent))
    table.add_row("messages received", str(outcome.received))
    table.add_row("lost", str(outcome.lost))
    table.add_row("doubled", str(outcome.doubled))
    if errors:
        table.add_row("errors", str(errors))
    return table


def _quantile(values: list[float], share: float) -> str:
    return f"{values[min(int(len(values) * share), len(values) - 1)]:.1f} s" if values else "-"
