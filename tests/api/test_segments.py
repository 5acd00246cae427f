"""Segments over HTTP: how many a rule reaches, who they are, and rules kept under a name."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.api.answers import Json, count, customer, problem_in, send, store_customers, tagged
from tests.waiting import eventually

SPENDERS: Json = {"kind": "field", "field": "total_spend", "op": "gt", "value": 100}


def all_of(*rules: Json) -> Json:
    return {"kind": "all", "rules": list(rules)}


@pytest.fixture(scope="module", autouse=True)
def people(client: httpx.Client) -> None:
    """Ten customers: number n has spent n × 25 and visited n times."""
    store_customers(client, "api-segment", [{"id": f"seg-{n}", "total_spend": n * 25, "visits": n} for n in range(10)])


def preview(client: httpx.Client, rule: Json, **more: Any) -> Json:
    answer = client.post("/segments/preview", json={"rule": rule, **more})
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


def test_preview_gives_the_exact_count_the_total_and_the_rule_in_words(client: httpx.Client) -> None:
    found = preview(client, all_of(tagged("api-segment"), SPENDERS))
    assert set(found) == {"count", "total", "sample", "rule", "text", "sentence", "as_of", "took_ms"}
    assert found["count"] == 5
    assert found["total"] == preview(client, {"kind": "all", "rules": []})["count"]
    for words in ("api-segment", "and", "spent more than $100"):
        assert words in found["sentence"].lower()
    assert found["sample"] == []
    assert found["took_ms"] >= 0
    assert abs(datetime.now(UTC) - datetime.fromisoformat(found["as_of"])) < timedelta(hours=1)


@pytest.mark.parametrize(
    ("kind", "expected"), [("all", 2), ("any", 8), ("none", 2)], ids=["all both", "any of them", "none of them"]
)
def test_groups_join_their_rules(client: httpx.Client, kind: str, expected: int) -> None:
    few_visits = {"kind": "field", "field": "visits", "op": "lte", "value": 6}
    rules = [few_visits, SPENDERS] if kind != "none" else [few_visits, {**SPENDERS, "value": 200}]
    if kind == "any":
        rules = [{**few_visits, "value": 4}, {**SPENDERS, "value": 150}]
    assert count(client, all_of(tagged("api-segment"), {"kind": kind, "rules": rules})) == expected


def test_sample_shows_customers_that_match_with_money_as_numbers(client: httpx.Client) -> None:
    found = preview(client, all_of(tagged("api-segment"), SPENDERS), sample=3)
    assert [(record["id"], record["total_spend"]) for record in found["sample"]] == [
        ("seg-5", 125),
        ("seg-6", 150),
        ("seg-7", 175),
    ]


def test_sample_needs_the_scope_to_read_customers(segments_reader: httpx.Client) -> None:
    assert preview(segments_reader, tagged("api-segment"))["count"] == 10
    answer = segments_reader.post("/segments/preview", json={"rule": tagged("api-segment"), "sample": 1})
    assert "customers:read" in problem_in(answer, 403)["detail"]


def test_relative_window_is_evaluated_as_of_now_in_the_request(client: httpx.Client) -> None:
    send(client, "/customers", {"id": "window-1", "tags": ["api-window"]})
    send(client, "/orders", {"id": "window-o1", "customer_id": "window-1", "amount": 1, "ordered_at": "2026-01-10"})
    eventually(lambda: customer(client, "window-1"), lambda found: found["order_count"] == 1)
    rule = all_of(tagged("api-window"), {"kind": "orders", "op": "gte", "value": 1, "within_days": 30})
    assert preview(client, rule, now="2026-02-09T00:00:00Z")["count"] == 1
    assert preview(client, rule, now="2026-02-09T01:00:00+01:00")["count"] == 1
    late = preview(client, rule, now="2026-02-09T00:00:01Z")
    assert (late["count"], late["as_of"]) == (0, "2026-02-09T00:00:01Z")


@pytest.mark.parametrize(
    ("rule", "path", "words"),
    [
        ({**SPENDERS, "field": "total_spnd"}, "rule.rules[1]", "Did you mean total_spend"),
        ({**SPENDERS, "op": "contains"}, "rule.rules[1].op", "does not go with"),
        ({**SPENDERS, "value": "many"}, "rule.rules[1].value", "no number"),
        ({**SPENDERS, "op": "between", "value": [5, 1]}, "rule.rules[1].value", "reversed"),
        ({**SPENDERS, "also": 1}, "rule.rules[1].also", "not permitted"),
        ({"kind": "magic"}, "rule.rules[1]", "'field', 'orders', 'events', 'segment', 'list', 'all', 'any', 'none'"),
        ({"kind": "any", "rules": [{"kind": "field", "field": "visits"}]}, "rule.rules[1].rules[0].op", "required"),
    ],
)
def test_bad_rule_is_refused_with_the_path_of_the_node(client: httpx.Client, rule: Json, path: str, words: str) -> None:
    for answer in (
        client.post("/segments/preview", json={"rule": all_of(SPENDERS, rule)}),
        client.post("/segments", json={"name": "never saved", "rule": all_of(SPENDERS, rule)}),
        client.post("/campaigns", json={"name": "never made", "message": "Hi", "rule": all_of(SPENDERS, rule)}),
    ):
        document = problem_in(answer, 422)
        assert document["field"] == path
        assert words in document["detail"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"{", "body"),
        (b"", "body"),
        (b"[]", "body"),
        (b'{"rule": {"kind": "all"}, "sample": 101}', "sample"),
        (b'{"rule": {"kind": "all"}, "now": "2026-01-01T00:00:00"}', "now"),
        (b'{"rule": {"kind": "all"}, "extra": 1}', "extra"),
    ],
)
def test_bad_body_of_a_preview_names_the_field(client: httpx.Client, body: bytes, field: str) -> None:
    assert problem_in(client.post("/segments/preview", content=body), 422)["errors"][0]["field"] == field


@pytest.mark.parametrize(
    ("body", "field", "words"),
    [
        ({}, "rule", "A rule is needed"),
        ({"rule": SPENDERS, "text": "spend > 100"}, "text", "Say the rule once"),
    ],
    ids=["none", "both"],
)
def test_a_rule_is_said_once(client: httpx.Client, body: Json, field: str, words: str) -> None:
    for answer in (
        client.post("/segments/preview", json=body),
        client.post("/segments", json=body | {"name": "never saved"}),
    ):
        document = problem_in(answer, 422)
        assert document["field"] == field
        assert words in document["detail"]


def test_saved_segment_is_listed_and_fetched_with_its_count(client: httpx.Client) -> None:
    rule = all_of(tagged("api-segment"), SPENDERS)
    made = client.post("/segments", json={"name": " Api spenders ", "rule": rule})
    assert made.status_code == 201
    segment = made.json()
    assert segment["name"] == "Api spenders"
    assert segment["rule"] == rule
    assert segment["count"] == 5
    assert segment["created_by"] == "key:test"
    assert client.get(f"/segments/{segment['id']}").json() == segment
    assert segment in client.get("/segments").json()["items"]


def test_name_of_a_segment_is_needed_and_taken_once(client: httpx.Client) -> None:
    body = {"name": "Api taken", "rule": SPENDERS}
    assert client.post("/segments", json=body).status_code == 201
    assert problem_in(client.post("/segments", json=body), 422)["field"] == "name"
    assert problem_in(client.post("/segments", json=body | {"name": "  "}), 422)["field"] == "name"


def test_unknown_segment_is_404(client: httpx.Client) -> None:
    assert "'none'" in problem_in(client.get("/segments/none"), 404)["detail"]
