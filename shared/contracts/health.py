"""What GET /api/health and /api/health/ready answer."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, computed_field
from pydantic.alias_generators import to_camel


class _Wire(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, frozen=True)


class Health(_Wire):
    """The process answers."""

    status: Literal["ok"] = "ok"


class Check(_Wire):
    """How one dependency answered; `error` says why it did not."""

    ok: bool
    error: str | None = None


class Readiness(_Wire):
    """Whether the app can do its work: every registered dependency has answered."""

    checks: dict[str, Check]

    @computed_field  # type: ignore[prop-decorator]  # mypy knows no decorated properties (python/mypy#1362)
    @property
    def status(self) -> Literal["ready", "unavailable"]:
        """ "ready" if all checks are ok."""
        return "ready" if all(check.ok for check in self.checks.values()) else "unavailable"
