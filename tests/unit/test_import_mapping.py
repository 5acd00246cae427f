"""--map: columns and keys that are called otherwise than the API's fields."""

from typing import Any

import pytest

from crm_core.errors import InvalidInput
from crm_core.imports.recognising.mapping import parse_mapping
from tests.unit.import_files import bad_lines, plan_of, read, refusal


def test_a_mapping_is_column_equals_field_and_the_last_equals_sign_divides() -> None:
    assert parse_mapping(["Kunden-Nr=customer_id", "a=b=c", "x=", "="]) == {
        "Kunden-Nr": "customer_id",
        "a=b": "c",
        "x": "",
        "": "",
    }


@pytest.mark.parametrize(
    ("texts", "blame"),
    [(["Kunden-Nr"], "--map 'Kunden-Nr' is not COLUMN=FIELD"), (["a=b", "a=c"], "names the column 'a' twice")],
)
def test_a_mapping_that_is_none_is_refused(texts: list[str], blame: str) -> None:
    with pytest.raises(InvalidInput, match=blame):
        parse_mapping(texts)


def test_mapped_columns_go_to_their_fields_and_decide_the_kind() -> None:
    mapping = {"Kunden-Nr": "customer_id", "Betrag": "amount", "Notiz": ""}
    text = "id;Kunden-Nr;Betrag;Notiz\no1;7;29.33;x\n"
    assert plan_of(text, mapping=mapping).kind.name == "orders"
    assert read(text, mapping=mapping) == [{"id": "o1", "customer_id": "7", "amount": 29.33}]


def test_a_mapped_column_is_found_whatever_its_case_and_an_exact_name_goes_first() -> None:
    assert read("id,Full Name\nc1,Ann\n", mapping={"full_name": "name"}) == [{"id": "c1", "name": "Ann"}]
    both = {"A": "name", "a": "city"}
    assert read("id,A,a\nc1,x,y\n", mapping=both) == [{"id": "c1", "name": "x", "city": "y"}]


def test_targets_may_be_dotted_and_typed() -> None:
    mapping = {"Size": "attributes.shoe_size:text", "SMS": "consent.sms", "Points": "attributes.points"}
    assert read("id,Size,SMS,Points\nc1,44,granted,3\n", mapping=mapping) == [
        {"id": "c1", "attributes": {"shoe_size": "44", "points": 3}, "consent": {"sms": "granted"}}
    ]


def test_columns_without_a_name_can_be_left_out() -> None:
    assert read("id,,\nc1,x,y\n", mapping={"": ""}) == [{"id": "c1"}]


@pytest.mark.parametrize(
    ("mapping", "blame"),
    [
        ({"Nr": "city"}, "--map 'Nr=city': shop.csv has no column 'Nr'; it has id, Name, Ort."),
        ({"Ort": "town"}, "--map 'Ort=town': customers have no field 'town'. Allowed are id, name"),
        ({"Ort": "citty"}, "Did you mean city?"),
        ({"Ort": "attributes.Ort!"}, "The NAME in attributes.NAME is 1 to 40 of a-z"),
        ({"Ort": "name"}, "The columns 'Name' and 'Ort' of shop.csv go to one field, name: leave one out with --map"),
        ({"Ort": "city", "id": ""}, "neither a column customer_id"),
    ],
)
def test_a_mapping_that_cannot_be_is_refused_with_what_is_allowed(mapping: dict[str, str], blame: str) -> None:
    assert blame in refusal("id,Name,Ort\nc1,Ann,Bern\n", mapping=mapping)


def test_a_typing_error_in_a_mapping_is_told_even_when_no_kind_can_be_guessed() -> None:
    said = refusal("Kunden-Nr,amount\n7,5\n", mapping={"Kundennr": "customer_id"})
    assert "has no column 'Kundennr'; it has Kunden-Nr, amount" in said


def test_a_plan_with_faults_can_be_looked_at_but_not_read() -> None:
    plan = plan_of("id,nmae\nc1,x\n")
    assert [(column.column, bool(column.fault)) for column in plan.columns] == [("id", False), ("nmae", True)]
    assert plan.count == 1
    with pytest.raises(InvalidInput, match="nmae"):
        plan.items()


def lines(*records: str) -> str:
    return "\n".join(records)


def ndjson(*records: str, **mapping: str) -> list[dict[str, Any]]:
    return read(lines(*records), "x.ndjson", mapping=mapping)


def test_keys_of_records_are_mapped_as_columns_are() -> None:
    assert ndjson('{"Nr": 7, "Betrag": "29.33", "id": "o1", "weg": 1}', Nr="customer_id", Betrag="amount", weg="") == [
        {"id": "o1", "customer_id": "7", "amount": 29.33}
    ]


def test_a_mapped_key_joins_the_attributes_that_a_record_has() -> None:
    found = ndjson(
        '{"id": "c1", "attributes": {"a": 1}, "b": true, "c": "5"}', b="attributes.b", c="attributes.c:number"
    )
    assert found == [{"id": "c1", "attributes": {"a": 1, "b": True, "c": 5}}]


@pytest.mark.parametrize(
    ("record", "blame"),
    [
        ('{"id": "c1", "attributes": {"b": 1}, "b": 2}', "key b: the record has attributes.b already"),
        ('{"id": "c1", "attributes": 5, "b": 2}', "key b: attributes of the record is no object"),
        ('{"id": "c1", "b": "x"}', "key b: 'x' is not a number"),
    ],
)
def test_a_value_that_has_no_place_makes_a_bad_line(record: str, blame: str) -> None:
    ((line, reason),) = bad_lines(record, "x.ndjson", mapping={"b": "attributes.b:number"})
    assert line == 1
    assert blame in reason


@pytest.mark.parametrize(
    ("mapping", "blame"),
    [
        ({"Nr": "id"}, "x.ndjson has no column 'Nr'; it has id, fullName"),
        ({"fullName": "nmae"}, "customers have no field 'nmae'. Did you mean name?"),
        ({"fullName": "id"}, "The columns 'id' and 'fullName' of x.ndjson go to one field, id"),
    ],
)
def test_a_mapping_of_keys_that_cannot_be_is_refused(mapping: dict[str, str], blame: str) -> None:
    assert blame in refusal('{"id": "c1", "fullName": "Ann"}', "x.ndjson", mapping=mapping)


def test_keys_that_nobody_mapped_are_no_fault_of_the_file() -> None:
    assert ndjson('{"id": "c1", "customerId": "x", "nmae": 1}') == [{"id": "c1", "customerId": "x", "nmae": 1}]
    assert ndjson('{"customerId": "a", "type": "x"}', '{"customer_id": "a"}')
