"""What goes wrong for a caller, as RFC 9457 problems with the stable codes of the contract."""

from collections.abc import Sequence

from shared.contracts.wire import Problem, Violation

RETRY_AFTER_SECONDS = 2


class ProblemError(Exception):
    """Ends a request with a problem document; nothing has been changed."""

    def __init__(
        self, status: int, code: str, detail: str | None = None, *, state: str | None = None,
        errors: Sequence[Violation] = (), retry_after_seconds: int | None = None,
    ) -> None:  # fmt: skip
        super().__init__(detail or code)
        self.status, self.code, self.detail, self.state = status, code, detail, state
        self.errors, self.retry_after_seconds = tuple(errors), retry_after_seconds

    def problem(self) -> Problem:
        """The document."""
        title = self.code.replace("-", " ").capitalize()
        return Problem(
            title=title, status=self.status, code=self.code, detail=self.detail, state=self.state,
            errors=list(self.errors) or None,
        )  # fmt: skip


def invalid_request(detail: str, *errors: Violation) -> ProblemError:
    """400: the request cannot be understood."""
    return ProblemError(400, "invalid-request", detail, errors=errors)


def unauthenticated(detail: str = "a valid bearer token is needed") -> ProblemError:
    """401: who calls is not known."""
    return ProblemError(401, "unauthenticated", detail)


def forbidden(detail: str) -> ProblemError:
    """403: the caller may not do this."""
    return ProblemError(403, "forbidden", detail)


def not_found(what: str) -> ProblemError:
    """404: it does not exist, or the caller may not know that it does."""
    return ProblemError(404, "not-found", f"there is no such {what}")


def invalid_state(detail: str) -> ProblemError:
    """409: not now."""
    return ProblemError(409, "invalid-state", detail)


def offer_gone(state: str) -> ProblemError:
    """409: the offer has been answered, withdrawn or has expired."""
    return ProblemError(409, "offer-gone", f"the offer is {state}", state=state)


def unavailable(detail: str = "try again in a moment") -> ProblemError:
    """503: our fault; nothing is lost."""
    return ProblemError(503, "unavailable", detail, retry_after_seconds=RETRY_AFTER_SECONDS)
