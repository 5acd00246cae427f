"""The figures of the overview page, each one countable by hand."""

from datetime import UTC, datetime

from crm_core.infra.streams import Stream
from crm_core.insights.overview import Totals
from crm_core.services import Services
from tests.actors import TEST
from tests.conftest import TestClock
from tests.integration.feeding import make_entry, store_customers, store_orders
from tests.integration.population import NOW


def test_totals_leave_out_cancelled_orders_and_count_everybody(shop: Services) -> None:
    assert shop.overview.totals(actor=TEST) == Totals(
        customers=7,
        orders=8,
        revenue_minor=10_000 + 5_000 + 7_500 + 1_000 + 2_333 + 10_000,
        customers_spend_minor=10_000 + 5_000 + 7_500 + 1_000 + 2_333 + 10_000 + 7_500 + 435,
        as_of=NOW,
    )


def test_an_empty_shop_has_totals_of_zero(services: Services, clock: TestClock) -> None:
    assert services.overview.totals(actor=TEST) == Totals(0, 0, 0, 0, clock.now)
    assert services.overview.revenue_by_month(actor=TEST) == []
    assert services.overview.latest_orders(actor=TEST) == []
    assert services.overview.options("city", actor=TEST) == []


def test_the_average_order_is_rounded_to_the_nearest_minor_unit() -> None:
    assert [Totals(1, orders, 100, 100, NOW).average_minor for orders in (0, 3, 6, 8)] == [0, 33, 17, 12]


def test_revenue_is_summed_by_utc_month_without_cancelled_orders(shop: Services) -> None:
    assert shop.overview.revenue_by_month(actor=TEST) == [
        {"month": datetime(2025, 12, 1, tzinfo=UTC), "revenue_minor": 3_333, "orders": 1},
        {"month": datetime(2026, 1, 1, tzinfo=UTC), "revenue_minor": 1_000 + 2_333 + 3_333, "orders": 3},
        {"month": datetime(2026, 3, 1, tzinfo=UTC), "revenue_minor": 3_334, "orders": 1},
        {"month": datetime(2026, 5, 1, tzinfo=UTC), "revenue_minor": 12_500, "orders": 2},
        {"month": datetime(2026, 6, 1, tzinfo=UTC), "revenue_minor": 10_000, "orders": 1},
    ]


def test_the_latest_orders_come_newest_first(shop: Services) -> None:
    assert [order["id"] for order in shop.overview.latest_orders(limit=4, actor=TEST)] == ["a1", "b2", "a2", "b1"]


def test_options_are_the_values_as_typed(shop: Services) -> None:
    assert sorted(shop.overview.options("city", actor=TEST)) == ["GROSSSTADT", "Großstadt", "Pune"]
    assert sorted(shop.overview.options("tags", actor=TEST)) == ["VIP", "early", "vip"]
    assert sorted(shop.overview.options("categories", actor=TEST)) == ["BOOKS", "Books", "Music", "Straße"]
    assert len(shop.overview.options("city", limit=2, actor=TEST)) == 2


def test_the_most_frequent_option_comes_first(services: Services) -> None:
    cities = ["Goa", "Pune", "Pune", "Agra", "Pune", "Goa"]
    store_customers(services, *({"id": f"c{n}", "city": city} for n, city in enumerate(cities)))
    assert services.overview.options("city", actor=TEST) == ["Pune", "Goa", "Agra"]


def test_values_of_properties_and_names_of_items_are_suggested_as_typed(services: Services) -> None:
    kinds = [("cart", "Tea"), ("cart", "tea"), ("cart", "tea"), ("visit", "web"), ("cart", None)]
    for number, (kind, found) in enumerate(kinds):
        properties = {} if found is None else {"category": found}
        event = {"id": f"e{number}", "customer_id": "a", "type": kind, "properties": properties}
        assert not services.persister.store([make_entry(Stream.EVENTS, event)])
    baskets = [["Lamp", "Shade"], ["Lamp"], [], ["shade", "Lamp"]]
    items = [[{"name": name} for name in names] for names in baskets]
    store_orders(services, *({"id": f"o{n}", "customer_id": "a", "amount": 1, "items": e} for n, e in enumerate(items)))
    assert services.overview.property_values("cart", "category", actor=TEST) == ["tea", "Tea"]
    assert services.overview.property_values("cart", "colour", actor=TEST) == []
    names = services.overview.item_names(actor=TEST)
    assert (names[0], set(names)) == ("Lamp", {"Lamp", "Shade", "shade"})
