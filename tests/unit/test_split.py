"""Who is held out and who gets which variant: the same for ever, in the shares that were asked for, and independent."""

from collections import Counter

import pytest

from crm_core.campaigns.model import Variant
from crm_core.campaigns.planning.split import is_held_out, places, variant_at

VARIANTS: list[Variant] = [
    {"name": name, "weight": weight, "message": None, "subject": None, "preheader": None}
    for name, weight in (("A", 20), ("B", 30), ("C", 50))
]


def test_the_places_of_a_customer_never_change() -> None:
    assert places("seed", "c1") == pytest.approx((14.2797778031, 31.2564008991))


def test_a_split_has_its_shares_and_being_held_out_is_independent_of_the_variant() -> None:
    found: Counter[tuple[bool, str | None]] = Counter()
    for n in range(20_000):
        for_holdout, for_variant = places("seed", f"c{n}")
        found[is_held_out(for_holdout, 10), variant_at(for_variant, VARIANTS)] += 1
    for variant in VARIANTS:
        held, kept = found[True, variant["name"]], found[False, variant["name"]]
        assert held + kept == pytest.approx(200 * variant["weight"], rel=0.05)
        assert held / (held + kept) == pytest.approx(0.1, abs=0.02)


def test_another_seed_splits_anew() -> None:
    same = sum(places("one", f"c{n}")[0] < 50 for n in range(1000) if places("two", f"c{n}")[0] < 50)
    assert 200 < same < 300


def test_the_edges_belong_to_one_variant() -> None:
    assert [variant_at(place, VARIANTS) for place in (0, 19.999, 20, 49.999, 50, 99.999999, 100)] == list("AABBCCC")
    assert not is_held_out(0, 0)
