"""The field catalogue: the only names that a rule may use, built in or of a workspace's custom attributes."""

from collections import Counter

import pytest

from crm_core.errors import BadRule, UnknownField
from crm_core.rules.context import BUILT_IN
from crm_core.rules.fields import FIELDS, RESERVED, Catalogue, FieldType, nearest
from tests.unit.rule_samples import CATALOGUE


def words_of(catalogue: Catalogue) -> list[str]:
    """Everything that the text may call a field by."""
    return [
        word
        for field in catalogue.fields
        for word in (field.name, *field.aliases, *((field.idle.word,) if field.idle else ()))
    ]


@pytest.mark.parametrize("catalogue", [BUILT_IN, CATALOGUE], ids=["built in", "with attributes"])
def test_no_two_fields_have_a_word_in_common(catalogue: Catalogue) -> None:
    assert [word for word, count in Counter(words_of(catalogue)).items() if count > 1] == []


@pytest.mark.parametrize("catalogue", [BUILT_IN, CATALOGUE], ids=["built in", "with attributes"])
def test_no_field_is_called_like_what_begins_another_condition(catalogue: Catalogue) -> None:
    assert not RESERVED & set(words_of(catalogue))


def test_every_built_in_field_is_found_by_its_name_and_has_its_own_label_and_path() -> None:
    assert [BUILT_IN.find(field.name) for field in FIELDS] == list(FIELDS)
    assert len({field.label for field in FIELDS}) == len(FIELDS)
    assert len({field.path for field in FIELDS}) == len(FIELDS)


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("spend", "total_spend"),
        ("total_spend", "total_spend"),
        ("SPEND", "total_spend"),
        ("Average_Order", "avg_order_value"),
        ("last_order", "last_order_at"),
        ("first_order", "first_order_at"),
        ("bought", "categories"),
        ("cart", "cart_value"),
        ("favourite_category", "category"),
        ("customer_since", "created_at"),
        ("visits", "visits"),
        ("size", "attributes.size"),
        ("attributes.size", "attributes.size"),
        ("city", "city"),
        ("attributes.city", "attributes.city"),
        ("in", "attributes.in"),
        ("attributes.not", "attributes.not"),
    ],
)
def test_the_text_may_call_a_field_by_its_name_or_an_alias_in_any_case(word: str, name: str) -> None:
    assert CATALOGUE.find_word(word, "text").name == name


@pytest.mark.parametrize("alias", ["spend", "SPEND", "Total_spend", "size", "inactive"])
def test_a_tree_calls_a_field_by_its_exact_name_only(alias: str) -> None:
    with pytest.raises(UnknownField):
        CATALOGUE.find(alias)


@pytest.mark.parametrize("name", ["$where", "_id", "folded.city", "total_spend_minor", "", "versions", "attributes"])
def test_only_names_of_the_catalogue_are_fields(name: str) -> None:
    with pytest.raises(UnknownField):
        CATALOGUE.find(name)
    with pytest.raises(UnknownField):
        CATALOGUE.find_word(name, "text")


def test_an_unknown_field_is_refused_with_the_nearest_names_and_the_path() -> None:
    with pytest.raises(UnknownField) as caught:
        BUILT_IN.find("total_spent", "rule.rules[0]")
    assert caught.value.field == "rule.rules[0]"
    assert "rule.rules[0]: there is no field 'total_spent'. Did you mean total_spend" in str(caught.value)
    with pytest.raises(UnknownField, match=r"Did you mean attributes\.size"):
        CATALOGUE.find("attributes.sise")
    with pytest.raises(UnknownField, match="Did you mean size"):
        CATALOGUE.find_word("sise", "text")


def test_orders_is_explained_since_it_is_no_field() -> None:
    with pytest.raises(UnknownField, match=r"order_count is the number of all orders, orders\(\) that of the recorded"):
        BUILT_IN.find_word("Orders", "text")


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        (FieldType.TEXT, "folded.attributes.size"),
        (FieldType.LIST, "folded.attributes.size"),
        (FieldType.DATE, "folded.dates.size"),
        (FieldType.NUMBER, "attributes.size"),
        (FieldType.BOOLEAN, "attributes.size"),
    ],
)
def test_an_attribute_has_its_type_and_the_path_of_what_compares(kind: FieldType, path: str) -> None:
    found = Catalogue({"size": kind}).find("attributes.size")
    assert (found.type, found.path, found.label, found.group) == (kind, path, "Size", "Attributes")
    assert not found.is_whole


def test_attributes_are_listed_after_the_built_in_fields() -> None:
    catalogue = Catalogue({"shoe_size": FieldType.NUMBER, "colour": None})
    assert catalogue.fields[:-1] == FIELDS
    assert catalogue.fields[-1].label == "Shoe size"


@pytest.mark.parametrize("word", sorted({*RESERVED, "spend", "total_spend", "city", "inactive", "bought"}))
def test_an_attribute_named_like_a_word_that_is_taken_needs_its_prefix(word: str) -> None:
    found = Catalogue({word: FieldType.NUMBER}).find(f"attributes.{word}")
    assert found.aliases == ()
    assert found.text_name == f"attributes.{word}"


@pytest.mark.parametrize("word", ["size", "and", "or", "in", "between", "last", "is", "true"])
def test_any_other_attribute_is_printed_by_its_bare_name(word: str) -> None:
    assert Catalogue({word: FieldType.NUMBER}).find(f"attributes.{word}").text_name == word


def test_an_attribute_of_mixed_types_is_refused_with_advice() -> None:
    advice = "are of several types; declare its type to use it in rules"
    with pytest.raises(BadRule, match=advice) as caught:
        CATALOGUE.find("attributes.colour", "rule.rules[2]")
    assert caught.value.field == "rule.rules[2]"
    for word in ("colour", "Colour", "attributes.colour"):
        with pytest.raises(BadRule, match=advice):
            CATALOGUE.find_word(word, "text")
    assert "attributes.colour" not in {field.name for field in CATALOGUE.fields}


def test_a_mixed_attribute_named_like_a_built_in_field_takes_nothing_from_it() -> None:
    assert Catalogue({"city": None}).find_word("city", "text").name == "city"


def test_the_idle_word_of_a_date_is_no_name_of_a_field() -> None:
    assert BUILT_IN.find_idle("INACTIVE", "text").name == "last_order_at"
    with pytest.raises(UnknownField, match="Did you mean inactive"):
        BUILT_IN.find_idle("inactiv", "text")
    with pytest.raises(UnknownField):
        BUILT_IN.find_word("inactive", "text")


def test_the_nearest_names_are_at_most_three_of_the_like_or_some_of_all() -> None:
    assert nearest("spnd", ["spend", "cart"]) == " Did you mean spend?"
    assert nearest("aaab", ["aaaa", "aaac", "aaad", "aaae"]).count(" or ") == 2
    assert nearest("zzz", ["spend", "cart"]) == " Known are spend, cart."
    assert nearest("zzz", []) == ""
    assert nearest("zzz", [f"n{number}" for number in range(33)]).endswith("n29 and 3 more.")
