"""Custom attributes: which there are, and declaring what their values must be."""

from typing import Any

import httpx
import pytest

from crm_core.customers.seen_types import AttributeType
from tests.api.answers import Json, problem_in, profile, send
from tests.waiting import eventually


def attribute(client: httpx.Client, name: str) -> Json | None:
    return next((found for found in client.get("/attributes").json()["items"] if found["name"] == name), None)


def seen(client: httpx.Client, name: str, *kinds: str) -> Json:
    """The attribute once values of just these types are known."""
    found = eventually(lambda: attribute(client, name), lambda got: got is not None and got["seen"] == sorted(kinds))
    assert found is not None
    return found


def declare(client: httpx.Client, name: str, kind: str | None) -> Json:
    answer = client.put(f"/attributes/{name}", json={"type": kind})
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


def test_types_are_discovered_from_the_values(client: httpx.Client) -> None:
    values = {"att_text": "M", "att_number": 4.5, "att_boolean": False, "att_date": "2026-01-31", "att_list": ["a"]}
    send(client, "/customers", {"id": "att-1", "attributes": values})
    for name in values:
        kind = name.removeprefix("att_")
        assert seen(client, name, kind) == {"name": name, "type": kind, "declared": False, "seen": [kind]}


def test_values_of_several_types_have_none_in_common_but_dates_and_texts_are_texts(client: httpx.Client) -> None:
    send(client, "/customers", [{"id": "att-2", "attributes": {"att_mixed": 5, "att_dates": "2026-01-31"}}])
    send(client, "/customers", [{"id": "att-3", "attributes": {"att_mixed": "5", "att_dates": "soon"}}])
    assert seen(client, "att_mixed", "number", "text")["type"] is None
    assert seen(client, "att_dates", "date", "text")["type"] == "text"


def test_they_are_listed_by_name(client: httpx.Client) -> None:
    send(client, "/customers", {"id": "att-4", "attributes": {"att_zz": 1, "att_aa": 1}})
    seen(client, "att_aa", "number")
    names = [found["name"] for found in client.get("/attributes").json()["items"]]
    assert names == sorted(names)
    first = client.get("/attributes", params={"limit": 1}).json()
    assert ([each["name"] for each in first["items"]], first["next"]) == (names[:1], names[0])
    rest = client.get("/attributes", params={"cursor": first["next"]}).json()
    assert ([each["name"] for each in rest["items"]], rest["next"]) == (names[1:], None)


WRONG: tuple[tuple[AttributeType, list[Any], list[Any]], ...] = (
    (AttributeType.TEXT, ["M", "2026-01-31"], [5, True, ["M"]]),
    (AttributeType.NUMBER, [5, -1.5], ["5", True, ["5"]]),
    (AttributeType.BOOLEAN, [True], [1, "true", ["x"]]),
    (AttributeType.DATE, ["2026-01-31", "2026-01-31T10:00:00Z"], ["soon", 20260131, ["2026-01-31"]]),
    (AttributeType.LIST, [["a"], []], ["a", 5, False]),
)


@pytest.mark.parametrize(("kind", "right", "wrong"), WRONG, ids=[kind.value for kind, _, _ in WRONG])
def test_a_declared_type_rejects_other_values_by_name_until_it_is_taken_back(
    client: httpx.Client, kind: AttributeType, right: list[Any], wrong: list[Any]
) -> None:
    name = f"att_declared_{kind}"
    assert declare(client, name, kind) == {"name": name, "type": kind, "declared": True, "seen": []}
    records = [{"id": "att-5", "attributes": {name: value}} for value in wrong]
    document = problem_in(client.post("/customers", json=records), 422)
    for rejection in document["rejected"]:
        (error,) = rejection["errors"]
        assert error["field"] == f"attributes.{name}"
        assert "declared type" in error["message"]
    assert len(document["rejected"]) == len(wrong)
    send(client, "/customers", [{"id": "att-5", "attributes": {name: value}} for value in [*right, None]])
    assert declare(client, name, None)["declared"] is False
    send(client, "/customers", records)


def test_good_records_beside_one_of_another_type_are_accepted(client: httpx.Client) -> None:
    declare(client, "att_size", "number")
    answer = client.post(
        "/customers",
        json=[
            {"id": "att-6", "attributes": {"att_size": 44}},
            {"id": "att-7", "attributes": {"att_size": "44"}},
            {"id": "att-8"},
        ],
    )
    assert answer.status_code == 202
    assert answer.json()["accepted"] == 2
    (rejection,) = answer.json()["rejected"]
    assert (rejection["index"], rejection["errors"][0]["field"]) == (1, "attributes.att_size")
    assert profile(client, "att-6")["customer"]["attributes"] == {"att_size": 44}


def test_a_declaration_may_be_changed_and_what_was_stored_stays(client: httpx.Client) -> None:
    declare(client, "att_changed", "number")
    send(client, "/customers", {"id": "att-9", "attributes": {"att_changed": 44}})
    seen(client, "att_changed", "number")
    assert declare(client, "att_changed", "text") == {
        "name": "att_changed",
        "type": "text",
        "declared": True,
        "seen": ["number"],
    }
    problem_in(client.post("/customers", json={"id": "att-9", "attributes": {"att_changed": 45}}), 422)
    assert profile(client, "att-9")["customer"]["attributes"] == {"att_changed": 44}


def test_taking_back_what_nobody_declared_is_404(client: httpx.Client) -> None:
    assert "att_nobody" in problem_in(client.put("/attributes/att_nobody", json={"type": None}), 404)["detail"]


@pytest.mark.parametrize("body", [{"type": "colour"}, {"type": 5}, {}, {"type": "text", "more": 1}, [], None], ids=str)
def test_a_declaration_that_cannot_be_is_refused(client: httpx.Client, body: Any) -> None:
    problem_in(client.put("/attributes/att_refused", json=body), 422)
    assert attribute(client, "att_refused") is None


@pytest.mark.parametrize("name", ["Size", "1st", "a.b", "$where", "x" * 41, "_id"])
def test_a_name_that_no_attribute_can_have_is_refused(client: httpx.Client, name: str) -> None:
    document = problem_in(client.put(f"/attributes/{name}", json={"type": "text"}), 422)
    assert document["errors"][0]["field"] == "name"


def test_reading_and_declaring_take_their_scopes(customers_reader: httpx.Client, segments_reader: httpx.Client) -> None:
    assert customers_reader.get("/attributes").status_code == 200
    assert "customers:read" in problem_in(segments_reader.get("/attributes"), 403)["detail"]
    refused = customers_reader.put("/attributes/att_scope", json={"type": "text"})
    assert "customers:write" in problem_in(refused, 403)["detail"]
