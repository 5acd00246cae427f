"""Segments over HTTP after they were saved: changed, kept in versions, deleted, and used by each other."""

from typing import Any

import httpx
import pytest

from tests.api.answers import Json, count, problem_in, store_customers, tagged

TAG = "api-change"


@pytest.fixture(scope="module", autouse=True)
def people(client: httpx.Client) -> None:
    """Ten customers: number n has visited n times."""
    store_customers(client, TAG, [{"id": f"chg-{n}", "visits": n} for n in range(10)])


def visited(at_least: int) -> Json:
    visits = {"kind": "field", "field": "visits", "op": "gte", "value": at_least}
    return {"kind": "all", "rules": [tagged(TAG), visits]}


def using(*segment_ids: str) -> Json:
    return {"kind": "all", "rules": [{"kind": "segment", "segment_id": each} for each in segment_ids]}


def create(client: httpx.Client, name: str, rule: Json) -> Json:
    answer = client.post("/segments", json={"name": name, "rule": rule})
    assert answer.status_code == 201, answer.text
    made: Json = answer.json()
    return made


def read(client: httpx.Client, segment: Json) -> Json:
    found: Json = client.get(f"/segments/{segment['id']}").json()
    return found


def change(client: httpx.Client, segment: Json, **body: Any) -> httpx.Response:
    return client.patch(f"/segments/{segment['id']}", json=body)


def changed(client: httpx.Client, segment: Json, **body: Any) -> Json:
    answer = change(client, segment, **body)
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    assert found == read(client, segment)
    return found


def remove(client: httpx.Client, segment: Json) -> httpx.Response:
    return client.delete(f"/segments/{segment['id']}")


def test_segments_and_their_versions_come_in_pages(client: httpx.Client) -> None:
    made = [create(client, f"Chg page {place}", visited(place)) for place in range(5)]
    changed(client, made[0], rule=visited(8))
    changed(client, made[0], rule=visited(9))
    path = f"/segments/{made[0]['id']}/versions"
    assert [each["version"] for each in pages(client, path, limit=2)] == [3, 2, 1]
    ids = [each["id"] for each in pages(client, "/segments", limit=2)]
    assert len(set(ids)) == len(ids)
    assert ids[:5] == [made[place]["id"] for place in (0, 4, 3, 2, 1)]
    for place in ("/segments", path):
        assert problem_in(client.get(place, params={"cursor": "nowhere"}), 422)["field"] == "cursor"
        assert problem_in(client.get(place, params={"limit": 0}), 422)["detail"] == "limit must be at least 1."


def pages(client: httpx.Client, path: str, **parameters: Any) -> list[Json]:
    """The whole list, page by page."""
    found: list[Json] = []
    cursor = None
    while True:
        page = client.get(path, params={**parameters, **({"cursor": cursor} if cursor else {})}).json()
        assert len(page["items"]) <= parameters["limit"]
        found, cursor = [*found, *page["items"]], page["next"]
        if cursor is None:
            return found


def versions(client: httpx.Client, segment: Json) -> list[Json]:
    found: list[Json] = client.get(f"/segments/{segment['id']}/versions").json()["items"]
    return found


def test_renaming_keeps_rule_count_and_version(client: httpx.Client) -> None:
    segment = create(client, "Chg rename", visited(5))
    found = changed(client, segment, name=" Chg renamed ")
    assert found["updated_at"] > segment["updated_at"]
    assert found == segment | {"name": "Chg renamed", "updated_at": found["updated_at"]}
    assert len(versions(client, segment)) == 1


def test_another_rule_makes_a_version_with_its_own_count(client: httpx.Client) -> None:
    segment = create(client, "Chg rule", visited(5))
    found = changed(client, segment, rule=visited(8))
    assert (found["version"], found["count"], found["rule"]) == (2, 2, visited(8))
    assert found["text"] == f'tags has any ("{TAG}") AND visits >= 8'
    assert found["sentence"] == f"is tagged with “{TAG}” and visited at least 8 times"
    as_text = changed(client, segment, text=f'tags has any ("{TAG}") AND visits >= 9')
    assert (as_text["version"], as_text["count"], as_text["rule"]) == (3, 1, visited(9))
    kept = versions(client, segment)
    assert [(each["version"], each["rule"]) for each in kept] == [(3, visited(9)), (2, visited(8)), (1, visited(5))]
    assert {each["created_by"] for each in kept} == {"key:test"}
    assert kept[-1]["created_at"] == segment["created_at"]


def test_the_same_rule_in_either_form_is_no_new_version(client: httpx.Client) -> None:
    segment = create(client, "Chg same", visited(5))
    assert changed(client, segment, rule=visited(5))["version"] == 1
    assert changed(client, segment, text=segment["text"])["version"] == 1
    assert len(versions(client, segment)) == 1


def test_a_change_of_a_version_that_is_not_the_present_one_is_refused(client: httpx.Client) -> None:
    segment = create(client, "Chg version", visited(5))
    assert changed(client, segment, rule=visited(6), version=1)["version"] == 2
    before = read(client, segment)
    for stale in (1, 3, 0):
        detail = problem_in(change(client, segment, rule=visited(7), version=stale), 409)["detail"]
        assert f"at version 2, not {stale}" in detail
    assert read(client, segment) == before
    assert len(versions(client, segment)) == 2


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"colour": "red"}, "colour"),
        ({"count": 5}, "count"),
        ({"version": "1"}, "version"),
        ({"version": True}, "version"),
        ({"rule": "spend > 5"}, "rule"),
        ({"text": {"kind": "all"}}, "text"),
        ({"name": 5}, "name"),
    ],
)
def test_a_body_that_is_no_change_is_refused(client: httpx.Client, body: Json, field: str) -> None:
    answer = client.patch("/segments/none", json=body)
    assert problem_in(answer, 422)["errors"][0]["field"] == field


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "Chg taken"}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"rule": {"kind": "field", "field": "visit", "op": "gte", "value": 1}}, "rule"),
        ({"text": "visit > 1"}, "text"),
        ({"rule": {"kind": "all"}, "text": "everyone"}, "text"),
        ({"rule": {"kind": "segment", "segment_id": "none"}}, "rule.segment_id"),
    ],
)
def test_a_change_that_breaks_a_rule_changes_nothing(client: httpx.Client, body: Json, field: str) -> None:
    listed = {each["name"]: each for each in client.get("/segments").json()["items"]}
    segment = listed.get("Chg refused") or create(client, "Chg refused", visited(5))
    if "Chg taken" not in listed:
        create(client, "Chg taken", visited(1))
    assert problem_in(change(client, segment, **body), 422)["field"] == field
    assert read(client, segment) == segment


def test_camel_case_means_the_same(client: httpx.Client) -> None:
    segment = create(client, "Chg camel", {"kind": "all", "rules": []})
    made = client.post("/campaigns", json={"name": "Camel", "message": "Hi", "segmentId": segment["id"]}).json()
    assert made["segment_id"] == segment["id"]
    launch = f"/campaigns/{made['id']}/launch"
    problem_in(client.post(launch, json={"confirmEveryone": False}), 409)
    assert client.post(launch, json={"confirmEveryone": True}).status_code == 202


def test_a_deleted_segment_is_gone_and_its_name_is_free(client: httpx.Client) -> None:
    segment = create(client, "Chg deleted", visited(5))
    answer = remove(client, segment)
    assert (answer.status_code, answer.content) == (204, b"")
    for gone in (
        remove(client, segment),
        client.get(f"/segments/{segment['id']}"),
        client.get(f"/segments/{segment['id']}/versions"),
        change(client, segment, name="Chg back"),
    ):
        assert segment["id"] in problem_in(gone, 404)["detail"]
    assert segment["id"] not in {each["id"] for each in client.get("/segments").json()["items"]}
    assert create(client, "Chg deleted", visited(6))["id"] != segment["id"]


def test_a_segment_is_not_deleted_while_others_use_it_and_they_are_named(client: httpx.Client) -> None:
    base = create(client, "Chg base", visited(5))
    users = [create(client, f"Chg user {n}", using(base["id"])) for n in (1, 2)]
    detail = problem_in(remove(client, base), 409)["detail"]
    assert "“Chg base” is used by “Chg user 1”, “Chg user 2”" in detail
    changed(client, users[0], rule=visited(1))
    assert "is used by “Chg user 2”. Change or delete it first." in problem_in(remove(client, base), 409)["detail"]
    assert remove(client, users[1]).status_code == 204
    assert remove(client, base).status_code == 204


def test_a_segment_in_a_segment_counts_as_it_is_now(client: httpx.Client) -> None:
    base = create(client, "Chg inner", visited(5))
    few = {"kind": "field", "field": "visits", "op": "lt", "value": 8}
    outer = create(client, "Chg outer", {"kind": "all", "rules": [few, {"kind": "segment", "segment_id": base["id"]}]})
    assert outer["count"] == 3
    assert outer["text"] == 'visits < 8 AND segment "Chg inner"'
    assert outer["sentence"] == "visited fewer than 8 times and is in the segment “Chg inner”"
    assert outer["uses"] == [base["id"]]
    changed(client, base, rule=visited(7), name="Chg inner now")
    assert count(client, outer["rule"]) == 1
    assert read(client, outer)["text"] == 'visits < 8 AND segment "Chg inner now"'


@pytest.mark.parametrize("as_text", [False, True], ids=["tree", "text"])
def test_a_change_that_leads_a_segment_back_to_itself_names_the_chain(client: httpx.Client, as_text: bool) -> None:
    kind = "text" if as_text else "tree"
    first = create(client, f"Chg {kind} first", visited(5))
    second = create(client, f"Chg {kind} second", using(first["id"]))
    third = create(client, f"Chg {kind} third", using(second["id"]))
    for target, chain in (
        (third, "“Chg {0} first” → “Chg {0} third” → “Chg {0} second” → “Chg {0} first”"),
        (first, "“Chg {0} first” → “Chg {0} first”"),
    ):
        body = {"text": f'segment "{target["name"]}"'} if as_text else {"rule": using(target["id"])}
        document = problem_in(change(client, first, **body), 422)
        assert chain.format(kind) in document["detail"]
        assert document["field"].startswith("rule")
        assert read(client, first) == first
        assert len(versions(client, first)) == 1


def test_a_segment_on_an_attribute_now_of_several_types_is_listed_without_words(
    client: httpx.Client,
) -> None:
    store_customers(client, "api-change-mixed", [{"id": "chg-mixed", "attributes": {"chg_mixed": 5}}])
    segment = create(client, "Chg mixed", {"kind": "field", "field": "attributes.chg_mixed", "op": "gt", "value": 1})
    assert (segment["count"], segment["text"]) == (1, "chg_mixed > 1")
    assert client.put("/attributes/chg_mixed", json={"type": "text"}).status_code == 200
    found = read(client, segment)
    assert (found["text"], found["sentence"], found["rule"]) == (None, None, segment["rule"])
    assert found in client.get("/segments").json()["items"]
    assert (
        "does not go with a text field"
        in problem_in(client.post("/segments/preview", json={"rule": segment["rule"]}), 422)["detail"]
    )
    assert client.put("/attributes/chg_mixed", json={"type": None}).status_code == 200
    assert read(client, segment) == segment


def test_reading_needs_segments_read_and_changing_segments_write(
    client: httpx.Client, segments_reader: httpx.Client, customers_reader: httpx.Client
) -> None:
    segment = create(client, "Chg scopes", visited(5))
    path = f"/segments/{segment['id']}"
    for reading in ("/segments", path, f"{path}/versions"):
        assert segments_reader.get(reading).status_code == 200
        assert "segments:read" in problem_in(customers_reader.get(reading), 403)["detail"]
    preview = customers_reader.post("/segments/preview", json={"text": "everyone"})
    assert "segments:read" in problem_in(preview, 403)["detail"]
    for writing in (
        segments_reader.post("/segments", json={"name": "Chg no scope", "text": "everyone"}),
        segments_reader.patch(path, json={"name": "Chg no scope"}),
        segments_reader.delete(path),
    ):
        assert "segments:write" in problem_in(writing, 403)["detail"]
    assert read(client, segment) == segment
