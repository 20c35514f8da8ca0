"""A browser, and the pages it opens against the app under the embedded host."""

import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, BrowserContext, Page, async_playwright

from tests.chat.conftest import open_house
from tests.explained.conftest import open_explained

__all__ = ["open_explained", "open_house"]  # the fixtures

ROOT = Path(__file__).parents[2]
AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
CHROMIUM = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), ""
)
_RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]}


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """Headless Chromium. Where there is none the test is skipped, except in CI."""
    is_built = (ROOT / "web" / "dist" / "index.html").exists()
    if not (CHROMIUM and is_built):
        missing = "Chromium is not installed" if not CHROMIUM else "the web apps are not built: make web"
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    async with async_playwright() as playwright:
        # As root (in containers) Chromium runs only without its sandbox; it opens nothing but our own pages.
        launched = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield launched
        await launched.close()


async def window(browser: Browser, url: str, locale: str = "en-US", width: int = 1280) -> Page:
    """A window of its own, with its own storage; errors on the page fail the test when it is closed."""
    context: BrowserContext = await browser.new_context(locale=locale, viewport={"width": width, "height": 800})
    context.set_default_timeout(15_000)
    page = await context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda said: errors.append(said.text) if "Content Security Policy" in said.text else None)
    page.errors = errors  # type: ignore[attr-defined]  # kept where the test finds them
    await page.goto(url)
    return page


async def assert_accessible(page: Page) -> None:
    """No violation that axe-core finds, and no error on the page."""
    await page.evaluate(AXE.read_text())
    found = await page.evaluate("rules => axe.run(document, rules)", _RULES)
    violations = [(v["id"], [node["html"][:120] for node in v["nodes"]]) for v in found["violations"]]
    assert violations == []
    assert page.errors == []  # type: ignore[attr-defined]  # see `window`


async def picture(page: Page, name: str) -> None:
    """A screenshot to look at, if SCREENSHOTS names a folder."""
    if folder := os.environ.get("SCREENSHOTS"):
        await page.screenshot(path=str(Path(folder) / f"{name}.png"))
