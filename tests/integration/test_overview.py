"""What was stored last, and which values are suggested."""

from crm_core.infra.streams import Stream
from crm_core.services import Services
from tests.actors import TEST
from tests.integration.feeding import make_entry, store_customers, store_orders


def test_an_empty_shop_has_nothing_to_show(services: Services) -> None:
    assert services.overview.is_empty(actor=TEST)
    assert services.overview.latest_orders(actor=TEST) == []
    assert services.overview.options("city", actor=TEST) == []


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


def test_the_latest_orders_are_found_by_an_index(services: Services) -> None:
    """Sorting all orders takes seconds where there are millions."""
    store_customers(services, {"id": "c"})
    store_orders(services, *({"id": f"o{n}", "customer_id": "c", "amount": n} for n in range(40)))
    services.db.command("profile", 2)
    assert len(services.overview.latest_orders(actor=TEST)) == 8
    services.db.command("profile", 0)
    asked = services.db["system.profile"].find_one({"op": "query", "ns": f"{services.db.name}.orders"})
    assert asked
    assert ("hasSortStage" not in asked, asked["docsExamined"]) == (True, 8)
