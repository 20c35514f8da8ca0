"""Every operation, asked by everybody: who is let in is what shared/authorization.py says."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from devhost.loader import index
from shared.authorization import ABOUT, PAGES, About, Who, about, document, refusal
from shared.contracts.endpoints import BY_OPERATION, DEV_ENDPOINTS, ENDPOINTS, Endpoint
from shared.domain.centre import AgentProfile, Role
from shared.identity.customer import CustomerTokens
from shared.identity.dev import DevIssuer
from shared.settings import DEV_ISSUER
from tests.api.conftest import Centre, load_app, use_settings
from tests.api.problems import check_problem

ROOT = Path(__file__).parents[2]
EVERY = (*ENDPOINTS, *DEV_ENDPOINTS)
MORE_PEOPLE = """
  carla: {name: Carla, pool: main, queues: [vip]}
  dan: {name: Dan, pool: main, queues: [general], enabled: true}
"""
BODIES: dict[str, Any] = {
    "startChat": {}, "sendChatMessage": {"text": "hi", "clientMessageId": "m"}, "rateChat": {"score": 5},
    "typeInChat": {"typing": True}, "devToken": {"user": "alice"}, "setPresence": {"presence": "offline"},
    "sendMessage": {"text": "hi", "clientMessageId": "a"}, "transfer": {"to": {"kind": "queue", "id": "general"}},
    "wrapUp": {"disposition": "resolved"}, "assign": {"agentId": "alice"}, "setPresenceOf": {"presence": "offline"},
    "overrideQueue": {"closedUntil": None},
}  # fmt: skip
FRESH = {name for name, kind in ABOUT.items() if kind in (About.OWN_CHAT, About.OWN_OFFER, About.OWNED, About.VISIBLE)}
FRESH |= {"listConversations", "assign", "close"}
NAMED = {"setPresenceOf": "bob", "overrideQueue": "general", "resubmitDeadLetter": "none"}
"""What stands in the path if it is no conversation."""
QUERIES = {"readDirectory": {"kind": "queue"}}
UNCOMMON = {"resubmitDeadLetter": 404}
"""How somebody who is let in is answered, if not as the table of endpoints says first: there is no dead letter."""


@dataclass
class World:
    """The sample contact centre with more people, one conversation of Alice's and a token for everybody."""

    centre: Centre
    tokens: dict[Who, str]
    secrets: Path
    offer: str = ""

    async def prepared(self, endpoint: Endpoint) -> None:
        """A fresh conversation in the state that the operation asks for, if it could tell; the one before is over."""
        http, centre = self.centre.http, self.centre
        if self.tokens[Who.CUSTOMER] and endpoint.operation not in FRESH:
            return
        for _ in range(2):  # from talk to wrap-up, from wrap-up to closed
            await http.post(f"/api/conversations/{centre.chat}/close", headers=centre.auth("sam"))
        if endpoint.operation in ("acceptOffer", "declineOffer"):
            self.offer = await centre.offer()
        elif endpoint.operation == "rateChat":
            await http.post(f"/api/conversations/{await centre.talk()}/end", headers=centre.auth("alice"))
        else:
            await centre.talk()
        if endpoint.operation == "wrapUp":
            await http.post(f"/api/conversations/{centre.chat}/end", headers=centre.auth("alice"))
        self.tokens[Who.CUSTOMER] = centre.tokens["customer"]

    async def ask(self, endpoint: Endpoint, who: Who) -> httpx.Response:
        """The operation about that conversation, as somebody."""
        named = self.offer if "/offers/" in endpoint.path else NAMED.get(endpoint.operation, self.centre.chat)
        token = self.tokens[who]
        if who is Who.EXPIRED and endpoint.caller == "customer":
            then = datetime.now(UTC) - timedelta(hours=25)
            token, _ = CustomerTokens([self.secrets.read_text().strip()]).issue(self.centre.chat, then)
        return await self.centre.http.request(
            endpoint.method, endpoint.path.replace("{id}", named), params=QUERIES.get(endpoint.operation),
            headers={"Authorization": f"Bearer {token}"} if token else {}, json=await self._body(endpoint),
        )  # fmt: skip

    async def _body(self, endpoint: Endpoint) -> Any:
        if endpoint.operation != "publishPolicy":
            return BODIES.get(endpoint.operation)
        return {"files": await read_files(self.centre)}


async def read_files(centre: Centre) -> dict[str, str]:
    """The files of the configuration that counts."""
    found: dict[str, str] = (await centre.http.get("/api/manage/config", headers=centre.auth("ada"))).json()["files"]
    return found


async def publish(centre: Centre, change: Callable[[str], str]) -> None:
    """Have other people work here."""
    files = await read_files(centre)
    files["agents.yaml"] = change(files["agents.yaml"])
    if "vip:" not in files["queues.yaml"]:
        files["queues.yaml"] += "  vip: {name: Very important, pool: main}\n"
    answer = await centre.http.put("/api/manage/config", json={"files": files}, headers=centre.auth("ada"))
    assert answer.status_code == 200, answer.text


async def signed_in(centre: Centre, name: str) -> str:
    """Somebody's token."""
    return str((await centre.http.post("/dev/token", json={"user": name})).json()["token"])


@pytest.fixture
async def world(centre: Centre, tmp_path: Path) -> World:
    data = tmp_path / "data"
    await publish(centre, lambda people: people + MORE_PEOPLE)
    alice = AgentProfile("alice", "Alice", frozenset(Role), "main", frozenset(), {}, 3)
    then = datetime.now(UTC) - timedelta(hours=9)
    dan = await signed_in(centre, "dan")
    before = await centre.http.get("/api/agents/me", headers={"Authorization": f"Bearer {dan}"})
    assert before.status_code == 200, "dan worked here until a moment ago"
    await publish(centre, lambda people: people.replace("enabled: true", "enabled: false"))
    tokens = {
        Who.NOBODY: "", Who.CUSTOMER: "", Who.OWNER: centre.tokens["alice"], Who.SAME_QUEUE: centre.tokens["bob"],
        Who.OTHER_QUEUE: await signed_in(centre, "carla"), Who.SUPERVISOR: centre.tokens["sam"],
        Who.ADMIN: centre.tokens["ada"], Who.DISABLED: dan,
        Who.OTHER_CUSTOMER: (await centre.http.post("/api/chat/conversations", json={})).json()["token"],
        Who.EXPIRED: DevIssuer(data, DEV_ISSUER, "atende").token(alice, then)[0],
    }  # fmt: skip
    return World(centre, tokens, data / "secrets")


async def test_everybody_may_do_what_the_table_says_and_nothing_else(world: World) -> None:
    wrong = []
    for endpoint in EVERY:
        await world.prepared(endpoint)
        # Those who are refused first: whoever is let in changes what the next one would find.
        for who in sorted(Who, key=lambda who: refusal(endpoint, who) is None):
            expected = refusal(endpoint, who)
            answer = await world.ask(endpoint, who)
            allowed = UNCOMMON.get(endpoint.operation, next(iter(endpoint.answers)))
            if answer.status_code != (expected or allowed):
                wrong.append((endpoint.operation, who, expected or allowed, answer.status_code, answer.text))
            if expected is not None:
                check_problem(answer.status_code, answer.headers, answer.content)
    assert wrong == []


async def test_lists_leave_out_what_the_caller_may_not_see(world: World) -> None:
    listing = BY_OPERATION["listConversations"]
    assert [name for name, kind in ABOUT.items() if kind is About.LISTED] == [listing.operation]
    await world.prepared(listing)

    async def is_listed(who: Who) -> bool:
        return world.centre.chat in [item["id"] for item in (await world.ask(listing, who)).json()["items"]]

    sees = {
        who: await is_listed(who) for who in (Who.OWNER, Who.SAME_QUEUE, Who.OTHER_QUEUE, Who.SUPERVISOR, Who.ADMIN)
    }
    assert sees == {**dict.fromkeys(sees, True), Who.OTHER_QUEUE: False}


async def test_whoever_is_removed_or_loses_a_role_is_refused_at_once(world: World) -> None:
    centre = world.centre
    asked: Callable[[str, str], Awaitable[httpx.Response]] = lambda who, path: centre.http.get(  # noqa: E731
        path, headers=centre.auth(who)
    )
    assert [(await asked(who, "/api/agents/me")).status_code for who in ("bob", "sam")] == [200, 200]
    lines = (await read_files(centre))["agents.yaml"]
    bob = lines[lines.index("  bob:") : lines.index("  sam:")]
    await publish(centre, lambda people: people.replace(bob, "").replace("[Supervisor]", "[Agent]"))
    assert (await asked("bob", "/api/agents/me")).status_code == 403
    assert (await asked("sam", "/api/supervisor/overview")).status_code == 403
    assert (await asked("sam", "/api/agents/me")).status_code == 403, "nor does the token grant the new one"


def test_the_document_is_the_table() -> None:
    assert (ROOT / "docs" / "authorization.md").read_text(encoding="utf-8") == document()


def test_every_route_has_an_entry(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    use_settings(monkeypatch, ATENDE_DATA_DIR=str(tmp_path))
    served = set()
    for function in index(load_app()):
        if function.kind == "httpTrigger":
            trigger = function.trigger
            served |= {(str(trigger["route"]), str(method).upper()) for method in trigger.get("methods") or ["ANY"]}
    operations = {(endpoint.route, endpoint.method) for endpoint in EVERY}
    assert {(route, method) for route, method in served if route not in PAGES} == operations
    for endpoint in EVERY:
        about(endpoint)  # an operation that names something says what it depends on
        if endpoint.caller != "anyone":
            assert all(refusal(endpoint, who) for who in (Who.NOBODY, Who.DISABLED, Who.EXPIRED))
    assert ABOUT.keys() <= {endpoint.operation for endpoint in EVERY}
