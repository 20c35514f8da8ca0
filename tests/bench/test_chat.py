"""The chat benchmark with a tiny load, and its own checks. Nothing here looks at how fast anything is."""

import copy
from typing import Any

import pytest

import bench.chat
from bench.chat.cells import Sizes
from bench.chat.load import Load
from bench.chat.whole import Broken, Script, check
from bench.driver.customer import Customer, Sent
from bench.driver.http import Http
from bench.report import Report

LOAD = Load(in_flight=3, ramp_seconds=0.1, warm_up_seconds=0.2, seconds=2.0)
TINY = Sizes(3, 4, LOAD, LOAD, 0.1, 0.05, LOAD, 0.2, Script(bot=3, agent=6, answers=1, waits=False))
SHORT = Script(bot=2, agent=2, answers=1)


@pytest.mark.slow
def test_all_figures_are_reported_and_nothing_fails(capsys: pytest.CaptureFixture[str]) -> None:
    report = Report()
    bench.chat.run(report, TINY)
    figures = report.figures
    for mode in bench.chat.MODES:
        assert figures[f"chat.throughput.{mode}"]["value"] > 0
        assert figures[f"chat.throughput.{mode}"]["ratio"]
        assert figures[f"chat.cpu.{mode}"]["value"] > 0
        for name in bench.chat.LATENCIES:
            for quantile in bench.chat.QUANTILES:
                assert f"chat.latency.{name}.{quantile}.{mode}" in figures
        assert figures[f"chat.latency.acknowledged.p50.{mode}"]["value"] > 0
    for name in ("requests", "documents", "queue_messages", "durable.ticks", "durable.history_events"):
        assert figures[f"chat.operations.{name}"]["value"] > 0
    assert 0 < figures["chat.long.history_max"]["value"] <= bench.chat.HISTORY_GOAL
    assert any(name.startswith("chat.profile.") for name in figures)
    said = capsys.readouterr().out
    assert " x " not in said, said  # how failures are shown


@pytest.fixture
async def customer() -> Customer:
    """One who has seen a whole chat of SHORT."""
    seen: list[dict[str, Any]] = []

    def say(kind: str, id_: str = "", text: str = "") -> None:
        seen.append({"sequence": len(seen) + 1, "id": id_, "sender": {"kind": kind}, "text": text})

    say("bot")
    for id_ in ("c1", "c2"):
        say("customer", id_, f"text of {id_}")
        say("bot")
    say("system")
    say("system")
    for id_ in ("c3", "c4"):
        say("customer", id_, f"text of {id_}")
        say("agent", text=f"answer 1 to {id_}")
    say("system")
    async with Http("http://127.0.0.1:1") as http:
        found = Customer(http)
    found.seen = seen
    found.sent = {id_: Sent(f"text of {id_}", 0.0) for id_ in ("c1", "c2", "c3", "c4")}
    return found


async def test_a_whole_chat_is_whole(customer: Customer) -> None:
    check(customer, SHORT)
    assert len(customer.seen) == SHORT.messages


@pytest.mark.parametrize("number", range(SHORT.messages))
async def test_a_message_that_is_missing_or_doubled_is_noticed(customer: Customer, number: int) -> None:
    whole = copy.deepcopy(customer.seen)
    del customer.seen[number]
    with pytest.raises(Broken):
        check(customer, SHORT)
    customer.seen = [*whole[: number + 1], *whole[number:]]
    with pytest.raises(Broken):
        check(customer, SHORT)


@pytest.mark.parametrize("waits", [True, False])
async def test_messages_out_of_order_are_noticed(customer: Customer, waits: bool) -> None:
    script = Script(SHORT.bot, SHORT.agent, SHORT.answers, waits=waits)
    first, second = (n for n, message in enumerate(customer.seen) if message["id"] in ("c3", "c4"))
    for name in ("id", "text"):
        customer.seen[first][name], customer.seen[second][name] = (
            customer.seen[second][name],
            customer.seen[first][name],
        )
    with pytest.raises(Broken):
        check(customer, script)


async def test_a_customer_in_a_hurry_may_write_before_the_answer(customer: Customer) -> None:
    first = next(n for n, message in enumerate(customer.seen) if message["sender"]["kind"] == "agent")
    early, late = customer.seen[first], customer.seen[first + 1]
    customer.seen[first : first + 2] = [late | {"sequence": early["sequence"]}, early | {"sequence": late["sequence"]}]
    check(customer, Script(SHORT.bot, SHORT.agent, SHORT.answers, waits=False))
    with pytest.raises(Broken):
        check(customer, SHORT)
