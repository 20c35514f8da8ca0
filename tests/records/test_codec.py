"""Documents of earlier releases are read, those of later ones left alone; what is stored today can be read for good."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from shared.ports import Unavailable
from shared.records import conversations, routing
from shared.records.codec import SCHEMA_VERSION, Codec

STORED = Path(__file__).with_name("stored")
CODECS: Mapping[str, Codec[Any]] = {
    "conversation": conversations._heads, "message": conversations._messages, "event": conversations._events,
    **routing._codecs,
}  # fmt: skip


@dataclass(frozen=True)
class Name:
    given: str
    family: str = ""


def split(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """Version 1 had one member for the whole name."""
    given, _, family = body["name"].partition(" ")
    return {"given": given, "family": family}


NAMES = Codec(Name, [split])


def test_a_document_says_its_version() -> None:
    assert Codec(Name).dump(Name("Zoe")) == {SCHEMA_VERSION: 1, "given": "Zoe", "family": ""}
    assert NAMES.dump(Name("Zoe", "Zorn"))[SCHEMA_VERSION] == 2


def test_one_of_an_earlier_version_is_migrated_when_it_is_read() -> None:
    assert NAMES.load({"name": "Zoe Zorn"}) == Name("Zoe", "Zorn")
    assert NAMES.load({SCHEMA_VERSION: 1, "name": "Zoe"}) == Name("Zoe")
    assert NAMES.load(NAMES.dump(Name("Zoe", "Zorn"))) == Name("Zoe", "Zorn")


def test_one_of_a_later_version_is_not_touched() -> None:
    with pytest.raises(Unavailable, match="schema version 3"):
        NAMES.load({SCHEMA_VERSION: 3, "given": "Zoe"})


@pytest.mark.parametrize("path", sorted(STORED.glob("*.json")), ids=lambda path: str(path.stem))
def test_what_releases_have_stored_can_be_read(path: Path) -> None:
    """One file for each type and version, as it stood in the store: none may be changed, only added."""
    type_, _, version = path.stem.partition("-v")
    body = json.loads(path.read_text("utf-8"))
    assert body.get(SCHEMA_VERSION, 1) == int(version)
    value = CODECS[type_].load(body)
    assert CODECS[type_].load(CODECS[type_].dump(value)) == value


def test_there_is_one_of_each_type_in_its_newest_version() -> None:
    newest = {f"{type_}-v{len(codec._steps) + 1}" for type_, codec in CODECS.items()}
    assert newest <= {path.stem for path in STORED.glob("*.json")}
