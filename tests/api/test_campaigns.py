"""A campaign over HTTP, from draft to the last receipt, through the real workers and the simulated vendor."""

from typing import Any

import httpx
import pytest

from tests.api.answers import Json, problem_in, profile, store_customers, tagged
from tests.waiting import eventually

PEOPLE = 300
DENIED = 20


@pytest.fixture(scope="module", autouse=True)
def people(client: httpx.Client) -> None:
    """300 customers, 20 of whom want no in-app messages."""
    records: list[Json] = [{"id": f"camp-{n:03}", "name": f"Person{n} Smith", "visits": n} for n in range(PEOPLE)]
    for record in records[:DENIED]:
        record["consent"] = {"in_app": "denied"}
    store_customers(client, "api-campaign", records)


def create(client: httpx.Client, **more: Any) -> Json:
    body = {"name": "Spring", "message": "Hi {{ customer.first_name }}!", **more}
    answer = client.post("/campaigns", json=body)
    assert answer.status_code == 201, answer.text
    made: Json = answer.json()
    return made


def stats_when_done(client: httpx.Client, campaign_id: str) -> Json:
    """The figures once the campaign is completed and every receipt is booked."""
    return eventually(
        lambda: client.get(f"/campaigns/{campaign_id}/stats").json(),
        lambda stats: stats["state"] == "completed" and not stats["by_state"]["sent"],
        f"campaign {campaign_id}",
    )


@pytest.fixture(scope="module")
def finished(client: httpx.Client, people: None) -> Json:
    """A campaign that was launched once and is done."""
    made = create(client, rule=tagged("api-campaign"))
    assert made["state"] == "draft"
    launched = client.post(f"/campaigns/{made['id']}/launch")
    assert launched.status_code == 202, launched.text
    assert launched.json()["state"] == "preparing"
    return {"id": made["id"], "stats": stats_when_done(client, made["id"])}


def test_every_customer_of_the_audience_ends_as_delivered_failed_or_skipped(finished: Json) -> None:
    stats = finished["stats"]
    by_state = stats["by_state"]
    assert set(by_state) == {*("pending", "sent", "delivered", "opened", "clicked"), *("failed", "skipped", "held_out")}
    assert stats["audience"] == PEOPLE == sum(by_state.values())
    assert by_state["skipped"] == DENIED
    assert by_state["pending"] == by_state["sent"] == 0
    assert by_state["delivered"] + by_state["failed"] == PEOPLE - DENIED
    assert by_state["delivered"] > by_state["failed"] > 0  # the vendor delivers nine of ten
    assert stats["skipped_by_reason"] == {"no_consent": DENIED}
    assert sum(stats["failed_by_reason"].values()) == by_state["failed"]
    assert set(stats["failed_by_reason"]) <= {"unreachable", "device_offline", "blocked_by_recipient"}


def test_customer_shows_the_message_as_it_was_sent(client: httpx.Client, finished: Json) -> None:
    sent = [
        message
        for message in profile(client, "camp-250")["messages"]["items"]
        if message["campaign_id"] == finished["id"]
    ]
    assert [message["text"] for message in sent] == ["Hi Person250!"]
    assert sent[0]["state"] in {"delivered", "failed"}
    (skipped,) = [
        message
        for message in profile(client, "camp-001")["messages"]["items"]
        if message["campaign_id"] == finished["id"]
    ]
    assert (skipped["state"], skipped["reason"]) == ("skipped", "no_consent")
    assert "text" not in skipped


def test_second_launch_is_refused_and_sends_nothing(client: httpx.Client, finished: Json) -> None:
    document = problem_in(client.post(f"/campaigns/{finished['id']}/launch"), 409)
    assert "completed" in document["detail"]
    again = client.get(f"/campaigns/{finished['id']}/stats").json()
    assert again["by_state"] == finished["stats"]["by_state"]


def test_two_launches_in_a_row_are_one(client: httpx.Client) -> None:
    made = create(client, rule={"kind": "all", "rules": [tagged("api-campaign"), _visits_below(30)]})
    assert client.post(f"/campaigns/{made['id']}/launch").status_code == 202
    problem_in(client.post(f"/campaigns/{made['id']}/launch"), 409)
    assert stats_when_done(client, made["id"])["audience"] == 30


def test_campaign_for_a_segment_freezes_its_rule(client: httpx.Client) -> None:
    rule = {"kind": "all", "rules": [tagged("api-campaign"), _visits_below(25)]}
    segment = client.post("/segments", json={"name": "Api campaign segment", "rule": rule}).json()
    made = create(client, segment_id=segment["id"])
    launched = client.post(f"/campaigns/{made['id']}/launch").json()
    assert (launched["rule"], launched["segment_version"]) == (rule, 1)
    stats = stats_when_done(client, made["id"])
    assert stats["audience"] == 25
    assert stats["skipped_by_reason"]["no_consent"] == DENIED


def test_campaign_to_nobody_is_completed_with_an_empty_audience(client: httpx.Client) -> None:
    made = create(client, rule={"kind": "all", "rules": [tagged("api-campaign"), _visits_below(0)]})
    assert client.post(f"/campaigns/{made['id']}/launch").status_code == 202
    assert stats_when_done(client, made["id"])["audience"] == 0


@pytest.mark.parametrize(
    "rule",
    [{"kind": "all", "rules": []}, {"kind": "none", "rules": []}, {"kind": "all", "rules": [{"kind": "none"}]}],
    ids=["all", "none", "nested"],
)
def test_launch_of_everyone_without_confirmation_is_refused_and_the_draft_stays(
    client: httpx.Client, rule: Json
) -> None:
    made = create(client, rule=rule)
    for body in (None, {}, {"confirm_everyone": False}):
        document = problem_in(client.post(f"/campaigns/{made['id']}/launch", json=body), 409)
        assert "confirm_everyone" in document["detail"]
    assert client.get(f"/campaigns/{made['id']}").json()["state"] == "draft"
    assert client.get(f"/campaigns/{made['id']}/stats").json()["audience"] == 0


def test_confirmed_launch_reaches_everyone(client: httpx.Client) -> None:
    everyone = {"kind": "all", "rules": []}
    total = client.post("/segments/preview", json={"rule": everyone}).json()["total"]
    made = create(client, rule=everyone)
    assert client.post(f"/campaigns/{made['id']}/launch", json={"confirm_everyone": True}).status_code == 202
    assert stats_when_done(client, made["id"])["audience"] == total >= PEOPLE


@pytest.mark.parametrize(
    ("body", "field", "words"),
    [
        ({"rule": {"kind": "all"}, "segment_id": "x"}, "segment_id", "exactly one"),
        ({}, "segment_id", "exactly one"),
        ({"rule": {"kind": "all"}, "channel": "fax"}, "channel", "'fax'"),
        ({"rule": {"kind": "all"}, "name": " "}, "name", "needs a name"),
        ({"rule": {"kind": "all"}, "message": ""}, "message", "1 to 5,000"),
        ({"rule": {"kind": "all"}, "message": "Hi {{ customer.nam }}"}, "message", "customer.nam"),
        ({"rule": {"kind": "all"}, "message": "Hi {{ customer.name "}, "message", "line 1"),
    ],
)
def test_campaign_that_cannot_be_sent_is_refused_with_the_field(
    client: httpx.Client, body: Json, field: str, words: str
) -> None:
    document = problem_in(client.post("/campaigns", json={"name": "Bad", "message": "Hi"} | body), 422)
    assert document["field"] == field
    assert words in document["detail"]


def test_campaigns_are_listed_newest_first_in_pages_that_cover_all(client: httpx.Client) -> None:
    made = [create(client, name=f"Listed {n}", rule=tagged("api-campaign"))["id"] for n in range(5)]
    found: list[str] = []
    cursor = None
    while True:
        page = client.get("/campaigns", params={"limit": 2} | ({"cursor": cursor} if cursor else {})).json()
        found += [campaign["id"] for campaign in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert found[:5] == made[::-1]
    assert len(set(found)) == len(found)


@pytest.mark.parametrize("path", ["", "/stats"])
def test_unknown_campaign_is_404(client: httpx.Client, path: str) -> None:
    problem_in(client.get(f"/campaigns/none{path}"), 404)
    problem_in(client.post("/campaigns/none/launch"), 404)


def _visits_below(number: int) -> Json:
    return {"kind": "field", "field": "visits", "op": "lt", "value": number}
