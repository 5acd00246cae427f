"""What conditions on orders and groups of conditions find in MongoDB, and what a preview shows of it."""

from datetime import timedelta
from itertools import product
from typing import Any

import pytest

from crm_core.errors import BadRule, UnknownField
from crm_core.rules.mongo import check_rule
from crm_core.rules.tree import load_rule
from crm_core.services import Services
from tests.integration.population import EVERYBODY, INSTANT, NOW, but, field, group, match


def orders(op: str, value: Any, **filters: Any) -> dict[str, Any]:
    return {"kind": "orders", "op": op, "value": value, **filters}


@pytest.mark.parametrize(
    ("rule", "ids"),
    [
        (orders("gte", 1), "asha bela emil fay"),
        (orders("eq", 0), "cem dora gus"),
        (orders("lt", 2), "bela cem dora gus"),
        (orders("gt", 2), "fay"),
        (orders("between", [1, 2]), "asha bela emil"),
        (orders("not_between", [1, 2]), but("asha bela emil")),
        (orders("ne", 1), but("bela")),
        (orders("gte", 1, category="books"), "asha bela"),
        (orders("gte", 1, category="STRASSE"), "emil"),
        (orders("eq", 0, category="Books"), but("asha bela")),
        (orders("gte", 1, category="Toys"), ""),
        (orders("gte", 1, status="cancelled"), "bela"),
        (orders("gte", 1, category="Toys", status="cancelled"), "bela"),
        (orders("gte", 1, status="shipped"), "bela"),
        (orders("gte", 1, status="pending"), "emil"),
        (orders("eq", 1, status="confirmed"), "asha emil"),
        (orders("gte", 1, min_amount=75), "asha bela"),
        (orders("gte", 1, min_amount=75.01), "asha"),
        (orders("gte", 1, min_amount=100.005), ""),
        (orders("eq", 1, min_amount=33.335), "bela fay"),
        (orders("eq", 2, min_amount=0), "asha emil"),
        (orders("eq", 2, within_days=30), "asha"),
        (orders("eq", 1, within_days=29), "asha"),
        (orders("gte", 1, within_days=31), "asha bela"),
        (orders("gte", 1, within_days=30, category="music", min_amount=50), "asha"),
        (orders("gte", 1, within_days=29, category="music"), ""),
        (orders("gte", 1, within_days=30, status="cancelled"), "bela"),
    ],
)
def test_orders_count_those_that_pass_all_filters_and_cancelled_ones_only_by_name(
    shop: Services, rule: dict[str, Any], ids: str
) -> None:
    assert match(shop, rule) == ids


BUYS_BOOKS = orders("gte", 1, category="Books")
BUYS_MUSIC = orders("gte", 1, category="Music")
VIP = field("tags", "has_any", ["vip"])
VISITS = field("visits", "gte", 3)
FROM_PUNE = field("city", "eq", "Pune")


@pytest.mark.parametrize(
    ("rule", "ids"),
    [
        (group("all"), EVERYBODY),
        (group("none"), EVERYBODY),
        (group("any"), ""),
        (group("all", group("any")), ""),
        (group("none", group("any")), EVERYBODY),
        (group("none", group("all")), ""),
        (group("any", group("all"), FROM_PUNE), EVERYBODY),
        (group("all", VISITS, VIP), "asha bela"),
        (group("any", FROM_PUNE, field("visits", "eq", 3)), "asha bela cem"),
        (group("none", VIP, field("visits", "eq", 3)), "dora emil fay gus"),
        (group("all", VISITS, group("none", FROM_PUNE)), "bela cem"),
        (group("all", group("any", FROM_PUNE, VIP), group("none", FROM_PUNE)), "bela"),
        (group("all", VIP, BUYS_BOOKS, BUYS_MUSIC), "asha"),
        (group("all", VISITS, group("none", BUYS_MUSIC)), "bela cem"),
        (group("any", BUYS_MUSIC, field("total_spend", "eq", 75)), "asha bela cem"),
        (group("none", BUYS_BOOKS, orders("eq", 0)), "emil fay"),
        (group("all", group("any", BUYS_MUSIC, group("all", VISITS, BUYS_BOOKS)), VIP), "asha bela"),
        (group("all", orders("gte", 1), orders("eq", 0)), ""),
    ],
)
def test_groups_nest_freely_and_an_empty_one_is_everyone_or_nobody(
    shop: Services, rule: dict[str, Any], ids: str
) -> None:
    assert match(shop, rule) == ids


def test_none_of_is_the_complement_of_any_of_for_every_pair(shop: Services) -> None:
    for pair in product([VIP, BUYS_BOOKS, field("cart_value", "lt", 20.505), group("any")], repeat=2):
        assert match(shop, group("none", *pair)) == but(match(shop, group("any", *pair)))


def test_a_sample_shows_nothing_of_how_it_was_found(shop: Services) -> None:
    rule = load_rule(group("any", BUYS_BOOKS, group("all", BUYS_MUSIC, VIP)))
    (asha, bela) = shop.audience.preview(rule, sample=10).sample
    assert asha == shop.customers.customer("asha")
    assert not [name for name in asha.keys() | bela.keys() if name.startswith(("_", "folded", "versions", "revision"))]


def test_a_sample_is_the_first_by_id_and_no_longer_than_asked(shop: Services) -> None:
    preview = shop.audience.preview(load_rule(group("all")), sample=3)
    assert [record["id"] for record in preview.sample] == ["asha", "bela", "cem"]
    assert (preview.count, preview.total, preview.as_of) == (7, 7, NOW)
    assert shop.audience.preview(load_rule(group("all"))).sample == []


def test_windows_are_those_of_the_moment_that_is_asked_about(shop: Services) -> None:
    rule = load_rule(orders("gte", 1, within_days=30))
    assert shop.audience.count(rule, now=NOW - INSTANT) == 2
    assert shop.audience.count(rule, now=NOW + timedelta(days=30)) == 1
    assert shop.audience.count(rule, now=NOW + timedelta(days=31)) == 0


def test_a_walk_may_begin_after_an_id(shop: Services) -> None:
    assert list(shop.audience.ids(load_rule(VISITS), now=NOW, after="asha")) == ["bela", "cem"]
    assert list(shop.audience.ids(load_rule(BUYS_BOOKS), now=NOW, after="bela")) == []


@pytest.mark.parametrize(
    ("rule", "path"),
    [
        (field("nmae", "eq", "x"), "rule"),
        (group("all", VIP, field("nmae", "eq", "x")), "rule.rules[1]"),
        (group("all", group("any", BUYS_BOOKS, field("visits", "contains", "x"))), "rule.rules[0].rules[1].op"),
        (group("all", BUYS_BOOKS, field("visits", "gt", "x")), "rule.rules[1].value"),
        (orders("contains", 1), "rule.op"),
        (orders("gte", "1"), "rule.value"),
        (orders("between", [2, 1]), "rule.value"),
    ],
)
def test_a_rule_that_cannot_be_evaluated_is_refused_with_the_path_of_its_node(
    shop: Services, rule: dict[str, Any], path: str
) -> None:
    tree = load_rule(rule)
    for evaluate in (check_rule, shop.audience.preview):
        with pytest.raises((BadRule, UnknownField)) as caught:
            evaluate(tree)
        assert caught.value.field == path
