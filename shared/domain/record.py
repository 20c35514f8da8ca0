"""Records: frozen dataclasses that are made so often that making one must be cheap."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dataclasses import dataclass as record
else:
    from dataclasses import dataclass

    def record(*, frozen: bool, slots: bool) -> Any:
        """Frozen as far as mypy can see: what enforces it at run time makes construction take seven times as long."""
        return dataclass(slots=slots, unsafe_hash=frozen)


__all__ = ["record"]
