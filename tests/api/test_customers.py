"""GET /customers: pages that cover all, and one customer with everything about it."""

from urllib.parse import quote

import httpx
import pytest

from tests.api.answers import Json, customer, problem_in, profile, send, store_customers
from tests.waiting import eventually


def walk(client: httpx.Client, *, limit: int, after: str | None = None, until: str | None = None) -> list[str]:
    """Ids of all pages. after, until: begin behind this id, end at the first page that reaches that one."""
    ids: list[str] = []
    cursor = after
    while True:
        answer = client.get("/customers", params={"limit": limit} | ({"cursor": cursor} if cursor else {}))
        assert answer.status_code == 200, answer.text
        page = answer.json()
        assert len(page["items"]) <= limit
        ids += [item["id"] for item in page["items"]]
        cursor = page["next"]
        if cursor is None or (until is not None and ids[-1] >= until):
            return ids


def test_pages_by_cursor_cover_every_customer_exactly_once(client: httpx.Client) -> None:
    sent = [f"page-{n:02}" for n in range(25)]
    store_customers(client, "api-paging", [{"id": customer_id} for customer_id in reversed(sent)])
    for limit in (1, 7, 25):
        found = walk(client, limit=limit, after="page-", until="page-99")
        assert [customer_id for customer_id in found if customer_id.startswith("page-")] == sent
    everyone = walk(client, limit=1000)
    total = client.post("/segments/preview", json={"rule": {"kind": "all", "rules": []}}).json()["total"]
    assert len(set(everyone)) == len(everyone) == total
    assert set(sent) <= set(everyone)


def test_one_customer_has_its_profile_orders_and_messages_with_money_as_numbers(client: httpx.Client) -> None:
    send(
        client,
        "/customers",
        {
            "id": "shape-1",
            "name": "Asha Rao",
            "email": "asha@example.com",
            "tags": ["vip"],
            "cart_value": 12.5,
            "total_spend": 100,
            "order_count": 1,
            "attributes": {"size": "M"},
            "consent": {"sms": "denied"},
        },
    )
    send(
        client,
        "/orders",
        [
            {"id": "shape-o1", "customer_id": "shape-1", "amount": 29.33, "ordered_at": "2026-01-01T10:00:00+02:00"},
            {
                "id": "shape-o2",
                "customer_id": "shape-1",
                "amount": 0.1,
                "category": "Books",
                "status": "shipped",
                "items": [{"name": "Novel", "quantity": 2, "price": 0.05}],
                "ordered_at": "2026-02-01",
            },
            {
                "id": "shape-o3",
                "customer_id": "shape-1",
                "amount": 7,
                "status": "cancelled",
                "ordered_at": "2026-03-01",
            },
        ],
    )
    found = eventually(lambda: profile(client, "shape-1"), lambda record: record["customer"]["order_count"] == 3)
    assert set(found) == {"customer", "orders", "events", "messages"}
    person = found["customer"]
    assert set(person) == {
        *("id", "name", "email", "tags", "cart_value", "attributes", "consent", "baseline"),
        *("total_spend", "order_count", "avg_order_value", "visits", "categories"),
        *("first_order_at", "last_order_at", "created_at", "updated_at"),
    }
    assert person["total_spend"] == 129.43  # 100 of before, 29.33 and 0.10; a cancelled order counts nowhere
    assert person["order_count"] == 3
    assert person["avg_order_value"] == 43.14
    assert person["cart_value"] == 12.5
    assert person["baseline"] == {"total_spend": 100, "order_count": 1}
    assert person["attributes"] == {"size": "M"}
    assert person["consent"]["sms"]["state"] == "denied"
    assert (person["first_order_at"], person["last_order_at"]) == ("2026-01-01T08:00:00Z", "2026-02-01T00:00:00Z")
    assert [order["id"] for order in found["orders"]["items"]] == ["shape-o3", "shape-o2", "shape-o1"]
    assert found["orders"]["items"][1]["amount"] == 0.1
    assert found["orders"]["items"][1]["items"] == [{"name": "Novel", "quantity": 2, "price": 0.05}]
    assert found["messages"]["items"] == []
    assert found["orders"]["next"] is None
    assert found["messages"]["next"] is None
    assert '"total_spend":129.43' in client.get("/customers/shape-1").text


def test_order_of_an_unknown_customer_makes_a_profile(client: httpx.Client) -> None:
    send(client, "/orders", {"id": "stub-o1", "customer_id": "stub-1", "amount": 3})
    found = customer(client, "stub-1")
    assert (found["total_spend"], found["order_count"]) == (3, 1)
    assert "name" not in found


def test_any_id_that_can_be_stored_can_be_fetched(client: httpx.Client) -> None:
    ids = [
        *(
            "odd/slash",
            "/odd//",
            "odd?mark",
            "odd id",
            "odd%41",
            "odd%2Fslash",
            "odd#x",
            "odd;x=1",
            "odd&a=b",
            "odd:@!$'*,",
        ),
        *(
            "ödd-ß-日本",
            "odd+plus",
            "odd\\back",
            "odd.",
            "...",
            ".odd",
            "../odd",
            "odd/..",
            "odd/./x",
            "%2E%2E",
            "x" * 254,
        ),
    ]
    store_customers(client, "api-odd", [{"id": customer_id} for customer_id in ids])
    for customer_id in ids:
        answer = client.get(f"/customers/{quote(customer_id, safe='')}")
        assert answer.status_code == 200, customer_id
        assert answer.json()["customer"]["id"] == customer_id


@pytest.mark.parametrize("dots", [".", ".."])
@pytest.mark.parametrize(
    ("path", "record"),
    [
        ("/customers", {}),
        ("/orders", {"customer_id": "dots", "amount": 1}),
        ("/events", {"customer_id": "dots", "type": "visit"}),
    ],
    ids=["customers", "orders", "events"],
)
def test_an_id_that_no_url_can_address_is_refused(client: httpx.Client, path: str, record: Json, dots: str) -> None:
    answer = client.post(path, json={"id": dots, **record})
    assert "must not be . or .., which no URL can address" in problem_in(answer, 422)["detail"]


def test_unknown_customer_is_404_and_names_the_id(client: httpx.Client) -> None:
    assert "'nobody'" in problem_in(client.get("/customers/nobody"), 404)["detail"]
