"""What the host indexes for each trigger and binding is what the Functions documentation shows in function.json.

The documented forms are from https://learn.microsoft.com/azure/azure-functions/functions-triggers-bindings and the
pages below it. Directions and data types are compared by name; keys that are not set are left out.
"""

from typing import Any

import pytest

from devhost.loader import index
from tests.devhost.conftest import sample_app

HTTP_OUT = {"type": "http", "direction": "out", "name": "$return"}
CLIENT = {"type": "durableClient", "direction": "in", "name": "client"}


def http_in(route: str, auth_level: str, *methods: str) -> dict[str, Any]:
    listed = {"methods": list(methods)} if methods else {}
    return {
        "type": "httpTrigger", "direction": "in", "name": "req", "route": route, "authLevel": auth_level, **listed,
    }  # fmt: skip


DOCUMENTED: dict[str, list[dict[str, Any]]] = {
    "show_parcel": [http_in("parcels/{number:int}/{*rest}", "anonymous", "get", "post"), HTTP_OUT],
    "secret": [http_in("secret", "function"), HTTP_OUT],
    "settings": [http_in("settings", "admin"), HTTP_OUT],
    "broken": [http_in("broken", "anonymous"), HTTP_OUT],
    "start": [http_in("start/{name}/{instance?}", "anonymous", "post"), CLIENT, HTTP_OUT],
    "raise_event": [http_in("raise/{instance}/{name}", "anonymous", "post"), CLIENT, HTTP_OUT],
    "status": [http_in("status/{instance}", "anonymous", "get"), CLIENT, HTTP_OUT],
    "send": [
        http_in("send/{text}", "anonymous"),
        {"type": "serviceBus", "direction": "out", "name": "labels", "queueName": "labels", "connection": "Bus"},
        {
            "type": "queue", "direction": "out", "name": "archive", "queueName": "archive",
            "connection": "AzureWebJobsStorage",
        },
        HTTP_OUT,
    ],
    "on_parcel": [
        {
            "type": "serviceBusTrigger", "direction": "in", "name": "message", "queueName": "%ParcelsQueue%",
            "connection": "Bus", "isSessionsEnabled": True,
        },
        CLIENT,
    ],
    "on_labels": [
        {
            "type": "serviceBusTrigger", "direction": "in", "name": "messages", "queueName": "labels",
            "connection": "Bus", "cardinality": "many",
        }
    ],
    "on_archive": [
        {
            "type": "queueTrigger", "direction": "in", "name": "message", "queueName": "archive",
            "connection": "AzureWebJobsStorage",
        }
    ],
    "on_event": [{"type": "eventGridTrigger", "direction": "in", "name": "event"}],
    "on_cloud_event": [{"type": "eventGridTrigger", "direction": "in", "name": "event"}],
    "nightly": [
        {
            "type": "timerTrigger", "direction": "in", "name": "timer", "schedule": "0 0 3 * * *",
            "runOnStartup": True,
        }
    ],
    "on_change": [
        {
            "type": "cosmosDBTrigger", "direction": "in", "name": "documents", "connection": "Catalogue",
            "databaseName": "sample", "containerName": "items", "leaseContainerName": "leases",
            "startFromBeginning": True, "feedPollDelay": 50,
        }
    ],
    **{
        name: [{"type": "orchestrationTrigger", "direction": "in", "name": "context"}]
        for name in (
            "five_steps", "conversation", "relay", "fan_out", "retrying", "failing", "parent_of_failing", "sleeper",
            "forgetful", "wants_an_entity",
        )
    },
    "add_one": [{"type": "activityTrigger", "direction": "in", "name": "number"}],
    "note": [{"type": "activityTrigger", "direction": "in", "name": "said"}],
    "flaky": [{"type": "activityTrigger", "direction": "in", "name": "plan"}],
}  # fmt: skip

INDEXED = {spec.name: spec for spec in index(sample_app(), "api")}


def documented_form(binding: dict[str, Any]) -> dict[str, Any]:
    """Method names and directions are not case-sensitive in function.json."""
    form = {**binding, "direction": str(binding["direction"]).lower()}
    if "methods" in form:
        form["methods"] = [method.lower() for method in form["methods"]]
    return form


@pytest.mark.parametrize("name", DOCUMENTED)
def test_bindings_have_their_documented_form(name: str) -> None:
    indexed = [documented_form(dict(binding)) for binding in INDEXED[name].bindings.values()]
    assert sorted(indexed, key=lambda binding: str(binding["name"])) == sorted(
        DOCUMENTED[name], key=lambda binding: str(binding["name"])
    )


@pytest.mark.parametrize("name", DOCUMENTED)
def test_bindings_are_indexed_by_their_names(name: str) -> None:
    spec = INDEXED[name]
    assert all(binding["name"] == key for key, binding in spec.bindings.items())
    assert spec.trigger in spec.bindings.values()
    assert spec.kind == DOCUMENTED[name][0]["type"]


def test_no_function_of_the_sample_is_forgotten() -> None:
    assert set(INDEXED) == set(DOCUMENTED)


def test_a_retry_policy_is_indexed() -> None:
    assert INDEXED["on_change"].retry == {
        "setting_name": "retry_policy", "strategy": "fixed_delay", "max_retry_count": "-1",
        "delay_interval": "00:00:01",
    }  # fmt: skip
