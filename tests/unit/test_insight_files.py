"""The data of an insight as a file to take away."""

import io
from datetime import UTC, date, datetime

import pandas as pd
import pytest

from crm_core.insights.frame import Answer
from crm_core.insights.registry import QUESTIONS
from pages._ui.insights import Insight, data_file

NAMES = ["=1+1", "Spring, sale"]
SOLD = Insight(
    QUESTIONS["attribution"],
    Answer(
        tuple(
            {"campaign": name, "campaign_id": f"id-{place}", "orders": place, "revenue": 12_345 * place}
            for place, name in enumerate(NAMES)
        ),
        datetime(2026, 6, 15, tzinfo=UTC),
        {},
    ),
)


def test_a_csv_file_has_all_columns_amounts_in_major_units_and_no_formulas() -> None:
    found = pd.read_csv(io.BytesIO(data_file(SOLD, "csv", 2)))
    assert list(found.columns) == [column.id for column in QUESTIONS["attribution"].columns]
    assert list(found.campaign) == ["'=1+1", "Spring, sale"]
    assert list(found.revenue) == [0, 123.45]


def test_a_parquet_file_has_texts_as_they_are() -> None:
    found = pd.read_parquet(io.BytesIO(data_file(SOLD, "parquet", 2)))
    assert list(found.campaign) == NAMES
    assert [float(each) for each in found.revenue] == [0, 123.45]


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_what_is_missing_is_an_empty_cell(kind: str) -> None:
    months = QUESTIONS["revenue_by_segment"]
    row = dict.fromkeys((column.id for column in months.columns), None) | {"month": date(2026, 5, 1)}
    data = data_file(Insight(months, Answer((row,), SOLD.answer.as_of, {})), kind, 2)
    found = pd.read_csv(io.BytesIO(data)) if kind == "csv" else pd.read_parquet(io.BytesIO(data))
    assert found.drop(columns="month").isna().all().all()
