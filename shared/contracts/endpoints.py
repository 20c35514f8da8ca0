"""The HTTP API as a table: from it triggers/ register functions and shared/openapi.py makes the document."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import BaseModel

from shared.contracts import agents, chat, explanation, health, manage, records, supervisor, wire

Caller = Literal["anyone", "customer", "staff", "agent", "supervisor", "admin"]
"""Who may call: nobody in particular, the customer of this conversation, whoever works here, agents, supervisors and
admins, admins. shared/authorization.py tells what else it depends on."""


@dataclass(frozen=True)
class Parameter:
    """A query parameter; `schema` is its JSON schema."""

    name: str
    schema: Mapping[str, Any]
    description: str = ""


@dataclass(frozen=True)
class Endpoint:
    """One operation. `problems` lists the codes that it may answer besides those every operation may."""

    operation: str
    method: str
    path: str
    summary: str
    caller: Caller
    answers: Mapping[int, type[BaseModel] | None]
    body: type[BaseModel] | None = None
    is_body_optional: bool = False
    body_bytes_max: int = 65_536
    query: tuple[Parameter, ...] = ()
    problems: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    creates: bool = False  # takes Idempotency-Key
    rings: bool = False  # has the orchestration of a conversation look

    @property
    def route(self) -> str:
        """The path as Functions routes are written."""
        return self.path.lstrip("/")

    @property
    def tag(self) -> str:
        """The group it is listed under."""
        tags = {"customer": "chat", "staff": "agents", "agent": "agents", "supervisor": "supervisor", "admin": "manage"}
        return tags.get(self.caller, "system")


WAIT = Parameter("wait", {"type": "integer", "minimum": 0, "maximum": 25, "default": 0}, "seconds to wait for news")
AFTER_MESSAGE = Parameter("after", {"type": "integer", "minimum": 0, "maximum": 2**53 - 1, "default": 0}, "a sequence")
AFTER_EVENT = Parameter("after", {"type": "string", "maxLength": 64}, "an eventId")
LIMIT = Parameter("limit", {"type": "integer", "minimum": 1, "maximum": 200, "default": 50}, "entries a page")
CURSOR = Parameter("cursor", {"type": "string", "maxLength": 512}, "nextCursor of the page before")
_FILTER = {"type": "string", "maxLength": 128}
_STATUSES = ["new", "bot", "queued", "offered", "active", "waiting", "wrapUp", "closed"]
LOCALE = Parameter(
    "locale", {"type": "string", "maxLength": 35, "default": "en"}, "the language of sentences: English or Portuguese"
)
POOL = Parameter("pool", {"type": "string", "maxLength": 128, "default": "main"}, "whose traffic")
STATUS = Parameter("status", {"type": "string", "enum": _STATUSES})
STATUS_OR_OPEN = Parameter(
    "status", {"type": "string", "enum": ["open", *_STATUSES], "default": "open"}, "open: whatever is not closed"
)

_NOT_FOUND = {404: ("not-found",)}
_INVALID_STATE = {409: ("invalid-state",)}
_CLOSED = {409: ("conversation-closed",)}
_MINE = {**_NOT_FOUND, **_INVALID_STATE}
_CHAT = "/api/chat/conversations"
_CONVERSATION = "/api/conversations/{id}"
_SUPERVISOR = "/api/supervisor"

ENDPOINTS: tuple[Endpoint, ...] = (
    Endpoint("health", "GET", "/api/health", "Is the process up?", "anyone", {200: health.Health}),
    Endpoint(
        "healthReady", "GET", "/api/health/ready", "Can the app do its work?", "anyone",
        {200: health.Readiness, 503: health.Readiness},
    ),
    Endpoint("openapi", "GET", "/api/openapi.json", "The description of this API", "anyone", {200: None}),
    Endpoint(
        "startChat", "POST", _CHAT, "Start a web chat", "anyone", {201: chat.ChatStarted}, body=chat.StartChat,
        is_body_optional=True, problems={422: ("idempotency-mismatch",)}, creates=True,
    ),
    Endpoint(
        "sendChatMessage", "POST", f"{_CHAT}/{{id}}/messages", "Write to the contact centre", "customer",
        {202: wire.Accepted}, body=chat.CustomerMessage, problems=_CLOSED,
    ),
    Endpoint(
        "readChatMessages", "GET", f"{_CHAT}/{{id}}/messages", "Read what is new, waiting for it if asked to",
        "customer", {200: chat.ChatMessages}, query=(AFTER_MESSAGE, WAIT),
    ),
    Endpoint("endChat", "POST", f"{_CHAT}/{{id}}/end", "Leave the chat", "customer", {202: wire.Accepted}),
    Endpoint(
        "typeInChat", "POST", f"{_CHAT}/{{id}}/typing", "Say that the customer is typing", "customer",
        {202: wire.Accepted}, body=chat.Typing, is_body_optional=True,
    ),
    Endpoint(
        "rateChat", "POST", f"{_CHAT}/{{id}}/survey", "Rate a chat that is over, once", "customer",
        {202: wire.Accepted}, body=chat.Survey, problems=_INVALID_STATE,
    ),
    Endpoint("renewChatToken", "POST", f"{_CHAT}/{{id}}/token", "Renew the token", "customer", {200: chat.ChatToken}),
    Endpoint("readMe", "GET", "/api/agents/me", "The agent who calls", "staff", {200: records.Agent}),
    Endpoint(
        "setPresence", "PUT", "/api/agents/me/presence", "Choose a presence, now or once all work is done", "agent",
        {200: records.Agent}, body=agents.SetPresence,
    ),
    Endpoint(
        "heartbeat", "POST", "/api/agents/me/heartbeat", "Say that the agent is still there", "staff",
        {200: records.Agent},
    ),
    Endpoint(
        "readInbox", "GET", "/api/agents/me/inbox", "A snapshot, or the events since one", "agent",
        {200: agents.Inbox}, query=(AFTER_EVENT, WAIT), problems={410: ("cursor-expired",)},
    ),
    Endpoint(
        "acceptOffer", "POST", "/api/offers/{id}/accept", "Take the work offered", "agent",
        {200: agents.ConversationAnswer}, problems={**_NOT_FOUND, 409: ("offer-gone",)}, rings=True,
    ),
    Endpoint(
        "declineOffer", "POST", "/api/offers/{id}/decline", "Leave the work to others", "agent",
        {200: agents.OfferEnded}, problems={**_NOT_FOUND, 409: ("offer-gone",)}, rings=True,
    ),
    Endpoint(
        "listConversations", "GET", "/api/conversations", "Conversations, the newest first", "staff",
        {200: wire.Page[records.Conversation]},
        query=(
            STATUS, Parameter("queue", _FILTER), Parameter("agent", _FILTER), Parameter("customer", _FILTER), CURSOR,
            LIMIT,
        ),
    ),
    Endpoint(
        "readConversation", "GET", _CONVERSATION, "A conversation with transcript, timeline and routing", "staff",
        {200: records.ConversationView}, query=(CURSOR, LIMIT), problems=_NOT_FOUND,
    ),
    Endpoint(
        "sendMessage", "POST", f"{_CONVERSATION}/messages", "Write to the customer or a note to colleagues", "agent",
        {202: agents.MessageAccepted}, body=agents.AgentMessage, problems=_MINE,
    ),
    Endpoint(
        "transfer", "POST", f"{_CONVERSATION}/transfer", "Hand the conversation over", "agent",
        {202: agents.TransferAccepted}, body=agents.Transfer, creates=True, rings=True,
        problems={**_MINE, 422: ("transfer-unsupported", "idempotency-mismatch")},
    ),
    Endpoint(
        "setAside", "POST", f"{_CONVERSATION}/set-aside", "Wait for the customer without holding capacity", "agent",
        {200: agents.ConversationAnswer}, problems=_MINE, rings=True,
    ),
    Endpoint(
        "reopen", "POST", f"{_CONVERSATION}/reopen", "Take a conversation up again that was set aside", "agent",
        {200: agents.ConversationAnswer}, problems=_MINE, rings=True,
    ),
    Endpoint(
        "end", "POST", f"{_CONVERSATION}/end", "End the conversation; wrap-up begins", "agent",
        {200: agents.ConversationAnswer}, problems=_MINE, rings=True,
    ),
    Endpoint(
        "wrapUp", "POST", f"{_CONVERSATION}/wrap-up", "File the conversation and close it", "agent",
        {200: agents.ConversationAnswer}, body=agents.WrapUp, problems=_MINE, rings=True,
    ),
    Endpoint(
        "readDirectory", "GET", "/api/directory", "What dialogs choose from", "staff",
        {200: wire.Page[agents.DirectoryEntry]},
        query=(
            Parameter("kind", {"type": "string", "enum": ["queue", "agent", "skill", "disposition", "teamsUser"]}),
            Parameter("q", _FILTER, "part of a name"), CURSOR, LIMIT,
        ),
    ),
    Endpoint(
        "readOverview", "GET", f"{_SUPERVISOR}/overview", "The contact centre at a glance", "supervisor",
        {200: supervisor.Overview},
    ),
    Endpoint(
        "superviseQueues", "GET", f"{_SUPERVISOR}/queues", "Queues now and today", "supervisor",
        {200: wire.Page[supervisor.SupervisedQueue]}, query=(CURSOR, LIMIT),
    ),
    Endpoint(
        "superviseAgents", "GET", f"{_SUPERVISOR}/agents", "Agents with presence, load and work held", "supervisor",
        {200: wire.Page[supervisor.SupervisedAgent]}, query=(CURSOR, LIMIT),
    ),
    Endpoint(
        "superviseConversations", "GET", f"{_SUPERVISOR}/conversations", "Conversations, the newest first",
        "supervisor", {200: wire.Page[supervisor.SupervisedConversation]},
        query=(STATUS_OR_OPEN, Parameter("queue", _FILTER), Parameter("agent", _FILTER), CURSOR, LIMIT),
    ),
    Endpoint(
        "assign", "POST", f"{_CONVERSATION}/assign", "Give a conversation to an agent, even over capacity",
        "supervisor", {200: agents.ConversationAnswer}, body=supervisor.Assign, problems=_MINE, rings=True,
    ),
    Endpoint(
        "close", "POST", f"{_CONVERSATION}/close", "End a conversation; one that an agent has goes to wrap-up first",
        "supervisor", {200: agents.ConversationAnswer}, body=supervisor.Close, is_body_optional=True,
        problems=_MINE, rings=True,
    ),
    Endpoint(
        "setPresenceOf", "PUT", "/api/agents/{id}/presence", "Set an agent's presence", "supervisor",
        {200: records.Agent}, body=supervisor.AgentPresenceChange, problems=_MINE,
    ),
    Endpoint(
        "overrideQueue", "PUT", "/api/queues/{id}/override", "Close a queue in an emergency, or open it again",
        "supervisor", {200: supervisor.QueueOverride}, body=supervisor.Override, problems=_NOT_FOUND,
    ),
    Endpoint(
        "explainConversation", "GET", f"{_CONVERSATION}/explanation", "Why its work went where, and why it still waits",
        "supervisor", {200: explanation.Explanation}, query=(LOCALE,), problems=_NOT_FOUND,
    ),
    Endpoint("readPolicy", "GET", "/api/manage/config", "The configuration that counts", "admin", {200: manage.Policy}),
    Endpoint(
        "publishPolicy", "PUT", "/api/manage/config", "Publish a configuration", "admin", {200: manage.PolicyPublished},
        body=manage.PublishPolicy, body_bytes_max=1_048_576, problems={409: ("queue-in-use",), 412: ("stale",)},
    ),
    Endpoint(
        "exportTraffic", "GET", "/api/manage/traffic", "What routing has recorded of a pool, for back-tests", "admin",
        {200: wire.Page[manage.TrafficEntry]}, query=(POOL, CURSOR), problems=_NOT_FOUND,
    ),
    Endpoint(
        "listDeadLetters", "GET", "/api/manage/dead-letters", "Messages that could not be handled", "admin",
        {200: wire.Page[agents.DeadLetter]}, query=(CURSOR, LIMIT),
    ),
    Endpoint(
        "resubmitDeadLetter", "POST", "/api/manage/dead-letters/{id}/resubmit", "Try it again", "admin",
        {202: wire.Accepted}, problems=_MINE,
    ),
)  # fmt: skip

DEV_ENDPOINTS: tuple[Endpoint, ...] = (
    Endpoint(
        "devToken", "POST", "/dev/token", "Sign in on a development machine", "anyone", {200: agents.DevToken},
        body=agents.DevTokenRequest, problems={404: ("unknown-user",)},
    ),
)  # fmt: skip
"""Registered only where development tokens are switched on; not in the document of a production app's API."""

BY_OPERATION: Mapping[str, Endpoint] = {endpoint.operation: endpoint for endpoint in (*ENDPOINTS, *DEV_ENDPOINTS)}
