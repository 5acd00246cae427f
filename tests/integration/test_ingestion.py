"""From stream entries to customers and orders."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pymongo
import pytest
from pymongo import MongoClient

from crm_core.access.audit import AuditLog
from crm_core.customers.attributes import Attributes
from crm_core.errors import Unavailable
from crm_core.hosting.ports import free_port
from crm_core.infra.streams import INGESTED, Entry, Stream
from crm_core.infra.transactions import TransactionSessions
from crm_core.ingest.persist import Persister
from crm_core.services import Services
from tests.actors import TEST
from tests.conftest import TestClock
from tests.integration.feeding import START, make_entries, make_entry, store, store_customers, store_orders

SECOND = timedelta(seconds=1)
CUSTOMERS, ORDERS = Stream.CUSTOMERS, Stream.ORDERS


def order(order_id: str, customer_id: str = "c1", amount: float = 10, **more: Any) -> dict[str, Any]:
    return {"id": order_id, "customer_id": customer_id, "amount": amount, **more}


def totals(services: Services, customer_id: str = "c1") -> tuple[Decimal, int]:
    customer = services.customers.customer(customer_id, actor=TEST)
    return customer["total_spend"], customer["order_count"]


def test_an_order_for_an_unknown_customer_makes_a_profile_with_only_the_id(services: Services) -> None:
    store_orders(services, order("o1", "new", 29.33, ordered_at="2026-05-01", category="Books"))
    assert services.customers.customer("new", actor=TEST) == {
        "id": "new",
        "created_at": START,
        "updated_at": START,
        "total_spend": Decimal("29.33"),
        "order_count": 1,
        "avg_order_value": Decimal("29.33"),
        "first_order_at": datetime(2026, 5, 1, tzinfo=UTC),
        "last_order_at": datetime(2026, 5, 1, tzinfo=UTC),
        "visits": 0,
        "categories": ["Books"],
    }


def test_that_profile_is_completed_when_the_customer_comes_later(services: Services) -> None:
    store(
        services,
        make_entries((ORDERS, order("o1", "c1", 5)), (CUSTOMERS, {"id": "c1", "name": "Asha", "total_spend": 20})),
    )
    assert services.customers.customer("c1", actor=TEST)["name"] == "Asha"
    assert totals(services) == (Decimal(25), 1)


def test_totals_are_what_was_imported_plus_the_orders(services: Services) -> None:
    store_customers(services, {"id": "c1", "total_spend": 100.5, "order_count": 3, "visits": 7})
    store_orders(services, order("o1", amount=10.25), order("o2", amount=0), order("o3", "c2", 99))
    customer = services.customers.customer("c1", actor=TEST)
    assert totals(services) == (Decimal("110.75"), 5)
    assert customer["visits"] == 7
    assert customer["avg_order_value"] == Decimal("22.15")


def test_a_new_import_replaces_what_was_imported_and_keeps_the_orders(services: Services) -> None:
    store_customers(services, {"id": "c1", "total_spend": 100, "order_count": 3})
    store_orders(services, order("o1"))
    later = make_entry(CUSTOMERS, {"id": "c1", "total_spend": 50, "order_count": None}, at=START + SECOND)
    store(services, [later])
    assert totals(services) == (Decimal(60), 1)


def test_a_cancelled_order_counts_nowhere(services: Services) -> None:
    store_orders(
        services,
        order("o1", amount=10, ordered_at="2026-05-02", category="Books"),
        order("o2", amount=500, ordered_at="2026-05-01", category="Toys", status="cancelled"),
        order("o3", amount=500, ordered_at="2026-05-03", category="Music", status="cancelled"),
    )
    customer = services.customers.customer("c1", actor=TEST)
    assert totals(services) == (Decimal(10), 1)
    assert customer["categories"] == ["Books"]
    assert customer["first_order_at"] == customer["last_order_at"] == datetime(2026, 5, 2, tzinfo=UTC)


def test_totals_follow_each_change_of_a_status(services: Services) -> None:
    store(services, make_entries((ORDERS, order("o1")), (ORDERS, order("o2", amount=5, status="pending"))))
    assert totals(services) == (Decimal(15), 2)
    later = START + 10 * SECOND
    store(services, [make_entry(ORDERS, order("o1", status="cancelled"), at=later)])
    assert totals(services) == (Decimal(5), 1)
    store(services, [make_entry(ORDERS, order("o1", status="delivered"), at=later + SECOND)])
    assert totals(services) == (Decimal(15), 2)
    store(services, [make_entry(ORDERS, order("o1", amount=7), at=later + 2 * SECOND)])
    assert totals(services) == (Decimal(12), 2)
    assert services.db.orders.find_one({"_id": "o1"})["status"] == "delivered"  # type: ignore[index]


def test_an_order_that_changes_its_customer_updates_both(services: Services) -> None:
    store(
        services,
        make_entries((ORDERS, order("o1", "c1", 10)), (ORDERS, order("o2", "c1", 5)), (ORDERS, order("o1", "c2", 10))),
    )
    assert totals(services, "c1") == (Decimal(5), 1)
    assert totals(services, "c2") == (Decimal(10), 1)


def test_an_order_that_changes_its_customer_within_one_batch_updates_both(services: Services) -> None:
    store_orders(services, order("o1", "c1", 10), order("o1", "c2", 10), order("o1", "c3", 10))
    assert [totals(services, customer) for customer in ("c1", "c2", "c3")] == [
        (Decimal(0), 0),
        (Decimal(0), 0),
        (Decimal(10), 1),
    ]


def test_absent_leaves_a_field_as_it_is_and_null_clears_it(services: Services) -> None:
    store_customers(services, {"id": "c1", "name": "Asha", "city": "Pune", "tags": ["vip"], "loyalty_member": True})
    store(services, [make_entry(CUSTOMERS, {"id": "c1", "city": None, "tags": None}, at=START + SECOND)])
    customer = services.customers.customer("c1", actor=TEST)
    assert customer["name"] == "Asha"
    assert customer["loyalty_member"] is True
    assert not {"city", "tags"} & customer.keys()
    assert services.db.customers.find_one({"_id": "c1"})["folded"].keys() == {"name", "categories", "search"}  # type: ignore[index]


def test_attributes_and_consent_change_one_by_one_and_null_clears_them_all(services: Services) -> None:
    first = {"id": "c1", "attributes": {"size": "M", "colour": "red"}, "consent": {"sms": "denied", "push": "granted"}}
    store_customers(services, first)
    store(
        services, [make_entry(CUSTOMERS, {"id": "c1", "attributes": {"size": "L", "colour": None}}, at=START + SECOND)]
    )
    customer = services.customers.customer("c1", actor=TEST)
    assert customer["attributes"] == {"size": "L"}
    assert customer["consent"]["sms"] == {"state": "denied", "source": "api", "at": START}
    store(services, [make_entry(CUSTOMERS, {"id": "c1", "attributes": None, "consent": None}, at=START + 2 * SECOND)])
    assert not {"attributes", "consent"} & services.customers.customer("c1", actor=TEST).keys()


def test_attributes_may_have_the_names_of_our_own_bookkeeping(services: Services) -> None:
    attributes = {"age_minor": "x", "items": "abc", "total_spend_minor": True, "versions": 5, "city_folded": ["y"]}
    store_customers(services, {"id": "c1", "attributes": attributes})
    assert services.customers.customer("c1", actor=TEST)["attributes"] == attributes


def test_the_largest_and_smallest_numbers_of_an_attribute_are_stored(services: Services) -> None:
    attributes = {"most": 2**63 - 1, "least": -(2**63), "tiny": 5e-324}
    store_customers(services, {"id": "c1", "attributes": attributes})
    assert services.customers.customer("c1", actor=TEST)["attributes"] == attributes


def test_an_older_entry_never_overwrites_a_newer_one(services: Services) -> None:
    newer = make_entry(CUSTOMERS, {"id": "c1", "name": "new"}, at=START + SECOND)
    older = make_entry(CUSTOMERS, {"id": "c1", "name": "old", "city": "Pune"})
    store(services, [newer, older])
    customer = services.customers.customer("c1", actor=TEST)
    assert (customer["name"], customer["city"]) == ("new", "Pune")


def test_an_order_without_a_time_has_that_of_its_acceptance(services: Services) -> None:
    store(services, make_entries((ORDERS, order("o1")), (ORDERS, order("o1", status="shipped"))))
    orders, _ = services.customers.orders("c1", actor=TEST)
    assert orders[0]["ordered_at"] == START
    assert "is_undated" not in orders[0]


def test_an_order_keeps_its_items_in_major_units(services: Services) -> None:
    items = [{"name": "CD", "quantity": 2, "price": 14.95}, {"name": "Bag", "sku": "b-1"}]
    store_orders(services, order("o1", amount=29.9, items=items))
    (found,), more = services.customers.orders("c1", actor=TEST)
    assert found["items"] == [
        {"name": "CD", "quantity": 2, "price": Decimal("14.95")},
        {"name": "Bag", "sku": "b-1", "quantity": 1},
    ]
    assert found["amount"] == Decimal("29.90")
    assert not more


def test_an_entry_that_is_no_record_is_refused_with_a_reason(services: Services) -> None:
    for stream in INGESTED:
        for data in (b"", b"no json", b"[]", b"5", b"{}", b'{"id": 5}', b"\xff"):
            refused = Entry(stream, "1780000000000-7", data)
            reasons = services.persister.store([refused])
            assert reasons.keys() == {refused.id}
            assert reasons[refused.id].startswith(("no valid JSON", "no record"))


@pytest.mark.parametrize(
    ("stream", "data", "reason"),
    [
        (ORDERS, b'{"id": "o1"}', "customer_id and amount are missing"),
        (ORDERS, b'{"id": "o1", "customer_id": "c1", "amount": "a lot"}', "InvalidOperation"),
        (ORDERS, b'{"id": "o1", "customer_id": 5, "amount": "1"}', "TypeError"),
        (Stream.EVENTS, b'{"id": "e1", "customer_id": "c1"}', "type is missing"),
        (CUSTOMERS, b'{"id": "c1", "attributes": 5}', "TypeError"),
    ],
)
def test_an_entry_that_our_border_did_not_see_is_refused_for_what_it_lacks(
    services: Services, stream: Stream, data: bytes, reason: str
) -> None:
    refused = services.persister.store([Entry(stream, "1780000000000-7", data)])
    assert refused == {"1780000000000-7": f"no record of this kind: {reason}"}
    assert services.db.customers.count_documents({}) == 0


def test_the_good_entries_beside_a_bad_one_are_stored(services: Services) -> None:
    good = make_entry(CUSTOMERS, {"id": "c1"})
    bad = Entry(CUSTOMERS, "1780000000000-7", b"no json")
    assert services.persister.store([bad, good]).keys() == {bad.id}
    assert services.customers.customer("c1", actor=TEST)["id"] == "c1"


def test_an_outage_of_the_database_is_unavailable_and_not_a_refusal(services: Services, clock: TestClock) -> None:
    client: MongoClient[dict[str, Any]] = MongoClient("127.0.0.1", free_port(), serverSelectionTimeoutMS=50)
    database = client["clientnest"]
    attributes = Attributes(database, AuditLog(database, clock, services.pseudonyms))
    sessions, digits = TransactionSessions(database, services.redis), services.amounts_currency.digits
    persister = Persister(database, sessions, attributes, services.event_properties, digits=digits)
    with client, pymongo.timeout(0.3), pytest.raises(Unavailable):
        persister.store([make_entry(CUSTOMERS, {"id": "c1"})])
