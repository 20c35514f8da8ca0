"""The host: one app, one data folder, everything it needs wired together."""

import asyncio
import contextlib
import fcntl
import logging
import math
import os
import socket
import time
from pathlib import Path
from typing import IO, Any

import uvicorn
from azure.functions.meta import Datum

from devhost import client
from devhost.bindings import tune_converters
from devhost.config import HostConfig
from devhost.database import CommitHook, Database
from devhost.durable.api import DurableApi, connect_sdk_client
from devhost.durable.engine import Engine
from devhost.durable.history import tune_sdk
from devhost.errors import HostError
from devhost.http import Front
from devhost.invoker import THREADS_DEFAULT, Invoker
from devhost.keys import Keys
from devhost.listeners import Listener, queue_key
from devhost.loader import FunctionSpec, index, load_app
from devhost.queues import QueueStore
from devhost.scheduled import ChangeFeedTrigger, Poller, TimerTrigger

DRAIN_SECONDS = 10.0

log = logging.getLogger("devhost")
_apis: dict[str, DurableApi] = {}
connect_sdk_client(_apis)
tune_sdk()
tune_converters()


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
        self._drain_seconds = DRAIN_SECONDS
        self._running = contextlib.AsyncExitStack()
        self._started = time.time()

    async def start(self) -> None:
        """Index the app, take up what is unfinished, begin to listen; HostError if anything is refused."""
        try:
            self._prepare()
            await self._begin()
        except BaseException:
            await self.stop(0)
            raise

    def _prepare(self) -> None:
        """Make all parts; nothing runs yet."""
        config = self.config
        config.data_dir.mkdir(parents=True, exist_ok=True)
        self._running.enter_context(_lock(config.data_dir))
        for warning in config.warnings:
            log.warning(warning)
        app = self._app or load_app(config.app_dir, config.settings)
        self.functions = index(app, config.host_json.extensions.http.route_prefix)
        self.database = Database(config.data_dir / "host.db", asyncio.get_running_loop(), self._hook)
        self._running.push_async_callback(self.database.close)
        self.queues = QueueStore(self.database, config.queues)
        threads = config.number("PYTHON_THREADPOOL_THREAD_COUNT", THREADS_DEFAULT)
        self.invoker = Invoker(str(config.app_dir), config.host_json.function_timeout, threads)
        durable = config.host_json.extensions.durable_task
        limits = (durable.max_concurrent_orchestrator_functions, durable.max_concurrent_activity_functions)
        self.engine = Engine(self.database, self.invoker, self.functions, config.mode, *limits)
        keys = Keys(config.data_dir / "keys.json")
        origin = f"http://{config.bind}:{config.port}"
        self.durable = DurableApi(
            self.engine, self.database, origin, durable.hub_name, keys.get("durabletask_extension")
        )
        self.invoker.durable_client = Datum(self.durable.client_binding(), "string")
        self._front = Front(config, keys, self.invoker, self.queues, self.functions, self.durable, self.status)
        for spec in self.functions:
            for binding in spec.bindings.values():
                if binding["type"] in ("serviceBus", "queue"):
                    queue_key(
                        config, spec, binding
                    )  # an output that leads nowhere is refused now, not at its first use
        self._parts = [part for spec in self.functions if (part := self._part(spec))]

    def _part(self, spec: FunctionSpec) -> Listener | Poller | None:
        """What feeds a function that is not called from outside."""
        if spec.kind in ("serviceBusTrigger", "queueTrigger", "eventGridTrigger"):
            return Listener(self.config, self.queues, self.invoker, spec)
        pollers = {"timerTrigger": TimerTrigger, "cosmosDBTrigger": ChangeFeedTrigger}
        if spec.kind in pollers:
            return pollers[spec.kind](self.config, self.database, self.queues, self.invoker, spec)
        return None

    async def _begin(self) -> None:
        """Start the parts in the order of their dependence; the stack stops them the other way round."""
        stack = self._running
        listener = stack.enter_context(_bind(self.config)) if self._http else None
        await self.queues.load()
        client.bind(self.queues, self.config.data_dir)
        stack.push_async_callback(client.unbind)
        _apis[self.durable.base_url] = self.durable
        stack.callback(_apis.pop, self.durable.base_url)
        stack.callback(self.invoker.close)
        stack.push_async_callback(lambda: self.engine.stop(self._drain_seconds))
        await self.engine.start()
        stack.push_async_callback(self._stop_parts)
        for part in self._parts:
            part.start()
        if listener:
            await self._listen(listener)
        log.info("started %s functions on %s:%s", len(self.functions), self.config.bind, self.config.port)

    async def stop(self, drain_seconds: float = DRAIN_SECONDS) -> None:
        """Take nothing new, let what runs end (at most so long per kind), commit, let go of the data folder."""
        self._drain_seconds = drain_seconds
        await self._running.aclose()

    async def _stop_parts(self) -> None:
        await asyncio.gather(*(part.stop(self._drain_seconds) for part in self._parts))

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

    async def _listen(self, listener: socket.socket) -> None:
        settings = uvicorn.Config(
            self._front.asgi(), lifespan="off", log_config=None, access_log=False, server_header=False, ws="none",
            proxy_headers=False,  # the front heeds them: uvicorn would parse the client's address on each request
        )  # fmt: skip
        server = _Server(settings)
        serving = asyncio.create_task(server.serve([listener]))

        async def stop() -> None:
            settings.timeout_graceful_shutdown = math.ceil(self._drain_seconds)
            server.should_exit = True
            await asyncio.wait([serving])

        self._running.push_async_callback(stop)
        while not server.started and not serving.done():
            await asyncio.sleep(0.002)


def _bind(config: HostConfig) -> socket.socket:
    """Take the port before anything begins."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # which asyncio does not set on such a socket
    try:
        listener.bind((config.bind, config.port))
    except OSError as error:
        listener.close()
        raise HostError(f"port {config.port} cannot be used ({error.strerror}); choose another with PORT=") from None
    return listener


def _lock(data_dir: Path) -> IO[str]:
    """Hold the data folder until this process ends, however it ends."""
    handle = (data_dir / "host.lock").open("a+")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        handle.seek(0)
        owner = handle.read().strip()
        handle.close()
        raise HostError(f"another host (process {owner}) runs on {data_dir}; stop it first") from None
    handle.truncate(0)
    handle.write(str(os.getpid()))
    handle.flush()
    return handle
