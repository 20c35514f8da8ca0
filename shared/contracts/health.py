"""What GET /api/health and /api/health/ready answer."""

from typing import Literal

from pydantic import computed_field

from shared.contracts.wire import Wire


class Health(Wire):
    """The process answers."""

    status: Literal["ok"] = "ok"


class Check(Wire):
    """How one dependency answered; `error` says why it did not."""

    ok: bool
    error: str | None = None


class Readiness(Wire):
    """Whether the app can do its work: every registered dependency has answered."""

    checks: dict[str, Check]

    @computed_field  # type: ignore[prop-decorator]  # mypy knows no decorated properties (python/mypy#1362)
    @property
    def status(self) -> Literal["ready", "unavailable"]:
        """ "ready" if all checks are ok."""
        return "ready" if all(check.ok for check in self.checks.values()) else "unavailable"
