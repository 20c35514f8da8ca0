"""Docs move with the code."""

import json
import re
from pathlib import Path

import pytest
from pydantic import AliasChoices
from pydantic.fields import FieldInfo

from devhost.config import HostJson
from shared.settings import Settings

ROOT = Path(__file__).parents[2]
RUNNING = (ROOT / "docs" / "running.md").read_text()
HOST_README = (ROOT / "devhost" / "README.md").read_text()
SOURCES = [path for room in ("devhost", "shared", "triggers") for path in (ROOT / room).rglob("*.py")]


def settings_read() -> set[str]:
    """Names of settings that the code reads or the sample sets."""
    sample = json.loads((ROOT / "local.settings.sample.json").read_text())
    names = set(sample["Values"]) | {_name(field) for field in Settings.model_fields.values()}
    for path in SOURCES:
        names |= set(re.findall(r"(?:environ|settings)(?:\.get\(|\[)\"([A-Z][A-Z_]+)\"", path.read_text()))
    return names


def _name(field: FieldInfo) -> str:
    alias = field.validation_alias
    return str(alias.choices[0] if isinstance(alias, AliasChoices) else alias)


@pytest.mark.parametrize("name", sorted(settings_read()))
def test_every_setting_is_documented(name: str) -> None:
    assert f"`{name}`" in RUNNING


def test_every_host_json_setting_with_an_effect_is_documented() -> None:
    extensions = HostJson(version="2.0").extensions
    sections = (extensions.http, extensions.service_bus, extensions.queues, extensions.durable_task)
    for section in sections:
        for field in type(section).model_fields.values():
            assert str(field.alias) in HOST_README, field.alias


def test_make_help_lists_what_the_docs_name() -> None:
    documented = set(re.findall(r"`make ([a-z]+)", (ROOT / "docs" / "contributing.md").read_text()))
    targets = set(re.findall(r"^([a-z]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert documented <= targets


def test_links_between_documents_lead_somewhere() -> None:
    for document in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "devhost" / "README.md"]:
        for target in re.findall(r"\]\(([^)#:]+)\)", document.read_text()):
            assert (document.parent / target).exists(), f"{document.name}: {target}"
