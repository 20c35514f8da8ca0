"""From the table of operations to functions: `@operation(bp, "acceptOffer")` on a handler does all the rest."""

import logging
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import azure.durable_functions as df
import azure.functions as func
from pydantic import BaseModel

from shared.adapters.durable import DurableBells
from shared.app import App, fresh
from shared.authorization import ROLES
from shared.contracts.endpoints import BY_OPERATION, Endpoint
from shared.domain.centre import AgentProfile, Role
from shared.errors import ProblemError, forbidden, unavailable
from shared.identity import Caller
from shared.ports import Bells, Unavailable
from shared.usecases import agents
from shared.usecases.services import Services
from triggers import requests
from triggers.answers import json_answer, problem_answer

Body = TypeVar("Body")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Call(Generic[Body]):
    """A request that is authenticated and well-formed. `id` is the path's, "" where it has none."""

    app: App
    id: str
    query: Mapping[str, Any]
    body: Body
    key: str | None  # Idempotency-Key
    staff: Caller | None
    durable: Bells | None

    @property
    def services(self) -> Services:
        """What use cases work with."""
        return self.app.services

    @property
    def bells(self) -> Bells:
        """The orchestrations: for operations that ring."""
        if self.durable is None:
            raise TypeError("this operation has no durable client")
        return self.durable

    @property
    def profile(self) -> AgentProfile:
        """Who of the staff calls."""
        if self.staff is None:
            raise TypeError("this operation is not one of the staff's")
        return self.staff.profile


Handler = Callable[[Call[Any]], Awaitable[BaseModel]]
Registered = TypeVar("Registered", bound=Handler)


def operation(bp: df.Blueprint, name: str) -> Callable[[Registered], Registered]:
    """Register a handler as the function of an operation; the handler itself stays as it is."""
    endpoint = BY_OPERATION[name]

    def register(handler: Registered) -> Registered:
        serve = _Operation(endpoint, handler)

        async def with_client(req: func.HttpRequest, client: Any) -> func.HttpResponse:
            return await serve(req, DurableBells(client))

        async def without_client(req: func.HttpRequest) -> func.HttpResponse:
            return await serve(req, None)

        function = bp.durable_client_input("client")(with_client) if endpoint.rings else without_client
        function = bp.route(endpoint.route, methods=[endpoint.method], auth_level=func.AuthLevel.ANONYMOUS)(function)
        bp.function_name(function_name(name))(function)
        return handler

    return register


def function_name(operation_id: str) -> str:
    """The function's name: `acceptOffer` is `accept_offer`."""
    return re.sub("[A-Z]", lambda capital: f"_{capital[0].lower()}", operation_id)


async def guarded(name: str, answer: Awaitable[func.HttpResponse]) -> func.HttpResponse:
    """The answer, or a problem document: nothing else leaves this app, whatever fails."""
    try:
        return await answer
    except ProblemError as error:
        return problem_answer(error)
    except Unavailable as error:
        log.warning("%s: %s", name, error)
    except Exception:
        log.exception("%s failed", name)
    return problem_answer(unavailable())


class _Operation:
    """Serves one operation. All that can be found out beforehand is, since every request passes here."""

    def __init__(self, endpoint: Endpoint, handler: Handler) -> None:
        self._endpoint, self._handler = endpoint, handler
        self._status = next(iter(endpoint.answers))
        self._has_id = "{id}" in endpoint.path
        self._query = requests.query_reader(endpoint.query)

    async def __call__(self, req: func.HttpRequest, bells: Bells | None) -> func.HttpResponse:
        return await guarded(self._endpoint.operation, self._answer(req, bells))

    async def _answer(self, req: func.HttpRequest, bells: Bells | None) -> func.HttpResponse:
        endpoint, app = self._endpoint, await fresh()
        raw = requests.read_body(req, endpoint.body_bytes_max)
        id_ = requests.path_id(req) if self._has_id else ""
        staff = await self._authenticate(app, req, id_)
        call = Call(
            app, id_, self._query(req), self._body(raw), requests.idempotency_key(req) if endpoint.creates else None,
            staff, bells,
        )  # fmt: skip
        return json_answer(await self._handler(call), self._status)

    def _body(self, raw: bytes) -> BaseModel | None:
        if self._endpoint.body is None:
            return None
        return requests.parse_body(self._endpoint.body, raw or (b"{}" if self._endpoint.is_body_optional else b""))

    async def _authenticate(self, app: App, req: func.HttpRequest, id_: str) -> Caller | None:
        """Raises ProblemError 401, and 403 for whom this is not meant."""
        wanted = self._endpoint.caller
        if wanted == "anyone":
            return None
        token = requests.bearer_token(req)
        if wanted == "customer":
            if app.identity.customer(token) != id_:
                raise forbidden("the token is another conversation's")
            return None
        caller = await app.identity.staff(token)
        if not caller.roles & ROLES[wanted]:
            raise forbidden("this takes another role")
        if Role.AGENT in caller.roles:
            await agents.seen(app.services, caller.profile.id)  # every call counts as a heartbeat
        return caller
