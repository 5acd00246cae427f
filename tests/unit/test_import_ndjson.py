"""NDJSON files: records are passed on as they are, and a line that holds none is named."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_core.imports.formats import json_lines
from tests.unit.import_files import bad_lines, plan_of, read, refusal

NAME = "shop.ndjson"


@pytest.mark.parametrize(
    ("record", "kind"),
    [
        ('{"id": "e1", "customerId": "c1", "type": "visit"}', "events"),
        ('{"id": "o1", "customer_id": "c1", "amount": 5}', "orders"),
        ('{"id": "c1"}', "customers"),
        ("{}", "customers"),
        ("", "customers"),
        ('[1]\n{"customer_id": "c1"}', "orders"),
    ],
)
def test_the_kind_is_guessed_from_the_first_record(record: str, kind: str) -> None:
    assert plan_of(record, NAME).kind.name == kind
    assert plan_of(record, NAME, kind_name="events").kind.name == "events"


def test_records_are_passed_on_as_they_are() -> None:
    records = [{"id": "c1", "loyaltyMember": None, "attributes": {"Größe": [1, {"x": 2.50}]}}, {"unknown": 10**30}]
    assert read("\n".join(json.dumps(record) for record in records), NAME) == records


def test_empty_lines_a_byte_order_mark_and_line_ends_do_not_matter() -> None:
    plan = plan_of('\ufeff{"id": "a"}\r\n\r\n   \n{"id": "b\u2028"}', NAME)
    assert [(item.line) for item in plan.items()] == [1, 4]
    assert plan.count == 2
    assert read('\ufeff{"id": "a"}\r\n\n{"id": "b\u2028"}', NAME) == [{"id": "a"}, {"id": "b\u2028"}]


@pytest.mark.parametrize(
    ("line", "blame"),
    [
        ("[1]", "Line 2 is no JSON object but '[1]'"),
        ('"x"', "is no JSON object"),
        ("{'id': 1}", "Line 2 is no JSON: Expecting property name"),
        ('{"id": "a"', "is no JSON"),
        ('{"id": "a"} {"id": "b"}', "Extra data"),
        ('{"cart_value": NaN}', "NaN is no number in JSON"),
        ('{"cart_value": -Infinity}', "-Infinity is no number in JSON"),
        ('{"cart_value": 1e999}', "cannot be sent as JSON"),
        ('{"name": "\\ud800"}', "cannot be sent as JSON"),
        ('{"\\udfff": 1}', "cannot be sent as JSON"),
        ('{"a": ' + "[" * 100_000, "nested too deeply"),
        ('{"a": ' + "9" * 5_000 + "}", "is no JSON"),
    ],
)
def test_a_line_that_holds_no_record_is_named_and_the_others_are_read(line: str, blame: str) -> None:
    text = f'{{"id": "a"}}\n{line}\n{{"id": "b"}}\n'
    ((number, reason),) = bad_lines(text, NAME)
    assert number == 2
    assert blame in reason
    assert len(reason) < 300
    assert plan_of(text, NAME).count == len(list(plan_of(text, NAME).items())) == 3


def test_a_pair_of_surrogates_is_a_character() -> None:
    assert read('{"name": "\\ud83d\\ude00"}', NAME) == [{"name": "😀"}]


def test_a_line_longer_than_any_request_is_named_and_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_lines, "MAX_LINE_BYTES", 20)
    text = '{"id": "a"}\n' + "x" * 75 + '\n{"id": "b"}\n' + "x" * 20 + '\n{"id": "c"}'
    assert [line for line, _ in bad_lines(text, NAME)] == [2, 4]
    assert [item.line for item in plan_of(text, NAME).items()] == [1, 2, 3, 4, 5]


def test_a_file_in_another_encoding_is_refused_with_its_line() -> None:
    assert "is not UTF-8: line 2" in refusal('{"id": "a"}\n{"id": "ü"}\n'.encode("latin-1"), NAME)


def test_the_plan_tells_which_keys_are_fields() -> None:
    columns = plan_of('{"id": "c1", "loyaltyMember": true}\n{"attributes": {}, "nmae": 1}', NAME).columns
    assert [(column.column, column.target and column.target.path) for column in columns] == [
        ("id", "id"),
        ("loyaltyMember", "loyalty_member"),
        ("attributes", "attributes"),
        ("nmae", None),
    ]


@given(st.lists(st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), st.integers() | st.booleans())))
def test_what_was_written_is_read(records: list[dict[str, int]]) -> None:
    assert read("\n".join(json.dumps(record) for record in records), NAME) == records
