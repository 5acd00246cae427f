"""CSV files: which records their columns make, and which line is to blame."""

import pytest

from crm_core.imports.reading.items import FileRecord
from crm_core.imports.recognising.kinds import KINDS
from crm_core.imports.recognising.targets import normalise
from crm_core.ingest.wire import MODELS
from tests.unit.import_files import bad_lines, plan_of, read, refusal


@pytest.mark.parametrize(
    ("header", "kind"),
    [
        ("id,name", "customers"),
        ("id,customer_id,amount", "orders"),
        ("id,customer_id,type", "events"),
        ("customerId,TYPE", "events"),
        ("ID", "customers"),
    ],
)
def test_the_kind_of_records_is_found_by_the_columns(header: str, kind: str) -> None:
    assert plan_of(f"{header}\n").kind.name == kind


def test_a_kind_that_is_said_overrides_the_columns() -> None:
    assert plan_of("id,customer_id,type\n", kind_name="orders").kind.name == "orders"
    assert "no kind 'people'; allowed are customers, orders, events" in refusal("id\n", kind_name="people")


def test_columns_are_the_fields_of_the_api() -> None:
    for stream, model in MODELS.models.items():
        kind = KINDS[stream.label]
        assert {*kind.fields, *kind.nested} == set(model.model_fields)


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("Customer ID", "customer_id"),
        ("customerId", "customer_id"),
        ("CustomerID", "customer_id"),
        ("customer-id", "customer_id"),
        (" CUSTOMER_ID ", "customer_id"),
        ("Ordered  at", "ordered_at"),
        ("ID", "id"),
        ("IDNumber", "id_number"),
    ],
)
def test_names_of_columns_are_compared_in_one_form(name: str, form: str) -> None:
    assert normalise(name) == form


def test_cells_become_values_of_the_api() -> None:
    text = (
        "id,name,tags,loyalty_member,abandoned_cart,visits,cart_value,total_spend\n"
        "c1, Asha Rao ,vip; early;,yes,FALSE,4,29.33,100\n"
    )
    assert read(text) == [
        {
            "id": "c1",
            "name": "Asha Rao",
            "tags": ["vip", "early"],
            "loyalty_member": True,
            "abandoned_cart": False,
            "visits": 4,
            "cart_value": 29.33,
            "total_spend": 100,
        }
    ]


def test_ids_keep_their_leading_zeros() -> None:
    assert read("id,phone\n00042,0091\n") == [{"id": "00042", "phone": "0091"}]


def test_an_empty_cell_says_nothing() -> None:
    assert read("id,city,visits,attributes.size\nc1,,,\nc2, ,3,\n") == [{"id": "c1"}, {"id": "c2", "visits": 3}]


def test_a_row_of_empty_cells_is_no_record() -> None:
    plan = plan_of("id,name\nc1,a\n,\n ,\n\n")
    assert (plan.count, len(list(plan.items()))) == (1, 1)


def test_quotes_commas_line_breaks_and_a_byte_order_mark_are_read() -> None:
    text = '\ufeffid,name\r\nc1,"Rao, Asha"\r\n\r\nc2,"two\nlines"\r\nc3,"say ""hi"""\r\n'
    assert [record["name"] for record in read(text)] == ["Rao, Asha", "two\nlines", 'say "hi"']


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_delimiter_is_the_one_of_the_header(delimiter: str) -> None:
    assert read(f"id{delimiter}name\nc1{delimiter}Ann\n") == [{"id": "c1", "name": "Ann"}]


def test_each_record_knows_its_line() -> None:
    items = plan_of('id,name\nc1,a\n\nc2,"b\nc"\nc3,d\n').items()
    assert [item.line for item in items] == [2, 5, 6]


def test_a_file_is_read_from_its_start_each_time() -> None:
    plan = plan_of("id\nc1\nc2\n")
    assert list(plan.items()) == list(plan.items())
    assert plan.count == 2


@pytest.mark.parametrize(
    ("header", "row", "blame"),
    [
        ("id,visits", "c1,many", "Line 2, column visits: 'many' is not a whole number"),
        ("id,Visits", "c1,2.5", "column Visits: '2.5' is not a whole number"),
        ("id,visits", "c1,1_000", "'1_000' is not a whole number"),
        ("id,cart_value", "c1,$5", "column cart_value: '$5' is not a number such as 29.33"),
        ("id,cart_value", "c1,1_000", "'1_000' is not a number"),
        ("id,cart_value", "c1,nan", "column cart_value: 'nan' is not a number"),
        ("id,total_spend", "c1,1e999", "column total_spend: '1e999' is not a number"),
        ("id,total_spend", "c1," + "9" * 5000, "is not a number"),
        ("id,customer_id,amount", "o1,c1,-inf", "column amount: '-inf' is not a number"),
        ("id,loyalty_member", "c1,perhaps", "column loyalty_member: 'perhaps' is not true or false"),
        ("id,consent.sms", "c1,yes", "column consent.sms: 'yes' is not granted, denied or unknown"),
        ("id,name", "c1", "Line 2 has 1 cells; the header has 2"),
        ("id,name", "c1,a,b", "Line 2 has 3 cells; the header has 2"),
        ("id,name", 'c1,"a"b', "Line 2 cannot be read as CSV: ',' expected after '\"'"),
    ],
)
def test_a_bad_line_is_named_and_the_others_are_read(header: str, row: str, blame: str) -> None:
    good = ",".join("1" if name in {"id", "customer_id", "amount"} else "" for name in header.split(","))
    first, *others = plan_of(f"{header}\n{row}\n{good}\n").items()
    ((line, reason),) = bad_lines(f"{header}\n{row}\n{good}\n")
    assert (line, first.line) == (2, 2)
    assert blame in reason
    assert [item.line for item in others if isinstance(item, FileRecord)] == [3]


def test_a_long_value_is_shown_by_its_beginning() -> None:
    ((_, reason),) = bad_lines(f"id,visits\nc1,{'x' * 100_000}\n")
    assert len(reason) < 200


@pytest.mark.parametrize(
    ("header", "blame"),
    [
        ("id,nmae", "a column 'nmae' that customers do not have. Did you mean name?"),
        ("id,customer_id,amuont", "a column 'amuont' that orders do not have. Did you mean amount?"),
        ("id,name,name", "names a column twice: 'name'"),
        ("customer_id,Customer ID,amount", "columns 'customer_id' and 'Customer ID' of shop.csv go to one field"),
        ("name,city", "has neither a column customer_id"),
        ("name,city", "It has name, city."),
        ("", "has neither a column customer_id"),
        ("customer_id", "has no column amount, which orders need"),
        ("id,consent.fax", "a column 'consent.fax' that customers do not have. Did you mean"),
        ("id,visits:number", "A type is given with attributes.NAME only"),
        ("id,attributes.Größe", "The NAME in attributes.NAME is 1 to 40 of a-z"),
        ("id,attributes", "The NAME in attributes.NAME is 1 to 40 of a-z"),
        ("id,attributes.size:float", "no type 'float'; allowed are text, number, boolean, date, list"),
        ("id,properties.size", "a column 'properties.size' that customers do not have"),
        ('"id"x,name', "The header of shop.csv cannot be read"),
    ],
)
def test_a_bad_header_is_refused(header: str, blame: str) -> None:
    assert blame in refusal(f"{header}\n1\n")


def test_all_unknown_columns_are_named_at_once_with_what_is_allowed_and_what_to_do() -> None:
    said = refusal("id,nmae,shoe size\n")
    assert "'nmae'" in said
    assert "'shoe size'" in said
    assert "Allowed are id, name" in said
    assert "attributes.NAME, consent.in_app" in said
    assert "--map 'nmae=FIELD', or leave it out with --map 'nmae='" in said


def test_a_file_in_another_encoding_is_refused_with_its_line() -> None:
    text = "id,city\n" + "c1,Bern\n" * 5000 + "c2,München\n"
    assert "is not UTF-8: line 5002" in refusal(text.encode("latin-1"))


@pytest.mark.parametrize("rest", ["", "\nc3,b", "\nc3,b" * 2000, "x" * 200_000])
def test_a_quote_that_is_left_open_is_refused_with_its_line_before_anything_is_read(rest: str) -> None:
    said = refusal('id,name\nc1,a\nc2,"' + rest)
    assert "Line 3 cannot be read as CSV" in said
    assert "quote left open" in said


def test_a_header_that_never_ends_is_refused() -> None:
    assert "The first line of shop.csv has more than 100,000 characters" in refusal("x" * 200_000)


@pytest.mark.parametrize("header", ["customer_id,amount", "customer_id,type"])
def test_records_without_an_id_get_the_same_ones_at_every_import(header: str) -> None:
    text = f"{header}\nc1,5\nc1,5\nc2,7\n"
    first, again = read(text), read(text)
    assert first == again
    assert len({record["id"] for record in first}) == 3


def test_ids_made_for_a_file_stay_the_same_from_version_to_version() -> None:
    assert [record["id"] for record in read("customer_id,amount\nc1,5\nc1,5\n")] == [
        "csv-56f30f7635849335aa21d760",
        "csv-5c485f19531772d883b479cd",
    ]


def test_given_ids_stand() -> None:
    assert [record["id"] for record in read("id,customer_id,amount\no1,c1,5\n")] == ["o1"]


def test_a_customer_without_an_id_gets_none() -> None:
    assert read("id,name\n,Ann\n") == [{"name": "Ann"}]
