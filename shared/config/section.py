"""What all sections of all files have in common."""

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel
from pydantic.fields import FieldInfo

from shared.config.values import Phrase, Text, template


class Section(BaseModel):
    """A mapping with known keys. A key without a value counts as not written: its lines may all be comments."""

    model_config = ConfigDict(alias_generator=to_camel, extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _without_blanks(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        return {key: value for key, value in data.items() if value is not None or key not in keys_of(cls)}


def keys_of(section: type[Section]) -> dict[str, FieldInfo]:
    """The fields of a mapping by the keys that are written."""
    return {field.alias or name: field for name, field in section.model_fields.items()}


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _or_one(kind: dict[str, Any]) -> None:
    """In the schema for editors: one value may stand for a list of one."""
    if "items" in kind:
        several = {key: kind.pop(key) for key in ("type", "items", "minItems") if key in kind}
        kind["anyOf"] = [several["items"], several]


LISTED = BeforeValidator(_as_list)
OR_ONE = Field(json_schema_extra=_or_one)
Fixed = Annotated[str, template()]
Wordings = dict[str, Annotated[list[Text], LISTED, Field(min_length=1, json_schema_extra=_or_one)]]
"""By locale, one text or several to choose from."""
Phrases = dict[str, Annotated[list[Phrase], LISTED, Field(min_length=1, json_schema_extra=_or_one)]]
