"""Columns of attributes, properties and consent: one type for the whole file."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_core.imports.recognising.kinds import KINDS
from crm_core.imports.recognising.targets import Target, find_target
from crm_core.ingest.scalars import MAX_INTEGER, MIN_INTEGER
from tests.unit.import_files import bad_lines, plan_of, read


def values(*cells: str, suffix: str = "") -> list[Any]:
    """What becomes of the cells of one attribute column."""
    lines = [f"id,attributes.x{suffix}", *(f'c,"{cell}"' for cell in cells)]
    return [record.get("attributes", {}).get("x") for record in read("\n".join(lines))]


@pytest.mark.parametrize(
    ("cells", "found"),
    [
        (("5", "-2.50", "0"), [5, -2.5, 0]),
        (("5", "", "7"), [5, None, 7]),
        (("5", "6", "x"), ["5", "6", "x"]),
        (("007", "12"), ["007", "12"]),
        (("+49", "12"), ["+49", "12"]),
        (("1e5", "2"), ["1e5", "2"]),
        (("1,5", "2"), ["1,5", "2"]),
        (("1_0", "2"), ["1_0", "2"]),
        (("٣", "2"), ["٣", "2"]),
        (("12345678901234567890", "2"), ["12345678901234567890", "2"]),
        (("0.12345678901234567", "2"), ["0.12345678901234567", "2"]),
        (("true", "FALSE"), [True, False]),
        (("true", "1"), ["true", "1"]),
        (("yes", "no"), ["yes", "no"]),
        (("2026-01-31",), ["2026-01-31"]),
        (("", " "), [None, None]),
    ],
)
def test_a_column_without_a_type_gets_the_one_that_all_its_cells_have(cells: tuple[str, ...], found: list[Any]) -> None:
    assert values(*cells) == found


@pytest.mark.parametrize(
    ("suffix", "cells", "found"),
    [
        (":text", ("5", "true"), ["5", "true"]),
        (":number", ("007", "+5", "1e3"), [7, 5, 1000.0]),
        (":boolean", ("yes", "0"), [True, False]),
        (":list", ("a; b", "c"), [["a", "b"], ["c"]]),
        (":date", ("2026-01-31", "2026-01-31T18:00:00+02:00"), ["2026-01-31", "2026-01-31T18:00:00+02:00"]),
        (":Number", ("1",), [1]),
    ],
)
def test_a_type_that_is_given_stands(suffix: str, cells: tuple[str, ...], found: list[Any]) -> None:
    assert values(*cells, suffix=suffix) == found


@pytest.mark.parametrize(
    ("suffix", "cell", "blame"),
    [
        (":number", "x", "column attributes.x:number: 'x' is not a number"),
        (":boolean", "maybe", "'maybe' is not true or false"),
        (":date", "31.01.2026", "'31.01.2026' is not an ISO 8601 date or time"),
        (":date", "2026-02-30", "'2026-02-30' is not an ISO 8601 date or time"),
        (":date", "20260131", "'20260131' is not an ISO 8601 date or time"),
    ],
)
def test_a_cell_that_has_not_the_given_type_is_named(suffix: str, cell: str, blame: str) -> None:
    ((line, reason),) = bad_lines(f"id,attributes.x{suffix}\nc1,{cell}\n")
    assert line == 2
    assert blame in reason


def test_a_last_cell_decides_on_the_first() -> None:
    cells = ["1"] * 5000
    assert values(*cells)[0] == 1
    assert values(*cells, "A1")[0] == "1"


def test_a_row_that_does_not_fit_the_header_decides_nothing() -> None:
    plan = plan_of("id,attributes.x\nc1,5\nc2,x,y\n")
    assert [column.type.name for column in plan.columns if column.type] == ["text", "number"]


def test_the_plan_tells_each_column_with_its_target_and_type() -> None:
    plan = plan_of("ID,attributes.Shoe Size,Consent.in-app\nc1,44,granted\n")
    assert [(c.column, c.target and c.target.path, c.type and c.type.name) for c in plan.columns] == [
        ("ID", "id", "text"),
        ("attributes.Shoe Size", "attributes.shoe_size", "number"),
        ("Consent.in-app", "consent.in_app", "consent"),
    ]


def test_consent_is_given_by_channel_and_events_have_properties() -> None:
    assert read("id,consent.sms,consent.email\nc1,Granted,\nc2,denied,unknown\n") == [
        {"id": "c1", "consent": {"sms": "granted"}},
        {"id": "c2", "consent": {"sms": "denied", "email": "unknown"}},
    ]
    assert read("id,customer_id,type,at,properties.price\ne1,c1,visit,2026-01-01,9.5\n") == [
        {"id": "e1", "customer_id": "c1", "type": "visit", "at": "2026-01-01", "properties": {"price": 9.5}}
    ]


@given(st.integers() | st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**20), max_value=10**20))
def test_a_number_that_is_found_is_exactly_what_the_cell_says(number: int | Decimal) -> None:
    text = f"{number:f}" if isinstance(number, Decimal) else str(number)
    (value,) = values(text)
    assert isinstance(value, str) or Decimal(repr(value)) == number
    assert isinstance(value, str) or MIN_INTEGER <= value <= MAX_INTEGER


@given(st.text())
def test_any_name_of_a_column_leads_somewhere_or_nowhere(text: str) -> None:
    target = find_target(text, KINDS["customers"])
    if isinstance(target, Target):
        again = find_target(target.path, KINDS["customers"])
        assert isinstance(again, Target)
        assert again.path == target.path
