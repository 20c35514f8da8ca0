"""host.json and local.settings.json, read once into one frozen value.

Settings that have an effect here are fields; the ones that the real runtime knows and that change nothing on one
machine are accepted in silence (`_WITHOUT_EFFECT`); any other is named in a warning.
"""

import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel, to_pascal

from devhost.errors import HostError

Mode = Literal["cached", "replay", "verify"]
DEFAULT_PORT = 7071
DEFAULT_BODY_BYTES_MAX = 104_857_600  # FUNCTIONS_REQUEST_BODY_SIZE_LIMIT of the real runtime
HEADER_NAME = r"^[!#$%&'*+.^_`|~0-9A-Za-z-]+$"
HEADER_VALUE = r"^[\t -~\x80-\xff]*$"

_WITHOUT_EFFECT = {
    "": "extensionBundle telemetryMode watchDirectories watchFiles managedDependency singleton healthMonitor "
    "aggregator concurrency retry customHandler functions $schema",
    "logging": "applicationInsights fileLoggingMode console",
    "extensions": "eventHubs signalR sendGrid blobs eventGrid",
    "extensions.http": "maxOutstandingRequests maxConcurrentRequests dynamicThrottlesEnabled hsts",
    "extensions.durableTask": "storageProvider tracing notifications useGracefulShutdown defaultVersion "
    "versionMatchStrategy versionFailureStrategy httpSettings extendedSessionsEnabled "
    "extendedSessionIdleTimeoutInSeconds maxOrchestrationActions maxEntityOperationBatchSize",
    "extensions.serviceBus": "clientRetryOptions prefetchCount transportType webProxy enableCrossEntityTransactions "
    "minMessageBatchSize maxBatchWaitTime maxConcurrentCallsPerSession sessionHandlerOptions messageHandlerOptions",
    "extensions.cosmosDB": "connectionMode userAgentSuffix",
}


def timespan(text: str) -> float:
    """Seconds of a .NET TimeSpan such as "00:00:01" or "1.02:03:04.5"; ValueError if it is none."""
    match = re.fullmatch(
        r"(?:([0-9]{1,8})\.)?([01]?[0-9]|2[0-3]):([0-5]?[0-9])(?::([0-5]?[0-9](?:\.[0-9]{1,7})?))?", text.strip()
    )
    if not match:
        raise ValueError(f"{text!r} is not a time span such as 00:00:30")
    days, hours, minutes, seconds = match.groups()
    return int(days or 0) * 86400 + int(hours) * 3600 + int(minutes) * 60 + float(seconds or 0)


def iso_duration(text: str) -> float:
    """Seconds of an ISO 8601 duration such as PT1M or P1D (days and smaller); ValueError if it is none."""
    match = re.fullmatch(
        r"P(?:([0-9]+)D)?(?:T(?!$)(?:([0-9]+)H)?(?:([0-9]+)M)?(?:([0-9]+(?:\.[0-9]+)?)S)?)?", text, re.ASCII
    )
    if not match or not any(match.groups()):
        raise ValueError(f"{text!r} is not a duration such as PT1M")
    days, hours, minutes, seconds = match.groups()
    return int(days or 0) * 86400 + int(hours or 0) * 3600 + int(minutes or 0) * 60 + float(seconds or 0)


def _checked(parse: Callable[[str], float], exception: str | None = None) -> AfterValidator:
    """A text that `parse` takes, kept as it is."""

    def check(text: str) -> str:
        if text != exception:
            parse(text)
        return text

    return AfterValidator(check)


TimeSpan = Annotated[str, _checked(timespan)]
Duration = Annotated[str, _checked(iso_duration)]
Level = Annotated[
    Literal["trace", "debug", "information", "warning", "error", "critical", "none"],
    BeforeValidator(lambda level: str(level).lower()),
]


class _Section(BaseModel):
    model_config = ConfigDict(extra="allow", frozen=True, alias_generator=to_camel)


S = TypeVar("S", bound=_Section)


class HttpSettings(_Section):
    route_prefix: str = "api"
    custom_headers: dict[Annotated[str, Field(pattern=HEADER_NAME)], Annotated[str, Field(pattern=HEADER_VALUE)]] = {}


class ServiceBusSettings(_Section):
    auto_complete_messages: bool = True
    max_auto_lock_renewal_duration: TimeSpan = "00:05:00"
    max_concurrent_calls: int = Field(16, ge=1, le=1000)
    max_concurrent_sessions: int = Field(8, ge=1, le=2000)
    max_message_batch_size: int = Field(1000, ge=1, le=10_000)
    session_idle_timeout: TimeSpan = "00:01:00"


class StorageQueueSettings(_Section):
    batch_size: int = Field(16, ge=1, le=32)
    new_batch_threshold: int | None = Field(None, ge=0, le=1000)
    max_dequeue_count: int = Field(5, ge=1, le=1000)
    max_polling_interval: TimeSpan = "00:01:00"
    visibility_timeout: TimeSpan = "00:00:00"
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
    log_level: dict[str, Level] = {}


class HostJson(_Section):
    version: Literal["2.0"]
    function_timeout: Annotated[str, _checked(timespan, "-1")] = "00:30:00"
    logging: Logging = Logging()
    extensions: Extensions = Extensions()


class _PascalSection(_Section):
    model_config = ConfigDict(alias_generator=to_pascal)


class QueueProperties(_PascalSection):
    """Of one Service Bus queue, named as in the official emulator's configuration file."""

    dead_lettering_on_message_expiration: bool = False
    default_message_time_to_live: Annotated[str, _checked(iso_duration, "")] = ""
    duplicate_detection_history_time_window: Duration = "PT10M"
    lock_duration: Duration = "PT1M"
    max_delivery_count: int = Field(10, ge=1, le=2000)
    requires_duplicate_detection: bool = False
    requires_session: bool | None = None


class _Queue(_PascalSection):
    name: str
    properties: QueueProperties = QueueProperties()


class _Namespace(_PascalSection):
    queues: list[_Queue] = []


class _UserConfig(_PascalSection):
    namespaces: list[_Namespace] = []


class _Emulator(_PascalSection):
    user_config: _UserConfig = _UserConfig()


class _LocalHost(_Section):
    port: int = Field(DEFAULT_PORT, alias="LocalHttpPort", ge=1, le=65535)
    cors: str = Field("", alias="CORS")
    cors_credentials: bool = Field(False, alias="CORSCredentials")


class _LocalSettings(_PascalSection):
    is_encrypted: bool = False
    values: dict[str, str | int | float | bool] = {}
    host: _LocalHost = _LocalHost()


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
        return self.number("FUNCTIONS_REQUEST_BODY_SIZE_LIMIT", DEFAULT_BODY_BYTES_MAX)

    def number(self, name: str, default: int) -> int:
        """An app setting that must be a positive whole number."""
        text = self.settings.get(name, str(default))
        if not re.fullmatch("[0-9]{1,18}", text) or int(text) == 0:
            raise HostError(f"{name} must be a positive whole number, not {text!r}")
        return int(text)

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
    host_json = _read(HostJson, app_dir / "host.json", required=True)
    local = _read(_LocalSettings, app_dir / "local.settings.json")
    if local.is_encrypted:
        raise HostError("local.settings.json is encrypted; decrypt it with 'func settings decrypt'")
    emulator = _read(_Emulator, app_dir / "servicebus.config.json")
    queues = {q.name: q.properties for namespace in emulator.user_config.namespaces for q in namespace.queues}
    unknown = [f"host.json: '{name}'" for name in _unknown(host_json, "")]
    unknown += [f"servicebus.config.json: '{name}'" for queue, p in queues.items() for name in _unknown(p, queue)]
    return HostConfig(
        app_dir=app_dir,
        data_dir=data_dir,
        host_json=host_json,
        settings={name: str(value) for name, value in local.values.items()} | dict(environ),
        port=local.host.port if port is None else port,
        mode=mode,
        cors=tuple(origin.strip() for origin in local.host.cors.split(",") if origin.strip()),
        cors_credentials=local.host.cors_credentials,
        queues=queues,
        warnings=tuple(f"{setting} is unknown and has no effect" for setting in unknown),
    )


def _read(model: type[S], path: Path, *, required: bool = False) -> S:
    """A validated file; HostError names the setting that is wrong. A file that may be missing reads as empty."""
    if required and not path.exists():
        raise HostError(f"{path} is missing: this is not a Functions app folder")
    try:
        return model.model_validate(json.loads(path.read_text(encoding="utf-8-sig")) if path.exists() else {})
    except ValidationError as error:
        first = error.errors()[0]
        raise HostError(f"{path.name}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from None
    except (ValueError, RecursionError) as error:
        raise HostError(f"{path.name} is not valid JSON: {error}") from None


def _unknown(section: _Section, path: str) -> Iterator[str]:
    accepted = _WITHOUT_EFFECT.get(path, "").split()
    for name, value in (section.model_extra or {}).items():
        if name not in accepted and value != "":
            yield f"{path}.{name}".lstrip(".")
    for name, info in type(section).model_fields.items():
        value = getattr(section, name)
        if isinstance(value, _Section):
            yield from _unknown(value, f"{path}.{info.alias}".lstrip("."))
