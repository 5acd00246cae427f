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


def nested(depth: int) -> Json:
    return SPENDERS if depth == 1 else all_of(nested(depth - 1))


def _size(op: str, value: Any = None) -> Json:
    rule = {"kind": "field", "field": "attributes.seg_size", "op": op}
    return rule if value is None else {**rule, "value": value}


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
    rule = all_of(tagged("api-segment"), SPENDERS)
    found = preview(client, rule)
    says = {"waterfall", "conditions", "deliverable", "source"}
    assert set(found) == {"count", "total", "sample", "rule", "text", "sentence", "as_of", "took_ms"} | says
    assert found["count"] == 5
    assert found["total"] == preview(client, {"kind": "all", "rules": []})["count"]
    assert found["rule"] == rule
    assert found["text"] == 'tags has any ("api-segment") AND spend > 100'
    assert found["sentence"] == "is tagged with “api-segment” and spent more than $100"
    assert found["sample"] == []
    assert found["took_ms"] >= 0
    assert abs(datetime.now(UTC) - datetime.fromisoformat(found["as_of"])) < timedelta(hours=1)


def test_preview_says_what_each_rule_does_and_who_can_be_messaged(client: httpx.Client) -> None:
    ours = tagged("api-segment")
    found = preview(client, all_of(ours, {"kind": "any", "rules": [SPENDERS, {**SPENDERS, "value": 200}]}))
    assert found["source"] == "memory"
    first, second = found["waterfall"]
    assert first == {
        "path": "rule.rules[0]",
        "text": 'tags has any ("api-segment")',
        "count": 10,
        "change": 10 - found["total"],
    }
    assert second == {"path": "rule.rules[1]", "text": "spend > 100 OR spend > 200", "count": 5, "change": -5}
    _, more, much = found["conditions"]
    assert (more["path"], more["without"], much["without"]) == ("rule.rules[1].rules[0]", 1, 5)
    assert more["alone"] == count(client, SPENDERS)
    nobody = {"no_consent": 0, "no_address": 0, "suppressed": 0, "same_address": 0}
    assert found["deliverable"]["in_app"] == {"count": 5, "reasons": nobody}
    assert found["deliverable"]["email"] == {"count": 0, "reasons": {**nobody, "no_address": 5}}


def test_preview_of_an_address_is_counted_in_the_database(client: httpx.Client) -> None:
    rule = {"kind": "field", "field": "email", "op": "is_not_set"}
    found = preview(client, all_of(tagged("api-segment"), rule))
    assert (found["count"], found["source"]) == (10, "database")
    assert (found["waterfall"], found["conditions"], found["deliverable"]) == (None, None, None)


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
        ({**SPENDERS, "also": 1}, "rule.rules[1].also", "no known field"),
        (
            {"kind": "magic"},
            "rule.rules[1]",
            "'field', 'orders', 'events', 'messages', 'reach', 'suppressed', 'segment', 'list', 'all', 'any', 'none'",
        ),
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


HOSTILE: list[tuple[Json, str, str]] = [
    ({**SPENDERS, "value": {"$gt": ""}}, "rule.value", "must be a finite number, a text"),
    ({**SPENDERS, "value": [{"$gt": ""}]}, "rule.value", "must be a finite number, a text"),
    ({**SPENDERS, "value": 10**400}, "rule.value", "beyond 10^15"),
    ({**SPENDERS, "value": "1" * 100_000}, "rule.value", "no number"),
    ({**SPENDERS, "field": "$where"}, "rule", "there is no field '$where'"),
    ({**SPENDERS, "field": "folded.city"}, "rule", "there is no field"),
    ({**SPENDERS, "field": "attributes.$where"}, "rule", "there is no field"),
    ({**SPENDERS, "field": {"$ne": ""}}, "rule.field", "must be a text"),
    ({**SPENDERS, "op": "$where"}, "rule.op", "'$where' does not go with"),
    ({"kind": "field", "field": "city", "op": "in", "value": []}, "rule.value", "at least one text"),
    ({"kind": "field", "field": "city", "op": "in", "value": "Pune"}, "rule.value", "at least one text"),
    ({"kind": "field", "field": "city", "op": "eq", "value": "a\0b"}, "rule.value", "no text"),
    ({"kind": "field", "field": "city", "op": "contains", "value": "(a+)+$" * 34}, "rule.value", "at most 200"),
    ({"kind": "field", "field": "city", "op": "contains", "value": ""}, "rule.value", "is_not_set"),
    ({"kind": "field", "field": "visits", "op": "between", "value": [5, 1]}, "rule.value", "reversed"),
    ({"kind": "field", "field": "last_order_at", "op": "on", "value": "2026-02-30"}, "rule.value", "no date"),
    ({"kind": "segment", "segment_id": {"$ne": ""}}, "rule.segment_id", "must be a text"),
    ({"kind": "segment", "segment_id": "none"}, "rule.segment_id", "no segment with the id 'none'"),
    ({"kind": "list", "customer_ids": []}, "rule.customer_ids", "at least 1"),
    ({"kind": "list", "customer_ids": [{"$gt": ""}]}, "rule.customer_ids[0]", "must be a text"),
    ({"kind": "list", "customer_ids": ["c"] * 10_001}, "rule.customer_ids", "at most 10000"),
    ({"kind": "events", "type": "$where", "op": "gte", "value": 1}, "rule.type", "pattern"),
    ({"kind": "events", "type": "visit", "op": "gte", "value": [1, 2]}, "rule.value", "no number"),
    ({"kind": "orders", "op": "gte", "value": 1, "within_days": 36_501}, "rule.within_days", "36500"),
    ({"kind": "all", "rules": {"$where": "1"}}, "rule.rules", "array"),
    ({"kind": "all", "rules": [None]}, "rule.rules[0]", "object"),
    ({"kind": {"$ne": ""}}, "rule", "kind"),
    ({}, "rule", "kind"),
    (all_of(*[SPENDERS] * 300), "rule.rules[199]", "200 nodes"),
    (nested(40), "rule" + ".rules[0]" * 8, "8 levels"),
]


@pytest.mark.parametrize(
    ("rule", "path", "words"), HOSTILE, ids=[f"{n} {words}" for n, (*_, words) in enumerate(HOSTILE)]
)
def test_what_is_no_rule_is_refused_with_its_path(client: httpx.Client, rule: Json, path: str, words: str) -> None:
    document = problem_in(client.post("/segments/preview", json={"rule": rule}), 422)
    assert document["field"] == path
    assert words in document["detail"]
    assert len(document["detail"]) < 1000


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e400"])
def test_a_number_that_is_not_finite_is_refused_with_its_path(client: httpx.Client, number: str) -> None:
    body = f'{{"rule": {{"kind": "field", "field": "visits", "op": "gt", "value": {number}}}}}'
    assert problem_in(client.post("/segments/preview", content=body), 422)["field"] == "rule.value"


@pytest.mark.parametrize(
    "rule",
    ["[" * 100_000, '{"rules":[' * 10_000, '{"kind":"all","rules":[' * 150 + "]}" * 150, '"\\ud800"', "1" * 9_999],
)
def test_what_no_reader_takes_is_refused(client: httpx.Client, rule: str) -> None:
    problem_in(client.post("/segments/preview", content=f'{{"rule": {rule}}}'), 422)


@pytest.mark.parametrize(
    ("op", "value", "expected"),
    [
        ("contains", "(a+)+$", ["seg-odd"]),
        ("contains", "(a+)+$" * 33, []),
        ("contains", ".*", []),
        ("contains", "%_\\", ["seg-odd"]),
        ("starts_with", "^", []),
        ("starts_with", "{$GT", ["seg-odd"]),
        ("eq", '{"$gt": ""}', []),
        ("in", ["$where", "/./"], []),
    ],
)
def test_a_text_is_taken_literally(client: httpx.Client, op: str, value: Any, expected: list[str]) -> None:
    store_customers(
        client, "api-literal", [{"id": "seg-odd", "name": "{$gt (a+)+$ %_\\"}, {"id": "seg-plain", "name": "a" * 40}]
    )
    rule = all_of(tagged("api-literal"), {"kind": "field", "field": "name", "op": op, "value": value})
    assert [found["id"] for found in preview(client, rule, sample=10)["sample"]] == expected


def test_an_attribute_is_asked_for_by_its_type(client: httpx.Client) -> None:
    sizes = [{"id": f"seg-size-{n}", "attributes": {"seg_size": n}} for n in range(5)]
    store_customers(client, "api-size", sizes)
    found = preview(client, all_of(tagged("api-size"), _size("gte", 3)))
    assert (found["count"], found["text"]) == (2, 'tags has any ("api-size") AND seg_size >= 3')
    assert found["sentence"].endswith("and seg size is at least 3")
    assert count(client, all_of(tagged("api-size"), _size("is_not_set"))) == 0
    refused = client.post("/segments/preview", json={"rule": _size("contains", "3")})
    assert "does not go with a number field" in problem_in(refused, 422)["detail"]


def test_an_attribute_of_several_types_is_refused_until_its_type_is_declared(client: httpx.Client) -> None:
    mixed = [{"id": f"seg-mixed-{n}", "attributes": {"seg_mixed": value}} for n, value in enumerate([5, "5", 7])]
    store_customers(client, "api-mixed", mixed)
    rule = all_of(tagged("api-mixed"), {"kind": "field", "field": "attributes.seg_mixed", "op": "gte", "value": 5})
    for body in ({"rule": rule}, {"text": "seg_mixed >= 5"}):
        document = problem_in(client.post("/segments/preview", json=body), 422)
        assert document["field"] == ("rule.rules[1]" if "rule" in body else "text")
        assert "of several types; declare its type" in document["detail"]
    assert client.put("/attributes/seg_mixed", json={"type": "number"}).status_code == 200
    assert count(client, rule) == 2


def test_events_are_counted_by_type_within_a_window(client: httpx.Client) -> None:
    store_customers(client, "api-events", [{"id": "seg-event-1"}, {"id": "seg-event-2"}])
    days = {"seg-e1": ("seg-event-1", 1), "seg-e2": ("seg-event-1", 5), "seg-e3": ("seg-event-2", 5)}
    send(
        client,
        "/events",
        [
            {"id": key, "customer_id": who, "type": "page_view", "at": f"2026-04-0{day}T00:00:00Z"}
            for key, (who, day) in days.items()
        ],
    )
    twice = {"kind": "events", "type": "page_view", "op": "gte", "value": 2}
    eventually(lambda: count(client, all_of(tagged("api-events"), {**twice, "value": 1})), lambda found: found == 2)
    assert count(client, all_of(tagged("api-events"), twice)) == 1
    recent = all_of(tagged("api-events"), {**twice, "within_days": 5})
    assert preview(client, recent, now="2026-04-06T00:00:00Z")["count"] == 1
    assert preview(client, recent, now="2026-04-06T00:00:01Z")["count"] == 0
    assert count(client, all_of(tagged("api-events"), {**twice, "type": "purchase", "op": "eq", "value": 0})) == 2


def test_customers_are_picked_by_hand_and_unknown_ones_are_nobody(client: httpx.Client) -> None:
    picked = {"kind": "list", "customer_ids": ["seg-3", "seg-3", "nobody", "seg-5"]}
    found = preview(client, picked, sample=10)
    assert [record["id"] for record in found["sample"]] == ["seg-3", "seg-5"]
    assert count(client, all_of(tagged("api-segment"), {"kind": "none", "rules": [picked]})) == 8


def test_a_segment_in_a_rule_counts_as_its_own_rule(client: httpx.Client) -> None:
    rule = all_of(tagged("api-segment"), SPENDERS)
    saved = client.post("/segments", json={"name": "Api in a rule", "rule": rule}).json()
    named = {"kind": "segment", "segment_id": saved["id"]}
    found = preview(client, all_of(named, {"kind": "field", "field": "visits", "op": "lt", "value": 7}))
    assert (found["count"], found["text"]) == (2, 'segment "Api in a rule" AND visits < 7')
    outside = all_of(tagged("api-segment"), {"kind": "none", "rules": [named]})
    assert count(client, outside) == 5


def test_saved_segment_is_listed_and_fetched_with_its_count(client: httpx.Client) -> None:
    rule = all_of(tagged("api-segment"), SPENDERS)
    made = client.post("/segments", json={"name": " Api spenders ", "rule": rule})
    assert made.status_code == 201
    segment = made.json()
    assert segment["name"] == "Api spenders"
    assert segment["rule"] == rule
    assert segment["count"] == 5
    assert segment["created_by"] == "key:test"
    assert (segment["version"], segment["uses"]) == (1, [])
    assert segment["text"] == 'tags has any ("api-segment") AND spend > 100'
    assert segment["sentence"] == "is tagged with “api-segment” and spent more than $100"
    assert client.get(f"/segments/{segment['id']}").json() == segment
    assert segment in client.get("/segments").json()["items"]


def test_name_of_a_segment_is_needed_and_taken_once(client: httpx.Client) -> None:
    body = {"name": "Api taken", "rule": SPENDERS}
    assert client.post("/segments", json=body).status_code == 201
    assert problem_in(client.post("/segments", json=body), 422)["field"] == "name"
    assert problem_in(client.post("/segments", json=body | {"name": "  "}), 422)["field"] == "name"


def test_unknown_segment_is_404(client: httpx.Client) -> None:
    assert "'none'" in problem_in(client.get("/segments/none"), 404)["detail"]
