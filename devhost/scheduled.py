"""Triggers that poll: timers and change feeds. Each keeps its position in the host's database.

A change feed is a table of an SQLite file, named by the binding's container, with the columns `lsn` (rises with each
write, unique) and `document` (JSON): as in Cosmos DB only the latest version of each document is seen. The position
of each function is its lease. As in Azure a failed batch is lost unless the function has a retry policy.
"""

import asyncio
import contextlib
import json
import logging
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from azure.functions.meta import Datum

from devhost.config import HostConfig, timespan
from devhost.database import Database, connect
from devhost.errors import HostError
from devhost.invoker import Invoker
from devhost.listeners import Puller, outgoing
from devhost.loader import FunctionSpec
from devhost.ncrontab import Schedule
from devhost.queues import QueueStore

FEED_POLL_SECONDS = 5.0
FEED_ITEMS_MAX = 100
TIMER_SECONDS_MAX = 60.0  # the wall clock may jump while a timer sleeps
SCHEME = "devhost:"

log = logging.getLogger("devhost.scheduled")


class Poller(Puller):
    """What timers and change feeds share: one loop, a stored position, the function's retry policy."""

    def __init__(
        self, config: HostConfig, database: Database, queues: QueueStore, invoker: Invoker, spec: FunctionSpec,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:  # fmt: skip
        super().__init__(invoker, spec)
        self._config, self._database, self._queues, self._clock = config, database, queues, clock
        self._lease = ""

    async def _call(self, value: str, position: str) -> bool:
        """Call the function, again as its retry policy says; then keep the position. False if it failed for good."""
        attempt = 0
        while True:
            task = await self._finish(self._attempt(value, position))
            if not task.cancelled() and task.result():
                return True
            delay_seconds = retry_delay(self._spec.retry, attempt)
            if delay_seconds is None:
                await self._keep(position)
                return False
            attempt += 1
            await asyncio.sleep(delay_seconds)

    async def _attempt(self, value: str, position: str) -> bool:
        try:
            call = await self._invoker.call(self._spec, Datum(value, "json"))
            await self._queues.send(outgoing(self._config, self._spec, call))
        except Exception as error:
            log.warning("%s failed: %r", self._spec.name, error)
            return False
        await self._keep(position)
        return True

    async def _position(self) -> str | None:
        query = "SELECT value FROM positions WHERE name = ?"
        rows = await self._database.read(lambda c: c.execute(query, (self._lease,)).fetchall())
        return rows[0][0] if rows else None

    async def _keep(self, value: str) -> None:
        row = (self._lease, value)
        try:
            await self._database.write(lambda c: c.execute("INSERT OR REPLACE INTO positions VALUES (?,?)", row))
        except sqlite3.Error:
            log.exception("%s: its position could not be stored; after a restart it runs again", self._spec.name)


def retry_delay(policy: Any, attempt: int) -> float | None:
    """Seconds before the next try after `attempt` retries; None when the policy allows no more (-1: for ever)."""
    if not policy or (0 <= int(policy["max_retry_count"]) <= attempt):
        return None
    if policy["strategy"] == "fixed_delay":
        return timespan(policy["delay_interval"])
    first, longest = timespan(policy["minimum_interval"]), timespan(policy["maximum_interval"])
    return min(first * 2.0 ** min(attempt, 30), longest)


class TimerTrigger(Poller):
    """Runs its function on schedule, one run at a time; a time missed while the host was down is made up once."""

    def __init__(self, config: HostConfig, *rest: Any, **more: Any) -> None:
        super().__init__(config, *rest, **more)
        self._lease = f"timer/{self._spec.name}"
        owner = f"function {self._spec.name}"
        try:
            self._schedule = Schedule(config.resolve(str(self._spec.trigger["schedule"]), owner))
        except ValueError as error:
            raise HostError(f"{owner}: {error}") from None

    async def _pull(self) -> None:
        state = json.loads(await self._position() or "{}")
        now = self._clock()
        due = self._schedule.next(now)
        if "next" in state and self._spec.trigger.get("useMonitor", True):
            due = min(due, datetime.fromisoformat(state["next"]))
        past_due = due <= now
        if self._spec.trigger.get("runOnStartup") and not past_due:
            state = await self._run(state, due, past_due=False)
        while True:
            state["next"] = due.isoformat()
            await self._keep(json.dumps(state))
            while (wait_seconds := (due - self._clock()).total_seconds()) > 0:
                await asyncio.sleep(min(wait_seconds, TIMER_SECONDS_MAX))
            state = await self._run(state, self._schedule.next(max(due, self._clock())), past_due)
            due, past_due = self._schedule.next(max(due, self._clock())), False

    async def _run(self, state: dict[str, str], following: datetime, past_due: bool) -> dict[str, str]:
        last = state.get("last", "0001-01-01T00:00:00")
        status = {"Last": last, "Next": state.get("next", following.isoformat()), "LastUpdated": last}
        request = {"IsPastDue": past_due, "ScheduleStatus": status, "Schedule": {"AdjustForDST": True}}
        state = {"last": self._clock().isoformat(), "next": following.isoformat()}
        await self._call(json.dumps(request), json.dumps(state))
        return state


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

    async def _pull(self) -> None:
        stored = await self._position()
        position = int(stored) if stored is not None else None
        while True:
            rows: list[Any] = []
            try:
                if position is None:
                    position = await asyncio.to_thread(self._beginning)
                    await self._keep(str(position))
                rows = await asyncio.to_thread(self._after, position)
            except sqlite3.OperationalError as error:
                log.debug("%s: %s", self._lease, error)  # the product has not made its store yet, or is busy with it
            if not rows:
                await asyncio.sleep(self._poll_seconds)
                continue
            position = rows[-1][0]
            if not await self._call("[" + ",".join(document for _, document in rows) + "]", str(position)):
                log.error("%s: %s documents were given up after the last retry", self._spec.name, len(rows))

    def _beginning(self) -> int:
        """Where a new function begins. What is written after a store or table is made is newer than now."""
        if self._spec.trigger.get("startFromBeginning") or not self._path.exists():
            return 0
        if not self._query("SELECT 1 FROM sqlite_master WHERE name = ?", self._container):
            return 0
        newest = self._query(f'SELECT max(lsn) FROM "{self._container}"')  # noqa: S608  # an identifier
        return int(newest[0][0] or 0)

    def _after(self, position: int) -> list[Any]:
        query = f'SELECT lsn, document FROM "{self._container}" WHERE lsn > ? ORDER BY lsn LIMIT ?'  # noqa: S608
        return self._query(query, position, self._items_max)

    def _query(self, query: str, *values: Any) -> list[Any]:
        with contextlib.closing(connect(self._path, readonly=True)) as connection:
            return connection.execute(query, values).fetchall()
