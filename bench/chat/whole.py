"""A whole chat, from its first request to the disposition, and the check that its customer has seen all of it.

The bot greets and answers the customer's messages, the last of which asks for a person; an agent accepts and answers
each message of the customer, ends the conversation and files it.
"""

import asyncio
import random
import time
from collections import Counter
from dataclasses import dataclass, field

from bench.chat.server import HAND_OFF, QUESTION
from bench.driver.customer import Customer, Message
from bench.driver.desk import AgentDesk, Case
from bench.driver.http import Http

LAST = "That was all."
CHAT_SECONDS_MAX = 60.0


class Broken(Exception):
    """A customer has not seen what was said."""


@dataclass(frozen=True, slots=True)
class Script:
    """How many messages the customer writes to the bot and to the agent, how many the agent answers to each, and how
    long both think before they write."""

    bot: int = 3
    agent: int = 3
    answers: int = 2
    think_seconds: float = 0.0
    answer_seconds: float = 0.0
    waits: bool = True  # whether the customer lets the agent answer before writing again

    @property
    def messages(self) -> int:
        """All that the customer will see: a greeting, three words of the system, and the talk."""
        return 4 + 2 * self.bot + (1 + self.answers) * self.agent


@dataclass
class Seen:
    """Seconds as the driver sees them, since it was last cleared."""

    acknowledged: list[float] = field(default_factory=list)  # a customer's POST: sent, until answered
    to_agent: list[float] = field(default_factory=list)  # a customer's POST sent, until the agent's poll has brought it
    to_customer: list[float] = field(default_factory=list)
    to_offer: list[float] = field(default_factory=list)  # the wish for a person sent, until an agent has the offer
    bot_answer: list[float] = field(default_factory=list)

    def clear(self) -> None:
        """Begin anew."""
        for values in (self.acknowledged, self.to_agent, self.to_customer, self.to_offer, self.bot_answer):
            values.clear()


@dataclass
class _Chat:
    """A chat under way."""

    customer: Customer
    script: Script
    filed: "asyncio.Future[str]"  # the status that the agent has left it in
    wrote_at: float = 0.0
    answered_at: dict[str, float] = field(default_factory=dict)  # by the text of the agent's answer


class Chats:
    """Plays chats and measures them."""

    def __init__(self, http: Http) -> None:
        self._http = http
        self._open: dict[str, _Chat] = {}
        self.seen = Seen()
        self.desks: list[AgentDesk] = []
        self.done = 0
        self.failures: Counter[str] = Counter()

    async def play(self, script: Script, seconds_max: float = CHAT_SECONDS_MAX) -> None:
        """One chat; what goes wrong is counted under `failures`."""
        customer = Customer(self._http, self._heard)
        try:
            async with asyncio.timeout(seconds_max):
                await self._play(customer, script)
            self.done += 1
        except Exception as error:
            self.failures[_reason(error)] += 1
        finally:
            self._open.pop(customer.id, None)

    async def work(self, case: Case) -> None:
        """The agent's part; its errors are the customer's."""
        chat = self._open.get(case.id)
        if chat is None:
            return  # it has been given up
        try:
            status = await self._serve(case, chat)
        except Exception as error:
            if not chat.filed.done():
                chat.filed.set_exception(error)
            return
        if not chat.filed.done():
            chat.filed.set_result(status)

    async def _play(self, customer: Customer, script: Script) -> None:
        await customer.start(locale="en", customer={"name": "Carla Customer"})
        chat = self._open[customer.id] = _Chat(customer, script, asyncio.get_running_loop().create_future())
        async with asyncio.TaskGroup() as group:
            group.create_task(customer.listen())
            status = group.create_task(_result(chat.filed))
            await self._talk(chat)
        if status.result() != "closed" or customer.status != "closed":
            raise Broken(f"filed as {status.result()}, the customer sees {customer.status}")
        check(customer, script)

    async def _talk(self, chat: _Chat) -> None:
        """The customer's part."""
        customer, script = chat.customer, chat.script
        await customer.until_heard("bot", 1)
        for number in range(1, script.bot + 1):
            await self._say(chat, HAND_OFF if number == script.bot else f"{QUESTION} (question {number})")
            await customer.until_heard("bot", number + 1)
        await customer.until_heard("system", 2)
        for number in range(1, script.agent + 1):
            await self._say(chat, LAST if number == script.agent else f"It is about item {number}.")
            if script.waits:
                await customer.until_heard("agent", number * script.answers)

    async def _say(self, chat: _Chat, text: str) -> None:
        await _pause(chat.script.think_seconds)
        chat.wrote_at = time.perf_counter()
        sent = await chat.customer.send(text)
        if sent.acknowledged:
            self.seen.acknowledged.append(sent.acknowledged - sent.at)

    async def _serve(self, case: Case, chat: _Chat) -> str:
        self.seen.to_offer.append(case.offered_at - chat.wrote_at)
        await case.accept()
        last = ""
        while last != LAST:
            event, at = await case.events.get()
            if event["type"] != "message.upserted" or event["data"]["message"]["sender"]["kind"] != "customer":
                continue
            id_, last = event["data"]["message"]["id"], event["data"]["message"]["text"]
            self.seen.to_agent.append(at - chat.customer.sent[id_].at)
            await _pause(chat.script.answer_seconds)
            for text in _answers(id_, chat.script):
                chat.answered_at[text] = time.perf_counter()
                await case.say(text)
        await case.end()
        return await case.wrap_up("resolved")

    def _heard(self, customer: Customer, message: Message, at: float) -> None:
        chat = self._open[customer.id]
        if message["sender"]["kind"] == "agent":
            self.seen.to_customer.append(at - chat.answered_at[message["text"]])
        elif message["sender"]["kind"] == "bot" and chat.wrote_at:
            self.seen.bot_answer.append(at - chat.wrote_at)


def check(customer: Customer, script: Script) -> None:
    """Every message exactly once and in order; Broken if not."""
    kinds = [str(message["sender"]["kind"]) for message in customer.seen]
    talk = ["customer", *["agent"] * script.answers] * script.agent
    expected = ["bot", *["customer", "bot"] * script.bot, "system", "system", *talk, "system"]
    if not script.waits:  # their order is up to the two
        begin = len(expected) - len(talk) - 1
        kinds[begin:-1], expected[begin:-1] = sorted(kinds[begin:-1]), sorted(talk)
    if kinds != expected:
        raise Broken(f"the customer has seen {len(kinds)} messages of {len(expected)}{_surplus(customer, expected)}")
    if [message["sequence"] for message in customer.seen] != list(range(1, script.messages + 1)):
        raise Broken("the customer has seen messages twice, out of order or not at all")
    own = [(message["id"], message["text"]) for message in customer.seen if message["sender"]["kind"] == "customer"]
    if own != [(id_, sent.text) for id_, sent in customer.sent.items()]:
        raise Broken("the customer's own messages are not what was sent")
    answers = [message["text"] for message in customer.seen if message["sender"]["kind"] == "agent"]
    if answers != [text for id_, _ in own[script.bot :] for text in _answers(id_, script)]:
        raise Broken("the agent's answers are not what was written")


def _surplus(customer: Customer, expected: list[str]) -> str:
    """What there is too much of, with an example; or that it is the order which is wrong."""
    surplus = Counter(str(message["sender"]["kind"]) for message in customer.seen) - Counter(expected)
    for kind in surplus:
        told = Counter(m["id"] for m in customer.seen if m["sender"]["kind"] == kind).most_common(6)
        return f", {surplus[kind]} too many of the {kind}: {told}"
    return "" if len(customer.seen) < len(expected) else ", in another order"


async def sign_in(http: Http, chats: Chats, users: list[str]) -> list[AgentDesk]:
    """Desks of available agents; they are not yet running."""
    desks = chats.desks = [AgentDesk(http, user, chats.work) for user in users]

    async def begin(desk: AgentDesk) -> None:
        await desk.sign_in()
        await desk.be("available")

    await asyncio.gather(*(begin(desk) for desk in desks))
    return desks


def _answers(id_: str, script: Script) -> list[str]:
    return [f"answer {number} to {id_}" for number in range(1, script.answers + 1)]


async def _result(future: "asyncio.Future[str]") -> str:
    return await future


async def _pause(seconds: float) -> None:
    """About so long."""
    if seconds:
        await asyncio.sleep(seconds * random.uniform(0.75, 1.25))


def _reason(error: BaseException) -> str:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return f"{type(error).__name__}: {error}"[:200]
