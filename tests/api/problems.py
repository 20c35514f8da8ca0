"""What every refusal of the API must look like."""

import json
from collections.abc import Mapping

CODES = {
    400: {"invalid-request"}, 401: {"unauthenticated"}, 403: {"forbidden"}, 404: {"not-found", "unknown-user"},
    409: {"invalid-state", "conversation-closed", "offer-gone"}, 410: {"cursor-expired"}, 412: {"stale"},
    413: {"too-large"}, 422: {"idempotency-mismatch", "transfer-unsupported"}, 429: {"throttled"},
    503: {"unavailable"},
}  # fmt: skip
_MEMBERS = {"type", "title", "status", "code", "detail", "errors", "state"}


def check_problem(status: int, headers: Mapping[str, str], body: bytes) -> str:
    """The code of a problem document as the contract has it; fails for anything else."""
    assert headers["content-type"] == "application/problem+json", (status, headers, body[:200])
    problem = json.loads(body)
    assert problem.keys() <= _MEMBERS
    assert problem["status"] == status
    assert problem["code"] in CODES[status], problem
    assert problem["title"]
    assert "Traceback" not in body.decode()
    if status == 401:
        assert headers["www-authenticate"] == "Bearer"
    if status in (429, 503):
        assert int(headers["retry-after"]) > 0
    check_headers(headers)
    return str(problem["code"])


def check_headers(headers: Mapping[str, str]) -> None:
    """Nothing of the API is kept or guessed at by browsers."""
    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"
