"""JSON Schemas of the configuration's files, for editors that complete and check them; made by `make schema`.

They know no more than single values: what a file names in another one, only the check of the whole folder can tell.
"""

import json
from pathlib import Path
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from shared.config.schema import AgentsFile, BotFile, ContactCentreFile, TextsFile
from shared.config.schema_hours import HoursFile
from shared.config.schema_queues import QueuesFile
from shared.config.schema_streams import StreamsFile
from shared.config.section import Section

DIALECT = "https://json-schema.org/draft/2020-12/schema"
FILES: dict[str, type[Section]] = {
    "contact-centre": ContactCentreFile,
    "agents": AgentsFile,
    "queues": QueuesFile,
    "hours": HoursFile,
    "streams": StreamsFile,
    "texts": TextsFile,
    "bot": BotFile,
}


class _Generator(GenerateJsonSchema):
    """Writes no defaults, which stand in docs/configuration.md in an operator's words."""

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])


def json_schema(file: str) -> str:
    """The schema of one kind of file, as it is committed."""
    made = FILES[file].model_json_schema(schema_generator=_Generator, mode="validation")
    return json.dumps({"$schema": DIALECT} | _tidied(made), indent=2, ensure_ascii=False) + "\n"


def write_schemas(folder: Path) -> None:
    """Write all of them anew."""
    folder.mkdir(parents=True, exist_ok=True)
    for file in FILES:
        (folder / f"{file}.json").write_text(json_schema(file), encoding="utf-8")


def _tidied(node: Any) -> Any:
    """Without the names of our classes, and without examples of more than a single value, which are not in JSON."""
    if isinstance(node, list):
        return [_tidied(inner) for inner in node]
    if not isinstance(node, dict):
        return node
    dropped = {"title"} if isinstance(node.get("title"), str) else set()
    if node.get("type") != "string":
        dropped |= {"examples"} if isinstance(node.get("examples"), list) else set()
    return {key: _tidied(value) for key, value in node.items() if key not in dropped}
