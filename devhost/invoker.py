"""Running one function: parameters in, outputs out, with an invocation id on every log line."""

import asyncio
import contextvars
import logging
import random
import threading
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import azure.functions as func
import structlog
from azure.functions.meta import Datum

from devhost.bindings import Metadata, Out, decode
from devhost.loader import FunctionSpec

THREADS_DEFAULT = 32  # PYTHON_THREADPOOL_THREAD_COUNT

log = logging.getLogger("devhost.function")
_chance = random.Random()  # noqa: S311  # its own, so that an app's seed is left alone


@dataclass
class Context(func.Context):  # type: ignore[misc]  # the SDK is untyped
    """What a parameter named `context` receives. Traces and retries are not served."""

    function_name: str = ""
    function_directory: str = ""
    invocation_id: str = ""
    thread_local_storage = threading.local()
    trace_context = retry_context = None


@dataclass(frozen=True)
class Invocation:
    """A finished call: what it returned and what its output parameters hold."""

    returned: Any
    out: Mapping[str, Out]


class TimeLimit:
    """`asyncio.timeout` for many calls with the same limit: who began first is due first, so one timer serves all.

    A timer for each call, which nearly always ends long before it is due, costs more than finding its function.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._due: dict[asyncio.Timeout, float] = {}
        self._timer: asyncio.TimerHandle | None = None

    def begin(self, timeout: asyncio.Timeout) -> None:
        """Let it expire after the limit."""
        loop = asyncio.get_running_loop()
        due = self._due[timeout] = loop.time() + self._seconds
        if self._timer is None:
            self._timer = loop.call_at(due, self._expire)

    def end(self, timeout: asyncio.Timeout) -> None:
        """Forget it."""
        self._due.pop(timeout, None)

    def _expire(self) -> None:
        loop, self._timer = asyncio.get_running_loop(), None
        for timeout, due in list(self._due.items()):
            if due > loop.time():
                self._timer = loop.call_at(due, self._expire)
                return
            del self._due[timeout]
            timeout.reschedule(due)


class Invoker:
    """Calls functions: asynchronous ones on the event loop, the others on threads."""

    def __init__(self, app_dir: str, timeout_seconds: float | None, threads: int = THREADS_DEFAULT) -> None:
        self._app_dir = app_dir
        self._limit = None if timeout_seconds is None else TimeLimit(timeout_seconds)
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="function")
        self.running = 0
        self.durable_client = Datum(None, None)
        """The value of durable client bindings; the host sets it."""

    async def call(self, spec: FunctionSpec, trigger: Datum, metadata: Metadata | None = None) -> Invocation:
        """Run the function on a trigger value; its own exceptions, TypeError and TimeoutError come through."""
        id_ = _invocation_id()
        tokens = structlog.contextvars.bind_contextvars(function=spec.name, invocation_id=id_)
        self.running += 1
        try:
            out = {name: Out() for name in spec.outputs}
            arguments: dict[str, Any] = dict(out)
            for name, content in spec.inputs.items():
                kind = spec.bindings[name]["type"]
                value = self.durable_client if kind == "durableClient" else trigger
                arguments[name] = decode(kind, content, value, metadata)
            if spec.requires_context:
                arguments["context"] = Context(spec.name, self._app_dir, id_)
            returned = await self._run(spec, arguments)
            if returned is not None and spec.returns is None:
                raise RuntimeError(f"function {spec.name!r} without a $return binding returned a non-None value")
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task and task.cancelling():
                raise
            raise RuntimeError(f"function {spec.name!r} let a cancellation escape") from None
        except SystemExit as error:  # must not end the host
            raise RuntimeError(f"function {spec.name!r} called sys.exit({error.code!r})") from error
        except Exception:
            log.exception("Executed %s (Failed)", spec.name)
            raise
        finally:
            self.running -= 1
            structlog.contextvars.reset_contextvars(**tokens)
        log.debug("Executed %s (Succeeded)", spec.name)
        return Invocation(returned, out)

    def close(self) -> None:
        """Take no more work on threads; what runs there is left to end."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def _run(self, spec: FunctionSpec, arguments: dict[str, Any]) -> Any:
        if self._limit is None:
            return await self._started(spec, arguments)
        async with asyncio.timeout(None) as timeout:
            self._limit.begin(timeout)
            try:
                return await self._started(spec, arguments)
            finally:
                self._limit.end(timeout)

    def _started(self, spec: FunctionSpec, arguments: dict[str, Any]) -> Awaitable[Any]:
        if spec.is_async:
            return spec.func(**arguments)  # type: ignore[no-any-return]  # an app's function
        call = contextvars.copy_context().run
        return asyncio.get_running_loop().run_in_executor(self._pool, call, _blocking, spec.func, arguments)


def _invocation_id() -> str:
    """For the logs. Not from the system's randomness: that is a system call, and nothing here is a secret."""
    return f"{_chance.getrandbits(128):032x}"


def _blocking(function: Callable[..., Any], arguments: Mapping[str, Any]) -> Any:
    try:
        return function(**arguments)
    except StopIteration as error:  # a future cannot hold it: the call would never end
        raise RuntimeError(f"the function raised {error!r}") from error
