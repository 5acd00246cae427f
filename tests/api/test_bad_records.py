"""Bad input record by record: whatever is wrong with one, it is named, and the others of its batch are kept."""

import json
from collections.abc import Iterator

import httpx
import pytest

from tests.api.answers import Json, customer, problem_in, profile, send
from tests.waiting import eventually


def order_with(field: str) -> str:
    """An order in JSON with one field more."""
    return f'{{"id": "br-o", "customer_id": "br-c", "amount": 1, {field}}}'


NUL, SURROGATE = "\\u0000", "\\ud800"
"""As JSON writes them."""
NUMBERS: tuple[tuple[str, str, str], ...] = (
    ("/customers", "visits", '{"id": "br-c", "visits": %s}'),
    ("/customers", "order_count", '{"id": "br-c", "order_count": %s}'),
    ("/customers", "total_spend", '{"id": "br-c", "total_spend": %s}'),
    ("/customers", "cart_value", '{"id": "br-c", "cart_value": %s}'),
    ("/customers", "attributes.n", '{"id": "br-c", "attributes": {"n": %s}}'),
    ("/orders", "amount", '{"id": "br-o", "customer_id": "br-c", "amount": %s}'),
    ("/orders", "items.0.quantity", order_with('"items": [{"name": "x", "quantity": %s}]')),
    ("/orders", "items.0.price", order_with('"items": [{"name": "x", "price": %s}]')),
    ("/events", "properties.n", '{"id": "br-e", "customer_id": "br-c", "type": "x", "properties": {"n": %s}}'),
)
TOO_LARGE = (str(2**63), str(-(2**63) - 1), "1" + "0" * 30, "1" + "0" * 5000, "1e400", "-1e400")
NOT_FINITE = ("NaN", "Infinity", "-Infinity")


def good(path: str, number: int) -> str:
    """A record that is accepted, in JSON."""
    record: Json = {"id": f"br-good-{number}"}
    if path != "/customers":
        record |= (
            {"customer_id": "br-good", "amount": 1} if path == "/orders" else {"customer_id": "br-good", "type": "x"}
        )
    return json.dumps(record)


def errors_beside_good_ones(client: httpx.Client, path: str, record: str) -> dict[str, str]:
    """What is wrong with ``record``, sent between two good ones, which are accepted: field to message."""
    body = f"[{good(path, 1)}, {record}, {good(path, 2)}]".encode()
    answer = client.post(path, content=body)
    assert answer.status_code == 202, answer.text
    assert answer.json()["accepted"] == 2
    (rejection,) = answer.json()["rejected"]
    assert rejection["index"] == 1
    alone = problem_in(client.post(path, content=record.encode()), 422)
    assert alone["rejected"][0]["errors"] == rejection["errors"]
    return {error["field"]: error["message"] for error in rejection["errors"]}


@pytest.mark.parametrize("number", [*TOO_LARGE, *NOT_FINITE], ids=lambda text: text[:12])
@pytest.mark.parametrize(("path", "field", "record"), NUMBERS, ids=[field for _, field, _ in NUMBERS])
def test_a_number_that_cannot_be_kept_rejects_its_record_alone(
    client: httpx.Client, path: str, field: str, record: str, number: str
) -> None:
    assert errors_beside_good_ones(client, path, record % number).keys() == {field}


TEXTS: tuple[tuple[str, str, str], ...] = (
    ("/customers", "id", '{"id": "a%sb"}'),
    *(
        ("/customers", name, f'{{"id": "br-c", "{name}": "a%sb"}}')
        for name in ("name", "email", "phone", "city", "country", "category")
    ),
    ("/customers", "tags.1", '{"id": "br-c", "tags": ["a", "a%sb"]}'),
    ("/customers", "attributes.a", '{"id": "br-c", "attributes": {"a": "a%sb"}}'),
    ("/customers", "attributes.a", '{"id": "br-c", "attributes": {"a": ["a%sb"]}}'),
    ("/orders", "id", '{"id": "a%sb", "customer_id": "br-c", "amount": 1}'),
    ("/orders", "customer_id", '{"id": "br-o", "customer_id": "a%sb", "amount": 1}'),
    ("/orders", "category", order_with('"category": "a%sb"')),
    ("/orders", "status", order_with('"status": "a%sb"')),
    ("/orders", "ordered_at", order_with('"ordered_at": "2026-01-01%s"')),
    ("/orders", "items.0.name", order_with('"items": [{"name": "a%sb"}]')),
    ("/orders", "items.0.sku", order_with('"items": [{"name": "a", "sku": "a%sb"}]')),
    ("/events", "id", '{"id": "a%sb", "customer_id": "br-c", "type": "x"}'),
    ("/events", "type", '{"id": "br-e", "customer_id": "br-c", "type": "a%sb"}'),
    ("/events", "properties.a", '{"id": "br-e", "customer_id": "br-c", "type": "x", "properties": {"a": "a%sb"}}'),
)


@pytest.mark.parametrize("character", [NUL, SURROGATE, "\\udfff"])
@pytest.mark.parametrize(("path", "field", "record"), TEXTS, ids=[f"{path}-{field}" for path, field, _ in TEXTS])
def test_a_text_that_no_database_can_keep_rejects_its_record_alone(
    client: httpx.Client, path: str, field: str, record: str, character: str
) -> None:
    assert errors_beside_good_ones(client, path, record % character).keys() == {field}


@pytest.mark.parametrize("character", [NUL, SURROGATE])
@pytest.mark.parametrize(
    ("path", "record", "place"),
    [
        ("/customers", '{"id": "br-c", "na%sme": 1}', ""),
        ("/customers", '{"id": "br-c", "attributes": {"a%sb": 1}}', "attributes.a"),
        ("/customers", '{"id": "br-c", "consent": {"s%sms": "granted"}}', "consent.s"),
        ("/orders", order_with('"items": [{"name": "a", "x%sy": 1}]'), "items.0"),
        ("/events", '{"id": "br-e", "customer_id": "br-c", "type": "x", "properties": {"a%sb": 1}}', "properties.a"),
    ],
)
def test_a_name_that_no_database_can_keep_rejects_its_record_alone(
    client: httpx.Client, path: str, record: str, place: str, character: str
) -> None:
    (found,) = errors_beside_good_ones(client, path, record % character)
    assert found.startswith(place)


@pytest.mark.parametrize("depth", [100, 150, 900, 5_000, 100_000])
@pytest.mark.parametrize(
    ("path", "record", "field"),
    [
        ("/customers", '{"id": "br-c", "name": %s}', "name"),
        ("/customers", '{"id": "br-c", "attributes": {"deep": %s}}', "attributes.deep"),
        ("/customers", '{"id": "br-c", "deep": %s}', "deep"),
        (
            "/events",
            '{"id": "br-e", "customer_id": "br-c", "type": "x", "properties": {"deep": %s}}',
            "properties.deep",
        ),
    ],
)
@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")], ids=["arrays", "objects"])
def test_deep_nesting_within_a_record_rejects_it_alone_or_is_no_json(
    client: httpx.Client, path: str, record: str, field: str, opening: str, closing: str, depth: int
) -> None:
    nested = record % (opening * depth + "1" + closing * depth)
    answer = client.post(path, content=f"[{good(path, 1)}, {nested}, {good(path, 2)}]".encode())
    if depth <= 150:
        assert answer.status_code == 202, answer.text
        (rejection,) = answer.json()["rejected"]
        assert (rejection["index"], rejection["errors"][0]["field"]) == (1, field)
    elif answer.status_code != 202:  # beyond what our readers of JSON follow
        assert "no valid JSON" in problem_in(answer, 422)["detail"]


def test_a_record_too_many_is_refused_with_the_whole_request(client: httpx.Client) -> None:
    for path in ("/customers", "/orders", "/events"):
        body = "[" + ", ".join(good(path, number) for number in range(1001)) + "]"
        assert "1,001" in problem_in(client.post(path, content=body.encode()), 422)["detail"]


def test_of_records_with_one_id_the_last_wins_and_all_are_counted(client: httpx.Client) -> None:
    send(client, "/customers", [{"id": "br-dup", "name": "one", "visits": 1}, {"id": "br-dup", "name": "two"}])
    found = eventually(lambda: customer(client, "br-dup"), lambda record: record["name"] == "two")
    assert found["visits"] == 1
    orders = [{"id": "br-dup-o", "customer_id": "br-dup", "amount": amount} for amount in (5, 7, 3)]
    send(client, "/orders", orders)
    found = eventually(lambda: customer(client, "br-dup"), lambda record: record["total_spend"] == 3)
    assert found["order_count"] == 1
    events = [{"id": "br-dup-e", "customer_id": "br-dup", "type": kind} for kind in ("x", "visit", "visit")]
    send(client, "/events", events)
    eventually(lambda: customer(client, "br-dup")["visits"], lambda visits: visits == 2)
    assert len(profile(client, "br-dup")["events"]["items"]) == 1


def test_an_order_that_changes_its_customer_leaves_the_totals_of_the_first(client: httpx.Client) -> None:
    def totals(customer_id: str) -> tuple[float, int, int]:
        found = profile(client, customer_id)
        return found["customer"]["total_spend"], found["customer"]["order_count"], len(found["orders"]["items"])

    send(
        client,
        "/orders",
        [
            {"id": "br-move-1", "customer_id": "br-from", "amount": 10.5},
            {"id": "br-move-2", "customer_id": "br-from", "amount": 4},
            {"id": "br-move-3", "customer_id": "br-to", "amount": 1},
        ],
    )
    eventually(lambda: totals("br-from"), lambda found: found == (14.5, 2, 2))
    send(client, "/orders", {"id": "br-move-1", "customer_id": "br-to", "amount": 11})
    eventually(lambda: totals("br-to"), lambda found: found == (12, 2, 2))
    assert totals("br-from") == (4, 1, 1)
    send(client, "/orders", {"id": "br-move-2", "customer_id": "br-new", "amount": 4})
    eventually(lambda: totals("br-new"), lambda found: found == (4, 1, 1))
    assert totals("br-from") == (0, 0, 0)


@pytest.fixture(scope="module", autouse=True)
def _nothing_of_the_bad_ones_is_stored(client: httpx.Client) -> Iterator[None]:
    yield
    send(client, "/customers", {"id": "br-last"})
    profile(client, "br-last")
    assert client.get("/customers/br-c").status_code == 404
