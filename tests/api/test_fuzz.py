"""Ten thousand requests against the running contact centre: from the served document, and by hand.

FUZZ_SEED=number runs the same again; in CI the seed is always the same.
"""

import asyncio
import contextlib
import os
import random
import re
import sqlite3
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis.core.result import Ok
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi import checks

from devhost.host import Host
from shared.contracts.endpoints import BY_OPERATION
from tests.api.conftest import Centre
from tests.api.malformed import MARK, Maker, Request
from tests.api.problems import check_headers, check_problem
from tests.devhost.conftest import eventually

pytestmark = pytest.mark.slow

SEED_IN_CI = 20240501
REFUSED = 4_000
GENERATED = 6_000
AT_ONCE = 16
SETTLED_SECONDS = 0.5
BY_ITSELF = {  # what timers write, whoever calls
    ("app.db", "inbox"): " WHERE partition != 'server'",
    ("host.db", "messages"): " WHERE queue LIKE '%channel-events'",
    ("host.db", "seen_messages"): " WHERE queue LIKE '%channel-events'",
}
AS_GIVEN = settings(database=None, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
CONFIG = schemathesis.Config.from_dict(
    {
        "generation": {"with-security-parameters": False},  # tokens are drawn here
        "checks": {"negative_data_rejection": {"expected-statuses": [400, 401, 403, 404, 409, 410, 413, 422]}},
    }
)
CHECKS: list[Any] = [
    checks.status_code_conformance, checks.content_type_conformance, checks.response_schema_conformance,
    checks.response_headers_conformance, checks.negative_data_rejection,
]  # fmt: skip


def the_seed() -> int:
    """Of this run."""
    chosen = int(os.environ.get("FUZZ_SEED", "0"))
    return chosen or (SEED_IN_CI if os.environ.get("CI") else random.SystemRandom().randrange(1, 2**31))


def rows(host: Host) -> Counter[str]:
    """How many rows each table of the stores holds, but for what timers write."""
    counted: Counter[str] = Counter()
    for name in ("app.db", "host.db"):
        with contextlib.closing(sqlite3.connect(host.config.data_dir / name)) as database:
            for (table,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
                condition = BY_ITSELF.get((name, table), "")
                counted[f"{name}/{table}"] = database.execute(f'SELECT count(*) FROM "{table}"{condition}').fetchone()[
                    0
                ]
    return counted


async def settled(host: Host) -> Counter[str]:
    """The rows, once nothing is made any more."""

    async def unchanged() -> Counter[str] | None:
        before = rows(host)
        await asyncio.sleep(SETTLED_SECONDS)
        return before if rows(host) == before else None

    found: Counter[str] = await eventually(unchanged, 30)
    return found


def marked(folder: Path) -> list[str]:
    """The files that hold the mark of refused requests."""
    return [path.name for path in folder.rglob("*") if path.is_file() and MARK.encode() in path.read_bytes()]


async def exchange(port: int, request: Request) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    with contextlib.suppress(OSError):
        writer.write(request.raw())
        await writer.drain()
    head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    writer.close()
    status, *lines = head.decode("latin-1").split("\r\n")
    headers = dict(re.split(": ?", line, maxsplit=1) for line in lines)
    return int(status.split()[1]), {name.lower(): value for name, value in headers.items()}, body


async def test_what_is_refused_leaves_no_trace(centre: Centre) -> None:
    number = the_seed()
    other = (await centre.http.post("/api/chat/conversations")).json()["token"]
    foreign = {**centre.tokens, "other chat": other}
    maker = Maker(random.Random(number), lambda e: centre.auth(centre.of(e))["Authorization"], centre.chat, foreign)
    for who in ("alice", "ada", "sam"):  # a call counts as heartbeat, whatever comes of it
        await centre.http.get("/api/agents/me", headers=centre.auth(who))
    before, slots, statuses = await settled(centre.host), asyncio.Semaphore(AT_ONCE), Counter[int]()

    async def refused(request: Request) -> None:
        async with slots:
            status, headers, body = await exchange(centre.host.config.port, request)
        about = (f"FUZZ_SEED={number}", request.raw()[:2000], status, body[:500])
        assert status in request.refusals, about
        check_problem(status, headers, body)
        statuses[status] += 1

    await asyncio.gather(*[refused(maker()) for _ in range(REFUSED)])
    assert {400, 401, 403, 404, 413} <= statuses.keys(), statuses
    after = await settled(centre.host)
    assert after == before, {name: (before[name], after[name]) for name in after if after[name] != before[name]}
    assert marked(centre.host.config.data_dir) == []
    assert (await centre.http.get("/api/health/ready")).status_code == 200


def judge(case: schemathesis.Case[Any], response: schemathesis.Response, *, is_allowed: bool) -> None:
    """Nothing breaks, refusals are problems, and what is answered is what the document says."""
    headers = {name.lower(): values[0] for name, values in response.headers.items()}
    assert response.status_code < 500
    if response.status_code >= 300:
        check_problem(response.status_code, headers, response.content)
    else:
        check_headers(headers)
        assert is_allowed or not case.operation.definition.raw["security"]
    # Functions hosts leave out parameters without a value, so that nobody can refuse one.
    has_empty = re.search("[?&][^=&]*=?(&|$)", str(response.request.url)) is not None
    case.validate_response(
        response, checks=CHECKS, excluded_checks=[checks.negative_data_rejection] if has_empty else []
    )


def hurried(case: schemathesis.Case[Any]) -> schemathesis.Case[Any]:
    """Without waiting for news: that would take all day."""
    if re.fullmatch("[0-9]{1,2}", str((case.query or {}).get("wait", ""))):
        case.query["wait"] = 0
    return case


async def generate(centre: Centre, number: int, statuses: Counter[str]) -> None:
    """Requests for all operations, good and bad, with tokens that suit and tokens that do not."""
    document = (await centre.http.get("/api/openapi.json")).json()
    schema = schemathesis.openapi.from_dict(document, config=CONFIG)
    operations = [result.ok() for result in schema.get_all_operations() if isinstance(result, Ok)]
    with_input = [operation for operation in operations if operation.body or list(operation.iter_parameters())]
    # Work on conversations first: what others bring about would take the agents' time.
    for operation in sorted(operations, key=lambda operation: not is_of_the_desk(operation)):
        for mode in GenerationMode if operation in with_input else [GenerationMode.POSITIVE]:
            chat = await (centre.talk() if is_of_the_desk(operation) else centre.start())
            examples = settings(max_examples=1 + GENERATED // len(with_input) // 2, parent=AS_GIVEN)
            await asyncio.to_thread(probe, operation, mode, centre, statuses, examples, number)
            if is_of_the_desk(operation):
                await centre.file(chat)


def is_of_the_desk(operation: Any) -> bool:
    """Whether it is about a conversation that an agent has accepted."""
    return str(operation.path).startswith("/api/conversations/{id}")


def probe(
    operation: Any, mode: GenerationMode, centre: Centre, statuses: Counter[str], examples: settings, number: int
) -> None:  # fmt: skip
    """Requests for one operation."""
    base_url, endpoint = (
        f"http://127.0.0.1:{centre.host.config.port}",
        BY_OPERATION[operation.definition.raw["operationId"]],
    )
    right = centre.of(endpoint)
    cases = operation.as_strategy(mode)
    if "{id}" in endpoint.path:
        cases |= operation.as_strategy(mode, path_parameters={"id": centre.chat})

    @seed(number)
    @examples
    @given(case=cases.map(hurried), who=st.just(right) | st.sampled_from(sorted(centre.tokens)))
    def one(case: schemathesis.Case[Any], who: str) -> None:
        response = case.call(base_url, headers={**centre.auth(who), "Connection": "close"}, timeout=30)
        statuses[str(response.status_code)] += 1
        judge(case, response, is_allowed=(who == "customer") == (right == "customer"))

    one()


async def test_the_api_is_as_documented_whatever_it_is_asked(centre: Centre) -> None:
    number, statuses = the_seed(), Counter[str]()
    try:
        await generate(centre, number, statuses)
    finally:
        print(f"FUZZ_SEED={number}", statuses)
    assert statuses.total() >= GENERATED
    assert {"200", "201", "202", "400", "401", "403", "404", "409"} <= statuses.keys(), statuses
    assert (await centre.http.get("/api/health/ready")).status_code == 200
