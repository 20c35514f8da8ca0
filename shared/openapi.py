"""The OpenAPI document, generated from the table of endpoints. `docs/openapi.json` is its committed copy."""

import functools
import json
import re
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from shared.contracts.endpoints import DEV_ENDPOINTS, ENDPOINTS, Endpoint
from shared.contracts.wire import Problem

VERSION = "0.2.0"
_REFERENCE = "#/components/schemas/{model}"
_ID = {"type": "string", "minLength": 1, "maxLength": 128, "pattern": "^[A-Za-z0-9._:@-]+$"}
_COMMON = {
    400: ("invalid-request",), 413: ("too-large",), 429: ("throttled",), 503: ("unavailable",),
}  # fmt: skip
_AUTHENTICATED = {401: ("unauthenticated",), 403: ("forbidden",)}
_SECURITY: dict[str, list[dict[str, list[str]]]] = {
    "anyone": [], "customer": [{"customer": []}], "staff": [{"agent": []}], "agent": [{"agent": []}],
    "supervisor": [{"agent": []}], "admin": [{"agent": []}],
}  # fmt: skip

Schemas = Mapping[Any, Any]
"""JSON schemas by model and mode."""


def document() -> dict[str, Any]:
    """The document as a JSON object."""
    endpoints = ENDPOINTS + DEV_ENDPOINTS
    requests = {(endpoint.body, "validation") for endpoint in endpoints if endpoint.body}
    answers = {(model, "serialization") for endpoint in endpoints for model in endpoint.answers.values() if model}
    models: list[Any] = sorted({*requests, *answers, (Problem, "serialization")}, key=str)
    schemas, definitions = models_json_schema(models, ref_template=_REFERENCE)
    paths: dict[str, Any] = {}
    for endpoint in endpoints:
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = _operation(endpoint, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Atende", "version": VERSION, "description": "An open omnichannel contact centre."},
        "paths": paths,
        "components": {
            "schemas": definitions["$defs"],
            "securitySchemes": {
                "customer": {"type": "http", "scheme": "bearer", "description": "the token of one web chat"},
                "agent": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
            },
        },
    }


def _operation(endpoint: Endpoint, schemas: Schemas) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": endpoint.operation,
        "summary": endpoint.summary,
        "tags": [endpoint.tag],
        "security": _SECURITY[endpoint.caller],
        "responses": _responses(endpoint, schemas),
    }
    if parameters := _parameters(endpoint):
        operation["parameters"] = parameters
    if endpoint.body:
        content = {"application/json": {"schema": schemas[endpoint.body, "validation"]}}
        operation["requestBody"] = {"required": not endpoint.is_body_optional, "content": content}
    return operation


def _parameters(endpoint: Endpoint) -> list[dict[str, Any]]:
    names = re.findall(r"{(\w+)}", endpoint.path)
    found: list[dict[str, Any]] = [{"name": name, "in": "path", "required": True, "schema": _ID} for name in names]
    for parameter in endpoint.query:
        described = {"description": parameter.description} if parameter.description else {}
        found.append({"name": parameter.name, "in": "query", "schema": dict(parameter.schema), **described})
    if endpoint.creates:
        schema = {"type": "string", "minLength": 1, "maxLength": 128}
        note = "kept for 24 hours; the same key with another body is refused"
        found.append({"name": "Idempotency-Key", "in": "header", "schema": schema, "description": note})
    return found


def _responses(endpoint: Endpoint, schemas: Schemas) -> dict[str, Any]:
    responses: dict[str, Any] = {}
    for status, model in endpoint.answers.items():
        schema = schemas[model, "serialization"] if model else {"type": "object"}
        responses[str(status)] = {"description": _said(model), "content": {"application/json": {"schema": schema}}}
    problems = _COMMON | (_AUTHENTICATED if endpoint.caller != "anyone" else {}) | dict(endpoint.problems)
    for status, codes in sorted(problems.items()):
        content = {"application/problem+json": {"schema": schemas[Problem, "serialization"]}}
        if str(status) not in responses:
            responses[str(status)] = {"description": ", ".join(codes), "content": content}
    return responses


def _said(model: type[BaseModel] | None) -> str:
    if model is None:
        return "this document"
    return (model.__doc__ or model.__mro__[1].__doc__ or "").splitlines()[0]


@functools.cache
def document_json() -> str:
    """The document as the API serves it and docs/openapi.json keeps it."""
    return json.dumps(document(), indent=2, sort_keys=True) + "\n"
