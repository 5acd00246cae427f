"""What an evaluation shows beside whom it finds: the sample, the moment, the walk."""

from datetime import timedelta
from typing import Any

from crm_core.rules.loading import load_rule
from crm_core.services import Services
from tests.actors import TEST
from tests.integration.population import INSTANT, NOW, field, group


def orders(op: str, value: Any, **filters: Any) -> dict[str, Any]:
    return {"kind": "orders", "op": op, "value": value, **filters}


BUYS_BOOKS = orders("gte", 1, category="Books")
BUYS_MUSIC = orders("gte", 1, category="Music")
VIP = field("tags", "has_any", ["vip"])
VISITS = field("visits", "gte", 3)


def test_a_sample_shows_nothing_of_how_it_was_found(shop: Services) -> None:
    rule = load_rule(group("any", BUYS_BOOKS, group("all", BUYS_MUSIC, VIP)))
    (asha, bela) = shop.audience.preview(rule, sample=10).sample
    assert asha == shop.customers.customer("asha", actor=TEST)
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
