"""Health and the API's description."""

import logging

import azure.functions as func

from shared.app import current
from shared.contracts.health import Check, Health, Readiness
from shared.openapi import document_json
from shared.ports import Unavailable
from triggers.answers import json_answer

log = logging.getLogger(__name__)

bp = func.Blueprint()


@bp.route(route="api/health", methods=["GET"])
async def health(req: func.HttpRequest) -> func.HttpResponse:
    """Says that the process answers; asks nothing of anybody else."""
    return json_answer(Health())


@bp.route(route="api/health/ready", methods=["GET"])
async def health_ready(req: func.HttpRequest) -> func.HttpResponse:
    """Pings each dependency; 503 if one does not answer."""
    readiness = Readiness(checks={"store": await _store()})
    return json_answer(readiness, 200 if readiness.status == "ready" else 503)


@bp.route(route="api/openapi.json", methods=["GET"])
async def openapi(req: func.HttpRequest) -> func.HttpResponse:
    """The description of this API."""
    return json_answer(document_json())


async def _store() -> Check:
    try:
        await current().services.documents.ping()
    except Unavailable as error:
        log.warning("the store does not answer: %s", error)
        return Check(ok=False, error="it does not answer")
    except Exception:
        log.exception("the store cannot be asked")
        return Check(ok=False, error="it cannot be asked; the log says why")
    return Check(ok=True)
