"""Two browser windows hold a chat, as a new user would see it."""

import time

import pytest
from playwright.async_api import Browser, Page, expect

from tests.chat.conftest import Open
from tests.web.conftest import assert_accessible, picture, window

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::ResourceWarning")]
OFFER_SECONDS_MAX = 10.0


async def sign_in(browser: Browser, origin: str, user: str, locale: str = "en-US") -> Page:
    """An agent who has signed in and is available."""
    page = await window(browser, f"{origin}/agent/", locale)
    await page.get_by_test_id("sign-in-user").fill(user)
    await page.get_by_test_id("sign-in").click()
    await page.get_by_test_id("presence").select_option("available")
    return page


async def start_chat(browser: Browser, origin: str, locale: str = "en-US") -> Page:
    """A customer who has been greeted."""
    page = await window(browser, f"{origin}/chat/", locale)
    await page.get_by_test_id("start-name").fill("Zoe")
    await page.get_by_test_id("start-chat").click()
    await expect(page.get_by_test_id("message").first).to_be_visible()
    return page


async def say(page: Page, text: str) -> None:
    """Write and send."""
    await page.get_by_test_id("composer").fill(text)
    await page.get_by_test_id("send").click()


async def test_two_windows_hold_a_chat(open_house: Open, browser: Browser) -> None:
    async with open_house(mode="cached") as house:
        origin = f"http://127.0.0.1:{house.host.config.port}"
        agent, customer = await sign_in(browser, origin, "alice"), await start_chat(browser, origin)
        await picture(customer, "chat-bot")
        await say(customer, "order status")
        await expect(customer.get_by_test_id("message")).to_have_count(3)
        asked_at = time.monotonic()
        await say(customer, "talk to a person")
        await expect(agent.get_by_test_id("offer")).to_be_visible()
        assert time.monotonic() - asked_at < OFFER_SECONDS_MAX
        await expect(agent.get_by_test_id("countdown")).to_be_visible()
        await expect(agent.get_by_test_id("offer")).to_contain_text("order-status")
        await picture(agent, "agent-offer")
        await assert_accessible(agent)
        await agent.get_by_test_id("accept").click()
        await expect(agent.get_by_test_id("transcript")).to_contain_text("talk to a person")
        await say(agent, "Hello Zoe, this is Alice")
        await expect(customer.get_by_test_id("transcript")).to_contain_text("Hello Zoe, this is Alice")
        await say(customer, "Thank you, Alice")
        await expect(agent.get_by_test_id("transcript")).to_contain_text("Thank you, Alice")
        await picture(agent, "agent-talking")
        await picture(customer, "chat-talking")
        await assert_accessible(agent)
        await assert_accessible(customer)
        await agent.get_by_test_id("end").click()
        await expect(agent.get_by_test_id("wrap-up")).to_be_visible()
        await expect(customer.get_by_test_id("survey")).to_be_visible()
        await picture(agent, "agent-wrap-up")
        await picture(customer, "chat-ended")
        await assert_accessible(agent)
        await assert_accessible(customer)
        await agent.get_by_test_id("disposition").select_option("resolved")
        await agent.get_by_test_id("wrap-up-close").click()
        await expect(agent.get_by_test_id("wrap-up")).to_have_count(0)
        alice = await house.desk("alice", None)
        closed = (await alice.ok("GET", "/api/conversations?status=closed"))["items"]
        assert len(closed) == 1
        assert closed[0]["disposition"]


async def test_a_chat_goes_on_after_a_reload(open_house: Open, browser: Browser) -> None:
    async with open_house(mode="cached") as house:
        origin = f"http://127.0.0.1:{house.host.config.port}"
        agent, customer = await sign_in(browser, origin, "alice"), await start_chat(browser, origin)
        await say(customer, "order status")
        await expect(customer.get_by_test_id("message")).to_have_count(3)
        await say(customer, "AB-123456")
        await agent.get_by_test_id("accept").click()
        await expect(agent.get_by_test_id("context")).to_contain_text("AB-123456")
        await customer.reload()
        await agent.reload()
        await expect(customer.get_by_test_id("transcript")).to_contain_text("AB-123456")
        await agent.get_by_test_id("conversation-list").get_by_text("Zoe").first.click()
        await say(agent, "I am still here")
        await expect(customer.get_by_test_id("transcript")).to_contain_text("I am still here")


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("locale", ["en-US", "pt-BR"])
async def test_every_page_is_accessible_in_both_languages(
    open_house: Open, browser: Browser, locale: str, width: int
) -> None:  # fmt: skip
    async with open_house(mode="cached") as house:
        origin = f"http://127.0.0.1:{house.host.config.port}"
        for path in ("/", "/chat/", "/agent/"):
            page = await window(browser, origin + path, locale, width)
            await expect(page.get_by_role("main")).to_be_visible()
            assert await page.locator("html").get_attribute("lang") == ("pt-BR" if locale == "pt-BR" else "en")
            await picture(page, f"{path.strip('/') or 'home'}-{locale}-{width}")
            await assert_accessible(page)
            await page.context.close()
