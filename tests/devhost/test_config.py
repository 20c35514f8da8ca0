"""The three configuration files: what they mean, and that whatever is wrong in them is named."""

import contextlib
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devhost.config import HostConfig, load_config, timespan
from devhost.errors import HostError
from tests.devhost.small import write_settings


def load(folder: Path, environ: dict[str, str] | None = None, **files: dict[str, Any]) -> HostConfig:
    return load_config(write_settings(folder, **files), folder / "data", environ=environ or {})


def test_defaults_are_those_of_the_real_runtime(tmp_path: Path) -> None:
    config = load(tmp_path)
    extensions = config.host_json.extensions
    assert extensions.http.route_prefix == "api"
    assert config.port == 7071
    assert config.host_json.function_timeout == 1800
    assert extensions.service_bus.max_concurrent_calls == 16
    assert extensions.service_bus.max_concurrent_sessions == 8
    assert extensions.queues.max_dequeue_count == 5
    assert extensions.durable_task.hub_name == "TestHubName"
    assert config.warnings == ()


def test_settings_of_host_json_are_read(tmp_path: Path) -> None:
    bus = {"maxConcurrentSessions": 2, "sessionIdleTimeout": "00:00:10"}
    config = load(tmp_path, host={"functionTimeout": "-1", "extensions": {"serviceBus": bus}})
    assert config.host_json.function_timeout is None
    assert config.host_json.extensions.service_bus.max_concurrent_sessions == 2
    assert config.host_json.extensions.service_bus.session_idle_timeout == 10


def test_what_has_no_effect_here_is_accepted_in_silence_and_the_unknown_is_named(tmp_path: Path) -> None:
    host = {
        "extensionBundle": {"id": "Microsoft.Azure.Functions.ExtensionBundle", "version": "[4.*, 5.0.0)"},
        "telemetryMode": "OpenTelemetry",
        "funktionTimeout": "00:01:00",
        "logging": {"logLevel": {"default": "Warning"}, "applicationInsights": {}},
        "extensions": {"serviceBus": {"prefetchCount": 0, "maxConcurentCalls": 4}, "http": {"hsts": {}, "cors": 1}},
    }
    assert load(tmp_path, host=host).warnings == (
        "host.json: 'funktionTimeout' is unknown and has no effect",
        "host.json: 'extensions.http.cors' is unknown and has no effect",
        "host.json: 'extensions.serviceBus.maxConcurentCalls' is unknown and has no effect",
    )


@pytest.mark.parametrize(
    ("host", "named"),
    [
        ({"version": "1.0"}, "version"),
        ({"functionTimeout": "5 minutes"}, "functionTimeout"),
        ({"functionTimeout": 5}, "functionTimeout"),
        ({"extensions": []}, "extensions"),
        ({"extensions": {"http": {"routePrefix": None}}}, "extensions.http.routePrefix"),
        ({"extensions": {"http": {"customHeaders": {"X-A": "line\nbreak"}}}}, "extensions.http.customHeaders.X-A"),
        ({"extensions": {"http": {"customHeaders": {"X A": "b"}}}}, "extensions.http.customHeaders.X A"),
        ({"extensions": {"serviceBus": {"maxConcurrentCalls": 0}}}, "extensions.serviceBus.maxConcurrentCalls"),
        ({"extensions": {"serviceBus": {"sessionIdleTimeout": "PT1M"}}}, "extensions.serviceBus.sessionIdleTimeout"),
        ({"extensions": {"queues": {"batchSize": 33}}}, "extensions.queues.batchSize"),
        ({"extensions": {"queues": {"visibilityTimeout": "-1"}}}, "extensions.queues.visibilityTimeout"),
        ({"logging": {"logLevel": {"Function": "loud"}}}, "logging.logLevel.Function"),
    ],
)
def test_a_bad_value_in_host_json_is_named(tmp_path: Path, host: dict[str, Any], named: str) -> None:
    with pytest.raises(HostError) as refused:
        load(tmp_path, host=host)
    assert str(refused.value).startswith(f"host.json: {named}")


@pytest.mark.parametrize(
    ("local", "named"),
    [
        ({"Values": ["a"]}, "Values"),
        ({"Values": {"Nested": {"a": 1}}}, "Values.Nested"),
        ({"Values": {"Nothing": None}}, "Values.Nothing"),
        ({"Host": {"LocalHttpPort": "many"}}, "Host.LocalHttpPort"),
        ({"Host": {"LocalHttpPort": 70_000}}, "Host.LocalHttpPort"),
        ({"Host": {"CORS": 1}}, "Host.CORS"),
        ({"IsEncrypted": "maybe"}, "IsEncrypted"),
    ],
)
def test_a_bad_value_in_local_settings_is_named(tmp_path: Path, local: dict[str, Any], named: str) -> None:
    with pytest.raises(HostError) as refused:
        load(tmp_path, local=local)
    assert str(refused.value).startswith(f"local.settings.json: {named}")


def queue_file(**properties: Any) -> dict[str, Any]:
    return {"UserConfig": {"Namespaces": [{"Name": "n", "Queues": [{"Name": "orders", "Properties": properties}]}]}}


@pytest.mark.parametrize(
    ("emulator", "named"),
    [
        (queue_file(LockDuration="one minute"), "UserConfig.Namespaces.0.Queues.0.Properties.LockDuration"),
        (queue_file(DefaultMessageTimeToLive="one month"), "UserConfig.Namespaces.0.Queues.0.Properties.Default"),
        (queue_file(DuplicateDetectionHistoryTimeWindow="PT"), "UserConfig.Namespaces.0.Queues.0.Properties.Dupl"),
        (queue_file(MaxDeliveryCount=0), "UserConfig.Namespaces.0.Queues.0.Properties.MaxDeliveryCount"),
        ({"UserConfig": {"Namespaces": [{"Queues": [{}]}]}}, "UserConfig.Namespaces.0.Queues.0.Name"),
    ],
)
def test_a_bad_value_in_the_emulators_file_is_named(tmp_path: Path, emulator: dict[str, Any], named: str) -> None:
    with pytest.raises(HostError) as refused:
        load(tmp_path, emulator=emulator)
    assert str(refused.value).startswith(f"servicebus.config.json: {named}")


def test_queues_have_the_emulators_settings(tmp_path: Path) -> None:
    config = load(tmp_path, emulator=queue_file(RequiresSession=True, LockDuration="PT30S"))
    orders = config.queues["orders"]
    assert (orders.requires_session, orders.lock_duration, orders.max_delivery_count) == (
        True,
        timedelta(seconds=30),
        10,
    )


@pytest.mark.parametrize("name", ["host.json", "local.settings.json", "servicebus.config.json"])
@pytest.mark.parametrize("text", ["{", "[]", "null", '"text"', "\xff", "[" * 100_000])
def test_a_file_that_is_no_json_object_is_named(tmp_path: Path, name: str, text: str) -> None:
    write_settings(tmp_path)
    (tmp_path / name).write_text(text, encoding="latin-1")
    with pytest.raises(HostError, match=name):
        load_config(tmp_path, tmp_path, environ={})


def test_a_folder_without_host_json_is_no_app(tmp_path: Path) -> None:
    with pytest.raises(HostError, match=r"host\.json is missing"):
        load_config(tmp_path, tmp_path, environ={})


def test_the_other_files_may_be_missing(tmp_path: Path) -> None:
    (tmp_path / "host.json").write_text('\ufeff{"version": "2.0"}', encoding="utf-8")
    config = load_config(tmp_path, tmp_path, environ={"A": "b"})
    assert config.settings == {"A": "b"}
    assert config.queues == {}


def test_encrypted_settings_are_refused_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(HostError, match="func settings decrypt"):
        load(tmp_path, local={"IsEncrypted": True, "Values": {"A": "AQAAANCM"}})


def test_the_environment_goes_before_the_file_and_an_argument_before_both(tmp_path: Path) -> None:
    local = {"Values": {"A": "file", "B": "file", "Number": 3}, "Host": {"LocalHttpPort": 7099}}
    config = load(tmp_path, {"A": "environment"}, local=local)
    assert config.settings == {"A": "environment", "B": "file", "Number": "3"}
    assert config.port == 7099
    assert load_config(tmp_path, tmp_path, port=7100, environ={}).port == 7100


def test_cors_is_a_list_of_origins(tmp_path: Path) -> None:
    config = load(tmp_path, local={"Host": {"CORS": "http://a.test, http://b.test,", "CORSCredentials": True}})
    assert config.cors == ("http://a.test", "http://b.test")
    assert config.cors_credentials


@pytest.mark.parametrize("value", ["ten", "-1", "0", "1.5", "²", "9" * 5000, ""])
def test_a_limit_that_is_no_number_is_refused(tmp_path: Path, value: str) -> None:
    config = load(tmp_path, {"FUNCTIONS_REQUEST_BODY_SIZE_LIMIT": value})
    with pytest.raises(HostError, match="FUNCTIONS_REQUEST_BODY_SIZE_LIMIT"):
        config.number("FUNCTIONS_REQUEST_BODY_SIZE_LIMIT", 1)


def test_percent_names_are_replaced_by_settings(tmp_path: Path) -> None:
    config = load(tmp_path, {"Queue": "orders", "Stage": "test"})
    assert config.resolve("%Queue%-%Stage%", "f") == "orders-test"
    assert config.resolve("plain", "f") == "plain"
    assert config.resolve("100%", "f") == "100%"
    with pytest.raises(HostError, match="function f: '%Missing%' needs the setting 'Missing'"):
        config.resolve("%Missing%", "function f")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("00:00:30", 30), ("1.02:03:04.5", 93_784.5), ("10:30", 37_800), ("0:0:1", 1), (" 00:05:00 ", 300)],
)
def test_timespans(text: str, seconds: float) -> None:
    assert timespan(text) == seconds


@pytest.mark.parametrize("text", ["", "30", "24:00:00", "00:60:00", "00:00:61", "1:2:3:4", "-00:00:01", "٠٠:٠٠:٠١"])
def test_what_is_no_timespan(text: str) -> None:
    with pytest.raises(ValueError, match="not a time span"):
        timespan(text)


@given(st.integers(0, 10_000), st.integers(0, 23), st.integers(0, 59), st.integers(0, 59), st.integers(0, 9_999_999))
def test_timespans_round_trip(days: int, hours: int, minutes: int, seconds: int, ticks: int) -> None:
    expected = days * 86_400 + hours * 3600 + minutes * 60 + seconds + ticks / 10_000_000
    assert timespan(f"{days}.{hours:02}:{minutes:02}:{seconds:02}.{ticks:07}") == pytest.approx(expected, abs=1e-6)


@given(st.text(max_size=12))
def test_any_text_is_a_timespan_or_a_value_error(text: str) -> None:
    with contextlib.suppress(ValueError):
        assert timespan(text) >= 0


def test_the_samples_of_the_documentation_are_valid(tmp_path: Path) -> None:
    """The emulator's own sample configuration, shortened."""
    sample = json.loads(
        """{"UserConfig": {"Namespaces": [{"Name": "sbemulatorns", "Queues": [{"Name": "queue.1", "Properties": {
        "DeadLetteringOnMessageExpiration": false, "DefaultMessageTimeToLive": "PT1H",
        "DuplicateDetectionHistoryTimeWindow": "PT20S", "ForwardDeadLetteredMessagesTo": "", "ForwardTo": "",
        "LockDuration": "PT1M", "MaxDeliveryCount": 3, "RequiresDuplicateDetection": false, "RequiresSession": false}}],
        "Topics": [{"Name": "topic.1"}]}], "Logging": {"Type": "File"}}}"""
    )
    config = load(tmp_path, emulator=sample)
    assert config.queues["queue.1"].default_message_time_to_live == timedelta(hours=1)
