"""The web apps' files, and the answer to every address that nobody serves."""

from collections.abc import Mapping
from urllib.parse import quote

import azure.functions as func

from shared.errors import not_found
from shared.settings import ROOT
from triggers.answers import problem_answer
from triggers.site import File, Site

_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; "
        "frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
_IMMUTABLE = "public, max-age=31536000, immutable"
_NOT_BUILT = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Atende</title>
<style>body { font: 1rem/1.5 system-ui, sans-serif; max-width: 40rem; margin: 4rem auto; padding: 0 1rem }</style>
<h1>The web apps were not built</h1>
<p>Building them takes Node 20, which was missing when this server was set up. Install it and run
<code>make run</code> again.</p>
<p>The API works all the same: <a href="/api/health/ready">is it ready?</a>,
<a href="/api/openapi.json">what can it do?</a></p>
</html>
"""
_NOT_BUILT_PATHS = ("", "chat", "chat/", "agent", "agent/", "supervisor", "supervisor/")

bp = func.Blueprint()
site = Site(ROOT / "web" / "dist")


@bp.route(route="api/{*path}", auth_level=func.AuthLevel.ANONYMOUS)
async def unknown_operation(req: func.HttpRequest) -> func.HttpResponse:
    """Whatever no operation serves, with any method: hosts try literal segments and their methods first."""
    return problem_answer(not_found("operation"))


@bp.route(route="{*path}", methods=["GET", "HEAD"], auth_level=func.AuthLevel.ANONYMOUS)
async def page(req: func.HttpRequest) -> func.HttpResponse:
    """A file of the web apps."""
    return respond(site, req.route_params.get("path", ""), req.headers)


def respond(site: Site, path: str, headers: Mapping[str, str]) -> func.HttpResponse:
    """What a site answers for a path."""
    if not site.is_built():
        is_known = path in _NOT_BUILT_PATHS
        return _html(_NOT_BUILT) if is_known else _text("There is no such file: the web apps were not built.", 404)
    if found := site.file(path):
        return _file(found, headers.get("if-none-match", ""))
    if site.is_folder(path):
        return _text("", 308, {"Location": f"/{quote(path)}/"})
    return _text("There is no such page.", 404)


def _file(found: File, known: str) -> func.HttpResponse:
    headers = {**_HEADERS, "ETag": found.etag, "Cache-Control": _IMMUTABLE if found.is_immutable else "no-cache"}
    if known.strip() == "*" or found.etag in [tag.strip().removeprefix("W/") for tag in known.split(",")]:
        return func.HttpResponse(status_code=304, headers=headers)
    return func.HttpResponse(found.content, headers={**headers, "Content-Type": found.content_type})


def _html(text: str) -> func.HttpResponse:
    return func.HttpResponse(text, headers={**_HEADERS, "Cache-Control": "no-store"}, mimetype="text/html")


def _text(text: str, status: int, headers: Mapping[str, str] | None = None) -> func.HttpResponse:
    headers = {**_HEADERS, "Cache-Control": "no-store", **(headers or {})}
    return func.HttpResponse(text, status_code=status, headers=headers)
