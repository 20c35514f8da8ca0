"""Who may do what: callers × operations × what an operation is about. docs/authorization.md is made from it.

The API refuses by role, and customers by conversation (triggers/api.py); the use cases refuse by object. The tests ask
every operation as every caller whether it does.
"""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum

from shared.contracts.endpoints import DEV_ENDPOINTS, ENDPOINTS, Caller, Endpoint
from shared.domain.centre import Role

ROLES: Mapping[Caller, frozenset[Role]] = {
    "staff": frozenset(Role),
    "agent": frozenset({Role.AGENT}),
    "supervisor": frozenset({Role.SUPERVISOR, Role.ADMIN}),
    "admin": frozenset({Role.ADMIN}),
}
"""The roles of which one is needed; the other callers have no role."""


class Who(StrEnum):
    """Everybody who might call, as far as it makes a difference. Conversations and offers are those of the owner."""

    NOBODY = "nobody"
    CUSTOMER = "its customer"
    OTHER_CUSTOMER = "another customer"
    OWNER = "its agent"
    SAME_QUEUE = "agent of its queue"
    OTHER_QUEUE = "agent of another queue"
    SUPERVISOR = "supervisor"
    ADMIN = "admin"
    DISABLED = "disabled agent"
    EXPIRED = "expired token"


class About(StrEnum):
    """What, besides the role, an answer depends on."""

    NOTHING = "nothing else"
    OWN_CHAT = "the conversation of the token"
    OWN_SELF = "the caller's own records: there is no way to name another's"
    OWN_OFFER = "an offer made to the caller; of others it is not told that they exist (404)"
    OWNED = "a conversation that the caller owns now; else its state forbids it (409 `invalid-state`)"
    VISIBLE = "a conversation that the caller owns or of one of their queues; supervisors and admins see all"
    LISTED = "as before, by leaving out of the list what the caller may not see"


ABOUT: Mapping[str, About] = {
    **dict.fromkeys(
        ("sendChatMessage", "readChatMessages", "endChat", "typeInChat", "rateChat", "renewChatToken"), About.OWN_CHAT
    ),
    **dict.fromkeys(("readMe", "setPresence", "heartbeat", "readInbox"), About.OWN_SELF),
    **dict.fromkeys(("acceptOffer", "declineOffer"), About.OWN_OFFER),
    **dict.fromkeys(("sendMessage", "transfer", "setAside", "reopen", "end", "wrapUp"), About.OWNED),
    "readConversation": About.VISIBLE,
    "listConversations": About.LISTED,
    # Whoever has the role has it for the whole contact centre.
    **dict.fromkeys(
        ("assign", "close", "setPresenceOf", "overrideQueue", "explainConversation", "resubmitDeadLetter"),
        About.NOTHING,
    ),
}
"""Of every operation that names something in its path, or whose answer depends on who asks."""

PAGES: Mapping[str, str] = {"{*path}": "the web apps' files", "api/{*path}": "404 for whatever is no operation"}
"""Routes that are no operations and hold nothing of anybody's."""

_ROLES_OF: Mapping[Who, Role] = {
    Who.OWNER: Role.AGENT, Who.SAME_QUEUE: Role.AGENT, Who.OTHER_QUEUE: Role.AGENT, Who.SUPERVISOR: Role.SUPERVISOR,
    Who.ADMIN: Role.ADMIN,
}  # fmt: skip
_OBJECT_REFUSALS: Mapping[About, Mapping[Who, int]] = {
    About.OWN_OFFER: {Who.SAME_QUEUE: 404, Who.OTHER_QUEUE: 404},
    About.OWNED: {Who.SAME_QUEUE: 409, Who.OTHER_QUEUE: 409},
    About.VISIBLE: {Who.OTHER_QUEUE: 403},
}


def about(endpoint: Endpoint) -> About:
    """What an operation's answer depends on. Raises KeyError for one that names something and is not in the table."""
    return ABOUT[endpoint.operation] if "{" in endpoint.path else ABOUT.get(endpoint.operation, About.NOTHING)


def refusal(endpoint: Endpoint, who: Who) -> int | None:
    """The status with which somebody is refused, None if they are not."""
    if endpoint.caller == "anyone":
        return None
    if endpoint.caller == "customer":
        return {Who.CUSTOMER: None, Who.OTHER_CUSTOMER: 403}.get(who, 401)
    if who is Who.DISABLED:
        return 403
    role = _ROLES_OF.get(who)
    if role is None:
        return 401
    if role not in ROLES[endpoint.caller]:
        return 403
    return _OBJECT_REFUSALS.get(about(endpoint), {}).get(who)


def document() -> str:
    """docs/authorization.md."""
    pages = "\n".join(f"- `/{route}`: {what}; for everybody" for route, what in PAGES.items())
    return f"{_INTRODUCTION}{_objects()}\n\n## Operations\n\n{_matrix()}\n\n## Other routes\n\n{pages}\n"


_INTRODUCTION = """\
# Who may do what

Made by `make authorization` from `shared/authorization.py` and the table of operations; a test calls every operation,
as every caller below, over HTTP. ✓ is allowed, a number is the status of the refusal.

The roles that count are those that both the directory's token and the configuration grant; somebody with several has
the rights of all. Whoever is not in the configuration is refused like a disabled agent, a token that proves nothing
(unsigned, spoilt, for another audience, of another issuer or tenant) like an expired one. Customers' tokens are for
customers' operations, the staff's for the staff's.

## What an operation depends on besides the role

"""


def _objects() -> str:
    rows = [("It depends on", "Operations"), ("---", "---")]
    for kind in About:
        names = [f"`{name}`" for name, found in ABOUT.items() if found is kind]
        if kind is not About.NOTHING:
            rows.append((kind.value, ", ".join(names)))
    return _table(rows)


def _matrix() -> str:
    rows: list[Sequence[str]] = [("Operation", "Call", *Who), ["---"] * (len(Who) + 2)]
    for endpoint in (*ENDPOINTS, *DEV_ENDPOINTS):
        cells = [str(refusal(endpoint, who) or "✓") for who in Who]
        rows.append((f"`{endpoint.operation}`", f"`{endpoint.method} {endpoint.path}`", *cells))
    return _table(rows)


def _table(rows: Iterable[Sequence[str]]) -> str:
    return "\n".join(f"| {' | '.join(cells)} |" for cells in rows)
