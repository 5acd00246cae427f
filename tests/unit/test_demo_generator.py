"""The demo's made-up shop: repeatable, consistent in itself, and plausible."""

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from crm_core.demo.generator import DemoData, generate_demo
from crm_core.errors import InvalidInput

NOW = datetime(2026, 6, 15, 9, 30, tzinfo=UTC)
SIZE = 4_000

Record = dict[str, Any]


@pytest.fixture(scope="module")
def demo() -> DemoData:
    return generate_demo(customers=SIZE, seed=7, now=NOW)


@pytest.fixture(scope="module")
def customers(demo: DemoData) -> list[Record]:
    return list(demo.customer_records())


@pytest.fixture(scope="module")
def orders(demo: DemoData) -> list[Record]:
    return list(demo.order_records())


def read_all(demo: DemoData) -> tuple[list[Record], list[Record]]:
    return list(demo.customer_records()), list(demo.order_records())


def count_orders(orders: list[Record]) -> Counter[str]:
    return Counter(order["customer_id"] for order in orders)


def share(flags: list[bool]) -> float:
    return sum(flags) / len(flags)


def test_same_seed_and_time_give_the_same_data() -> None:
    first = generate_demo(customers=300, seed=5, now=NOW)
    again = generate_demo(customers=300, seed=5, now=NOW)
    assert read_all(first) == read_all(again)


def test_another_seed_gives_other_data() -> None:
    five = read_all(generate_demo(customers=300, seed=5, now=NOW))
    six = read_all(generate_demo(customers=300, seed=6, now=NOW))
    assert five[0] != six[0]
    assert five[1] != six[1]


def test_records_can_be_read_more_than_once(demo: DemoData, orders: list[Record]) -> None:
    assert list(demo.order_records()) == orders


def test_counts_say_how_many_records_follow(demo: DemoData, customers: list[Record], orders: list[Record]) -> None:
    assert demo.customer_count == len(customers) == SIZE
    assert demo.order_count == len(orders)


def test_records_survive_json_unchanged(customers: list[Record], orders: list[Record]) -> None:
    for record in customers + orders:
        assert json.loads(json.dumps(record, allow_nan=False)) == record


def test_records_have_only_fields_of_the_api_and_no_derived_totals(
    customers: list[Record], orders: list[Record]
) -> None:
    always = {"id", "country", "tags", "loyalty_member", "abandoned_cart", "visits", "attributes", "consent"}
    sometimes = {"name", "first_name", "last_name", "email", "phone", "city", "category", "cart_value"}
    assert all(always <= set(customer) <= always | sometimes for customer in customers)
    fields = {"id", "customer_id", "amount", "status", "category", "items", "ordered_at"}
    assert all(fields <= set(order) <= fields | {"refunded"} for order in orders)


def test_ids_are_unique_and_every_order_has_a_customer(customers: list[Record], orders: list[Record]) -> None:
    ids = [customer["id"] for customer in customers]
    assert ids[:2] == ["demo-000001", "demo-000002"]
    assert orders[0]["id"] == "demo-o-0000001"
    assert len(set(ids)) == len(ids)
    assert len({order["id"] for order in orders}) == len(orders)
    assert {order["customer_id"] for order in orders} <= set(ids)


def test_orders_lie_in_the_two_years_before_now_each_customers_oldest_first(orders: list[Record]) -> None:
    times = [(order["customer_id"], datetime.fromisoformat(order["ordered_at"])) for order in orders]
    assert times == sorted(times)
    assert min(at for _, at in times) >= NOW - timedelta(days=730)
    assert max(at for _, at in times) <= NOW


def test_now_may_be_given_in_any_zone() -> None:
    elsewhere = NOW.astimezone(datetime.fromisoformat("2026-06-15T15:00:00+05:30").tzinfo)
    assert read_all(generate_demo(customers=50, now=NOW)) == read_all(generate_demo(customers=50, now=elsewhere))


def test_amounts_are_the_exact_sum_of_their_items(orders: list[Record]) -> None:
    for order in orders:
        assert order["items"]
        total = sum(Decimal(str(item["price"])) * item["quantity"] for item in order["items"])
        assert total == Decimal(str(order["amount"])) > 0


def test_money_has_at_most_two_decimals(customers: list[Record], orders: list[Record]) -> None:
    amounts = [order["amount"] for order in orders]
    amounts += [order["refunded"] for order in orders if "refunded" in order]
    amounts += [item["price"] for order in orders for item in order["items"]]
    amounts += [customer["cart_value"] for customer in customers if "cart_value" in customer]
    assert all(amount == round(amount, 2) for amount in amounts)


def test_no_order_names_a_product_twice(orders: list[Record]) -> None:
    for order in orders:
        names = [item["name"] for item in order["items"]]
        assert len(set(names)) == len(names)


def test_emails_reach_nobody_and_are_unique(customers: list[Record]) -> None:
    emails = [customer["email"] for customer in customers if "email" in customer]
    assert len(set(emails)) == len(emails)
    assert {email.partition("@")[2] for email in emails} == {"example.com", "example.org", "example.net"}
    assert all(email.isascii() and " " not in email for email in emails)


def test_phone_numbers_reach_nobody_and_are_unique(customers: list[Record]) -> None:
    phones = [customer["phone"] for customer in customers if "phone" in customer]
    assert len(set(phones)) == len(phones)
    for phone in phones:
        code, rest = phone.split(" ", 1)
        assert code[0] == "+"
        assert rest.startswith(("555 0", "555 1") if code == "+1" else "00 ")
        assert (code[1:] + rest).replace(" ", "").isdecimal()


def test_some_customers_lack_an_address_a_city_or_a_name(customers: list[Record]) -> None:
    for field, low, high in (
        ("email", 0.02, 0.1),
        ("phone", 0.08, 0.2),
        ("city", 0.01, 0.08),
        ("name", 0.001, 0.03),
    ):
        assert low < share([field not in customer for customer in customers]) < high, field


def test_consent_names_every_channel_and_needs_an_address(customers: list[Record]) -> None:
    for customer in customers:
        consent = customer["consent"]
        assert set(consent) == {"email", "sms", "whatsapp", "push"}
        assert set(consent.values()) <= {"granted", "denied", "unknown"}
        if "email" not in customer:
            assert consent["email"] == "unknown"
        if "phone" not in customer:
            assert consent["sms"] == consent["whatsapp"] == "unknown"


def test_each_consent_is_common_in_every_channel(customers: list[Record]) -> None:
    for channel in ("email", "sms", "whatsapp", "push"):
        states = Counter(customer["consent"][channel] for customer in customers)
        assert min(states["granted"], states["denied"], states["unknown"]) > 0.08 * SIZE, channel


def test_a_cart_has_a_value_exactly_when_it_was_abandoned(customers: list[Record]) -> None:
    assert all(
        customer["abandoned_cart"] == (customer.get("cart_value", 0) > 0) == ("cart_value" in customer)
        for customer in customers
    )
    assert 0.05 < share([customer["abandoned_cart"] for customer in customers]) < 0.2


def test_names_are_written_as_their_countries_write_them(customers: list[Record]) -> None:
    names = " ".join(customer.get("name", "") for customer in customers)
    cities = {customer.get("city") for customer in customers}
    assert set("üéñłşã") <= set(names)
    assert any("一" <= letter <= "鿿" for letter in names)
    assert {"São Paulo", "München", "İstanbul", "Kraków"} <= cities


def test_about_an_eighth_of_the_customers_have_no_order(customers: list[Record], orders: list[Record]) -> None:
    assert 0.09 < 1 - len(count_orders(orders)) / len(customers) < 0.15


def test_many_buy_once_and_a_few_buy_often(orders: list[Record]) -> None:
    counts = list(count_orders(orders).values())
    assert 0.33 < share([count == 1 for count in counts]) < 0.5
    assert 0.05 < share([count >= 10 for count in counts]) < 0.2


def test_there_are_three_to_five_orders_a_customer(demo: DemoData) -> None:
    assert 3 < demo.order_count / demo.customer_count < 5


def test_november_and_december_beat_february(orders: list[Record]) -> None:
    months = Counter(order["ordered_at"][:7] for order in orders)
    for year in (2024, 2025):
        february = months[f"{year + 1}-02"]
        assert months[f"{year}-11"] > 1.3 * february
        assert months[f"{year}-12"] > 1.3 * february


def test_toys_sell_before_christmas_and_sports_in_summer(orders: list[Record]) -> None:
    by_month = Counter((order["category"], order["ordered_at"][5:7]) for order in orders)
    assert by_month["Toys", "12"] > by_month["Sports", "12"]
    assert by_month["Toys", "05"] < by_month["Sports", "05"]


def test_weekends_beat_weekdays_and_evenings_beat_nights(orders: list[Record]) -> None:
    times = [datetime.fromisoformat(order["ordered_at"]) for order in orders]
    weekdays = Counter(time.weekday() for time in times)
    hours = Counter(time.hour for time in times)
    assert weekdays[6] > 1.1 * weekdays[1]
    assert hours[20] > 5 * hours[3]


def test_the_shop_grows(orders: list[Record]) -> None:
    middle = (NOW - timedelta(days=365)).isoformat()
    revenue = {True: 0.0, False: 0.0}
    for order in orders:
        revenue[order["ordered_at"] >= middle] += order["amount"]
    assert revenue[True] > 1.2 * revenue[False] > 0


def test_loyalty_members_buy_more(customers: list[Record], orders: list[Record]) -> None:
    counts = count_orders(orders)
    members = [counts[customer["id"]] for customer in customers if customer["loyalty_member"]]
    others = [counts[customer["id"]] for customer in customers if not customer["loyalty_member"]]
    assert sum(members) / len(members) > 1.2 * sum(others) / len(others)


def test_customers_buy_most_in_the_category_they_prefer(customers: list[Record], orders: list[Record]) -> None:
    preferred = {customer["id"]: customer.get("category") for customer in customers}
    hits = [order["category"] == preferred[order["customer_id"]] for order in orders]
    assert 0.35 < share(hits) < 0.75


def test_vips_have_spent_most(customers: list[Record], orders: list[Record]) -> None:
    spend: Counter[str] = Counter()
    for order in orders:
        if order["status"] not in {"cancelled", "refunded"}:
            spend[order["customer_id"]] += round(order["amount"] * 100) - round(order.get("refunded", 0) * 100)
    vips = [spend[customer["id"]] for customer in customers if "vip" in customer["tags"]]
    others = [spend[customer["id"]] for customer in customers if "vip" not in customer["tags"]]
    assert min(vips) > max(others)


def test_only_recent_orders_are_under_way(orders: list[Record]) -> None:
    fortnight_ago = (NOW - timedelta(days=15)).isoformat()
    old = {order["status"] for order in orders if order["ordered_at"] < fortnight_ago}
    statuses = Counter(order["status"] for order in orders)
    assert old == {"delivered", "cancelled", "refunded"}
    assert set(statuses) == {"pending", "confirmed", "shipped", "delivered", "cancelled", "refunded"}
    assert 0.02 < statuses["cancelled"] / len(orders) < 0.04


def test_some_of_what_was_delivered_is_refunded_wholly_or_in_part(orders: list[Record]) -> None:
    refunded = [order for order in orders if "refunded" in order]
    assert 0.02 < len(refunded) / len(orders) < 0.06
    assert all(0 < order["refunded"] <= order["amount"] for order in refunded)
    assert all((order["refunded"] == order["amount"]) == (order["status"] == "refunded") for order in refunded)
    assert {order["status"] for order in refunded} == {"delivered", "refunded"}


def test_whoever_writes_the_family_name_first_has_its_parts(customers: list[Record]) -> None:
    parted = [customer for customer in customers if "first_name" in customer]
    assert 0.02 < len(parted) / len(customers) < 0.5
    assert all(customer["name"] == f"{customer['last_name']} {customer['first_name']}" for customer in parted)


@pytest.mark.parametrize("seed", range(12))
def test_a_single_customer_is_a_shop_too(seed: int) -> None:
    demo = generate_demo(customers=1, seed=seed, now=NOW)
    assert [customer["id"] for customer in demo.customer_records()] == ["demo-000001"]
    assert {order["customer_id"] for order in demo.order_records()} <= {"demo-000001"}


@pytest.mark.parametrize("customers", [-1, 0, 2_000_001])
def test_a_number_of_customers_out_of_range_is_refused(customers: int) -> None:
    with pytest.raises(InvalidInput, match=rf"{customers}; allowed are 1 to 2,000,000") as refusal:
        generate_demo(customers=customers, now=NOW)
    assert refusal.value.field == "customers"


def test_a_negative_seed_is_refused() -> None:
    with pytest.raises(InvalidInput, match="seed is -1"):
        generate_demo(customers=1, seed=-1, now=NOW)


def test_a_time_without_zone_is_refused() -> None:
    with pytest.raises(InvalidInput, match="with a zone"):
        generate_demo(customers=1, now=NOW.replace(tzinfo=None))
