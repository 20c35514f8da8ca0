"""The host: one app, one data folder, everything it needs wired together."""

import asyncio
import contextlib
import fcntl
import logging
import os
import time
from pathlib import Path
from typing import IO, Any

import uvicorn

from devhost import client
from devhost.config import HostConfig, timespan
from devhost.database import CommitHook, Database
from devhost.durable.api import DurableApi, connect_sdk_client
from devhost.durable.engine import Engine
from devhost.durable.history import use_fast_timestamps
from devhost.errors import HostError
from devhost.http import Front
from devhost.invoker import THREADS_DEFAULT, Invoker
from devhost.keys import Keys
from devhost.listeners import Listener
from devhost.loader import index, load_app
from devhost.queues import QueueStore
from devhost.scheduled import ChangeFeedTrigger, Poller, TimerTrigger

DRAIN_SECONDS = 10.0
HOUSEKEEPING_SECONDS = 60.0
_PULLED = {"serviceBusTrigger", "queueTrigger", "eventGridTrigger"}

log = logging.getLogger("devhost")
_apis: dict[str, DurableApi] = {}
connect_sdk_client(_apis)
use_fast_timestamps()


class _Server(uvicorn.Server):
    """Signals are the host's, not the server's."""

    @contextlib.contextmanager
    def capture_signals(self) -> Any:
        """Leave signal handlers alone."""
        yield


class Host:
    """Construct, `await start()`, `await stop()`. Without `http` nothing listens on a port."""

    def __init__(
        self, config: HostConfig, app: Any = None, *, hook: CommitHook | None = None, http: bool = True
    ) -> None:
        self.config = config
        self._app, self._hook, self._http = app, hook, http
        self._lock: IO[str] | None = None
        self._server: _Server | None = None
        self._tasks: list[asyncio.Task[Any]] = []
        self._started = time.time()

    async def start(self) -> None:
        """Index the app, take up what is unfinished, begin to listen; HostError if anything is refused."""
        config = self.config
        config.data_dir.mkdir(parents=True, exist_ok=True)
        self._lock = _lock(config.data_dir)
        for warning in config.warnings:
            log.warning(warning)
        app = self._app or load_app(config.app_dir, config.settings)
        self.functions = index(app, config.host_json.extensions.http.route_prefix)
        loop = asyncio.get_running_loop()
        self.database = Database(config.data_dir / "host.db", loop, self._hook)
        self.queues = QueueStore(self.database, config.queues)
        limit = config.host_json.function_timeout
        threads = int(config.settings.get("PYTHON_THREADPOOL_THREAD_COUNT", THREADS_DEFAULT))
        self.invoker = Invoker(str(config.app_dir), None if limit == "-1" else timespan(limit), threads)
        durable = config.host_json.extensions.durable_task
        self.engine = Engine(
            self.database, self.invoker, self.functions, config.mode,
            durable.max_concurrent_orchestrator_functions, durable.max_concurrent_activity_functions,
        )  # fmt: skip
        keys = Keys(config.data_dir / "keys.json")
        origin = f"http://{config.bind}:{config.port}"
        self.durable = DurableApi(self.engine, origin, durable.hub_name, keys.get("durabletask_extension"))
        self.front = Front(config, keys, self.invoker, self.queues, self.functions, self.durable, self.status)
        self._listeners = [self._listener(spec) for spec in self.functions if spec.kind in _PULLED]
        pollers = {"timerTrigger": TimerTrigger, "cosmosDBTrigger": ChangeFeedTrigger}
        self._pollers: list[Poller] = [
            pollers[spec.kind](config, self.database, self.queues, self.invoker, spec)
            for spec in self.functions
            if spec.kind in pollers
        ]
        await self._begin()

    async def _begin(self) -> None:
        await self.queues.load()
        client.bind(self.queues)
        _apis[self.durable.base_url] = self.durable
        if self._http:
            await self._listen()
        await self.engine.start()
        for part in [*self._listeners, *self._pollers]:
            part.start()
        self._tasks.append(asyncio.create_task(self._housekeeping()))
        log.info(
            "started %s functions on %s",
            len(self.functions),
            self.durable.base_url.removesuffix("runtime/webhooks/durabletask/"),
        )

    async def stop(self, drain_seconds: float = DRAIN_SECONDS) -> None:
        """Take nothing new, let what runs end (at most so long), commit, let go of the data folder."""
        if self._server:
            self._server.should_exit = True
        await asyncio.gather(*(part.stop(drain_seconds) for part in [*self._listeners, *self._pollers]))
        await self.engine.stop(drain_seconds)
        await _ended(self._tasks, drain_seconds)
        self.invoker.close()
        client.bind(None)
        _apis.pop(self.durable.base_url, None)
        await self.database.close()
        if self._lock:
            self._lock.close()

    def status(self) -> dict[str, Any]:
        """What GET /admin/host/status says."""
        return {
            "state": "Running",
            "processUptime": int((time.time() - self._started) * 1000),
            "mode": self.config.mode,
            "pid": os.getpid(),
            "functions": {spec.name: spec.kind for spec in self.functions},
            "running": self.invoker.running,
            "queues": self.queues.counts(),
            "durable": self.engine.stats(),
            "database": {"commits": self.database.commits, "operations": self.database.operations},
        }

    def _listener(self, spec: Any) -> Listener:
        return Listener(self.config, self.queues, self.invoker, spec)

    async def _listen(self) -> None:
        server = uvicorn.Config(
            self.front.asgi(), host=self.config.bind, port=self.config.port, lifespan="off", log_config=None,
            access_log=False, server_header=False, timeout_graceful_shutdown=int(DRAIN_SECONDS),
        )  # fmt: skip
        self._server = _Server(server)
        try:
            socket = server.bind_socket()
        except SystemExit:
            raise HostError(f"port {self.config.port} is taken; choose another one with PORT= or --port") from None
        self._tasks.append(asyncio.create_task(self._server.serve([socket])))
        while not self._server.started:
            await asyncio.sleep(0.005)

    async def _housekeeping(self) -> None:
        while True:
            await asyncio.sleep(HOUSEKEEPING_SECONDS)
            self.queues.forget_old_ids()


async def _ended(tasks: list[asyncio.Task[Any]], drain_seconds: float) -> None:
    server = [task for task in tasks if task.get_coro().__name__ == "serve"]  # type: ignore[union-attr]
    for task in tasks:
        if task not in server:
            task.cancel()
    await asyncio.wait(tasks, timeout=drain_seconds)


def _lock(data_dir: Path) -> IO[str]:
    """Hold the data folder until this process ends, however it ends."""
    handle = (data_dir / "host.lock").open("a+")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        handle.seek(0)
        raise HostError(f"another host (process {handle.read().strip()}) runs on {data_dir}; stop it first") from None
    handle.truncate(0)
    handle.write(str(os.getpid()))
    handle.flush()
    return handle
