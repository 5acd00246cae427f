"""What is stored of the items of orders, so that rules can ask for them."""

from crm_core.infra.mongo import Doc
from crm_core.infra.streams import Stream
from crm_core.services import Services, build_services
from crm_core.settings import Settings
from tests.actors import TEST
from tests.integration.feeding import make_entry, store_orders

LINES = [{"name": "Straße 3"}, {"name": "STRASSE 3", "quantity": 2}, {"name": ""}, {"name": "Bulb"}]


def stored(services: Services) -> Doc:
    found = services.db.orders.find_one({"_id": "o1"})
    assert found
    return found


def test_an_order_keeps_the_folded_names_of_its_items_each_once(services: Services) -> None:
    store_orders(services, {"id": "o1", "customer_id": "a", "amount": 5, "items": LINES})
    assert stored(services)["folded"] == {"items": ["bulb", "strasse 3"]}
    order = services.customers.orders("a", limit=1, actor=TEST)[0][0]
    assert "folded" not in order
    assert [each["name"] for each in order["items"]] == ["Straße 3", "STRASSE 3", "", "Bulb"]


def test_an_order_without_items_keeps_no_names(services: Services) -> None:
    store_orders(services, {"id": "o1", "customer_id": "a", "amount": 5, "items": LINES})
    cleared = {"id": "o1", "customer_id": "a", "amount": 5, "items": None}
    assert not services.persister.store([make_entry(Stream.ORDERS, cleared, at=services.clock())])
    assert "folded" not in stored(services)


def test_orders_of_before_get_the_names_of_their_items(old: Settings, services: Services) -> None:
    db = services.db.client["test_old"]
    orders = [each["_id"] for each in db.orders.find().limit(3)]
    for name, items in zip(orders, (LINES, [{"name": ""}], []), strict=True):
        db.orders.update_one({"_id": name}, {"$set": {"items": items}})
    build_services(old).close()
    found = {row["_id"]: row.get("folded") for row in db.orders.find({"_id": {"$in": orders}})}
    assert [found[name] for name in orders] == [{"items": ["bulb", "strasse 3"]}, None, None]
