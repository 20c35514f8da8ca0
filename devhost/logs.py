"""Structured logs: JSON lines, or colours on a terminal; every line of a function carries its invocation id."""

import logging
import sys
import warnings
from collections.abc import Mapping

import structlog

_LEVELS = {
    "trace": logging.DEBUG, "debug": logging.DEBUG, "information": logging.INFO, "warning": logging.WARNING,
    "error": logging.ERROR, "critical": logging.CRITICAL, "none": logging.CRITICAL + 10,
}  # fmt: skip


def configure(levels: Mapping[str, str]) -> None:
    """Send all logging to standard error; `levels` is host.json's logging.logLevel ("default", "Function", "Host")."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer = structlog.dev.ConsoleRenderer() if sys.stderr.isatty() else structlog.processors.JSONRenderer()
    render_errors = [] if sys.stderr.isatty() else [structlog.processors.format_exc_info]
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *render_errors, renderer],
        )
    )
    # The Durable SDK warns of each event that comes before its wait, and keeps it for the wait: nothing is wrong.
    warnings.filterwarnings("ignore", "Potential duplicate Task completion", UserWarning)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(_LEVELS[levels.get("default", "information")])
    for category, name in (("Function", "devhost.function"), ("Host", "devhost")):
        if level := levels.get(category):
            logging.getLogger(name).setLevel(_LEVELS[level])
