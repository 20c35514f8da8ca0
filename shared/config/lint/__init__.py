"""What a right configuration most likely does not mean: told with file, line and remedy."""

from shared.config.lint.findings import Hint, Linted
from shared.config.lint.overflow import check_overflow
from shared.config.lint.people import check_people
from shared.config.lint.relaxation import check_relaxation
from shared.config.lint.streams import check_streams
from shared.config.references import Documents
from shared.domain.centre import ContactCentre

__all__ = ["Hint", "lint"]


def lint(documents: Documents, centre: ContactCentre) -> list[Hint]:
    """All hints, in the order of files and lines."""
    linted = Linted(documents, centre)
    for check in (check_streams, check_overflow, check_relaxation, check_people):
        check(linted)
    order = {document.file: number for number, document in enumerate(documents.all())}
    return sorted(linted.hints, key=lambda hint: (order[hint.finding.file], hint.finding.line))
