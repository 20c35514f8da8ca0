"""Routing's log as lines of JSON."""

import pytest

from shared.records.traffic import NotTraffic, entry_of_line, line_of
from tests.domain.cast import agent, centre
from tests.domain.recorder import Play, Recorder


def test_every_entry_comes_back_from_its_line() -> None:
    entries = Recorder(Play(centre(agent("alice", "pt"), agent("bob")), customers=10)).entries
    assert [entry_of_line(line_of(entry)) for entry in entries] == entries
    assert all(b"\n" not in line_of(entry) for entry in entries)


@pytest.mark.parametrize(
    "line",
    ["", "1", "[]", "{}", "{", '{"kind": "work"}', '{"kind": "no", "record": {}, "at": "2026-03-02T09:00:00Z"}',
     '{"kind": "offer", "record": {}, "at": "2026-03-02T09:00:00Z", "position": 1}'],
)  # fmt: skip
def test_other_lines_are_refused(line: str) -> None:
    with pytest.raises(NotTraffic):
        entry_of_line(line)
