"""A campaign over HTTP beside its sending: every option, changes of a draft, and each thing that is done to one."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from crm_core.campaigns.messages.rows import new_row
from crm_core.schema.message_states import MessageState
from crm_core.services import Services
from tests.api.answers import Json, problem_in
from tests.running_app import RunningApp
from tests.waiting import eventually

SPENDERS: Json = {"kind": "field", "field": "total_spend", "op": "gt", "value": 100}
LATER = "2199-01-01T00:00:00Z"
VARIANTS = [{"name": name, "message": f"{name}!", "subject": "News", "preheader": None, "weight": 50} for name in "AB"]
Row = tuple[MessageState, str | None]


@pytest.fixture(scope="module")
def inside(app: RunningApp) -> Iterator[Services]:
    with app.services() as services:
        yield services


def create(client: httpx.Client, **fields: Any) -> Json:
    answer = client.post("/campaigns", json={"name": "Changes", "message": "Hi", "rule": SPENDERS} | fields)
    assert answer.status_code == 201, answer.text
    made: Json = answer.json()
    return made


def do(client: httpx.Client, campaign_id: str, action: str, **body: Any) -> Json:
    answer = client.post(f"/campaigns/{campaign_id}/{action}", json=body or None)
    assert answer.status_code == (201 if action == "duplicate" else 202), answer.text
    done: Json = answer.json()
    return done


def stats(client: httpx.Client, campaign_id: str) -> Json:
    found: Json = client.get(f"/campaigns/{campaign_id}/stats").json()
    return found


def under_way(client: httpx.Client, inside: Services, *rows: Row, **campaign: Any) -> str:
    """A campaign whose log is written by hand; the workers find it as it is."""
    campaign_id = str(create(client)["id"])
    at = inside.clock()
    inside.message_log.insert(
        [
            new_row(campaign_id, f"c{place}", channel="in_app", at=at, state=state)
            | ({"reason": reason, "due_at": at + timedelta(days=30)} if reason else {})
            for place, (state, reason) in enumerate(rows)
        ]
    )
    values = {"state": "sending", "launched_at": at, "planned_at": at, "audience": len(rows), **campaign}
    inside.db.campaigns.update_one({"_id": campaign_id}, {"$set": values})
    return campaign_id


def test_every_option_is_kept_and_shown(client: httpx.Client) -> None:
    segment = client.post("/segments", json={"name": "Left out of changes", "rule": SPENDERS}).json()["id"]
    options: Json = {
        "name": "All options",
        "channel": "email",
        "variants": VARIANTS,
        "preheader": "New arrivals",
        "from_name": "Nest Books",
        "reply_to": "help@nest.example",
        "holdout_percent": 12.5,
        "exclude_segment_ids": [segment],
        "exclude_recent_days": 7,
        "quiet_hours": "skip",
        "intent": "Win back",
        "tags": ["spring", "sale"],
    }
    body = {**options, "customerIds": ["c1", "c2"], "scheduleAt": "2199-01-01T05:30:00+05:30"}
    answer = client.post("/campaigns", json=body)
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert {name: made[name] for name in options} == options
    assert made["rule"] == {"kind": "list", "customer_ids": ["c1", "c2"]}
    assert (made["state"], made["scheduled_at"]) == ("scheduled", LATER)
    assert client.get(f"/campaigns/{made['id']}").json() == made


@pytest.mark.parametrize(
    ("body", "field", "words"),
    [
        ({"customer_ids": ["c1"]}, "segment_id", "exactly one of segment_id, rule, text and customer_ids"),
        ({"text": "spend > 5"}, "text", "Say the rule once"),
        ({"channel": "sms", "subject": "Hi", "variants": VARIANTS}, "subject", "Only a message over email"),
        ({"message": None}, "message", "1 to 5,000"),
        ({"schedule_at": "2020-01-01T00:00:00Z"}, "schedule_at", "2020-01-01T00:00:00+00:00 has passed"),
        ({"exclude_segment_ids": ["nothing"]}, "exclude_segment_ids[0]", "'nothing'"),
    ],
)
def test_options_that_do_not_go_together_are_refused_with_the_field(
    client: httpx.Client, body: Json, field: str, words: str
) -> None:
    answer = client.post("/campaigns", json={"name": "Bad", "message": "Hi", "rule": SPENDERS} | body)
    document = problem_in(answer, 422)
    assert document["field"] == field
    assert words in document["detail"]


def test_a_change_of_a_draft_leaves_alone_what_it_does_not_name_and_null_clears(client: httpx.Client) -> None:
    made = create(client, intent="Win back", tags=["a"], exclude_recent_days=7)
    path = f"/campaigns/{made['id']}"
    changed = client.patch(path, json={"name": "Renamed", "intent": None, "text": "spend > 5"})
    assert changed.status_code == 200, changed.text
    expected = made | {"name": "Renamed", "intent": None, "rule": {**SPENDERS, "value": 5}}
    assert changed.json() == client.get(path).json() == expected
    assert problem_in(client.patch(path, json={"message": "{{ x }}"}), 422)["field"] == "message"
    do(client, made["id"], "schedule", schedule_at=LATER)
    assert "is scheduled; only a draft" in problem_in(client.patch(path, json={"name": "No"}), 409)["detail"]


def test_a_scheduled_campaign_goes_back_and_forth_and_its_copy_is_a_draft(client: httpx.Client) -> None:
    made = create(client, tags=["a"])["id"]
    scheduled = do(client, made, "schedule", scheduleAt=LATER)
    assert (scheduled["state"], scheduled["scheduled_at"]) == ("scheduled", LATER)
    assert do(client, made, "unschedule")["state"] == "draft"
    do(client, made, "schedule", schedule_at=LATER)
    copy = do(client, made, "duplicate")
    assert (copy["state"], copy["copy_of"], copy["tags"], copy["scheduled_at"]) == ("draft", made, ["a"], None)
    assert do(client, made, "cancel")["state"] == "cancelled"
    assert do(client, made, "archive")["archived_at"]
    assert do(client, made, "unarchive")["archived_at"] is None


def test_a_launch_of_everyone_by_the_clock_is_confirmed_when_it_is_scheduled(client: httpx.Client) -> None:
    everyone = create(client, rule={"kind": "all"})["id"]
    for body, status in (({}, 409), ({"confirm_everyone": True}, 202)):
        answer = client.post(f"/campaigns/{everyone}/schedule", json={"schedule_at": LATER, **body})
        assert answer.status_code == status, answer.text


@pytest.mark.parametrize("action", ["unschedule", "pause", "resume", "cancel", "retry"])
def test_what_a_draft_does_not_allow_is_refused_with_what_does(client: httpx.Client, action: str) -> None:
    made = create(client)["id"]
    assert "This campaign is draft; only a" in problem_in(client.post(f"/campaigns/{made}/{action}"), 409)["detail"]
    problem_in(client.post(f"/campaigns/none/{action}"), 404)


def test_a_running_campaign_is_paused_resumed_and_cancelled(client: httpx.Client, inside: Services) -> None:
    campaign = under_way(client, inside, (MessageState.PENDING, "quiet_hours"), (MessageState.DELIVERED, None))
    assert stats(client, campaign)["pending_by_reason"] == {"quiet_hours": 1}
    assert do(client, campaign, "pause")["paused_by"] == "key:test"
    problem_in(client.post(f"/campaigns/{campaign}/pause"), 409)
    assert do(client, campaign, "resume")["state"] == "sending"
    assert do(client, campaign, "cancel")["state"] == "cancelled"
    ended = eventually(lambda: stats(client, campaign), lambda found: not found["by_state"]["pending"])
    assert ended["skipped_by_reason"] == {"cancelled": 1}
    assert ended["identity"] == {"plan": "complete", "planned": 2, "never_planned": None, "adds_up": True}


def test_failed_messages_are_tried_again(client: httpx.Client, inside: Services) -> None:
    campaign = under_way(client, inside, (MessageState.FAILED, "refused_by_vendor"), state="completed")
    assert do(client, campaign, "retry")["state"] == "sending"
    ended = eventually(lambda: stats(client, campaign), lambda found: found["state"] == "completed")
    assert ended["failed_by_reason"] == {}
    assert ended["skipped_by_reason"] == {"customer_gone": 1}


def test_rows_that_do_not_make_up_the_audience_are_said_not_to(client: httpx.Client, inside: Services) -> None:
    campaign = under_way(client, inside, (MessageState.DELIVERED, None), state="paused", audience=2)
    told = {"plan": "complete", "planned": 2, "never_planned": None, "adds_up": False}
    assert stats(client, campaign)["identity"] == told


def test_figures_by_variant_count_each_row_that_has_one(client: httpx.Client, inside: Services) -> None:
    rows = [(MessageState.DELIVERED, None)] * 3 + [(MessageState.HELD_OUT, None)]
    campaign = under_way(client, inside, *rows, state="paused", variants=VARIANTS)
    for customer, variant in (("c0", "A"), ("c1", "B"), ("c2", "B")):
        inside.db.messages.update_one({"_id": f"{campaign}:{customer}"}, {"$set": {"variant": variant}})
    found = stats(client, campaign)
    assert {name: each["delivered"] for name, each in found["by_variant"].items()} == {"A": 1, "B": 2}
    assert found["audience"] == sum(sum(each.values()) for each in found["by_variant"].values()) + 1
    assert found["by_state"]["delivered"] == 3


def test_campaigns_are_found_by_state_name_and_whether_they_are_archived(client: httpx.Client) -> None:
    ids = [create(client, name=f"Needle (x) {n}")["id"] for n in range(3)]
    do(client, ids[0], "schedule", schedule_at=LATER)
    do(client, ids[1], "archive")

    def found(**parameters: Any) -> list[str]:
        page = client.get("/campaigns", params={"search": "needle (X)", **parameters}).json()
        return [each["id"] for each in page["items"]]

    assert found() == [ids[2], ids[0]]
    assert found(state="scheduled") == [ids[0]]
    assert found(archived=True) == [ids[1]]
    first = client.get("/campaigns", params={"search": "needle (X)", "limit": 1}).json()
    assert found(cursor=first["next"]) == [ids[0]]
    assert problem_in(client.get("/campaigns", params={"state": "asleep"}), 422)["errors"][0]["field"] == "state"


def test_rows_are_listed_by_state_and_reason_in_pages_that_cover_all(client: httpx.Client, inside: Services) -> None:
    kinds: list[Row] = [
        (MessageState.PENDING, None),
        (MessageState.PENDING, "quiet_hours"),
        (MessageState.SKIPPED, "no_consent"),
        (MessageState.SKIPPED, "customer_gone"),
        (MessageState.DELIVERED, None),
    ]
    campaign = under_way(client, inside, *(kind for kind in kinds for _ in range(3)), state="paused")
    rows = _walk(lambda **more: client.get(f"/campaigns/{campaign}/messages", params={"limit": 2, **more}))
    assert [(row["state"], row.get("reason")) for row in rows[::3]] == sorted(
        ((str(state), reason) for state, reason in kinds),
        key=lambda each: (MessageState(each[0]).rank, each[1] or ""),
    )
    assert {row["customer_id"] for row in rows} == {f"c{n}" for n in range(15)}
    assert len(rows) == 15
    for wanted, count in (
        ({"state": "skipped"}, 6),
        ({"state": "skipped", "reason": "no_consent"}, 3),
        ({"reason": "quiet_hours"}, 3),
        ({"state": "clicked"}, 0),
    ):
        asked = {"limit": 2, **wanted}
        part = _walk(lambda asked=asked, **more: client.get(f"/campaigns/{campaign}/messages", params=asked | more))
        assert len(part) == count
        assert all(row[name] == value for row in part for name, value in wanted.items())


def _walk(get: Callable[..., httpx.Response]) -> list[Json]:
    rows: list[Json] = []
    more: Json = {}
    while True:
        answer = get(**more)
        assert answer.status_code == 200, answer.text
        rows += answer.json()["items"]
        if answer.json()["next"] is None:
            return rows
        more = {"cursor": answer.json()["next"]}


@pytest.mark.parametrize("cursor", ["x", "bnVsbA==", "WzEsMiwzXQ==", "WzYsbnVsbCwiYzEiXQ=="])
def test_what_is_no_cursor_of_the_list_is_refused(client: httpx.Client, cursor: str) -> None:
    made = create(client)["id"]
    answer = client.get(f"/campaigns/{made}/messages", params={"state": "sent", "cursor": cursor})
    assert problem_in(answer, 422)["field"] == "cursor"


def test_what_a_customer_was_written_is_shown_to_who_may_read_customers(
    app: RunningApp, client: httpx.Client, inside: Services
) -> None:
    campaign = under_way(client, inside, (MessageState.DELIVERED, None), state="paused")
    inside.db.messages.update_one({"campaign_id": campaign}, {"$set": {"text": "Hi Asha", "claim": "1-1"}})
    path = f"/campaigns/{campaign}/messages"
    (row,) = client.get(path).json()["items"]
    assert (row["text"], "claim" in row) == ("Hi Asha", False)
    with app.api("campaigns:read") as reader:
        (row,) = reader.get(path).json()["items"]
    assert "text" not in row
    assert row["state"] == "delivered"
