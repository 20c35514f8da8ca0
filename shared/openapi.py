"""The OpenAPI document, generated from the wire models. `docs/openapi.json` is its committed copy (a test compares)."""

import functools
import json
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from shared.contracts.health import Health, Readiness

VERSION = "0.1.0"
_REFERENCE = "#/components/schemas/{model}"


def _answer(model: type[BaseModel], description: str) -> dict[str, Any]:
    schema = {"$ref": _REFERENCE.format(model=model.__name__)}
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def document() -> dict[str, Any]:
    """The document as a JSON object."""
    models: list[type[BaseModel]] = [Health, Readiness]
    _, schemas = models_json_schema([(model, "serialization") for model in models], ref_template=_REFERENCE)
    ready = {
        "200": _answer(Readiness, "every dependency answers"),
        "503": _answer(Readiness, "a dependency does not answer"),
    }
    described = {
        "200": {"description": "this document", "content": {"application/json": {"schema": {"type": "object"}}}}
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": "Atende", "version": VERSION, "description": "An open omnichannel contact centre."},
        "paths": {
            "/api/health": {"get": _operation("health", "Is the process up?", {"200": _answer(Health, "it is")})},
            "/api/health/ready": {"get": _operation("healthReady", "Can the app do its work?", ready)},
            "/api/openapi.json": {"get": _operation("openapi", "The description of this API", described)},
        },
        "components": {"schemas": schemas["$defs"]},
    }


def _operation(identifier: str, summary: str, responses: dict[str, Any]) -> dict[str, Any]:
    return {"operationId": identifier, "summary": summary, "tags": ["health"], "security": [], "responses": responses}


@functools.cache
def document_json() -> str:
    """The document as the API serves it and docs/openapi.json keeps it."""
    return json.dumps(document(), indent=2, sort_keys=True) + "\n"
