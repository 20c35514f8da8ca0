"""Triggers that poll: timers and change feeds. Each keeps its position in the host's database.

A change feed is a table of an SQLite file, named by the binding's container, with the columns `lsn` (rises with each
write, unique) and `document` (JSON): as in Cosmos DB only the latest version of each document is seen. The position
of each function is its lease. As in Azure a failed batch is lost unless the function has a retry policy.
"""

import asyncio
import json
import logging
import sqlite3
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from azure.functions.meta import Datum

from devhost.config import HostConfig, timespan
from devhost.database import Database, connect
from devhost.errors import HostError
from devhost.invoker import Invoker
from devhost.listeners import outgoing
from devhost.loader import FunctionSpec
from devhost.ncrontab import Schedule
from devhost.queues import QueueStore

FEED_POLL_SECONDS = 5.0
FEED_ITEMS_MAX = 100
SCHEME = "devhost:"

log = logging.getLogger("devhost.scheduled")


class Poller:
    """What timers and change feeds share: one loop, a stored position, the function's retry policy."""

    def __init__(
        self, config: HostConfig, database: Database, queues: QueueStore, invoker: Invoker, spec: FunctionSpec,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:  # fmt: skip
        self._config, self._database, self._queues, self._invoker, self._spec = config, database, queues, invoker, spec
        self._clock = clock
        self._task: asyncio.Task[None] | None = None
        self._busy = False

    def start(self) -> None:
        """Begin to run."""
        self._task = asyncio.create_task(self._run(), name=f"poll {self._spec.name}")

    async def stop(self, drain_seconds: float) -> None:
        """Let a running call end, at most so long."""
        if self._task is None:
            return
        deadline = asyncio.get_running_loop().time() + drain_seconds
        while self._busy and asyncio.get_running_loop().time() < deadline:
            await asyncio.sleep(0.01)
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        raise NotImplementedError

    async def _call(self, value: str) -> bool:
        """Call the function, again as its retry policy says; its outputs are sent. False if it failed for good."""
        attempt = 0
        while True:
            self._busy = True
            try:
                call = await self._invoker.call(self._spec, Datum(value, "json"))
                await self._queues.send(outgoing(self._config, self._spec, call))
                return True
            except Exception:
                log.warning("%s failed (attempt %s)", self._spec.name, attempt + 1)
            finally:
                self._busy = False
            delay = retry_delay(self._spec.retry, attempt)
            if delay is None:
                return False
            attempt += 1
            await asyncio.sleep(delay)

    async def _position(self) -> str | None:
        name = self._position_name
        rows = await self._database.read(
            lambda c: c.execute("SELECT value FROM positions WHERE name = ?", (name,)).fetchall()
        )
        return rows[0][0] if rows else None

    def _keep(self, value: str) -> Awaitable[Any]:
        name = self._position_name
        return self._database.write(lambda c: c.execute("INSERT OR REPLACE INTO positions VALUES (?,?)", (name, value)))

    @property
    def _position_name(self) -> str:
        return self._spec.name


def retry_delay(policy: Any, attempt: int) -> float | None:
    """Seconds before the next try after `attempt` retries; None when the policy allows no more (-1: for ever)."""
    if not policy or (0 <= int(policy["max_retry_count"]) <= attempt):
        return None
    if policy["strategy"] == "fixed_delay":
        return timespan(policy["delay_interval"])
    return min(timespan(policy["minimum_interval"]) * 2 ** min(attempt, 30), timespan(policy["maximum_interval"]))


class TimerTrigger(Poller):
    """Runs its function on schedule, one run at a time; a time missed while the host was down is made up once."""

    def __init__(self, config: HostConfig, *rest: Any, **more: Any) -> None:
        super().__init__(config, *rest, **more)
        expression = config.resolve(str(self._spec.trigger["schedule"]), f"function {self._spec.name}")
        try:
            self._schedule = Schedule(expression)
        except ValueError as error:
            raise HostError(f"function {self._spec.name}: {error}") from None

    async def _run(self) -> None:
        stored = await self._position()
        state = json.loads(stored) if stored else {}
        monitored = self._spec.trigger.get("useMonitor", True)
        due = datetime.fromisoformat(state["next"]) if state and monitored else None
        if self._spec.trigger.get("runOnStartup") and not (due and due <= self._clock()):
            await self._fire(state, past_due=False)
        if due is None or due > self._schedule.next(self._clock()):
            due = self._schedule.next(self._clock())
        while True:
            state["next"] = due.isoformat()
            await self._keep(json.dumps(state))
            past_due = self._clock() > due + timedelta(seconds=1)
            while (wait := (due - self._clock()).total_seconds()) > 0:
                await asyncio.sleep(min(wait, 3600))
            await self._fire(state, past_due)
            due = self._schedule.next(max(due, self._clock()))

    async def _fire(self, state: dict[str, str], past_due: bool) -> None:
        status = {
            "Last": state.get("last", "0001-01-01T00:00:00"),
            "Next": state.get("next", ""),
            "LastUpdated": state.get("last", ""),
        }
        state["last"] = self._clock().isoformat()
        await self._call(
            json.dumps({"IsPastDue": past_due, "ScheduleStatus": status, "Schedule": {"AdjustForDST": True}})
        )

    @property
    def _position_name(self) -> str:
        return f"timer/{self._spec.name}"


class ChangeFeedTrigger(Poller):
    """Hands each new version of a container's documents to its function, in the order of their writes."""

    def __init__(self, config: HostConfig, *rest: Any, **more: Any) -> None:
        super().__init__(config, *rest, **more)
        trigger, owner = self._spec.trigger, f"function {self._spec.name}"
        self._container = config.resolve(str(trigger.get("containerName") or trigger.get("collectionName")), owner)
        if not self._container.isidentifier():
            raise HostError(f"{owner}: the container name {self._container!r} cannot be a table's name")
        setting = str(trigger.get("connection") or trigger.get("connectionStringSetting"))
        value = config.settings.get(setting, "")
        if not value.startswith(SCHEME):
            raise HostError(f"{owner}: set {setting} to '{SCHEME}<file in the data folder>', such as {SCHEME}app.db")
        self._path = config.data_dir / value.removeprefix(SCHEME)
        self._lease = f"feed/{trigger.get('leaseContainerPrefix', '')}/{self._spec.name}/{self._container}"
        self._poll_seconds = float(trigger.get("feedPollDelay", FEED_POLL_SECONDS * 1000)) / 1000
        self._items_max = int(trigger.get("maxItemsPerInvocation", FEED_ITEMS_MAX))
        self._reader: sqlite3.Connection | None = None

    async def _run(self) -> None:
        stored = await self._position()
        position = int(stored) if stored is not None else None
        while True:
            try:
                if position is None:
                    position = 0 if self._spec.trigger.get("startFromBeginning") else await self._read(self._newest)
                    await self._keep(str(position))
                rows = await self._read(lambda c, after=position: self._after(c, after))
            except sqlite3.OperationalError as error:
                log.debug("%s: %s", self._lease, error)  # the product has not made its store yet, or is busy with it
                rows = []
            if not rows:
                await asyncio.sleep(self._poll_seconds)
                continue
            if not await self._call("[" + ",".join(document for _, document in rows) + "]"):
                log.error("%s: %s documents were given up after the last retry", self._spec.name, len(rows))
            position = rows[-1][0]
            await self._keep(str(position))

    async def _read(self, query: Callable[[sqlite3.Connection], Any]) -> Any:
        if self._reader is None:
            if not self._path.exists():
                raise sqlite3.OperationalError(f"{self._path} does not exist")
            self._reader = connect(self._path, readonly=True)
        return await asyncio.to_thread(query, self._reader)

    def _newest(self, connection: sqlite3.Connection) -> int:
        row = connection.execute(f'SELECT max(lsn) FROM "{self._container}"').fetchone()  # noqa: S608  # an identifier
        return int(row[0] or 0)

    def _after(self, connection: sqlite3.Connection, position: int) -> list[tuple[int, str]]:
        return connection.execute(
            f'SELECT lsn, document FROM "{self._container}" WHERE lsn > ? ORDER BY lsn LIMIT ?',  # noqa: S608
            (position, self._items_max),
        ).fetchall()

    @property
    def _position_name(self) -> str:
        return self._lease
