"""`python -m devhost start` as a user meets it: a process, signals, messages."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.devhost.conftest import SAMPLE, free_port

ROOT = Path(__file__).parents[2]


@contextlib.contextmanager
def started(data: Path, port: int, app: Path = SAMPLE) -> "Iterator[subprocess.Popen[str]]":
    """The command in a process of its own; killed at the end if it still runs."""
    command = [sys.executable, "-m", "devhost", "start", "--app", str(app), "--data", str(data), "--port", str(port)]
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(command, cwd=data.parent, env=environ, stdout=-1, stderr=-1, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def wait_ready(process: "subprocess.Popen[str]") -> str:
    """Read what it prints up to the line that says it is ready."""
    assert process.stdout
    lines = []
    for line in process.stdout:
        lines.append(line)
        if "Host ready" in line:
            return "".join(lines)
    raise AssertionError("".join(lines) + (process.stderr.read() if process.stderr else ""))


@pytest.mark.slow
def test_it_is_ready_soon_prints_its_addresses_and_ends_on_sigterm(tmp_path: Path) -> None:
    port, began = free_port(), time.perf_counter()
    with started(tmp_path / "data", port, ROOT) as process:
        printed = wait_ready(process)
        assert time.perf_counter() - began < 10  # a guard; `make run` is measured by hand: under 3 s
        assert f"http://127.0.0.1:{port}/api/health" in printed
        assert httpx.get(f"http://127.0.0.1:{port}/api/health").status_code == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=15) == 0


@pytest.mark.slow
def test_a_second_host_on_the_same_data_is_refused(tmp_path: Path) -> None:
    with started(tmp_path / "data", free_port()) as first:
        wait_ready(first)
        with started(tmp_path / "data", free_port()) as second:
            _, error = second.communicate(timeout=20)
            assert second.returncode == 1
            assert f"another host (process {first.pid}) runs on" in error
            assert "Traceback" not in error


@pytest.mark.slow
def test_a_taken_port_is_a_clear_message(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with started(tmp_path / "data", port) as process:
            _, error = process.communicate(timeout=20)
            assert process.returncode == 1
            assert f"port {port} cannot be used" in error and "PORT=" in error and "Traceback" not in error


@pytest.mark.slow
def test_a_folder_without_an_app_is_a_clear_message(tmp_path: Path) -> None:
    with started(tmp_path / "data", free_port(), tmp_path) as process:
        _, error = process.communicate(timeout=20)
        assert process.returncode == 1
        assert "host.json is missing" in error and "Traceback" not in error


@pytest.mark.slow
def test_logs_are_json_lines_with_the_invocation(tmp_path: Path) -> None:
    port = free_port()
    with started(tmp_path / "data", port) as process:
        wait_ready(process)
        assert httpx.get(f"http://127.0.0.1:{port}/api/broken").status_code == 500
        process.send_signal(signal.SIGTERM)
        _, logged = process.communicate(timeout=15)
    lines = [json.loads(line) for line in logged.splitlines()]
    (failure,) = [line for line in lines if line["event"] == "Executed broken (Failed)"]
    assert (
        failure["function"] == "broken"
        and failure["level"] == "error"
        and "the parcel is broken" in failure["exception"]
    )
    assert uuid.UUID(failure["invocation_id"])


@pytest.mark.slow
def test_sigterm_lets_a_running_orchestration_go_on_later(tmp_path: Path) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}/api"
    with started(tmp_path / "data", port) as process:
        wait_ready(process)
        httpx.post(f"{url}/start/conversation/one", json={"turns": 1})
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=15) == 0
    with started(tmp_path / "data", port) as process:
        wait_ready(process)
        assert httpx.post(f"{url}/raise/one/bell-0", json=1).status_code == 202
        deadline = time.monotonic() + 10
        while httpx.get(f"{url}/status/one").json()["runtimeStatus"] != "Completed":
            assert time.monotonic() < deadline
            time.sleep(0.02)
