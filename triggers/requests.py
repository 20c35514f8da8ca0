"""What comes in: bodies, query parameters and headers, strictly parsed. Raises ProblemError 400, 401 and 413.

No complaint repeats what was sent, only where it stood and what is expected there.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import azure.functions as func
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails, from_json

from shared.contracts.endpoints import Parameter
from shared.contracts.wire import ID_CHARS_MAX, Violation
from shared.errors import ProblemError, invalid_request, unauthenticated

Model = TypeVar("Model", bound=BaseModel)

VIOLATIONS_MAX = 20
_ID = re.compile(rf"[A-Za-z0-9._:@-]{{1,{ID_CHARS_MAX}}}")
_INTEGER = re.compile(r"-?[0-9]{1,16}")
_NOT_TEXT = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")
_KEY = re.compile(r"[\x20-\x7e]{1,128}")
_MEMBER = re.compile(r"\w[\w.-]{0,63}", re.ASCII)


def read_body(req: func.HttpRequest, bytes_max: int) -> bytes:
    """The raw body, if it is not too large."""
    raw: bytes = req.get_body()
    if len(raw) > bytes_max:
        raise ProblemError(413, "too-large", f"the body may have at most {bytes_max} bytes")
    return raw


def parse_body(model: type[Model], raw: bytes) -> Model:
    """A JSON object of exactly the model's members. Its content type is not asked: what parses is taken."""
    try:
        return model.model_validate_json(raw, strict=True, by_alias=True, by_name=False)
    except ValidationError as error:
        raise invalid_request("the body is not as described", *_violations(error, raw)) from None


def path_id(req: func.HttpRequest) -> str:
    """The path's `{id}`."""
    value = str(req.route_params.get("id", ""))
    if not _ID.fullmatch(value):
        raise invalid_request("the path holds no id", Violation(pointer="id", message="an id is needed"))
    return value


def idempotency_key(req: func.HttpRequest) -> str | None:
    """The Idempotency-Key, if there is one."""
    key: str | None = req.headers.get("idempotency-key")
    if key is not None and not _KEY.fullmatch(key):
        wanted = Violation(pointer="Idempotency-Key", message="1 to 128 printable ASCII characters")
        raise invalid_request("a header is not as described", wanted)
    return key


def bearer_token(req: func.HttpRequest) -> str:
    """The token of the Authorization header."""
    scheme, _, token = req.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise unauthenticated()
    return str(token)


def query_reader(parameters: Sequence[Parameter]) -> Callable[[func.HttpRequest], Mapping[str, Any]]:
    """Made once per operation: from a request to the values of these parameters. Others are ignored."""
    readers = [(parameter.name, _reader(parameter), parameter.schema.get("default")) for parameter in parameters]

    def read(req: func.HttpRequest) -> Mapping[str, Any]:
        given, values, wrong = req.params, {}, []
        for name, parse, default in readers:
            text = given.get(name)
            try:
                values[name] = default if text is None else parse(text)
            except ValueError as error:
                wrong.append(Violation(pointer=name, message=str(error)))
        if wrong:
            raise invalid_request("the query is not as described", *wrong)
        return values

    return read


def _reader(parameter: Parameter) -> Callable[[str], int | str]:
    schema = parameter.schema
    if schema["type"] == "integer":
        return lambda text: _integer(text, schema["minimum"], schema["maximum"])
    if "enum" in schema:
        return lambda text: _choice(text, schema["enum"])
    return lambda text: _text(text, schema["maxLength"])


def _integer(text: str, least: int, most: int) -> int:
    if not _INTEGER.fullmatch(text) or not least <= int(text) <= most:
        raise ValueError(f"a whole number from {least} to {most}")
    return int(text)


def _choice(text: str, choices: Sequence[str]) -> str:
    if text not in choices:
        raise ValueError(f"one of {', '.join(choices)}")
    return text


def _text(text: str, chars_max: int) -> str:
    if len(text) > chars_max or _NOT_TEXT.search(text):
        raise ValueError(f"at most {chars_max} characters, none of them a control character")
    return text


def _violations(error: ValidationError, raw: bytes) -> list[Violation]:
    found = error.errors(include_url=False, include_context=False, include_input=False)[:VIOLATIONS_MAX]
    body = from_json(raw) if all(item["type"] != "json_invalid" for item in found) else None
    # Several kinds may be allowed at one place: the complaint about the first one stands for all.
    by_pointer = {_pointer(item, body): item["msg"] for item in reversed(found)}
    return [Violation(pointer=pointer, message=message) for pointer, message in reversed(by_pointer.items())]


def _pointer(item: ErrorDetails, body: Any) -> str:
    """The JSON pointer of a complaint: its location without what pydantic adds, the names of alternatives."""
    pointer = ""
    for part in item["loc"]:
        is_there = part in body if isinstance(body, dict) else isinstance(body, list) and isinstance(part, int)
        is_missing = item["type"] == "missing" and isinstance(body, dict)
        # A name that no program would choose is not repeated: the pointer then leads to the object that holds it.
        if not (is_there or is_missing) or not _MEMBER.fullmatch(str(part)):
            break
        pointer += f"/{part}"
        body = body[part] if is_there else None
    return pointer
