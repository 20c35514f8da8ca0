"""The kinds of single values: each makes a value of text, or says what is wrong with it and what would be right."""

import re
from collections.abc import Collection
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field, PlainValidator, WithJsonSchema

from shared.config.errors import kind_of, quoted, remedy
from shared.config.patterns import check_pattern
from shared.domain import policy
from shared.domain.scripted_bot import normalised

TEXT_CHARS_MAX = 2_000
NAME_CHARS_MAX = 200
ID_CHARS_MAX = 128
DURATION_DAYS_MAX = 366

_ID = re.compile(rf"[A-Za-z0-9._:@-]{{1,{ID_CHARS_MAX}}}")
_LOCALE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}")
_VALUE_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
_DURATION = re.compile(r"(\d{1,9}(?:\.\d{1,9})?) *([a-z]*)", re.ASCII)
_UNIT_SECONDS = {"s": 1, "min": 60, "h": 3_600, "d": 86_400}
# Control characters, and halves of characters as a "\ud800" in quotes makes them.
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_BRACES = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")


def word(value: object) -> str:
    """What is written for a key; which things it may name is checked with all files at hand."""
    if isinstance(value, str):
        return value
    raise ValueError(f"must be a single value, not {kind_of(value)}")


def identifier(value: object) -> str:
    """What something is called by other keys and in the API."""
    if not _ID.fullmatch(word(value)):
        raise ValueError(f"{quoted(word(value))} is no id: use up to {ID_CHARS_MAX} letters, digits and . _ : @ -")
    return word(value)


def is_locale(name: str) -> bool:
    """Whether it is written like a locale."""
    return _LOCALE.fullmatch(name) is not None


def locale(value: object) -> str:
    """A language, perhaps of a country."""
    if not is_locale(word(value)):
        raise ValueError(f"{quoted(word(value))} is no locale; right ones are 'en' and 'pt-BR'")
    return word(value)


def value_name(value: object) -> str:
    """What a value that the bot asks for is called."""
    if not _VALUE_NAME.fullmatch(word(value)):
        raise ValueError(
            f"{quoted(word(value))} is no name for a value: use small letters, digits and _, as in 'order_number'"
        )
    return word(value)


def text(value: object) -> str:
    """Something that customers read."""
    said = word(value).strip()
    if not 0 < len(said) <= TEXT_CHARS_MAX:
        raise ValueError(f"must have 1 to {TEXT_CHARS_MAX} characters")
    if _UNPRINTABLE.search(said):
        raise ValueError("has a character that cannot be shown; remove it")
    return said


def label(value: object) -> str:
    """A name for people."""
    if len(text(value)) > NAME_CHARS_MAX or "\n" in text(value):
        raise ValueError(f"must be one line of 1 to {NAME_CHARS_MAX} characters")
    return text(value)


def phrase(value: object) -> str:
    """Words that begin a topic."""
    if not normalised(label(value)):
        raise ValueError(f"{quoted(label(value))} has no word to recognise; write one of letters or digits")
    return label(value)


def pattern(value: object) -> str:
    """A regular expression for a whole value."""
    check_pattern(word(value))
    return word(value)


def duration(value: object) -> timedelta:
    """A time span."""
    right = "right ones are '45 s', '20 min', '2 h', '30 d' and '0.5 s'"
    match = _DURATION.fullmatch(word(value))
    if match is None:
        raise ValueError(f"{quoted(word(value))} is no duration; {right}")
    if match[2] not in _UNIT_SECONDS:
        unit = f"there is no unit {quoted(match[2])}" if match[2] else f"{quoted(word(value))} has no unit"
        raise ValueError(f"{unit}; {right}")
    span = timedelta(seconds=float(match[1]) * _UNIT_SECONDS[match[2]])
    if not timedelta() < span <= timedelta(days=DURATION_DAYS_MAX):
        raise ValueError(f"must be more than nothing and at most {DURATION_DAYS_MAX} d, not {quoted(word(value))}")
    return span


def switch(value: object) -> bool:
    """Yes or no."""
    if word(value) not in ("true", "false"):
        raise ValueError(f"must be true or false, not {quoted(word(value))}")
    return word(value) == "true"


def whole(low: int, high: int) -> PlainValidator:
    """A whole number in a range."""

    def checked(value: object) -> int:
        if re.fullmatch(r"-?\d{1,9}", word(value), re.ASCII) and low <= int(word(value)) <= high:
            return int(word(value))
        raise ValueError(f"must be a whole number from {low} to {high}, not {quoted(word(value))}")

    return PlainValidator(checked, json_schema_input_type=Annotated[int, Field(ge=low, le=high)])


def need(value: object) -> str:
    """A skill at a level, in one spelling."""
    return str(policy.need(word(value)))


def wrap_up(value: object) -> policy.WrapUpRule:
    """Whether, or how long, wrap-up holds capacity."""
    if word(value) in (policy.Blocks.ALWAYS, policy.Blocks.NEVER):
        return policy.WrapUpRule(policy.Blocks(word(value)))
    try:
        return policy.WrapUpRule(policy.Blocks.FOR, duration(value))
    except ValueError as error:
        raise ValueError(f"must be always, never or a duration: {error}") from None


def one_of(choices: type[StrEnum]) -> PlainValidator:
    """One of a few words."""

    def checked(value: object) -> StrEnum:
        known = [str(choice) for choice in choices]
        if word(value) in known:
            return choices(word(value))
        raise ValueError(f"{quoted(word(value))} is not possible here; {remedy(word(value), known)}")

    return PlainValidator(checked, json_schema_input_type=choices)


def check_placeholders(said: str, known: Collection[str]) -> None:
    """Raise a ValueError if a text has a placeholder that nothing will fill in, or a brace that opens none."""
    for braces in _BRACES.finditer(said):
        if braces[0] in ("{", "}"):
            raise ValueError(f"has a {quoted(braces[0])} without its counterpart; a brace itself is written '{{{{'")
        if braces[1] is not None and braces[1] not in known:
            marks = [f"{{{name}}}" for name in known]
            instead = remedy(braces[0], marks) if known else "nothing is filled in here, remove it"
            raise ValueError(f"there is no placeholder {quoted(braces[0])}; {instead}")


def template(*known: str) -> PlainValidator:
    """A text with placeholders."""

    def checked(value: object) -> str:
        check_placeholders(text(value), known)
        return text(value)

    return PlainValidator(checked, json_schema_input_type=str)


def _written(**schema: Any) -> WithJsonSchema:
    """What editors are told of a kind of text."""
    return WithJsonSchema({"type": "string", **schema}, mode="validation")


Id = Annotated[str, PlainValidator(identifier), _written(pattern=f"^{_ID.pattern}$")]
Reference = Annotated[str, PlainValidator(word), _written()]
Locale = Annotated[str, PlainValidator(locale), _written(pattern=f"^{_LOCALE.pattern}$")]
Label = Annotated[str, PlainValidator(label), _written(minLength=1, maxLength=NAME_CHARS_MAX)]
Text = Annotated[str, PlainValidator(text), _written(minLength=1, maxLength=TEXT_CHARS_MAX)]
Phrase = Annotated[str, PlainValidator(phrase), _written(minLength=1, maxLength=NAME_CHARS_MAX)]
Pattern = Annotated[str, PlainValidator(pattern), _written(format="regex")]
ValueName = Annotated[str, PlainValidator(value_name), _written(pattern=f"^{_VALUE_NAME.pattern}$")]
Duration = Annotated[timedelta, PlainValidator(duration), _written(pattern=r"^[0-9]+(\.[0-9]+)? *(s|min|h|d)$")]
Switch = Annotated[bool, PlainValidator(switch), WithJsonSchema({"type": "boolean"}, mode="validation")]
Need = Annotated[str, PlainValidator(need), _written(examples=["billing", "billing>=5"])]
WrapUp = Annotated[policy.WrapUpRule, PlainValidator(wrap_up), _written(examples=["always", "never", "30 s"])]
