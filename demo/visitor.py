"""A simulated customer: what they want of the contact centre, and how they go about it."""

import asyncio
import contextlib
from enum import StrEnum

from bench.driver.customer import Customer, says_or_is_over
from bench.driver.http import Http, Refused
from demo.pace import Pace
from demo.texts import LANGUAGES, Phrases

PORTUGUESE_SHARE = 0.4
LEAVES_FIRST_SHARE = 0.25
"""So many customers end a conversation themselves instead of waiting for the agent to do so."""
HOURS_FIRST_SHARE = 0.2
"""So many ask for the opening hours, too, before they say what they want."""
PATIENCE_SECONDS = (0.3, 1.0)
"""How long those wait in the queue who do not want to wait."""


class Wish(StrEnum):
    """What a customer has come for."""

    HOURS = "opening hours"
    ORDER = "order status"
    BILLING = "billing"
    PERSON = "a person"
    GIVES_UP = "a person, but soon"


WISHES = {Wish.HOURS: 16, Wish.ORDER: 16, Wish.BILLING: 8, Wish.PERSON: 48, Wish.GIVES_UP: 12}
"""How frequent each is."""


class Visitor:
    """One customer's visit."""

    def __init__(self, http: Http, pace: Pace) -> None:
        self._pace, chance = pace, pace.chance
        self.wish = chance.choices(list(WISHES), list(WISHES.values()))[0]
        self.locale = "pt-BR" if pace.happens(PORTUGUESE_SHARE) else "en"
        self.name = chance.choice(self._phrases.names)
        self.customer = Customer(http)

    @property
    def _phrases(self) -> Phrases:
        return LANGUAGES[self.locale]

    async def visit(self) -> None:
        """From the first word until the conversation is closed."""
        await self.customer.start(locale=self.locale, customer={"name": self.name}, context={"topic": self.wish.value})
        async with asyncio.TaskGroup() as group:
            group.create_task(self.customer.listen())
            await self.customer.until(lambda: self.customer.kinds["bot"] > 0 or self.customer.is_over)
            await self._talk()

    async def leave(self) -> None:
        """Go at once, whatever is going on."""
        with contextlib.suppress(Refused):
            await self.customer.end()

    async def _talk(self) -> None:
        says = self._phrases
        if self.wish is Wish.HOURS or self._pace.happens(HOURS_FIRST_SHARE):
            await self._say(says.hours)
        if self.wish is Wish.HOURS:
            await self._say((says.thanks,))
            await self._say((says.bye,))
            return
        if self.wish is Wish.ORDER:
            await self._say(says.order)
            await self._say((says.order_number.format(number=self._pace.chance.randrange(10**6)),))
        else:
            await self._say(says.billing if self.wish is Wish.BILLING else says.person)
        await self.customer.until(lambda: self.customer.status not in ("new", "bot"))
        if self.wish is Wish.GIVES_UP:
            await self._pace.pause(*PATIENCE_SECONDS)
            if self.customer.status in ("queued", "offered"):
                await self.leave()
                return
        await self._talk_to_agent()

    async def _talk_to_agent(self) -> None:
        """Answer each word of the agent, until the conversation is over."""
        customer, says = self.customer, self._phrases
        leaves_after = self._pace.chance.randint(3, 5) if self._pace.happens(LEAVES_FIRST_SHARE) else None
        heard = 0
        while not customer.is_over:
            await self._until_spoken_to(heard)
            if customer.status == "waiting":
                await self._pace.pause(2, 4)
                await says_or_is_over(customer, says.back)
                await customer.until(lambda: customer.status != "waiting")
                continue
            first, heard = heard == 0, customer.kinds["agent"]
            await self._pace.pause(0.5, 1.5)
            if leaves_after and heard >= leaves_after and not customer.is_over:
                await says_or_is_over(customer, says.thanks)
                await self.leave()
                await customer.until(lambda: customer.is_over)
            elif not customer.is_over:
                await says_or_is_over(customer, self._pace.chance.choice(says.problems if first else says.replies))

    async def _until_spoken_to(self, heard: int) -> None:
        """Wait for the next word of an agent, or for what makes waiting pointless."""
        customer = self.customer
        await customer.until(
            lambda: customer.is_over or customer.status == "waiting" or customer.kinds["agent"] > heard
        )

    async def _say(self, texts: tuple[str, ...]) -> None:
        """Write to the bot and wait for its answer."""
        await self._pace.pause(0.4, 1.2)
        before = self.customer.kinds["bot"]
        if await says_or_is_over(self.customer, self._pace.chance.choice(texts)):
            await self.customer.until(lambda: self.customer.kinds["bot"] > before or self.customer.is_over)
