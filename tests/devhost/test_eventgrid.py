"""The Event Grid webhook, and local publishing with Event Grid's retries."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from devhost import listeners
from devhost.eventgrid import EVENTS_MAX
from devhost.host import Host
from devhost.keys import Keys
from tests.devhost.conftest import eventually
from tests.devhost.sample import ledger

URL = "/runtime/webhooks/eventgrid?functionName=on_event"
CLOUD_URL = "/runtime/webhooks/EventGrid?functionName=on_cloud_event"


def grid_event(number: int = 1, kind: str = "Moved", **more: Any) -> dict[str, Any]:
    return {
        "id": f"e{number}", "topic": "/parcels", "subject": "p/1", "eventType": kind, "dataVersion": "1",
        "eventTime": "2024-05-01T10:00:00Z", "data": {"n": number}, **more,
    }  # fmt: skip


def cloud_event(number: int = 1, **more: Any) -> dict[str, Any]:
    return {"specversion": "1.0", "id": f"c{number}", "source": "/parcels", "type": "Moved", "subject": "p/1", **more}


def written(path: Path, kind: str) -> list[Any]:
    return [value for name, value in ledger.read(path) if name == kind]


async def test_the_validation_handshake(http: httpx.AsyncClient, ledger_path: Path) -> None:
    data = {"validationCode": "512d38b6", "validationUrl": "https://rp-eastus2.eventgrid.azure.net/validate"}
    event = grid_event(kind="Microsoft.EventGrid.SubscriptionValidationEvent", data=data)
    answer = await http.post(URL, json=[event], headers={"aeg-event-type": "SubscriptionValidation"})
    assert (answer.status_code, answer.json()) == (200, {"validationResponse": "512d38b6"})
    assert written(ledger_path, "event") == []


async def test_a_handshake_without_code_is_refused(http: httpx.AsyncClient) -> None:
    for body in ("[]", "[{}]", '[{"data": 1}]', '[{"data": {"validationCode": 7}}]', "{", "7"):
        answer = await http.post(URL, content=body, headers={"aeg-event-type": "SubscriptionValidation"})
        assert answer.status_code == 400, body


async def test_the_cloud_events_handshake(http: httpx.AsyncClient) -> None:
    asked = {"WebHook-Request-Origin": "eventgrid.azure.net", "WebHook-Request-Rate": "120"}
    answer = await http.options(CLOUD_URL, headers=asked)
    assert answer.status_code == 200
    assert answer.headers["webhook-allowed-origin"] == "eventgrid.azure.net"
    assert answer.headers["webhook-allowed-rate"] == "120"
    assert (await http.options(CLOUD_URL)).status_code == 400


async def test_unsubscribing_is_accepted(http: httpx.AsyncClient, ledger_path: Path) -> None:
    answer = await http.post(URL, json=[grid_event()], headers={"aeg-event-type": "Unsubscribe"})
    assert answer.status_code == 202
    assert written(ledger_path, "event") == []


async def test_a_batch_in_event_grids_schema(http: httpx.AsyncClient, ledger_path: Path) -> None:
    events = [grid_event(number) for number in (1, 2, 3)]
    answer = await http.post(URL, json=events, headers={"aeg-event-type": "Notification"})
    assert (answer.status_code, answer.content) == (202, b"")
    assert sorted(written(ledger_path, "event")) == [[f"e{n}", "Moved", {"n": n}] for n in (1, 2, 3)]


async def test_an_empty_batch(http: httpx.AsyncClient) -> None:
    assert (await http.post(URL, json=[])).status_code == 202


async def test_one_cloud_event(http: httpx.AsyncClient, ledger_path: Path) -> None:
    headers = {"content-type": "application/cloudevents+json; charset=utf-8", "aeg-event-type": "Notification"}
    answer = await http.post(CLOUD_URL, content=json.dumps(cloud_event(data={"text": "olá"})), headers=headers)
    assert answer.status_code == 202
    assert written(ledger_path, "cloudEvent") == [["c1", "Moved", "p/1"]]


async def test_a_batch_of_cloud_events(http: httpx.AsyncClient, ledger_path: Path) -> None:
    headers = {"content-type": "application/cloudevents-batch+json"}
    body = json.dumps([cloud_event(1), cloud_event(2, comexampleextension="x", data_base64="AAE=")])
    assert (await http.post(CLOUD_URL, content=body, headers=headers)).status_code == 202
    assert sorted(written(ledger_path, "cloudEvent")) == [["c1", "Moved", "p/1"], ["c2", "Moved", "p/1"]]


async def test_one_failure_fails_the_delivery_after_all_have_run(http: httpx.AsyncClient, ledger_path: Path) -> None:
    answer = await http.post(URL, json=[grid_event(1, "Fail"), grid_event(2), grid_event(3)])
    assert answer.status_code == 500
    assert sorted(value[0] for value in written(ledger_path, "event")) == ["e2", "e3"]


async def test_functions_are_named_in_any_case_and_must_exist(http: httpx.AsyncClient) -> None:
    assert (await http.post(URL.replace("on_event", "ON_EVENT"), json=[grid_event()])).status_code == 202
    for name in ("", "nobody", "secret", "on_parcel"):
        assert (await http.post(f"/runtime/webhooks/eventgrid?functionName={name}", json=[])).status_code == 404
        assert (await http.post(f"/admin/eventgrid/{name}", json=[])).status_code == 404
    assert (await http.post("/runtime/webhooks/eventgrid", json=[])).status_code == 404
    assert (await http.get(URL)).status_code == 405


MALFORMED = [
    b"", b"{", b"7", b"null", b'"text"', b"[7]", b"[[]]", b"{}", b"[{}]", b"\xff\xfe", b"\x00", b'[{"id": NaN}]',
    json.dumps([{**grid_event(), "id": 7}]).encode(),
    json.dumps([{key: value for key, value in grid_event().items() if key != "eventTime"}]).encode(),
    json.dumps({**cloud_event(), "specversion": 1}).encode(),
    json.dumps({**cloud_event(), "source": None}).encode(),
    json.dumps([grid_event(), {"neither": "schema"}]).encode(),
    json.dumps(grid_event(data="\ud800")).encode(),  # a lone surrogate cannot be kept as UTF-8
    json.dumps(grid_event(data=float("nan"))).encode(),
    b"[" * 100_000,
    b'{"specversion": "1.0", "id": "a", "source": "b", "type": "c", "data": ' + b"[" * 5000 + b"]" * 5000 + b"}",
    b'{"specversion": "1.0", "id": "a", "source": "b", "type": "c", "data": ' + b"[" * 500 + b"]" * 500 + b"}",
    json.dumps([grid_event()] * (EVENTS_MAX + 1)).encode(),
]  # fmt: skip


async def test_what_is_no_delivery_is_refused(http: httpx.AsyncClient, ledger_path: Path) -> None:
    for body in MALFORMED:
        for url in (URL, "/admin/eventgrid/on_event"):
            assert (await http.post(url, content=body)).status_code == 400, body[:80]
    assert written(ledger_path, "event") == []


async def test_programs_on_this_machine_need_no_key_others_do(http: httpx.AsyncClient, host: Host) -> None:
    keys = Keys(host.config.data_dir / "keys.json")
    right, wrong = keys.get("eventgrid_extension"), keys.get("default")
    assert (await http.post(URL, json=[])).status_code == 202
    for outside in ({"Origin": "http://evil.test"}, {"X-Forwarded-For": "203.0.113.7"}, {"Host": "evil.test"}):
        assert (await http.post(URL, json=[], headers=outside)).status_code == 401
        assert (await http.post(f"{URL}&code={wrong}", json=[], headers=outside)).status_code == 401
        assert (await http.post(f"{URL}&code={right}", json=[], headers=outside)).status_code == 202
        assert (await http.post(URL, json=[], headers={**outside, "x-functions-key": right})).status_code == 202
        assert (await http.post("/admin/eventgrid/on_event", json=[], headers=outside)).status_code == 403


async def test_published_events_reach_the_function(http: httpx.AsyncClient, ledger_path: Path) -> None:
    assert (await http.post("/admin/eventgrid/on_event", json=[grid_event(1), grid_event(2)])).status_code == 202
    assert (await http.post("/admin/eventgrid/ON_CLOUD_EVENT", json=cloud_event())).status_code == 202
    await eventually(lambda: len(ledger.read(ledger_path)) >= 4)
    assert sorted(value[0] for value in written(ledger_path, "event")) == ["e1", "e2"]
    assert written(ledger_path, "cloudEvent") == [["c1", "Moved", "p/1"]]


def test_the_schedule_is_event_grids() -> None:
    """https://learn.microsoft.com/azure/event-grid/delivery-and-retry: 10 s, 30 s, 1 min, 5 min, ... 12 h."""
    schedule = list(listeners.EVENT_RETRY_SECONDS)
    assert schedule == [10, 30, 60, 5 * 60, 10 * 60, 30 * 60, 3600, 3 * 3600, 6 * 3600, 12 * 3600]
    limits = {"attempts": listeners.EVENT_ATTEMPTS_MAX, "seconds": listeners.EVENT_SECONDS_MAX}
    assert limits == {"attempts": 30, "seconds": 24 * 3600}


async def test_a_failed_event_waits_for_its_time(http: httpx.AsyncClient, host: Host) -> None:
    await http.post("/admin/eventgrid/on_event", json=grid_event(1, "Fail"))
    rows = lambda: host.database.read(  # noqa: E731
        lambda c: c.execute(
            "SELECT deliveries, visible - enqueued FROM messages WHERE queue = 'events/on_event'"
        ).fetchall()
    )
    ((deliveries, delay),) = await eventually(lambda: later(rows))
    assert deliveries == 1
    assert delay == pytest.approx(10, abs=1)


async def later(rows: Any) -> Any:
    """The rows once the first of them waits."""
    found = await rows()
    return found if found and found[0][1] > 1 else None


@pytest.mark.parametrize(
    ("setting", "value", "attempts"), [("EVENT_ATTEMPTS_MAX", 30, 30), ("EVENT_SECONDS_MAX", 0.25, None)]
)
async def test_an_event_that_fails_too_often_or_too_long_is_dead_lettered(
    http: httpx.AsyncClient,
    host: Host,
    monkeypatch: pytest.MonkeyPatch,
    setting: str,
    value: float,
    attempts: int | None,
) -> None:
    monkeypatch.setattr(listeners, "EVENT_RETRY_SECONDS", (0.001, 0.02))
    monkeypatch.setattr(listeners, setting, value)
    await http.post("/admin/eventgrid/on_event", json=grid_event(1, "Fail"))
    await eventually(lambda: host.queues.counts() == {"events/on_event/$deadletterqueue": 1})
    ((body, properties),) = await host.database.read(
        lambda c: c.execute("SELECT body, properties FROM messages").fetchall()
    )
    assert json.loads(body) == grid_event(1, "Fail")
    parked = json.loads(properties)
    assert parked["DeadLetterReason"] == "MaxDeliveryCountExceeded"
    assert attempts is None or f"{attempts} times" in parked["DeadLetterErrorDescription"]
