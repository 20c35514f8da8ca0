"""host.json and local.settings.json, read once into one frozen value.

Settings that have an effect here are fields; the ones that the real runtime knows and that change nothing on one
machine are accepted in silence (`_WITHOUT_EFFECT`); any other is named in a warning.
"""

import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from devhost.errors import HostError

Mode = Literal["cached", "replay", "verify"]
DEFAULT_PORT = 7071
DEFAULT_BODY_BYTES_MAX = 104_857_600  # FUNCTIONS_REQUEST_BODY_SIZE_LIMIT of the real runtime

_WITHOUT_EFFECT = {
    "": "extensionBundle telemetryMode watchDirectories watchFiles managedDependency singleton healthMonitor aggregator "
    "concurrency retry customHandler functions $schema",
    "logging": "applicationInsights fileLoggingMode console",
    "extensions": "eventHubs signalR sendGrid blobs eventGrid",
    "extensions.http": "maxOutstandingRequests maxConcurrentRequests dynamicThrottlesEnabled hsts",
    "extensions.durableTask": "storageProvider tracing notifications useGracefulShutdown defaultVersion "
    "versionMatchStrategy versionFailureStrategy httpSettings extendedSessionsEnabled "
    "extendedSessionIdleTimeoutInSeconds maxOrchestrationActions maxEntityOperationBatchSize",
    "extensions.serviceBus": "clientRetryOptions prefetchCount transportType webProxy enableCrossEntityTransactions "
    "minMessageBatchSize maxBatchWaitTime maxConcurrentCallsPerSession sessionHandlerOptions messageHandlerOptions",
    "extensions.cosmosDB": "connectionMode userAgentSuffix",
    "extensions.queues": "",
}


def timespan(text: str) -> float:
    """Seconds of a .NET TimeSpan such as "00:00:01" or "1.02:03:04.5"; ValueError if it is none."""
    match = re.fullmatch(r"(?:(\d+)\.)?(\d{1,2}):(\d{1,2})(?::(\d{1,2}(?:\.\d+)?))?", text.strip())
    if not match:
        raise ValueError(f"{text!r} is not a time span such as 00:00:30")
    days, hours, minutes, seconds = match.groups()
    return int(days or 0) * 86400 + int(hours) * 3600 + int(minutes) * 60 + float(seconds or 0)


class _Section(BaseModel):
    model_config = ConfigDict(extra="allow", frozen=True, alias_generator=to_camel)


class HttpSettings(_Section):
    route_prefix: str = "api"
    custom_headers: dict[str, str] = {}


class ServiceBusSettings(_Section):
    auto_complete_messages: bool = True
    max_auto_lock_renewal_duration: str = "00:05:00"
    max_concurrent_calls: int = Field(16, ge=1, le=1000)
    max_concurrent_sessions: int = Field(8, ge=1, le=2000)
    max_message_batch_size: int = Field(1000, ge=1, le=10_000)
    session_idle_timeout: str = "00:01:00"


class StorageQueueSettings(_Section):
    batch_size: int = Field(16, ge=1, le=32)
    new_batch_threshold: int | None = Field(None, ge=0, le=1000)
    max_dequeue_count: int = Field(5, ge=1, le=1000)
    max_polling_interval: str = "00:01:00"
    visibility_timeout: str = "00:00:00"
    message_encoding: Literal["base64", "none"] = "base64"


class DurableSettings(_Section):
    hub_name: str = "TestHubName"
    max_concurrent_activity_functions: int = Field(100, ge=1)
    max_concurrent_orchestrator_functions: int = Field(100, ge=1)


class Extensions(_Section):
    http: HttpSettings = HttpSettings()
    service_bus: ServiceBusSettings = ServiceBusSettings()
    queues: StorageQueueSettings = StorageQueueSettings()
    durable_task: DurableSettings = DurableSettings()
    cosmos_db: _Section = Field(_Section(), alias="cosmosDB")


class Logging(_Section):
    log_level: dict[str, str] = {}


class HostJson(_Section):
    version: Literal["2.0"]
    function_timeout: str = "00:30:00"
    logging: Logging = Logging()
    extensions: Extensions = Extensions()


class QueueProperties(_Section):
    """Of one Service Bus queue, named as in the official emulator's configuration file."""

    model_config = ConfigDict(
        extra="allow", frozen=True, alias_generator=lambda name: to_camel(name)[0].upper() + to_camel(name)[1:]
    )
    dead_lettering_on_message_expiration: bool = False
    default_message_time_to_live: str = ""
    duplicate_detection_history_time_window: str = "PT10M"
    lock_duration: str = "PT1M"
    max_delivery_count: int = 10
    requires_duplicate_detection: bool = False
    requires_session: bool | None = None


@dataclass(frozen=True)
class HostConfig:
    """All that the host is told. `settings` are the app's settings: the environment over local.settings.json."""

    app_dir: Path
    data_dir: Path
    host_json: HostJson
    settings: Mapping[str, str]
    port: int = DEFAULT_PORT
    bind: str = "127.0.0.1"
    mode: Mode = "cached"
    cors: tuple[str, ...] = ()
    cors_credentials: bool = False
    queues: Mapping[str, QueueProperties] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    @property
    def body_bytes_max(self) -> int:
        """Largest request body that is read; above it the answer is 413."""
        return int(self.settings.get("FUNCTIONS_REQUEST_BODY_SIZE_LIMIT", DEFAULT_BODY_BYTES_MAX))

    def resolve(self, text: str, owner: str) -> str:
        """Replace each %Setting% by its value; HostError if a setting is missing."""

        def value(match: re.Match[str]) -> str:
            name = match.group(1)
            if name not in self.settings:
                raise HostError(f"{owner}: '%{name}%' does not resolve to a value; set {name} in local.settings.json")
            return self.settings[name]

        return re.sub(r"%([^%]+)%", value, text)


def load_config(
    app_dir: Path,
    data_dir: Path,
    *,
    port: int | None = None,
    mode: Mode = "cached",
    environ: Mapping[str, str] = os.environ,
) -> HostConfig:
    """Read host.json, local.settings.json and servicebus.config.json of an app folder; HostError says what is wrong."""
    raw = _json(app_dir / "host.json", required=True)
    try:
        host_json = HostJson.model_validate(raw)
    except ValidationError as error:
        raise HostError(f"host.json: {_first_error(error)}") from None
    _check_timespans(host_json)
    local = _json(app_dir / "local.settings.json")
    if local.get("IsEncrypted"):
        raise HostError("local.settings.json is encrypted; decrypt it with 'func settings decrypt'")
    values = {str(k): str(v) for k, v in local.get("Values", {}).items()}
    host = local.get("Host", {})
    origins = tuple(origin for origin in str(host.get("CORS", "")).split(",") if origin)
    return HostConfig(
        app_dir=app_dir,
        data_dir=data_dir,
        host_json=host_json,
        settings={**values, **environ},
        port=port if port is not None else int(host.get("LocalHttpPort", DEFAULT_PORT)),
        mode=mode,
        cors=origins,
        cors_credentials=bool(host.get("CORSCredentials", False)),
        queues=_queues(_json(app_dir / "servicebus.config.json")),
        warnings=tuple(f"host.json: '{name}' is unknown and has no effect" for name in _unknown(host_json, "")),
    )


def iso_duration(text: str) -> float:
    """Seconds of an ISO 8601 duration such as PT1M or P1D (days and smaller); ValueError if it is none."""
    match = re.fullmatch(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?", text)
    if not match or not any(match.groups()):
        raise ValueError(f"{text!r} is not a duration such as PT1M")
    days, hours, minutes, seconds = match.groups()
    return int(days or 0) * 86400 + int(hours or 0) * 3600 + int(minutes or 0) * 60 + float(seconds or 0)


def _queues(emulator: dict[str, Any]) -> dict[str, QueueProperties]:
    found = {}
    for namespace in emulator.get("UserConfig", {}).get("Namespaces", []):
        for entry in namespace.get("Queues", []):
            properties = QueueProperties.model_validate(entry.get("Properties", {}))
            iso_duration(properties.lock_duration)
            iso_duration(properties.duplicate_detection_history_time_window)
            found[str(entry["Name"])] = properties
    return found


def _json(path: Path, *, required: bool = False) -> dict[str, Any]:
    if not path.exists():
        if required:
            raise HostError(f"{path} is missing: this is not a Functions app folder")
        return {}
    try:
        value = json.loads(path.read_text(encoding="utf-8-sig"))
    except ValueError as error:
        raise HostError(f"{path.name} is not valid JSON: {error}") from None
    if not isinstance(value, dict):
        raise HostError(f"{path.name} must hold a JSON object")
    return value


def _unknown(section: _Section, path: str) -> Iterator[str]:
    accepted = _WITHOUT_EFFECT.get(path, "").split()
    for name in section.model_extra or {}:
        if name not in accepted:
            yield f"{path}.{name}".lstrip(".")
    for name, info in type(section).model_fields.items():
        value = getattr(section, name)
        if isinstance(value, _Section):
            yield from _unknown(value, f"{path}.{info.alias}".lstrip("."))


def _check_timespans(host_json: HostJson) -> None:
    bus, queues = host_json.extensions.service_bus, host_json.extensions.queues
    spans = {
        "functionTimeout": host_json.function_timeout,
        "extensions.serviceBus.sessionIdleTimeout": bus.session_idle_timeout,
        "extensions.serviceBus.maxAutoLockRenewalDuration": bus.max_auto_lock_renewal_duration,
        "extensions.queues.visibilityTimeout": queues.visibility_timeout,
        "extensions.queues.maxPollingInterval": queues.max_polling_interval,
    }
    for name, text in spans.items():
        if text == "-1" and name == "functionTimeout":
            continue
        try:
            timespan(text)
        except ValueError as error:
            raise HostError(f"host.json: {name}: {error}") from None


def _first_error(error: ValidationError) -> str:
    first = error.errors()[0]
    return f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}"
