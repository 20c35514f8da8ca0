"""What goes out: JSON and problem documents, with the headers that every answer of the API carries."""

import azure.functions as func
from pydantic import BaseModel

from shared.errors import ProblemError

_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


def json_answer(body: BaseModel | str, status: int = 200) -> func.HttpResponse:
    """A model in camelCase with its null members, or a text that is JSON already."""
    text = body if isinstance(body, str) else body.model_dump_json(by_alias=True)
    return func.HttpResponse(text, status_code=status, headers=_HEADERS, mimetype="application/json")


def problem_answer(error: ProblemError) -> func.HttpResponse:
    """RFC 9457, without members that say nothing."""
    headers = dict(_HEADERS)
    if error.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if error.retry_after_seconds is not None:
        headers["Retry-After"] = str(error.retry_after_seconds)
    text = error.problem().model_dump_json(by_alias=True, exclude_none=True)
    return func.HttpResponse(text, status_code=error.status, headers=headers, mimetype="application/problem+json")
