"""Health and the API's description."""

import azure.functions as func

from shared.contracts.health import Health, Readiness
from shared.openapi import document_json

bp = func.Blueprint()


@bp.route(route="api/health", methods=["GET"])
async def health(req: func.HttpRequest) -> func.HttpResponse:
    """Says that the process answers; asks nothing of anybody else."""
    return _json(Health().model_dump_json(by_alias=True))


@bp.route(route="api/health/ready", methods=["GET"])
async def health_ready(req: func.HttpRequest) -> func.HttpResponse:
    """Pings each registered dependency; 503 if one does not answer."""
    readiness = Readiness(checks={})
    return _json(readiness.model_dump_json(by_alias=True), 200 if readiness.status == "ready" else 503)


@bp.route(route="api/openapi.json", methods=["GET"])
async def openapi(req: func.HttpRequest) -> func.HttpResponse:
    """The description of this API."""
    return _json(document_json())


def _json(body: str, status: int = 200) -> func.HttpResponse:
    return func.HttpResponse(body, status_code=status, mimetype="application/json")
