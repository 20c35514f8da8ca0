"""People who use the contact centre over HTTP: customers and agents."""

import itertools
from collections.abc import Callable
from typing import Any

import httpx

from tests.devhost.conftest import eventually

Json = dict[str, Any]


class Customer:
    """A customer in a web chat; `seen` is what their page has shown."""

    def __init__(self, http: httpx.AsyncClient, started: Json) -> None:
        self._http, self.id = http, started["conversationId"]
        self.headers = {"Authorization": f"Bearer {started['token']}"}
        self.seen: list[Json] = []
        self._numbers = itertools.count(1)

    @classmethod
    async def start(cls, http: httpx.AsyncClient, body: Json) -> "Customer":
        """Start a chat and wait for the first words."""
        answer = await http.post("/api/chat/conversations", json=body)
        assert answer.status_code == 201, answer.text
        customer = cls(http, answer.json())
        await customer.until(lambda seen: seen["status"] != "new")
        return customer

    async def call(self, method: str, path: str = "", **more: Any) -> httpx.Response:
        """Any call about this conversation."""
        return await self._http.request(
            method, f"/api/chat/conversations/{self.id}{path}", headers=self.headers, **more
        )

    async def say(self, text: str, id_: str | None = None) -> str:
        """Write; the message's id."""
        id_ = id_ or f"c{next(self._numbers)}"
        answer = await self.call("POST", "/messages", json={"text": text, "clientMessageId": id_})
        assert answer.status_code == 202, answer.text
        return id_

    async def look(self, wait: int = 0) -> Json:
        """Read what is new."""
        after = self.seen[-1]["sequence"] if self.seen else 0
        answer = await self.call("GET", f"/messages?after={after}&wait={wait}")
        assert answer.status_code == 200, answer.text
        shown: Json = answer.json()
        self.seen += shown["messages"]
        return shown

    async def until(self, condition: Callable[[Json], Any]) -> Json:
        """Look until it holds of what the page shows."""

        async def holds() -> Json | None:
            shown = await self.look()
            return shown if condition(shown) else None

        found: Json = await eventually(holds)
        return found

    async def hears(self, part: str) -> Json:
        """The first message seen that contains this."""
        await self.until(lambda _: any(part in message["text"] for message in self.seen))
        return next(message for message in self.seen if part in message["text"])

    async def is_in(self, status: str) -> Json:
        """Wait for a status."""
        return await self.until(lambda shown: shown["status"] == status)

    async def leave(self) -> None:
        """End the chat."""
        assert (await self.call("POST", "/end")).status_code == 202

    def texts(self, kind: str | None = None) -> list[str]:
        """What was said, by a kind of sender."""
        return [m["text"] for m in self.seen if kind is None or m["sender"]["kind"] == kind]


class Desk:
    """An agent (or somebody else of the staff) at a desk."""

    def __init__(self, http: httpx.AsyncClient, user: str, token: str) -> None:
        self._http, self.user = http, user
        self.headers = {"Authorization": f"Bearer {token}"}
        self._numbers = itertools.count(1)

    @classmethod
    async def sign_in(cls, http: httpx.AsyncClient, user: str, presence: str | None) -> "Desk":
        """Sign in, and choose a presence."""
        answer = await http.post("/dev/token", json={"user": user})
        assert answer.status_code == 200, answer.text
        desk = cls(http, user, answer.json()["token"])
        if presence:
            await desk.present(presence)
        return desk

    async def call(self, method: str, path: str, **more: Any) -> httpx.Response:
        """Any call."""
        return await self._http.request(method, path, headers={**self.headers, **more.pop("headers", {})}, **more)

    async def ok(self, method: str, path: str, **more: Any) -> Json:
        """A call that succeeds."""
        answer = await self.call(method, path, **more)
        assert answer.is_success, (path, answer.text)
        result: Json = answer.json()
        return result

    async def present(self, presence: str) -> Json:
        """Choose a presence."""
        return await self.ok("PUT", "/api/agents/me/presence", json={"presence": presence})

    async def me(self) -> Json:
        """The agent's record."""
        return await self.ok("GET", "/api/agents/me")

    async def inbox(self, after: str | None = None, wait: int = 0) -> Json:
        """A snapshot, or the events since."""
        return await self.ok("GET", "/api/agents/me/inbox" + (f"?after={after}&wait={wait}" if after else ""))

    async def events(self, after: str = "0") -> list[Json]:
        """All events since."""
        found: list[Json] = []
        while page := (await self.inbox(after))["events"]:
            found += page
            after = page[-1]["eventId"]
        return found

    async def offer(self, conversation_id: str) -> str:
        """The offer of a conversation, once it comes."""

        async def offered() -> str | None:
            offers = (await self.inbox())["offers"]
            return next((o["offerId"] for o in offers if o["conversationId"] == conversation_id), None)

        return str(await eventually(offered))

    async def accept(self, offer_id: str) -> Json:
        """Take the work."""
        return dict((await self.ok("POST", f"/api/offers/{offer_id}/accept"))["conversation"])

    async def say(self, conversation_id: str, text: str, **more: Any) -> Json:
        """Write to the customer."""
        body = {"text": text, "clientMessageId": f"{self.user}{next(self._numbers)}", **more}
        return await self.ok("POST", f"/api/conversations/{conversation_id}/messages", json=body)

    async def does(self, what: str, conversation_id: str, **body: Any) -> Json:
        """end, set-aside, reopen, wrap-up or transfer."""
        return await self.ok("POST", f"/api/conversations/{conversation_id}/{what}", json=body)

    async def view(self, conversation_id: str) -> Json:
        """Everything about a conversation."""
        return await self.ok("GET", f"/api/conversations/{conversation_id}?limit=200")

    async def conversation(self, conversation_id: str) -> Json:
        """Its head."""
        return dict((await self.view(conversation_id))["conversation"])

    async def sees(self, conversation_id: str, status: str) -> Json:
        """Wait until a conversation has a status."""

        async def there() -> Json | None:
            head = await self.conversation(conversation_id)
            return head if head["status"] == status else None

        return dict(await eventually(there))

    async def is_free(self) -> Json:
        """Wait until no capacity is held."""

        async def free() -> Json | None:
            me = await self.me()
            return me if me["capacity"]["used"] == 0 else None

        return dict(await eventually(free))


def wrap(disposition: str = "resolved") -> Json:
    """A wrap-up."""
    return {"disposition": disposition}
