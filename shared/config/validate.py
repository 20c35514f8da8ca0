"""Holds a document to its schema and says what is wrong in an operator's words."""

from types import NoneType
from typing import Any, TypeVar, get_args, get_origin

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from shared.config.errors import Trail, kind_of, remedy
from shared.config.section import Section, keys_of
from shared.config.source import Document

_LISTED_MAX = 6

File = TypeVar("File", bound=Section)


def validated(document: Document, schema: type[File]) -> File | None:
    """The document's content; None, with the reasons among its findings, if it does not fit the schema."""
    if not document.is_readable:
        return None
    try:
        return schema.model_validate(document.tree)
    except ValidationError as error:
        for details in error.errors(include_url=False):
            _report(document, schema, details)
        return None


def _report(document: Document, schema: type[Section], details: ErrorDetails) -> None:
    trail = _in_file(document, details["loc"])
    match details["type"]:
        case "missing":
            key = str(details["loc"][-1])
            around = _in_file(document, details["loc"][:-1])
            examples = keys_of(_section(schema, around))[key].examples or []
            document.report((*around, key), f"is missing; write for example '{key}: {examples[0]}'")
        case "extra_forbidden":
            near = remedy(str(trail[-1]), keys_of(_section(schema, trail[:-1])))
            document.report(trail, f"there is no such key; {near}")
        case "model_type":
            keys = ", ".join(list(keys_of(_section(schema, trail)))[:_LISTED_MAX])
            document.report(trail, f"must be a mapping with keys such as {keys}, not {kind_of(details['input'])}")
        case "dict_type":
            document.report(trail, f"must be a mapping of 'key: value' lines, not {kind_of(details['input'])}")
        case "list_type":
            document.report(trail, f"must be a list such as [a, b], not {kind_of(details['input'])}")
        case "too_short":
            document.report(trail, "must not be empty; write at least one entry")
        case _:
            document.report(trail, str(details["ctx"]["error"]))


def _in_file(document: Document, loc: Trail) -> Trail:
    """Pydantic's location without what has no place in the file, such as the only item of a list of one."""
    trail: Trail = ()
    for part in loc:
        if (*trail, part) in document.lines:
            trail = (*trail, part)
    return trail


def _section(schema: type[Section], trail: Trail) -> type[Section]:
    """The mapping of the schema to which a trail leads."""
    kind: Any = schema
    for part in trail:
        kind = keys_of(kind)[str(part)].annotation if _is_section(kind) else get_args(kind)[-1]
        while not _is_section(kind) and get_origin(kind) not in (dict, list):
            kind = next(inner for inner in get_args(kind) if inner is not NoneType)
    found: type[Section] = kind
    return found


def _is_section(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Section)
