"""The web apps' files: what is served, how it may be kept, and what is out of reach."""

import os
from pathlib import Path

import azure.functions as func
import pytest

from triggers.pages import respond
from triggers.site import Site

SECRET = "not for the public"


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A built site beside a file that is none of its own."""
    dist = tmp_path / "dist"
    (dist / "assets").mkdir(parents=True)
    (dist / "chat").mkdir()
    (dist / "empty").mkdir()
    (dist / "index.html").write_text("home")
    (dist / "chat" / "index.html").write_text("chat")
    (dist / "assets" / "app-1a2b.js").write_text("let a")
    (dist / ".env").write_text(SECRET)
    (tmp_path / "outside.txt").write_text(SECRET)
    (dist / "link.txt").symlink_to(tmp_path / "outside.txt")
    return Site(dist)


def got(site: Site, path: str, known: str = "") -> tuple[int, str]:
    """Status and text."""
    answer = answered(site, path, known)
    return answer.status_code, answer.get_body().decode()


def answered(site: Site, path: str, known: str = "") -> func.HttpResponse:
    """The whole answer."""
    return respond(site, path, {"if-none-match": known} if known else {})


def test_folders_answer_with_their_index_and_send_those_who_forgot_the_slash(site: Site) -> None:
    assert got(site, "") == (200, "home")
    assert got(site, "chat/") == got(site, "chat/index.html") == (200, "chat")
    answer = answered(site, "chat")
    assert (answer.status_code, answer.headers["location"]) == (308, "/chat/")
    assert got(site, "empty")[0] == got(site, "empty/")[0] == got(site, "agent/")[0] == 404


@pytest.mark.parametrize(
    "path",
    [
        "../outside.txt", "chat/../../outside.txt", "..", "../", "/etc/passwd", "//etc/passwd", "/", "chat//",
        ".env", "link.txt", "..\\outside.txt", "chat\\..\\..\\outside.txt", "assets/./app-1a2b.js", "\0", "a\0b",
        "x" * 5000, "x/" * 3000, "%2e%2e/outside.txt", "..%2foutside.txt", "\ud800", "assets", "assets/",
        "/evil.example", "//evil.example", "chat/../chat",
    ],
    ids=lambda path: repr(path[:24]),
)  # fmt: skip
def test_nothing_else_is_within_reach(site: Site, path: str) -> None:
    status, text = got(site, path)
    assert status == 404
    assert SECRET not in text


def test_browsers_ask_again_for_pages_and_never_for_assets(site: Site) -> None:
    page, asset = answered(site, "chat/"), answered(site, "assets/app-1a2b.js")
    assert page.headers["cache-control"] == "no-cache"
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "immutable" in asset.headers["cache-control"]
    assert asset.headers["content-type"] == "text/javascript; charset=utf-8"
    etag = page.headers["etag"]
    for known in (etag, f'"other", W/{etag}', "*"):
        assert got(site, "chat/", known) == (304, "")
    assert got(site, "chat/", '"other"') == (200, "chat")


def test_a_new_build_is_served_at_once(site: Site, tmp_path: Path) -> None:
    etag = answered(site, "chat/").headers["etag"]
    index = tmp_path / "dist" / "chat" / "index.html"
    index.write_text("CHAT")
    os.utime(index, ns=(1, 1))
    assert got(site, "chat/", etag) == (200, "CHAT")
    index.unlink()
    assert got(site, "chat/")[0] == 404


@pytest.mark.parametrize("path", ["", "chat/", "assets/app-1a2b.js", "nothing", "chat"])
def test_every_answer_is_hardened(site: Site, path: str) -> None:
    headers = answered(site, path).headers
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"


def test_without_a_build_a_page_says_so(tmp_path: Path) -> None:
    missing = Site(tmp_path / "nowhere")
    for path in ("", "chat/", "agent"):
        status, text = got(missing, path)
        assert (status, "Node 20" in text) == (200, True)
    assert got(missing, "assets/app.js")[0] == 404
