"""A supervisor's page beside an agent's and a customer's, as a new user would see it."""

import asyncio

import pytest
from playwright.async_api import Browser, Page, expect

from tests.chat.conftest import Open
from tests.web.conftest import assert_accessible, picture, window
from tests.web.test_browser import say, sign_in, start_chat

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::ResourceWarning")]


async def supervise(browser: Browser, origin: str, locale: str = "en-US", width: int = 1280) -> Page:
    """Sam, signed in."""
    page = await window(browser, f"{origin}/supervisor/?user=sam", locale, width)
    await page.get_by_test_id("sign-in").click()
    await expect(page.get_by_test_id("queues")).to_be_visible()
    return page


async def test_a_supervisor_steers(open_house: Open, browser: Browser) -> None:
    async with open_house(mode="cached") as house:
        origin = f"http://127.0.0.1:{house.host.config.port}"
        sam, customer = await supervise(browser, origin), await start_chat(browser, origin)
        agent = await sign_in(browser, origin, "alice")
        await agent.get_by_test_id("presence").select_option("away")
        await say(customer, "talk to a person")
        row = sam.locator('[data-testid="conversations"] tbody tr').first
        await expect(row.get_by_test_id("status")).to_have_attribute("data-status", "queued")
        await assert_accessible(sam)
        await row.get_by_test_id("assign").click()
        await sam.get_by_test_id("assign-agent").select_option("alice")
        await picture(sam, "supervisor-assign")
        await assert_accessible(sam)
        await sam.get_by_test_id("action-submit").click()
        await expect(row.get_by_test_id("status")).to_have_attribute("data-status", "active")
        await expect(agent.get_by_test_id("conversation-list")).to_contain_text("Zoe")
        await expect(customer.get_by_test_id("transcript")).to_contain_text("Alice Almeida")
        await picture(sam, "supervisor-active")

        await sam.locator('[data-row="alice"]').get_by_test_id("set-presence").click()
        await sam.get_by_test_id("presence-choice").select_option("doNotDisturb")
        await sam.get_by_test_id("action-submit").click()
        await expect(agent.get_by_test_id("presence")).to_have_attribute("data-presence", "doNotDisturb")

        general = sam.locator('[data-testid="queues"] [data-row="general"]')
        await general.get_by_test_id("override").click()
        await sam.get_by_test_id("closure-message").fill("We are closed because of a fire drill.")
        await picture(sam, "supervisor-closure")
        await assert_accessible(sam)
        await sam.get_by_test_id("closure-next").click()
        await expect(sam.get_by_role("dialog")).to_contain_text("Nobody waits there now")
        await picture(sam, "supervisor-closure-confirm")
        await assert_accessible(sam)
        await sam.get_by_test_id("action-submit").click()
        await expect(general.get_by_test_id("closed-until")).to_be_visible()
        late = await start_chat(browser, origin)
        await say(late, "talk to a person")
        await expect(late.get_by_test_id("transcript")).to_contain_text("fire drill")
        await expect(late.get_by_test_id("survey")).to_be_visible()

        await row.get_by_test_id("close").click()
        await picture(sam, "supervisor-close")
        await sam.get_by_test_id("action-submit").click()
        await expect(row.get_by_test_id("status")).to_have_attribute("data-status", "wrapUp")
        await expect(agent.get_by_test_id("conversation-list")).to_contain_text("To be filed")
        await expect(general.get_by_test_id("service-level")).to_contain_text("100")
        await assert_accessible(sam)


async def test_the_page_is_used_by_keyboard_alone(open_house: Open, browser: Browser) -> None:
    async with open_house(mode="cached") as house:
        origin = f"http://127.0.0.1:{house.host.config.port}"
        sam = await supervise(browser, origin)
        override = sam.get_by_test_id("override").first
        for _ in range(15):
            if await override.evaluate("element => element === document.activeElement"):
                break
            await sam.keyboard.press("Tab")
        await expect(override).to_be_focused()
        await sam.keyboard.press("Enter")
        await expect(sam.get_by_role("dialog")).to_be_visible()
        await sam.keyboard.press("Escape")
        await expect(sam.get_by_role("dialog")).to_have_count(0)
        await expect(override).to_be_focused()


async def test_the_page_lives_through_a_restart(open_house: Open, browser: Browser) -> None:
    async with open_house(mode="cached") as house:
        origin = f"http://127.0.0.1:{house.host.config.port}"
        sam = await supervise(browser, origin)
        await sam.route("**/api/**", lambda route: route.abort())
        await expect(sam.get_by_test_id("connection")).to_contain_text("No connection")
        await expect(sam.get_by_test_id("freshness")).to_have_attribute("data-fresh", "false")
        await picture(sam, "supervisor-disconnected")
        await sam.unroute("**/api/**")
        await expect(sam.get_by_test_id("freshness")).to_have_attribute("data-fresh", "true")


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("locale", ["en-US", "pt-BR"])
async def test_the_page_is_accessible_in_both_languages(
    open_house: Open, browser: Browser, locale: str, width: int
) -> None:  # fmt: skip
    async with open_house(mode="cached") as house:
        origin = f"http://127.0.0.1:{house.host.config.port}"
        entry = await window(browser, f"{origin}/supervisor/", locale, width)
        await assert_accessible(entry)
        alice = await house.desk("alice")
        await house.talking(alice)
        await alice.present("away")
        await asyncio.gather(*(house.handed_over() for _ in range(3)))
        sam = await supervise(browser, origin, locale, width)
        await expect(sam.locator('[data-testid="conversations"] tbody tr')).to_have_count(4)
        await picture(sam, f"supervisor-{locale}-{width}")
        await assert_accessible(sam)
        is_too_wide = await sam.evaluate("document.documentElement.scrollWidth > window.innerWidth")
        assert not is_too_wide
        for part in ("agents", "conversations"):
            await sam.get_by_test_id(part).scroll_into_view_if_needed()
            await picture(sam, f"supervisor-{locale}-{width}-{part}")


async def explain(sam: Page, number: int, kind: str) -> None:
    """Open the explanation of a row and the first table of agents in one of its parts."""
    await sam.get_by_test_id("explain").nth(number).click()
    part = sam.get_by_test_id(kind)
    await part.get_by_test_id("candidates").first.locator("summary").click()
    await expect(part.get_by_test_id("candidates-table").first).to_be_visible()


EXPLAINED = {
    "en-US": (
        "It waits because nobody who is available and serves Invoices has Billing at level 7.",
        "lacks Billing at level 7 (has level 2)",
        "Offered to Diego Dias, the first choice among 2 agents who could take it",
    ),
    "pt-BR": (
        "Espera porque ninguém que está disponível e atende Invoices tem Billing no nível 7.",
        "não tem Billing no nível 7 (tem nível 2)",
        "Oferecida a Diego Dias, a primeira escolha entre 2 atendentes",
    ),
}
"""Why it waits, why Carla cannot take it, why another one was offered to Diego."""


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("locale", list(EXPLAINED))
async def test_it_is_explained_why_a_conversation_waits_and_why_another_was_given_to_whom(
    open_explained: Open, browser: Browser, locale: str, width: int
) -> None:
    waits, lacks, offered = EXPLAINED[locale]
    async with open_explained(mode="cached") as house:
        origin = f"http://127.0.0.1:{house.host.config.port}"
        diego = await house.desk("diego")
        await house.desk("carla")
        taken = await house.handed_over("my machine")
        await diego.accept(await diego.offer(taken.id))
        await house.handed_over("my invoice")
        sam = await supervise(browser, origin, locale, width)
        await expect(sam.get_by_test_id("explain")).to_have_count(2)

        name = f"explanation-{locale}-{width}"
        await explain(sam, 0, "explain-waiting")
        waiting = sam.get_by_test_id("explain-waiting")
        await expect(waiting).to_contain_text(waits)
        await expect(waiting.locator('[data-row="carla"]')).to_contain_text(lacks)
        await picture(sam, f"{name}-waiting")
        await assert_accessible(sam)
        await waiting.get_by_test_id("candidates-table").scroll_into_view_if_needed()
        await picture(sam, f"{name}-waiting-agents")
        await sam.get_by_test_id("explain-close").click()
        await expect(sam.get_by_role("dialog")).to_have_count(0)

        await explain(sam, 1, "explain-decisions")
        await expect(sam.get_by_test_id("decision")).to_have_count(3)
        await expect(sam.get_by_test_id("decision").nth(1)).to_contain_text(offered)
        await picture(sam, f"{name}-accepted")
        await assert_accessible(sam)
        is_too_wide = await sam.evaluate("document.documentElement.scrollWidth > window.innerWidth")
        assert not is_too_wide
        await sam.keyboard.press("Escape")
        await expect(sam.get_by_test_id("explain").nth(1)).to_be_focused()
