"""Which type a custom attribute has: what its values show, or what somebody declared."""

from itertools import combinations
from typing import Any

import pytest

from crm_core.customers.attributes import Attribute, fits
from crm_core.customers.seen_types import AttributeType, type_of

TEXT, NUMBER, BOOLEAN, DATE, LIST = AttributeType


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("M", TEXT),
        ("", TEXT),
        ("2026-01-02", DATE),
        ("2026-01-02T10:00:00+05:30", DATE),
        ("2026-02-30", TEXT),
        ("1899-12-31", TEXT),
        ("12", TEXT),
        (12, NUMBER),
        (0.5, NUMBER),
        (True, BOOLEAN),
        ([], LIST),
        (["a"], LIST),
    ],
)
def test_a_value_shows_its_type(value: Any, kind: AttributeType) -> None:
    assert type_of(value) is kind


def test_a_value_fits_its_own_type_and_a_date_is_a_text_too() -> None:
    values = {TEXT: "M", NUMBER: 1, BOOLEAN: False, DATE: "2026-01-02", LIST: ["a"]}
    fitting = {(kind, wanted) for kind, value in values.items() for wanted in AttributeType if fits(value, wanted)}
    assert fitting == {(kind, kind) for kind in AttributeType} | {(DATE, TEXT)}


def test_an_attribute_has_the_type_of_all_its_values_or_none() -> None:
    for kind in AttributeType:
        assert Attribute("a", None, {kind}).type is kind
    for pair in combinations(AttributeType, 2):
        assert Attribute("a", None, set(pair)).type is (TEXT if set(pair) == {TEXT, DATE} else None)
    assert Attribute("a", None, set()).type is None


def test_a_declared_type_stands_whatever_was_seen() -> None:
    assert Attribute("a", NUMBER, {TEXT, LIST}).type is NUMBER
