"""Customers: searched, sorted, listed page by page, each leading to its page."""

import pytest

from crm_core.customers.document import arrange
from crm_core.customers.searching import MAX_TEXT
from crm_core.services import Services
from tests.integration.feeding import store_customers
from tests.ui.page import Page
from tests.ui.shop import NOW, Shop, counted, spend
from tests.ui.tables import exact_of, links_of, rows_of, tables_on


def names(page: Page) -> list[str]:
    return [row["Customer"] for row in rows_of(page, "Customers")]


def test_without_customers_the_next_step_is_to_load_some(workspace: Services) -> None:
    page = Page("customers")
    assert "No customers yet" in page.words
    page.click("Import a file")
    assert page.title == "Data"
    page.go_to("customers")
    page.click("Load demo data")
    assert page.title == "Welcome to ClientNest"


def test_every_customer_is_listed_once_by_name_with_totals(shop: Shop) -> None:
    page = Page("customers")
    assert "40 customers." in page.words
    listed = rows_of(page, "Customers")
    page.choose("customers_page", 2)
    listed += rows_of(page, "Customers")
    meant = sorted(shop.customers, key=lambda customer: (customer["name"].casefold(), customer["id"]))
    assert [row["Customer"] for row in listed] == [customer["name"] for customer in meant]
    for row, customer in zip(listed, meant, strict=True):
        orders = shop.orders_of(customer)
        assert row["City"] == (customer.get("city") or "")
        assert row["Spend"] == f"${spend(orders) + customer.get('total_spend', 0):,.2f}"
        assert row["Orders"] == f"{len(counted(orders)) + customer.get('order_count', 0):,}"
        assert (row["Last order"] != "") == bool(counted(orders))


def test_each_row_leads_to_the_customer_by_the_id_alone(workspace: Services) -> None:
    store_customers(workspace, {"id": "a b/ü&x=1", "name": "Asha", "email": "asha@example.com"}, {"id": "c2"})
    page = Page("customers")
    assert names(page) == ["Asha", "c2"]
    assert links_of(page, "Customers") == ["customer?customer=a+b%2F%C3%BC%26x%3D1", "customer?customer=c2"]


def test_the_last_order_has_its_exact_time(shop: Shop) -> None:
    assert all(exact.endswith(" UTC") for exact in exact_of(Page("customers"), "Customers"))
    assert exact_of(Page("customers"), "Customers")


def test_a_search_narrows_the_list_and_begins_at_its_first_page(workspace: Services) -> None:
    store_customers(workspace, *({"id": f"c{n:02}", "name": f"Asha Name{n:02}"} for n in range(60)))
    store_customers(workspace, {"id": "x", "name": "Zoë Ünal", "phone": "+91 98765 43210"})
    page = Page("customers")
    page.choose("customers_page", 3)
    assert names(page)[-1] == "Zoë Ünal"
    page.choose("Search", "zoe")
    assert names(page) == ["Zoë Ünal"]
    assert "1 customer found for “zoe”." in page.words
    page.choose("Search", "98765-432")
    assert names(page) == ["Zoë Ünal"]
    page.choose("Search", "asha name")
    assert names(page)[0] == "Asha Name00"
    assert "60 customers found" in page.words


def test_the_list_is_sorted_as_chosen(workspace: Services) -> None:
    store_customers(workspace, {"id": "c1", "name": "Bela"}, {"id": "c2", "name": "asha"}, {"id": "c0"})
    page = Page("customers")
    assert names(page) == ["asha", "Bela", "c0"]
    page.choose("Sort by", "newest")
    assert names(page) == ["c0", "asha", "Bela"]
    page.choose("Sort by", "id")
    assert names(page) == ["c0", "Bela", "asha"]


@pytest.mark.parametrize("text", ["nobody *at* all", ".*", "$where", "^"])
def test_a_search_that_finds_nobody_says_how_it_is_done(shop: Shop, text: str) -> None:
    page = Page("customers")
    page.choose("Search", text)
    assert f"Nobody found for “{text}”" in page.words
    assert "Every word must be the beginning of a word of the name" in page.words
    assert tables_on(page) == []


def test_of_more_than_10_000_the_first_are_listed_and_the_page_says_so(workspace: Services) -> None:
    many = (f"c{n:05}" for n in range(10_003))
    workspace.db.customers.insert_many(arrange({"_id": name, "created_at": NOW, "updated_at": NOW}) for name in many)
    page = Page("customers")
    assert "More than 10,000; search to narrow down." in page.words
    page.choose("customers_page", 400)
    assert names(page) == [f"c{n:05}" for n in range(9_975, 10_000)]
    page.choose("Search", "c1000")
    assert "3 customers found" in page.words
    assert names(page) == ["c10000", "c10001", "c10002"]


def test_a_search_is_bounded(shop: Shop) -> None:
    page = Page("customers")
    page.choose("Search", "x" * MAX_TEXT)
    assert "Nobody found" in page.words
