"""host.json and local.settings.json, read once into one frozen value.

Settings that have an effect here are fields; some usual ones that change nothing on one machine are accepted in
silence; any other in host.json is named in a warning.
"""

import codecs
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import AliasPath, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel, to_pascal

from devhost.errors import HostError

Mode = Literal["cached", "replay", "verify"]
M = TypeVar("M", bound=BaseModel)
DEFAULT_PORT = 7071

_WITHOUT_EFFECT = {
    "$schema", "applicationInsights", "blobs", "clientRetryOptions", "concurrency", "console", "cosmosDB", "eventGrid",
    "eventHubs", "extendedSessionsEnabled", "extensionBundle", "fileLoggingMode", "healthMonitor", "hsts",
    "httpSettings", "managedDependency", "maxConcurrentCallsPerSession", "maxConcurrentRequests",
    "maxOutstandingRequests", "maxPollingInterval", "messageEncoding", "prefetchCount", "retry", "signalR",
    "singleton", "storageProvider", "telemetryMode", "tracing", "transportType", "watchDirectories",
}  # fmt: skip


def timespan(text: str) -> float:
    """Seconds of a .NET TimeSpan such as "00:00:01" or "1.02:03:04.5"; ValueError if it is none."""
    form = r"(?:(\d{1,8})\.)?([01]?\d|2[0-3]):([0-5]?\d)(?::([0-5]?\d(?:\.\d{1,7})?))?"
    match = re.fullmatch(form, str(text).strip(), re.ASCII)
    if not match:
        raise ValueError(f"{text!r} is not a time span such as 00:00:30")
    days, hours, minutes, seconds = (float(number or 0) for number in match.groups())
    return days * 86_400 + hours * 3600 + minutes * 60 + seconds


TimeSpan = Annotated[float, BeforeValidator(timespan)]  # in seconds
Duration = Annotated[timedelta, Field(ge=timedelta())]  # in ISO 8601
Timeout = Annotated[float | None, BeforeValidator(lambda text: None if text == "-1" else timespan(text))]
LevelName = Literal["trace", "debug", "information", "warning", "error", "critical", "none"]
Level = Annotated[LevelName, BeforeValidator(lambda name: str(name).lower())]
HeaderName = Annotated[str, Field(pattern=r"^[!#$%&'*+.^_`|~0-9A-Za-z-]+$")]
HeaderValue = Annotated[str, Field(pattern=r"^[\t -~\x80-\xff]*$")]


class _Section(BaseModel):
    model_config = ConfigDict(extra="allow", frozen=True, alias_generator=to_camel)


class HttpSettings(_Section):
    route_prefix: str = "api"
    custom_headers: dict[HeaderName, HeaderValue] = {}


class ServiceBusSettings(_Section):
    auto_complete_messages: bool = True
    max_auto_lock_renewal_duration: TimeSpan = 300.0
    max_concurrent_calls: int = Field(16, ge=1, le=1000)
    max_concurrent_sessions: int = Field(8, ge=1, le=2000)
    max_message_batch_size: int = Field(1000, ge=1, le=10_000)
    session_idle_timeout: TimeSpan = 60.0


class StorageQueueSettings(_Section):
    batch_size: int = Field(16, ge=1, le=32)
    new_batch_threshold: int | None = Field(None, ge=0, le=1000)
    max_dequeue_count: int = Field(5, ge=1, le=1000)
    visibility_timeout: TimeSpan = 0.0


class DurableSettings(_Section):
    hub_name: str = "TestHubName"
    max_concurrent_activity_functions: int = Field(100, ge=1)
    max_concurrent_orchestrator_functions: int = Field(100, ge=1)


class Extensions(_Section):
    http: HttpSettings = HttpSettings()
    service_bus: ServiceBusSettings = ServiceBusSettings()
    queues: StorageQueueSettings = StorageQueueSettings()
    durable_task: DurableSettings = DurableSettings()


class Logging(_Section):
    log_level: dict[str, Level] = {}


class HostJson(_Section):
    version: Literal["2.0"]
    function_timeout: Timeout = 1800.0
    logging: Logging = Logging()
    extensions: Extensions = Extensions()


class QueueProperties(BaseModel):
    """Of one Service Bus queue, named as in the official emulator's configuration file."""

    model_config = ConfigDict(frozen=True, alias_generator=to_pascal)
    dead_lettering_on_message_expiration: bool = False
    default_message_time_to_live: Duration | None = None
    duplicate_detection_history_time_window: Duration = timedelta(minutes=10)
    lock_duration: Duration = timedelta(minutes=1)
    max_delivery_count: int = Field(10, ge=1, le=2000)
    requires_duplicate_detection: bool = False
    requires_session: bool | None = None


class _Queue(BaseModel):
    name: str = Field(alias="Name")
    properties: QueueProperties = Field(QueueProperties(), alias="Properties")


class _Emulator(BaseModel):
    queues: list[_Queue] = Field([], validation_alias=AliasPath("UserConfig", "Namespaces", 0, "Queues"))


class _LocalSettings(BaseModel):
    is_encrypted: bool = Field(False, alias="IsEncrypted")
    values: dict[str, str | int | float | bool] = Field({}, alias="Values")
    port: int = Field(DEFAULT_PORT, validation_alias=AliasPath("Host", "LocalHttpPort"), ge=1, le=65535)
    cors: str = Field("", validation_alias=AliasPath("Host", "CORS"))
    cors_credentials: bool = Field(False, validation_alias=AliasPath("Host", "CORSCredentials"))


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

    def number(self, name: str, default: int) -> int:
        """An app setting that must be a positive whole number; HostError if it is not."""
        text = self.settings.get(name, str(default))
        if not re.fullmatch("0*[1-9][0-9]{0,17}", text):
            raise HostError(f"{name} must be a positive whole number, not {text!r}")
        return int(text)

    def resolve(self, text: str, owner: str) -> str:
        """Replace each %Setting% by its value; HostError if a setting is missing."""
        try:
            return re.sub("%([^%]+)%", lambda name: self.settings[name[1]], text)
        except KeyError as error:
            raise HostError(f"{owner}: {text!r} needs the setting {error}; add it to local.settings.json") from None


def load_config(
    app_dir: Path, data_dir: Path, *, port: int | None = None, mode: Mode = "cached",
    environ: Mapping[str, str] = os.environ,
) -> HostConfig:  # fmt: skip
    """Read host.json, local.settings.json and servicebus.config.json of an app folder; HostError says what is wrong.

    devhost.settings.json holds app settings for this host only, over those of local.settings.json.
    """
    if not (app_dir / "host.json").exists():
        raise HostError(f"{app_dir / 'host.json'} is missing: this is not a Functions app folder")
    host_json = _read(HostJson, app_dir / "host.json")
    local = _read(_LocalSettings, app_dir / "local.settings.json")
    if local.is_encrypted:
        raise HostError("local.settings.json is encrypted; decrypt it with 'func settings decrypt'")
    emulator = _read(_Emulator, app_dir / "servicebus.config.json")
    ours = _read(_LocalSettings, app_dir / "devhost.settings.json")
    settings = {name: str(value) for name, value in (local.values | ours.values).items()} | dict(environ)
    return HostConfig(
        app_dir, data_dir, host_json, settings, local.port if port is None else port, mode=mode,
        cors=tuple(origin.strip() for origin in local.cors.split(",") if origin.strip()),
        cors_credentials=local.cors_credentials,
        queues={queue.name: queue.properties for queue in emulator.queues},
        warnings=tuple(f"host.json: '{name}' is unknown and has no effect" for name in _unknown(host_json, "")),
    )  # fmt: skip


def _read(model: type[M], path: Path) -> M:
    """A validated file, a missing one reads as empty; HostError names the setting that is wrong."""
    text = path.read_bytes().removeprefix(codecs.BOM_UTF8) if path.exists() else b"{}"
    try:
        return model.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "the file"
        raise HostError(f"{path.name}: {place}: {first['msg']}") from None


def _unknown(section: _Section, path: str) -> Iterator[str]:
    """The names of settings that neither have an effect nor are known to have none."""
    yield from (path + name for name in section.model_extra or {} if name not in _WITHOUT_EFFECT)
    for name, info in type(section).model_fields.items():
        value = getattr(section, name)
        if isinstance(value, _Section):
            yield from _unknown(value, f"{path}{info.alias}.")
