"""Running one function: parameters in, outputs out, with an invocation id on every log line."""

import asyncio
import contextvars
import logging
import threading
import time
import uuid
from collections.abc import Callable, Mapping
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


class Context(func.Context):  # type: ignore[misc]  # the SDK is untyped
    """What a parameter named `context` receives. Traces and retries are not served."""

    invocation_id = function_name = function_directory = ""
    thread_local_storage: Any = None
    trace_context = retry_context = None

    def __init__(self, name: str, directory: str, invocation_id: str) -> None:
        self.function_name, self.function_directory, self.invocation_id = name, directory, invocation_id
        self.thread_local_storage = threading.local()


@dataclass(frozen=True)
class Invocation:
    """A finished call: what it returned and what its output parameters hold."""

    returned: Any
    out: Mapping[str, Out]


class Invoker:
    """Calls functions: asynchronous ones on the event loop, the others on threads."""

    def __init__(self, app_dir: str, timeout_seconds: float | None, threads: int = THREADS_DEFAULT) -> None:
        self._app_dir = app_dir
        self._timeout = timeout_seconds
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="function")
        self.running = 0
        self.durable_client = Datum(None, None)
        """The value of durable client bindings; the host sets it."""

    async def call(self, spec: FunctionSpec, trigger: Datum, metadata: Metadata | None = None) -> Invocation:
        """Run the function on a trigger value; its own exceptions, TypeError and TimeoutError come through."""
        invocation_id = str(uuid.uuid4())
        started = time.perf_counter()
        tokens = structlog.contextvars.bind_contextvars(function=spec.name, invocation_id=invocation_id)
        self.running += 1
        try:
            arguments, out = self._arguments(spec, trigger, metadata, invocation_id)
            returned = await self._run(spec, arguments)
            if returned is not None and spec.returns is None:
                raise RuntimeError(f"function {spec.name!r} without a $return binding returned a non-None value")
        except SystemExit as error:  # must not end the host
            raise RuntimeError(f"function {spec.name!r} called sys.exit({error.code!r})") from error
        except Exception:
            log.exception("Executed %s (Failed)", spec.name)
            raise
        finally:
            self.running -= 1
            structlog.contextvars.reset_contextvars(**tokens)
        if log.isEnabledFor(logging.DEBUG):
            log.debug("Executed %s (Succeeded, %.1f ms)", spec.name, (time.perf_counter() - started) * 1000)
        return Invocation(returned, out)

    def close(self) -> None:
        """Take no more work on threads; what runs there is left to end."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _arguments(
        self, spec: FunctionSpec, trigger: Datum, metadata: Metadata | None, invocation_id: str
    ) -> tuple[dict[str, Any], dict[str, Out]]:
        arguments: dict[str, Any] = {}
        for name, parameter in spec.inputs.items():
            value = self.durable_client if spec.bindings[name]["type"] == "durableClient" else trigger
            arguments[name] = decode(parameter, value, metadata)
        out = {name: Out() for name in spec.outputs}
        arguments.update(out)
        if spec.requires_context:
            arguments["context"] = Context(spec.name, self._app_dir, invocation_id)
        return arguments, out

    async def _run(self, spec: FunctionSpec, arguments: dict[str, Any]) -> Any:
        if spec.is_async:
            async with asyncio.timeout(self._timeout):
                return await spec.func(**arguments)
        context = contextvars.copy_context()
        call = asyncio.get_running_loop().run_in_executor(self._pool, context.run, _blocking, spec.func, arguments)
        return await asyncio.wait_for(call, self._timeout)


def _blocking(function: Callable[..., Any], arguments: Mapping[str, Any]) -> Any:
    try:
        return function(**arguments)
    except StopIteration as error:  # a future cannot hold it: the call would never end
        raise RuntimeError(f"the function raised {error!r}") from error
