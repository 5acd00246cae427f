"""Consent: kept per channel with who told us and when."""

from datetime import UTC, datetime
from typing import Any

import httpx

from tests.api.answers import Json, customer, send
from tests.waiting import eventually

SOURCE = "key:test"
"""The name of the key that the tests' clients use."""


def tell(client: httpx.Client, consent: dict[str, str | None] | None) -> datetime:
    """When the API accepted it."""
    answer = client.post("/customers", json={"id": "con-1", "consent": consent})
    assert answer.status_code == 202, answer.text
    return datetime.fromtimestamp(int(answer.headers["x-stream-position"].partition("-")[0]) / 1000, UTC)


def consent_of(client: httpx.Client, channel: str, state: str) -> Json:
    """What is known of a channel once it has this state."""
    found = eventually(
        lambda: customer(client, "con-1").get("consent", {}).get(channel),
        lambda got: got is not None and got["state"] == state,
    )
    known: Json = found
    return known


def entry(state: str, at: datetime) -> dict[str, Any]:
    return {"state": state, "source": SOURCE, "at": at.isoformat(timespec="milliseconds").replace("+00:00", "Z")}


def test_each_channel_keeps_its_state_with_the_key_that_told_it_and_the_moment(client: httpx.Client) -> None:
    first = tell(client, {"sms": "granted", "email": "denied"})
    second = tell(client, {"sms": "denied"})
    assert same(consent_of(client, "sms", "denied"), entry("denied", second))
    assert same(consent_of(client, "email", "denied"), entry("denied", first))
    tell(client, None)
    eventually(lambda: "consent" not in customer(client, "con-1"))


def same(found: Json, expected: Json) -> bool:
    return {**found, "at": datetime.fromisoformat(found["at"])} == {
        **expected,
        "at": datetime.fromisoformat(expected["at"]),
    }


def test_a_record_without_consent_leaves_it_as_it_is(client: httpx.Client) -> None:
    send(client, "/customers", {"id": "con-2", "consent": {"push": "granted"}})
    send(client, "/customers", {"id": "con-2", "visits": 3})
    found = eventually(lambda: customer(client, "con-2"), lambda record: record["visits"] == 3)
    assert found["consent"]["push"]["state"] == "granted"


def test_an_import_lifts_no_denial_and_says_how_many_it_would_have(client: httpx.Client) -> None:
    send(client, "customers", {"id": "con-8", "consent": {"email": "denied"}})
    eventually(lambda: customer(client, "con-8").get("consent"))
    body = [{"id": "con-8", "consent": {"email": "granted", "sms": "granted"}}, {"id": "con-9"}]
    answer = client.post("/customers", params={"keep_denials": "true"}, json=body)
    assert answer.json() == {"accepted": 2, "rejected": [], "denials_kept": 1}
    told = eventually(lambda: customer(client, "con-8")["consent"], lambda found: "sms" in found)
    assert {channel: each["state"] for channel, each in told.items()} == {"email": "denied", "sms": "granted"}
