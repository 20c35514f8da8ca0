"""How long wrap-up holds capacity, as the queue says."""

from typing import Any

import pytest

from tests.chat.conftest import House, Open
from tests.chat.people import Customer, Desk, wrap

pytestmark = pytest.mark.slow


def wraps_up(rule: str) -> Any:
    def edit(content: dict[str, Any]) -> None:
        content["queues"]["general"]["wrapUp"] = rule

    return edit


def alice_alone(content: dict[str, Any]) -> None:
    """With room for one."""
    content["agents"] = {**content["agents"], "alice": {**content["agents"]["alice"], "capacity": 1}}


async def two_chats(house: House) -> tuple[Desk, Customer, Customer]:
    """Alice has ended one, which waits for its disposition; another one waits."""
    alice = await house.desk("alice")
    first = await house.customer()
    await first.say("talk to a person")
    await alice.accept(await alice.offer(first.id))
    second = await house.customer()
    await second.say("talk to a person")
    await second.is_in("queued")
    await alice.does("end", first.id)
    await alice.sees(first.id, "wrapUp")
    return alice, first, second


@pytest.mark.parametrize("rule", ["never", "1 s"])
async def test_capacity_is_given_back_before_the_chat_is_filed(open_house: Open, rule: str) -> None:
    async with open_house(agents=alice_alone, queues=wraps_up(rule)) as house:
        alice, first, second = await two_chats(house)
        await alice.accept(await alice.offer(second.id))
        assert (await alice.me())["capacity"]["used"] == 1
        await alice.does("wrap-up", first.id, **wrap())
        await alice.does("end", second.id)
        await alice.does("wrap-up", second.id, **wrap())
        await alice.is_free()


async def test_otherwise_it_is_held_until_then(open_house: Open) -> None:
    async with open_house(agents=alice_alone) as house:
        alice, first, second = await two_chats(house)
        assert (await alice.me())["capacity"]["used"] == 1
        assert not (await alice.inbox())["offers"]
        await alice.does("wrap-up", first.id, **wrap())
        await alice.accept(await alice.offer(second.id))
