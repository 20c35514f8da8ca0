"""What customers who wait are told, through the whole app."""

from collections.abc import Callable
from typing import Any

import pytest

from shared.domain.conversation import Status
from tests.chat.conftest import House, Open
from tests.devhost.conftest import eventually


def telling(**announcements: Any) -> Callable[[dict[str, Any]], None]:
    """queues.yaml with announcements of the general queue."""

    def change(content: dict[str, Any]) -> None:
        content["queues"]["general"]["announcements"] = announcements

    return change


def announced(texts: list[str]) -> list[str]:
    return [text for text in texts if text.startswith(("You are number", "We expect", "Você é"))]


async def test_who_waits_is_told_their_place_once_and_again_when_it_changes(open_house: Open) -> None:
    async with open_house(queues=telling(after="0.3 s", every="0.5 s", wait="false")) as house:
        first, second = await house.handed_over(), await house.handed_over()
        await first.hears("You are number 1 in the queue.")
        await second.hears("You are number 2 in the queue.")
        await first.leave()
        await second.hears("You are number 1 in the queue.")
        looks = (await read(house, second.id)).wait.token

        async def has_looked_twice() -> bool:
            return bool((await read(house, second.id)).wait.token >= looks + 2)

        await eventually(has_looked_twice)
        await second.look()
        assert announced(second.texts()) == ["You are number 2 in the queue.", "You are number 1 in the queue."]


async def test_the_wait_is_told_while_somebody_works_and_no_number_else(open_house: Open) -> None:
    async with open_house(queues=telling(after="0.3 s", every="0.3 s", position="false")) as house:
        alice = await house.desk("alice", "available")
        talking = [await house.talking(alice) for _ in range(3)]
        waits = await house.handed_over()
        told = await waits.hears("We expect to answer in about")
        assert told["sender"]["kind"] == "system" and "0 minutes" not in told["text"]
        await alice.present("away")
        other = await house.customer(locale="pt-BR")
        await other.say("falar com uma pessoa")
        await other.until(lambda seen: seen["status"] == "queued")
        token = (await read(house, other.id)).wait.token

        async def has_looked() -> bool:
            return bool((await read(house, other.id)).wait.token >= token + 2)

        await eventually(has_looked)
        await other.look()
        assert announced(other.texts()) == []
        assert len(talking) == 3


@pytest.mark.slow
async def test_a_restart_tells_nobody_twice(open_house: Open) -> None:
    change = telling(after="0.3 s", every="0.5 s", wait="false")
    async with open_house(queues=change) as house:
        zoe = await house.handed_over()
        await zoe.hears("You are number 1 in the queue.")
    async with open_house() as house:
        token = (await read(house, zoe.id)).wait.token

        async def has_looked() -> bool:
            found = await read(house, zoe.id)
            return found.status is Status.QUEUED and found.wait.token >= token + 2

        await eventually(has_looked)
        messages = await house.app.services.conversations.messages(zoe.id)
        assert announced([message.text for message in messages]) == ["You are number 1 in the queue."]


async def read(house: House, conversation_id: str) -> Any:
    return await house.app.services.conversations.get(conversation_id)
