"""Routing's log as lines of JSON: for export, back-tests and replays."""

from typing import Any

import orjson
from pydantic import AwareDatetime, TypeAdapter, ValidationError

from shared.domain.backtest.recording import Entry
from shared.domain.presence import AgentState
from shared.domain.routing import Offer, WorkItem
from shared.records.history import Past

_adapters: dict[str, TypeAdapter[Any]] = {
    "work": TypeAdapter(WorkItem), "agent": TypeAdapter(AgentState), "offer": TypeAdapter(Offer),
}  # fmt: skip
_kinds = {WorkItem: "work", AgentState: "agent", Offer: "offer"}
_times = TypeAdapter(AwareDatetime)


class NotTraffic(Exception):
    """A line is not one of an export."""


def entry_of(past: Past) -> Entry:
    """What a version of a record tells."""
    return Entry(past.position, past.at, _adapters[past.id.partition(":")[0]].validate_python(past.body))


def line_of(entry: Entry) -> bytes:
    """As a line of an export."""
    kind = _kinds[type(entry.record)]
    record = _adapters[kind].dump_python(entry.record, mode="json")
    return orjson.dumps({"position": entry.position, "at": entry.at, "kind": kind, "record": record})


def entry_of_line(line: bytes | str) -> Entry:
    """Back from a line. Raises NotTraffic."""
    try:
        found = orjson.loads(line)
        record = _adapters[found["kind"]].validate_python(found["record"])
        return Entry(int(found["position"]), _times.validate_python(found["at"]), record)
    except (ValueError, KeyError, TypeError, ValidationError) as error:
        raise NotTraffic(f"not a line of exported traffic: {type(error).__name__}") from None
