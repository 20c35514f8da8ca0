"""HTTP to one host: connections kept alive, JSON, problems as exceptions, requests counted by operation.

All calls of the driver may be repeated, so those that the host asks to repeat later are.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping
from types import TracebackType
from typing import Any

import aiohttp
import orjson
from yarl import URL

TRIES_MAX = 6
PAUSE_SECONDS_MAX = 2.0
KEEP_ALIVE_SECONDS = 3.0
"""Below the five seconds after which the host closes an idle connection: otherwise requests would meet that moment."""
TIMEOUT_SECONDS = 60.0
_LATER = (429, 503)
_NOT_SENT = ("User-Agent", "Accept", "Accept-Encoding")


class Refused(Exception):
    """An answer of 400 or more."""

    def __init__(self, operation: str, status: int, problem: Mapping[str, Any]) -> None:
        self.operation, self.code = operation, str(problem.get("code", ""))
        super().__init__(f"{operation}: {status} {self.code} {problem.get('detail') or ''}".rstrip())
        self.status = status


class Http:
    """To be used as a context. `requests` counts by operation id."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.requests: Counter[str] = Counter()
        self.retries = 0
        connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=KEEP_ALIVE_SECONDS)
        self._session = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=_NOT_SENT,
            timeout=aiohttp.ClientTimeout(total=TIMEOUT_SECONDS),
        )

    async def __aenter__(self) -> "Http":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.close()

    async def call(
        self, operation: str, method: str, path: str, *, token: str = "", body: Any = None, key: str = ""
    ) -> Any:
        """The JSON of the answer, None if there is none. Raises Refused and aiohttp.ClientError."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        if key:
            headers["Idempotency-Key"] = key
        data = None
        if body is not None:
            headers["Content-Type"] = "application/json"
            data = orjson.dumps(body)
        url = URL(self.origin + path, encoded=True)
        for tries_left in reversed(range(TRIES_MAX)):
            self.requests[operation] += 1
            try:
                async with self._session.request(method, url, headers=headers, data=data) as response:
                    status, pause, content = response.status, response.headers.get("Retry-After"), await response.read()
            except aiohttp.ServerDisconnectedError:
                if not tries_left:
                    raise
                status, pause, content = 503, None, b""
            if status not in _LATER or not tries_left:
                break
            self.retries += 1
            await asyncio.sleep(min(float(pause or 0.1), PAUSE_SECONDS_MAX))
        if status >= 400:
            raise Refused(operation, status, _problem(content))
        return orjson.loads(content) if content else None


def _problem(content: bytes) -> Mapping[str, Any]:
    try:
        found = orjson.loads(content)
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}
