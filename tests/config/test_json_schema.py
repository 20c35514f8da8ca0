"""The committed JSON Schemas are those of the models, and say yes to what is right and no to what is not."""

import datetime
import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml

from shared.config.json_schema import FILES, json_schema, write_schemas
from tests.config.folders import SAMPLE, SMALL

ROOM = SAMPLE / "schema"
YAMLS = sorted(SAMPLE.rglob("*.yaml"))


def kind_of(path: Path) -> str:
    """Which schema a file is held to."""
    return "bot" if path.parent.name == "bots" else path.stem


def as_json(value: Any) -> Any:
    """What an editor takes a YAML file for: dates are text there."""
    if isinstance(value, dict):
        return {str(key): as_json(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [as_json(inner) for inner in value]
    return value.isoformat() if isinstance(value, datetime.date) else value


def is_valid(kind: str, text: str) -> bool:
    found: bool = jsonschema_rs.is_valid(json.loads(json_schema(kind)), as_json(yaml.safe_load(text)))
    return found


def test_the_committed_schemas_are_the_generated_ones(tmp_path: Path) -> None:
    write_schemas(tmp_path)
    made = {path.name: path.read_text(encoding="utf-8") for path in tmp_path.iterdir()}
    assert {path.name: path.read_text(encoding="utf-8") for path in ROOM.iterdir()} == made, "run make schema"
    assert len(made) == len(FILES)


@pytest.mark.parametrize("path", YAMLS, ids=[path.name for path in YAMLS])
def test_every_file_of_the_sample_names_its_schema(path: Path) -> None:
    first = path.read_text(encoding="utf-8").splitlines()[0]
    prefix = "# yaml-language-server: $schema="
    assert first.startswith(prefix)
    assert (path.parent / first.removeprefix(prefix)).resolve() == (ROOM / f"{kind_of(path)}.json").resolve()


RIGHT = [*YAMLS, *sorted(SMALL.rglob("*.yaml"))]


@pytest.mark.parametrize("path", RIGHT, ids=[f"{path.parent.name}/{path.name}" for path in RIGHT])
def test_what_is_right_is_valid(path: Path) -> None:
    assert is_valid(kind_of(path), path.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("kind", "text", "valid"),
    [
        ("agents", "agents: {bob: {name: Bob, pool: main, skills: {en: 10}}}", True),
        ("agents", "agents: {bob: {name: Bob, pool: main, skills: [en]}}", True),
        ("agents", "agents: {bob: {name: Bob, pool: main, skills: {en: 11}}}", False),
        ("agents", "agents: {bob: {name: Bob, pool: main, skils: [en]}}", False),
        ("agents", "agents: {bob: {name: Bob}}", False),
        ("queues", "queues: {a: {name: A, pool: main, offer: 45 s, wrapUp: never}}", True),
        ("queues", "queues: {a: {name: A, pool: main, offer: 45}}", False),
        ("queues", "queues: {a: {name: A, pool: main, offer: 45 sec}}", False),
        ("queues", "queues: {a: {name: A, pool: main, priority: high}}", False),
        ("queues", "queues: {a: {name: A, pool: main, method: random}}", False),
        ("queues", "queues: {a: {name: A, pool: main, skills: billing}}", False),
        ("hours", "calendars: {a: {name: A, timeZone: UTC, week: {monday: 09:00-18:00}, holidays: [BR, PT]}}", True),
        ("hours", "calendars: {a: {name: A, timeZone: UTC, week: {mon: 09:00-18:00}}}", False),
        ("streams", "streams: {a: {rules: [{when: {topic: [a], x: {atLeast: 3}}, then: {priority: 1}}]}}", True),
        ("streams", "streams: {chat: {rules: [{when: {topic: {is: a}}, then: {priority: 1}}]}}", False),
        ("contact-centre", "name: A", False),
    ],
)  # fmt: skip
def test_single_values_are_checked(kind: str, text: str, valid: bool) -> None:
    assert is_valid(kind, text) is valid
