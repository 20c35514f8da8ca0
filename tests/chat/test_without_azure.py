"""With Storage queues and a timer in place of Service Bus and Cosmos DB: what Core Tools with Azurite offer."""

import pytest

from tests.chat.conftest import Open
from tests.devhost.conftest import eventually

pytestmark = pytest.mark.slow


async def test_the_whole_life_on_storage_queues(open_house: Open) -> None:
    async with open_house(settings={"ServiceBus": "", "Cosmos": ""}) as house:
        assert "pump_store" in {spec.name for spec in house.host.functions}
        assert all(spec.kind not in ("serviceBusTrigger", "cosmosDBTrigger") for spec in house.host.functions)
        alice = await house.desk("alice")
        zoe = await house.talking(alice)
        await zoe.say("hello")
        await alice.say(zoe.id, "hello, too")
        await zoe.hears("hello, too")
        await alice.does("end", zoe.id)
        await alice.does("wrap-up", zoe.id, disposition="resolved")
        await zoe.is_in("closed")
        await alice.is_free()
        await eventually(lambda: house.app.sqlite.position("bells"))
