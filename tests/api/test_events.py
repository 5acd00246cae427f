"""POST /events: what customers did, counted and listed."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.api.answers import customer, problem_in, profile, send
from tests.waiting import eventually

FIRST = datetime(2026, 1, 1, tzinfo=UTC)


def event(event_id: str, customer_id: str, kind: str = "visit", **more: Any) -> dict[str, Any]:
    return {"id": event_id, "customer_id": customer_id, "type": kind, **more}


def visits(client: httpx.Client, customer_id: str, wanted: int) -> None:
    eventually(lambda: customer(client, customer_id)["visits"], lambda found: found == wanted, f"{wanted} visits")


def test_visits_are_counted_onto_those_imported_and_other_events_are_not(client: httpx.Client) -> None:
    send(client, "/customers", {"id": "ev-1", "visits": 7})
    send(client, "/events", [event("ev-1a", "ev-1"), event("ev-1b", "ev-1", "cart_abandoned"), event("ev-1c", "ev-1")])
    visits(client, "ev-1", 9)
    send(client, "/events", [event("ev-1a", "ev-1"), event("ev-1d", "ev-1")])
    visits(client, "ev-1", 10)


def test_an_event_of_an_unknown_customer_makes_a_profile_with_only_the_id(client: httpx.Client) -> None:
    send(client, "/events", event("ev-2a", "ev-2"))
    found = customer(client, "ev-2")
    assert (found["id"], found["visits"], found["order_count"], found["total_spend"]) == ("ev-2", 1, 0, 0)
    assert not {"name", "email", "attributes", "consent"} & found.keys()


def test_an_event_that_is_sent_again_for_another_customer_is_that_ones(client: httpx.Client) -> None:
    send(client, "/events", [event("ev-3a", "ev-3-from"), event("ev-3b", "ev-3-from")])
    visits(client, "ev-3-from", 2)
    send(client, "/events", event("ev-3a", "ev-3-to"))
    visits(client, "ev-3-to", 1)
    visits(client, "ev-3-from", 1)
    assert [found["id"] for found in profile(client, "ev-3-from")["events"]["items"]] == ["ev-3b"]


def test_camel_case_means_the_same_and_properties_are_kept_as_they_are(client: httpx.Client) -> None:
    properties = {"page": "/shoes", "seconds": 12.5, "new": True, "tags": ["a", "b"], "id": 5}
    send(client, "/events", {"id": "ev-4a", "customerId": "ev-4", "type": "page_view", "properties": properties})
    (found,) = eventually(lambda: profile(client, "ev-4")["events"]["items"])
    assert found["customer_id"] == "ev-4"
    assert found["type"] == "page_view"
    assert found["properties"] == properties


def test_an_event_without_a_time_has_that_of_its_acceptance(client: httpx.Client) -> None:
    answer = client.post("/events", json=event("ev-5a", "ev-5"))
    accepted_ms = int(answer.headers["x-stream-position"].partition("-")[0])
    (found,) = eventually(lambda: profile(client, "ev-5")["events"]["items"])
    assert datetime.fromisoformat(found["at"]) == datetime.fromtimestamp(accepted_ms / 1000, UTC)


def test_a_profile_lists_events_newest_first_page_by_page(client: httpx.Client) -> None:
    moments = {f"ev-6-{number}": FIRST + timedelta(hours=number // 2) for number in range(120)}
    send(client, "/events", [event(name, "ev-6", at=at.isoformat()) for name, at in moments.items()])
    visits(client, "ev-6", 120)
    pages, cursor = [], None
    while True:
        page = client.get("/customers/ev-6", params={"events_cursor": cursor} if cursor else {}).json()["events"]
        pages.append([found["id"] for found in page["items"]])
        if (cursor := page["next"]) is None:
            break
    assert [len(page) for page in pages] == [50, 50, 20]
    listed = [name for page in pages for name in page]
    assert listed == sorted(moments, key=lambda name: (moments[name], name), reverse=True)


def test_a_cursor_of_another_customer_is_refused(client: httpx.Client) -> None:
    send(client, "/events", [event("ev-7a", "ev-7"), event("ev-8a", "ev-8")])
    visits(client, "ev-8", 1)
    for cursor in ("ev-7a", "nothing"):
        document = problem_in(client.get("/customers/ev-8", params={"events_cursor": cursor}), 422)
        assert repr(cursor) in document["detail"]


@pytest.mark.parametrize(
    ("change", "field", "rule"),
    [
        ({"id": ""}, "id", "must not be empty"),
        ({"customer_id": None}, "customer_id", "must be a text"),
        ({"type": None}, "type", "must be a text"),
        ({"type": "Page View"}, "type", "1 to 40 of a-z, 0-9 and _"),
        ({"type": ""}, "type", "1 to 40 of a-z, 0-9 and _"),
        ({"type": "x" * 41}, "type", "1 to 40 of a-z, 0-9 and _"),
        ({"at": "yesterday"}, "at", "ISO 8601"),
        ({"at": (datetime.now(UTC) + timedelta(hours=1)).isoformat()}, "at", "5 minutes in the future"),
        ({"at": 1_700_000_000}, "at", "ISO 8601"),
        ({"properties": []}, "properties", "must be an object"),
        ({"properties": {"Page": 1}}, "properties.Page", "is no property name"),
        ({"properties": {"page": {"deep": 1}}}, "properties.page", "must be a text"),
        ({"properties": {"n": 2**63}}, "properties.n", "64 bits"),
        ({"properties": {f"p{n}": n for n in range(51)}}, "properties", "at most 50 entries"),
        ({"colour": "red"}, "colour", "is no known field"),
    ],
)
def test_a_bad_event_is_refused_with_its_field(
    client: httpx.Client, change: dict[str, Any], field: str, rule: str
) -> None:
    document = problem_in(client.post("/events", json=event("ev-bad", "ev-bad") | change), 422)
    messages = {error["field"]: error["message"] for error in document["rejected"][0]["errors"]}
    assert rule in messages[field]


@pytest.mark.parametrize("missing", ["id", "customer_id", "type"])
def test_an_event_needs_its_id_its_customer_and_its_type(client: httpx.Client, missing: str) -> None:
    record = {name: value for name, value in event("ev-bad", "ev-bad").items() if name != missing}
    document = problem_in(client.post("/events", json=record), 422)
    assert document["rejected"][0]["errors"] == [{"field": missing, "message": "is required"}]
