"""First and last names: stored as given, and read as the name where none was given."""

from itertools import permutations
from typing import Any

import pytest

from crm_core.infra.streams import Stream
from crm_core.services import Services
from tests.actors import TEST
from tests.integration.feeding import make_entries, read_bytes, store, store_customers

PARTS = {"first_name": "Anna", "last_name": "Straße"}


def answered(services: Services) -> dict[str, Any]:
    record = services.customers.customer("c1", actor=TEST)
    return {name: record[name] for name in ("name", "first_name", "last_name") if name in record}


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        (PARTS, {"name": "Anna Straße", **PARTS}),
        ({"first_name": "Anna"}, {"name": "Anna", "first_name": "Anna"}),
        ({"last_name": "Lee"}, {"name": "Lee", "last_name": "Lee"}),
        ({"name": "Dr. A. Lee", **PARTS}, {"name": "Dr. A. Lee", **PARTS}),
        ({"name": "Anna Lee"}, {"name": "Anna Lee"}),
        ({"name": "", **PARTS}, {"name": "Anna Straße", **PARTS}),
        ({"name": "", "first_name": ""}, {"name": "", "first_name": ""}),
        ({}, {}),
    ],
)
def test_only_given_names_are_answered_and_the_name_as_it_is_read(
    services: Services, given: dict[str, str], shown: dict[str, str]
) -> None:
    store_customers(services, {"id": "c1", **given})
    assert answered(services) == shown
    doc = services.db.customers.find_one({"_id": "c1"})
    assert doc
    assert {name: doc[name] for name in ("name", *PARTS) if name in doc} == given
    (listed,), _ = services.customers.page(limit=1, after=None, actor=TEST)
    assert listed.get("name") == shown.get("name")


def test_a_cleared_name_is_read_as_first_and_last_again(services: Services) -> None:
    records = ({"id": "c1", "name": "Dr. Lee", **PARTS}, {"id": "c1", "name": None}, {"id": "c1", "last_name": "Lee"})
    store(services, make_entries(*((Stream.CUSTOMERS, each) for each in records)))
    assert answered(services)["name"] == "Anna Lee"


def test_names_end_the_same_in_whatever_order_they_arrive(services: Services) -> None:
    records = (
        {"id": "c1", "name": "Dr. Lee"},
        {"id": "c1", **PARTS},
        {"id": "c1", "name": None, "first_name": "Bo"},
        {"id": "c1", "last_name": "Lee"},
    )
    entries = make_entries(*((Stream.CUSTOMERS, each) for each in records))
    ends = set()
    for shuffled in permutations([*entries, entries[0]]):
        services.db.customers.delete_many({})
        store(services, shuffled)
        ends.add(str(read_bytes(services)))
    assert len(ends) == 1
    assert answered(services) == {"name": "Bo Lee", "first_name": "Bo", "last_name": "Lee"}


@pytest.mark.parametrize("typed", ["anna strasse", "straße anna", "ann", "c1"])
def test_people_are_found_by_first_and_last_name(services: Services, typed: str) -> None:
    store_customers(services, {"id": "c1", **PARTS}, {"id": "c2", "name": "Bo"})
    assert [found["id"] for found in services.customer_search.search(typed, actor=TEST)] == ["c1"]


def test_people_are_sorted_by_the_name_as_it_is_read(services: Services) -> None:
    store_customers(
        services, {"id": "c1", "name": "Cem"}, {"id": "c2", "first_name": "Bo"}, {"id": "c3", "last_name": "Ada"}
    )
    assert [found["id"] for found in services.customer_search.search("", sort="name", actor=TEST)] == ["c3", "c2", "c1"]


def test_a_customer_with_the_longest_id_is_found_by_it_and_by_the_name(services: Services) -> None:
    longest = "-".join(f"{number:03}" for number in range(64))[:254]
    store_customers(services, {"id": longest, "name": "Anna Lee", "email": "anna@example.com"})
    for typed in (longest, "anna lee", "anna@example.com", "001"):
        assert [found["id"] for found in services.customer_search.search(typed, actor=TEST)] == [longest]
