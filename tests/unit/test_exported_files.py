"""Files that were exported come in again: cells that are no formulas, and columns that ClientNest computes."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_core.imports.formats.formats import plan_import
from crm_core.imports.reading.items import FileRecord
from crm_core.imports.reading.sources import FileSource
from crm_core.imports.recognising.exported import notes_on
from crm_core.imports.recognising.plan import ImportOptions, ImportPlan
from crm_core.infra.text import from_spreadsheet_text, spreadsheet_text
from pages.data.mapping import find_choice, list_choices


def plan_of(text: str) -> ImportPlan:
    return plan_import(FileSource.of_file(io.BytesIO(text.encode()), "people.csv"), ImportOptions())


@given(st.text(st.sampled_from("'=+-@\ta")))
def test_a_text_is_never_a_formula_in_a_file_and_is_itself_again(text: str) -> None:
    cell = spreadsheet_text(text)
    assert not cell.startswith(("=", "+", "-", "@", "\t", "\r"))
    assert from_spreadsheet_text(cell) == text


@pytest.mark.parametrize("text", ["'tis", "plain", "", "'", "''", "5"])
def test_other_texts_stand_in_a_file_as_they_are(text: str) -> None:
    assert spreadsheet_text(text) == from_spreadsheet_text(text) == text


def test_an_import_takes_the_quote_before_a_formula_away() -> None:
    items = list(plan_of("id,phone,name,attributes.code\n'=1,'+49 151 2345678,'tis,'-5\n").items())
    assert [item.record for item in items if isinstance(item, FileRecord)] == [
        {"id": "=1", "phone": "+49 151 2345678", "name": "'tis", "attributes": {"code": "-5"}}
    ]


def test_columns_that_are_computed_are_left_out_and_it_is_said() -> None:
    plan = plan_of("id,predicted.churn_risk,Last Order At,total_spend,visits\nc1,50,2026-01-31,9.5,3\n")
    assert plan.faults == ()
    (item,) = plan.items()
    assert isinstance(item, FileRecord)
    assert item.record == {"id": "c1", "total_spend": 9.5, "visits": 3}
    left_out, twice = notes_on(plan.columns, plan.kind)
    assert left_out == "Left out, because ClientNest computes them: predicted.churn_risk, Last Order At."
    assert twice.startswith("Taken as the history before your data: total_spend, visits. Leave that out where")


def test_of_other_files_nothing_is_said() -> None:
    plan = plan_of("id,total_spend\nc1,9.5\n")
    assert notes_on(plan.columns, plan.kind) == []


def test_a_page_proposes_to_leave_computed_columns_out() -> None:
    kind = plan_of("id\nc1\n").kind
    found = find_choice("predicted.churn_risk", kind, "csv")
    assert list_choices("predicted.churn_risk", kind, found)[found] == "Leave out"
    assert find_choice("predicted.luck", kind, "csv") == "?"
