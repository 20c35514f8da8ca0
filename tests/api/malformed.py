"""Requests that must be refused, each with one fault. Every text carries a mark, to look for in the stores."""

import json
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from shared.contracts import agents, chat, manage, supervisor
from shared.contracts.endpoints import BY_OPERATION, Endpoint

MARK = "mark-of-the-refused"
SECRETIVE = {
    "Cookie": "a=\xff",
    "X-Forwarded-For": "127.0.0.1",
    "Content-Encoding": "gzip",
    "Expect": "x",
    "Range": "9-",
}
ENDPOINTS = [endpoint for endpoint in BY_OPERATION.values() if not endpoint.operation.startswith(("health", "openapi"))]
VALID: dict[Any, dict[str, Any]] = {
    chat.StartChat: {"message": MARK, "context": {"a": MARK}, "customer": {"name": MARK}},
    chat.CustomerMessage: {"text": MARK, "clientMessageId": MARK},
    chat.Typing: {"typing": True},
    chat.Survey: {"score": 5, "comment": MARK},
    agents.SetPresence: {"presence": "available"},
    agents.AgentMessage: {"text": MARK, "visibility": "internal", "clientMessageId": MARK},
    agents.Transfer: {"to": {"kind": "queue", "id": "general"}, "note": MARK},
    agents.WrapUp: {"disposition": "resolved", "notes": MARK},
    agents.DevTokenRequest: {"user": MARK},
    supervisor.Assign: {"agentId": MARK},
    supervisor.Close: {"reason": MARK},
    supervisor.AgentPresenceChange: {"presence": "away"},
    supervisor.Override: {"closedUntil": "2999-01-01T00:00:00Z", "message": MARK},
    manage.PublishPolicy: {"files": {"queues.yaml": MARK}},
}
NULLABLE = {"message", "comment", "note", "notes", "customer", "context", "presence", "closedUntil", "reason"}
WRONG_VALUES: list[Any] = [
    None,
    [],
    {},
    [MARK],
    {MARK: MARK},
    10**400,
    -1,
    1.5,
    "",
    "\x00" + MARK,
    MARK + "\ud800",
    MARK * 900,
]
WRONG_QUERIES = {
    "wait": ["26", "-1", "1.0", "%C2%B2", "%EF%BC%91", "9" * 5000, "1,2", "%00", "null", "0x1"],
    "after": ["%00", "%0d%0a", "-1", "x" * 5000],
    "limit": ["0", "201", "1e1", "%D9%A3", "9" * 5000, "50&limit=50"],
    "status": ["opened", "bot,closed", "%00", "Bot", "bot&status=bot"],
    "kind": ["moon", "queue%00", "QUEUE"],
    "cursor": ["%00", "x" * 513, "a%0Ab", "%7f"],
    "queue": ["%00", "x" * 129], "agent": ["%1b", "x" * 129], "customer": ["%00", "x" * 129], "q": ["%00", "x" * 129],
    "pool": ["%00", "x" * 129], "locale": ["%00", "x" * 36],
}  # fmt: skip
WRONG_IDS = [
    "%00",
    "a%20b",
    "%C3%A9",
    "x" * 129,
    "..%2f..",
    "%2e%2e%2f",
    "a%0d%0ab",
    "%ff",
    "%ED%A0%80",
    "<script>",
    "'--",
]
WRONG_PATHS = [
    "/api", "/api/", "/api/%00", "/api/..%2fhealth", "/api/health/../../etc", "/api/./health", "/api//health",
    "/api/conversations/%2e%2e/x/y", "/api/chat/conversations/x/y/z", "/api/openapi.json/x", "/API/nothing", "/api/%ff",
    "/api/{id}", "/api/" + "x/" * 2000, "/api/" + "x" * 8000, "/api/health%2fready", "/api/health;a=b", "/api/he%D0%B0",
]  # fmt: skip


@dataclass
class Request:
    """What is sent, and which statuses a refusal may have."""

    method: str
    path: str
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    refusals: tuple[int, ...] = (400,)

    def raw(self) -> bytes:
        """As it goes over the wire; headers in Latin-1."""
        lines = [f"{self.method} {self.path} HTTP/1.1", "Host: 127.0.0.1", "Connection: close"]
        if self.body or self.method not in ("GET", "HEAD"):
            lines.append(f"Content-Length: {len(self.body)}")
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        return "\r\n".join(lines).encode("utf-8", "replace").replace(b"\xc3\xbf", b"\xff") + b"\r\n\r\n" + self.body


@dataclass
class Maker:
    """Makes them. `auth` gives the Authorization header of who may call an endpoint, `foreign` tokens of others."""

    random: Random
    auth: Callable[[Endpoint], str]
    chat: str
    foreign: dict[str, str]

    def __call__(self) -> Request:
        """Any of them."""
        faults = [self.wrong_token, self.wrong_body, self.wrong_body, self.wrong_query, self.wrong_id]
        return self.random.choice([*faults, self.wrong_path, self.wrong_key, self.too_large])()

    def wrong_token(self) -> Request:
        """Nobody's, another's, a forged one or none."""
        request, endpoint = self._valid(lambda endpoint: endpoint.caller != "anyone")
        header = self.random.choice([*_headers(self.foreign["alice"]), *_headers(self.foreign["other chat"])])
        is_chat = endpoint.caller == "customer"
        mine = (self.foreign["alice"], self.foreign["other chat"])
        others = [mine[0], self.foreign["other chat"]] if is_chat else [mine[1]]
        if endpoint.caller == "admin":
            others.append(self.foreign["sam"])
        header = self.random.choice([header, f"Bearer {self.random.choice(others)}"])
        request.headers.pop("Authorization")
        if header:
            request.headers["Authorization"] = header
        request.refusals = (401, 403)
        return request

    def wrong_body(self) -> Request:
        """JSON with a fault, or no JSON."""
        request, endpoint = self._valid(lambda endpoint: endpoint.body is not None)
        request.body = self._broken(VALID[endpoint.body])
        if endpoint.operation == "devToken":
            request.refusals = (400, 404)  # a name may be anything, only nobody is called so
        return request

    def wrong_query(self) -> Request:
        """A parameter that is not as described, maybe beside good ones."""
        request, endpoint = self._valid(lambda endpoint: bool(endpoint.query))
        parameter = self.random.choice(endpoint.query)
        value = self.random.choice(WRONG_QUERIES[parameter.name])
        if parameter.name == "after" and parameter.schema["type"] == "string" and value == "-1":
            value = "x" * 65
        request.path += f"?mood=%00&{parameter.name}={value}"
        return request

    def wrong_id(self) -> Request:
        """In the path."""
        request, endpoint = self._valid(lambda endpoint: "{id}" in endpoint.path)
        request.path = endpoint.path.replace("{id}", self.random.choice(WRONG_IDS))
        # Slashes and dots may make it another path.
        request.refusals = (400, 403, 404)
        return request

    def wrong_path(self) -> Request:
        """Below /api, but nobody's; or with another method."""
        request, endpoint = self._valid(lambda endpoint: endpoint.path.startswith("/api"))
        if self.random.random() < 0.5:
            request.path = self.random.choice(WRONG_PATHS)
        else:
            served = {other.method for other in BY_OPERATION.values() if other.path == endpoint.path}
            request.method = self.random.choice(sorted({"GET", "POST", "PUT", "PATCH", "DELETE", "PURGE"} - served))
        request.refusals = (404,)
        return request

    def wrong_key(self) -> Request:
        """An Idempotency-Key that is none."""
        request, _ = self._valid(lambda endpoint: endpoint.creates)
        request.headers["Idempotency-Key"] = self.random.choice(["", "x" * 129, "é", "a\tb", "\xff", "𝕏"])
        return request

    def too_large(self) -> Request:
        """By one byte or by many."""
        request, endpoint = self._valid(lambda endpoint: endpoint.method != "GET")
        padding = b" " * (endpoint.body_bytes_max + 1 + self.random.choice([0, 1, 100_000]))
        request.body, request.refusals = (request.body + padding)[: len(padding)], (413,)
        return request

    def _valid(self, suits: Callable[[Endpoint], bool]) -> tuple[Request, Endpoint]:
        """A request that would be carried out, with some headers that should not matter."""
        endpoint = self.random.choice([endpoint for endpoint in ENDPOINTS if suits(endpoint)])
        headers = {"Authorization": self.auth(endpoint), "Content-Type": "application/json"}
        headers |= dict(self.random.sample(sorted(SECRETIVE.items()), self.random.randrange(3)))
        headers["Content-Type"] = self.random.choice(["application/json", "text/plain", "x", ";;=", "\xff", "a/b; c=d"])
        body = json.dumps(VALID[endpoint.body]).encode() if endpoint.body else b""
        return Request(endpoint.method, endpoint.path.replace("{id}", self.chat), headers, body), endpoint

    def _broken(self, valid: dict[str, Any]) -> bytes:
        whole = json.dumps(valid)
        name = self.random.choice(sorted(valid))
        wrong = self.random.choice(WRONG_VALUES)
        if wrong in (None, {}) and name in NULLABLE:
            wrong = []  # these may be null or empty
        if wrong == {MARK: MARK} and name == "context":
            wrong = {MARK: {}}
        broken = self.random.choice([
            whole[:-1], whole + "x", whole[1:], f"[{whole}]", f'"{MARK}"', "null", "NaN", "-", " ", "[" * 60_000,
            whole.replace('"', "'"), whole.replace("}", ",}"), f"/*{MARK}*/ {whole}", "\ufeff" + whole,
            json.dumps({**valid, "mood": MARK}), json.dumps({**valid, MARK * 100: 1}),
            json.dumps({**valid, name: wrong}), json.dumps({**valid, name: wrong}), json.dumps({**valid, name: wrong}),
            '{"a":' * 5_000 + whole + "}" * 5_000, whole[:-1] + ', "mood": ' + "9" * 5_000 + "}",
            whole[:-1] + ', "mood": 1e9999}', whole[:-1] + ', "": NaN}', whole[:-1] + ', "mood": "\\u0000\\ud800"}',
        ])  # fmt: skip
        if self.random.random() < 0.2:
            return self.random.choice([
                whole.encode("utf-16"), whole.encode("utf-32"), b"\xff" + whole.encode(), whole.encode() + b"\x00",
                whole[:-1].encode() + b', "\xed\xa0\x80": 1}', whole[:-1].encode() + b', "mood": "\xc3("}',
                self.random.randbytes(self.random.randrange(1, 200)),
            ])  # fmt: skip
        return broken.encode("utf-8", "surrogatepass")


def _part(value: Any) -> str:
    return urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def _headers(token: str) -> list[str]:
    """Authorization headers that prove nothing."""
    head, claims, signature = token.split(".")
    forged = _part({"sub": "x", "oid": "ada", "roles": ["Admin"], "aud": "atende", "exp": time.time() + 999})
    none = _part({"alg": "none", "typ": "JWT", "kid": "x"})
    return [
        "", "Bearer", "Bearer ", "Basic YTpi", token, f"Token {token}", f"Bearer  {token}", f"Bearer {token}, x",
        f"Bearer {head}.{claims}.", f"Bearer {head}.{forged}.{signature}", f"Bearer {none}.{claims}.",
        f"Bearer {none}.{forged}.{signature}", f"Bearer {head}.{claims}.{signature[::-1]}", f"Bearer {'a' * 9000}",
        f"Bearer {_part('[' * 3000)}.{claims}.{signature}", "Bearer é.é.é", "Bearer \xff", "Bearer ...", "Bearer {}",
        f"Bearer {_part({'alg': 'HS256', 'kid': 7})}.{claims}.{signature}", f"Bearer {token}x", "Bearer null",
    ]  # fmt: skip
