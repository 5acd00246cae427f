"""Rules as text over HTTP: what they count, how they come back, and where they are wrong."""

from typing import Any

import httpx
import pytest

from tests.api.answers import Json, problem_in, send, store_customers, tagged
from tests.waiting import eventually

TAG = "api-text"
OURS = f'tags has any ("{TAG}")'
SPENT = {"kind": "field", "field": "total_spend", "op": "gt", "value": 100}


@pytest.fixture(scope="module", autouse=True)
def people(client: httpx.Client) -> None:
    """Ten customers: number n has spent n × 25, visited n times and has n as its attribute text_size."""
    records = [
        {"id": f"txt-{n}", "total_spend": n * 25, "visits": n, "attributes": {"text_size": n}} for n in range(10)
    ]
    store_customers(client, TAG, records)


def ask(client: httpx.Client, text: str) -> httpx.Response:
    return client.post("/segments/preview", json={"text": text})


def preview(client: httpx.Client, text: str) -> Json:
    answer = ask(client, text)
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("spend > 100", 5),
        ("NOT spend > 100", 5),
        ("spend > 100 AND visits < 7", 2),
        ("visits < 2 or spend >= 200", 4),
        ("visits BETWEEN 2 and 4", 3),
        ("any of (visits = 1, visits = 2, visits = 2)", 2),
        ("attributes.text_size >= 8", 2),
        ("text_size >= 8", 2),
        ('customer in ("txt-1", "txt-3", "nobody")', 2),
        ("inactive for 30 days", 0),
        ("orders(last 30 days) = 0", 10),
        ("events(visit) >= 1", 0),
        ("everyone", 10),
        ("nobody", 0),
    ],
)
def test_a_text_is_counted(client: httpx.Client, text: str, expected: int) -> None:
    assert preview(client, f"{OURS} AND ({text})")["count"] == expected


def test_a_text_comes_back_as_tree_text_and_sentence_and_the_tree_means_the_same(client: httpx.Client) -> None:
    found = preview(client, f"{OURS}\n  and NOT total_spend <= 100")
    not_little: Json = {"kind": "none", "rules": [{**SPENT, "op": "lte"}]}
    assert found["rule"] == {"kind": "all", "rules": [tagged(TAG), not_little]}
    assert found["text"] == f"{OURS} AND NOT spend <= 100"
    assert found["sentence"] == f"is tagged with “{TAG}” and (not: spent at most $100)"
    as_tree = client.post("/segments/preview", json={"rule": found["rule"]}).json()
    as_text = preview(client, found["text"])
    same = ("count", "rule", "text", "sentence")
    assert [as_tree[name] for name in same] == [as_text[name] for name in same] == [found[name] for name in same]


@pytest.mark.parametrize(
    ("text", "line", "column", "words"),
    [
        ("spnd > 100", 1, 1, "Did you mean spend"),
        ("spend > 100 AND\n  vists < 3", 2, 3, "Did you mean visits"),
        ("spend contains 5", 1, 7, "allowed are"),
        ("spend > many", 1, 9, "many"),
        ("spend > 10,000", 1, 11, "without separators"),
        ("spend > 100 AND", 1, 16, "the text ends here"),
        ("", 1, 1, "the text ends here"),
        ("visits between 5 and 1", 1, 16, "reversed"),
        ('city = "Pune', 1, 8, "no end"),
        ("city = “Pune”", 1, 8, "straight quotes"),
        ('segment "No such segment"', 1, 9, "there is no segment named 'No such segment'"),
        ('segment "\\ud800"', 1, 9, "there is no segment named"),
        ("orders(colour = 5) > 1", 1, 8, "there is no filter colour"),
        ("orders(last 0 days) > 1", 1, 13, "no number of days"),
        ("events() > 1", 1, 8, "expected"),
        ("$where > 1", 1, 1, "'$' cannot stand in a rule"),
        ("visits > NaN", 1, 10, "there is no field 'nan'"),
        ("visits > 1e400", 1, 10, "beyond"),
        ("visits > " + "9" * 31, 1, 10, "30 digits"),
        ("(" * 5_000 + "visits > 1" + ")" * 4_999, 1, 10_010, "the text ends here"),
        ("NOT " * 40 + "visits > 1", 1, 1, "8 levels"),
        (" AND ".join(["visits > 1"] * 300), 1, 1, "200 nodes"),
    ],
    ids=lambda value: value[:30] if isinstance(value, str) else None,
)
def test_an_error_names_its_place_in_the_text(
    client: httpx.Client, text: str, line: int, column: int, words: str
) -> None:
    for answer in (
        ask(client, text),
        client.post("/segments", json={"name": "never saved by text", "text": text}),
        client.post("/campaigns", json={"name": "never made by text", "message": "Hi", "text": text}),
    ):
        document = problem_in(answer, 422)
        assert (document["field"], document["line"], document["column"]) == ("text", line, column), document
        assert words in document["detail"]


def test_brackets_do_not_nest_a_rule(client: httpx.Client) -> None:
    assert preview(client, "(" * 5_000 + "visits > 1" + ")" * 5_000)["rule"]["kind"] == "field"


def test_a_text_longer_than_allowed_is_refused(client: httpx.Client) -> None:
    document = problem_in(ask(client, "visits > 1" + " " * 200_000), 422)
    assert document["errors"][0]["field"] == "text"


@pytest.mark.parametrize(
    ("body", "field", "words"),
    [
        ({"rule": SPENT, "text": "spend > 100"}, "text", "once"),
        ({"rule": {}, "text": ""}, "text", "once"),
        ({}, "rule", "needed"),
        ({"rule": None, "text": None}, "rule", "needed"),
    ],
)
def test_a_rule_is_said_exactly_once(client: httpx.Client, body: Json, field: str, words: str) -> None:
    for path, more in (("/segments/preview", {}), ("/segments", {"name": "never saved"})):
        document = problem_in(client.post(path, json=body | more), 422)
        assert document["field"] == field
        assert words in document["detail"]


@pytest.mark.parametrize(
    "body",
    [
        {"text": "spend > 100", "rule": SPENT},
        {"text": "spend > 100", "segment_id": "x"},
        {"text": "spend > 100", "segmentId": "x"},
    ],
    ids=str,
)
def test_a_campaign_says_its_audience_exactly_once(client: httpx.Client, body: Json) -> None:
    problem_in(client.post("/campaigns", json={"name": "Never made", "message": "Hi", **body}), 422)


def test_a_campaign_takes_its_audience_as_text_and_is_sent_to_it(client: httpx.Client) -> None:
    body = {"name": "By text", "message": "Hi", "text": f"{OURS} AND spend > 100"}
    made = client.post("/campaigns", json=body)
    assert made.status_code == 201, made.text
    assert made.json()["rule"] == {"kind": "all", "rules": [tagged(TAG), SPENT]}
    campaign = f"/campaigns/{made.json()['id']}"
    assert client.post(f"{campaign}/launch").status_code == 202
    stats = eventually(lambda: client.get(f"{campaign}/stats").json(), lambda found: found["state"] == "completed")
    assert stats["audience"] == 5


def test_a_campaign_whose_text_means_everyone_needs_a_confirmation(client: httpx.Client) -> None:
    everyone: dict[str, Any] = {"name": "Everyone by text", "message": "Hi", "text": "everyone"}
    made = client.post("/campaigns", json=everyone).json()
    assert "confirm_everyone" in problem_in(client.post(f"/campaigns/{made['id']}/launch"), 409)["detail"]


def test_a_segment_is_named_in_a_text_by_its_name_and_comes_back_by_it(client: httpx.Client) -> None:
    name = 'Text "big" spenders'
    segment = client.post("/segments", json={"name": name, "text": f"{OURS} AND spend > 100"}).json()
    found = preview(client, f"segment 'Text \"big\" spenders' AND visits < 7 AND {OURS}")
    assert found["count"] == 2
    assert found["rule"]["rules"][0] == {"kind": "segment", "segment_id": segment["id"]}
    assert found["text"].startswith('segment "Text \\"big\\" spenders" AND')
    assert found["sentence"].startswith(f"is in the segment “{name}” and")
    assert preview(client, found["text"])["rule"] == found["rule"]
    assert preview(client, f'segment id "{segment["id"]}"')["count"] == 5


def test_a_segment_that_is_nearly_named_is_suggested(client: httpx.Client) -> None:
    client.post("/segments", json={"name": "Text regulars", "text": OURS})
    document = problem_in(ask(client, 'segment "Text regular"'), 422)
    assert "Did you mean Text regulars" in document["detail"]


def test_events_are_counted_by_text_within_their_window(client: httpx.Client) -> None:
    kinds = ("page_view", "page_view", "purchase")
    events = [
        {"id": f"txt-e{n}", "customer_id": "txt-2", "type": kind, "at": f"2026-03-0{n + 1}T00:00:00Z"}
        for n, kind in enumerate(kinds)
    ]
    send(client, "/events", events)
    rule = f"{OURS} AND events(page_view) >= 2"
    eventually(lambda: preview(client, rule)["count"], lambda found: found == 1)
    window = {"text": f"{OURS} AND events(page_view, last 2 days) = 1"}
    for now, expected in (("2026-03-04T00:00:00Z", 1), ("2026-03-04T00:00:01Z", 0), ("2026-03-03T00:00:00Z", 0)):
        answer = client.post("/segments/preview", json={**window, "now": now})
        assert (answer.json()["count"], answer.json()["as_of"]) == (expected, now)
