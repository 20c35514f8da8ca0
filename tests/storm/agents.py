"""Agents who work as the plan of each conversation says, and their screens as an inbox fills them."""

import asyncio
import random
from collections.abc import Coroutine
from typing import Any

from tests.storm.centre import AGENTS
from tests.storm.journal import AgentMessage, Command, Journal, Line

HEAD_MEMBERS = ("id", "status", "owner", "epoch", "queue", "disposition", "transferId", "closedAt")
"""What an event tells of a conversation; messages and waits raise `version` without one."""


class Screen:
    """apply(snapshot, events), as docs/api.md describes it."""

    def __init__(self, snapshot: dict[str, Any]) -> None:
        self.position = int(snapshot["eventId"])
        self.agent = snapshot["agent"]
        self.offers = {offer["offerId"]: offer for offer in snapshot["offers"]}
        self.conversations = {head["id"]: head for head in snapshot["conversations"]}
        self.transfers: dict[str, str] = {}

    def apply(self, event: dict[str, Any]) -> None:
        """One event; it must be the next one."""
        assert int(event["eventId"]) == self.position + 1, f"{event['eventId']} comes after {self.position}"
        self.position += 1
        data = event["data"]
        match event["type"]:
            case "offer.created":
                self.offers[data["offer"]["offerId"]] = data["offer"]
            case "offer.ended":
                self.offers.pop(data["offerId"], None)
            case "conversation.upserted":
                self.conversations[data["conversation"]["id"]] = data["conversation"]
            case "conversation.removed":
                self.conversations.pop(data["conversationId"], None)
            case "transfer.ended":
                self.transfers[data["transferId"]] = data["state"]
            case "agent.updated":
                self.agent = data["agent"]

    def shown(self) -> dict[str, Any]:
        """What is on it, for comparisons."""
        on_screen = [head for head in self.conversations.values() if head["status"] != "closed"]
        return {
            "agent": self.agent,
            "offers": sorted(self.offers),
            "conversations": {head["id"]: {name: head[name] for name in HEAD_MEMBERS} for head in on_screen},
        }


class Desk:
    """One agent at work."""

    def __init__(self, line: Line, journal: Journal, name: str, token: str, seed: int, pace: float) -> None:
        self._line, self._journal, self.name, self._token, self._pace = line, journal, name, token, pace
        self._chance = random.Random(f"agent/{seed}/{name}")
        self._begun: set[tuple[str, str, int]] = set()
        self.stopping = False
        self.screen: Screen
        self._tasks: asyncio.TaskGroup

    async def run(self) -> None:
        """Work until told to stop."""
        await self._choose("available")
        self.screen = await self.snapshot()
        async with asyncio.TaskGroup() as self._tasks:
            for offer in self.screen.offers.values():
                self._begin("offer", offer["offerId"], 0, self._answer(offer))
            for head in self.screen.conversations.values():
                self._look(head)
            while not self.stopping:
                await self.catch_up(1)
                await self._sample()

    async def snapshot(self) -> Screen:
        """A fresh screen."""
        return Screen((await self._call("inbox", "GET", "/api/agents/me/inbox"))[1])

    async def catch_up(self, wait: int) -> int:
        """Take what has come in; how much that was."""
        _, news = await self._call("inbox", "GET", f"/api/agents/me/inbox?after={self.screen.position}&wait={wait}")
        for event in news["events"]:
            self.screen.apply(event)
            if not self.stopping:
                self._react(event["type"], event["data"])
        assert int(news["eventId"]) == self.screen.position
        return len(news["events"])

    def _react(self, type_: str, data: dict[str, Any]) -> None:
        if type_ == "offer.created":
            self._begin("offer", data["offer"]["offerId"], 0, self._answer(data["offer"]))
        elif type_ == "conversation.upserted":
            self._look(data["conversation"])
        elif type_ == "agent.updated" and data["agent"]["presence"]["reason"] in ("missed-offer", "declined-offer"):
            self._tasks.create_task(self._choose("available"))

    def _look(self, head: dict[str, Any]) -> None:
        if head["owner"] is None or head["owner"]["id"] != self.name:
            return
        if head["status"] == "active":
            self._begin("work", head["id"], head["epoch"], self._work(head))
        elif head["status"] == "wrapUp" and head["context"]["plan"] not in ("wrap-timeout", "idle"):
            self._begin("file", head["id"], head["epoch"], self._file(head["id"]))

    def _begin(self, what: str, id_: str, epoch: int, work: Coroutine[Any, Any, None]) -> None:
        if (what, id_, epoch) in self._begun:
            work.close()
            return
        self._begun.add((what, id_, epoch))
        self._tasks.create_task(work)

    async def _sample(self) -> None:
        _, me = await self._call("me", "GET", "/api/agents/me")
        capacity = me["capacity"]
        if capacity["used"] > capacity["total"]:
            self._journal.faults.append(f"I3: {self.name} holds {capacity}")

    async def _choose(self, presence: str) -> None:
        _, me = await self._call("presence", "PUT", "/api/agents/me/presence", {"presence": presence})
        self._journal.presence[self.name] = presence
        if me["presence"]["chosen"] != presence:
            self._journal.faults.append(f"I7: {self.name} chose {presence} and is {me['presence']}")

    async def _answer(self, offer: dict[str, Any]) -> None:
        """Accept, decline or let expire."""
        plan = offer["summary"]["customerName"].split("/")[0]
        id_, conversation = offer["offerId"], offer["conversationId"]
        await self._pause(0.3)
        first = self._journal.first(conversation, f"offer of {offer['kind']}")
        is_transfer = offer["kind"] == "transfer"
        if plan == "offer-left" or (plan == "expire" and first) or (plan == "to-agent-left" and is_transfer):
            return
        if plan == "to-agent-expired" and is_transfer:
            return
        if (plan == "decline" and first) or (plan == "to-agent-declined" and is_transfer):
            status, _ = await self._call("decline", "POST", f"/api/offers/{id_}/decline", None, (200, 409))
            if status == 200:
                self._journal.declined.add(id_)
            return
        status, answer = await self._call("accept", "POST", f"/api/offers/{id_}/accept", None, (200, 409))
        if status == 200:
            self._journal.winners[id_].add(self.name)
            self._look(answer["conversation"])

    async def _work(self, head: dict[str, Any]) -> None:
        """Talk, then do what the plan says."""
        id_, plan = head["id"], head["context"]["plan"]
        await self._say(head, 0)
        if plan == "idle":
            return
        await self._pause(0.3)
        if (plan.startswith("aside-") or plan == "whole") and self._journal.first(id_, "aside"):
            await self._set_aside(id_, plan)
            return
        if (plan.startswith("to-") or plan == "whole") and self._journal.first(id_, "transfer"):
            if not await self._transfer(head, plan):
                return
        elif plan == "customer-left":
            return
        await self._say(head, 1)
        await self._step(id_, "end", "ended")

    async def _transfer(self, head: dict[str, Any], plan: str) -> bool:
        """Hand over; whether the conversation is still to be worked on."""
        id_ = head["id"]
        others = [name for name in AGENTS if name != self.name]
        target = {"kind": "agent", "id": self._chance.choice(others)}
        to = {"kind": "queue", "id": "billing"} if plan == "to-queue" else target
        body = {"to": to, **({"note": "please"} if self._chance.random() < 0.5 else {})}
        key = f"{id_}-{head['epoch']}"
        status, answer = await self._call(
            "transfer", "POST", f"/api/conversations/{id_}/transfer", body, (202, 409), key
        )
        transfer = answer.get("transferId", "")
        self._journal.commands.append(Command(self.name, id_, "transfer", status, {"to": to, "id": transfer}))
        if status != 202 or plan == "to-queue":
            return False
        self._journal.chat(id_).transfer_pending.set()
        async with asyncio.timeout(60):
            while transfer not in self.screen.transfers:
                await asyncio.sleep(0.05)
        return plan != "to-agent-left" and self.screen.transfers[transfer] == "failed"

    async def _set_aside(self, id_: str, plan: str) -> None:
        await self._step(id_, "set-aside", "setAside")
        if plan not in ("aside-reopen", "aside-race"):
            return
        await self._pause(0.3)
        async with asyncio.timeout(60):
            while "no free capacity" in (await self._step(id_, "reopen", "reopened")).get("detail", ""):
                await asyncio.sleep(0.2)

    async def _file(self, id_: str) -> None:
        await self._pause(0.5)
        await self._step(id_, "wrap-up", "wrappedUp", {"disposition": self._chance.choice(["resolved", "spam"])})

    async def _pause(self, seconds_max: float) -> None:
        await asyncio.sleep(self._chance.uniform(0, seconds_max) * self._pace)

    async def _say(self, head: dict[str, Any], number: int) -> None:
        id_ = f"{self.name}-{head['epoch']}-{number}"
        body = {"text": f"I am {self.name} ({id_})", "clientMessageId": id_}
        status, _ = await self._call("send", "POST", f"/api/conversations/{head['id']}/messages", body, (202, 409))
        self._journal.messages.append(AgentMessage(self.name, head["id"], id_, status))

    async def _step(self, id_: str, what: str, event: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """The conversation, or the problem."""
        status, answer = await self._call(what, "POST", f"/api/conversations/{id_}/{what}", body, (200, 409))
        self._journal.commands.append(Command(self.name, id_, event, status, body or {}))
        return dict(answer)

    async def _call(
        self, kind: str, method: str, path: str, body: Any = None, expect: tuple[int, ...] = (200,),
        key: str | None = None,
    ) -> tuple[int, Any]:  # fmt: skip
        return await self._line.call(kind, method, path, self._token, body, expect, key)
