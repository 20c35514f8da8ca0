"""What a peer is told to do wrong."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from aiohttp import web


@dataclass
class Fault:
    """The next `times` requests of documents are refused with a status, or get no answer at all (status 0).

    `is_applied` has the request done all the same: only its answer is lost.
    """

    status: int
    times: int = 1
    headers: Mapping[str, str] = field(default_factory=dict)
    is_applied: bool = False
    is_write_only: bool = False


class Faults:
    """Those that are still to come."""

    def __init__(self) -> None:
        self._next: Fault | None = None
        self.met = 0  # requests that a fault has struck

    def inject(self, fault: Fault | None) -> None:
        """None: all is well again."""
        self._next = fault

    def strike(self, request: web.Request) -> Fault | None:
        """The fault that this request meets."""
        fault, is_write = self._next, "x-ms-cosmos-is-batch-request" in request.headers
        if fault is None or fault.times == 0 or "/docs" not in request.path or (fault.is_write_only and not is_write):
            return None
        fault.times -= 1
        self.met += 1
        return fault
