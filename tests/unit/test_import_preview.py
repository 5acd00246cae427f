"""A dry run says what a file is and what would become of it, and writes nothing."""

from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import pytest

from crm_core.errors import InvalidInput
from crm_core.imports.reading.sources import FileSource
from crm_core.imports.recognising.plan import ImportOptions
from crm_core.imports.recognising.preview import CHECKED, FileFacts, ImportPreview, look_at, try_import
from crm_core.ingest.scalars import ValidationContext

CONTEXT = ValidationContext(datetime(2026, 6, 15, tzinfo=UTC), 2, "USD")


def source(text: str, name: str) -> FileSource:
    return FileSource.of_file(BytesIO(text.encode()), name)


def facts(text: str, name: str = "shop.csv") -> FileFacts:
    return look_at(source(text, name))


def run(text: str, name: str = "shop.csv", **options: Any) -> ImportPreview:
    return try_import(source(text, name), ImportOptions(**options), CONTEXT)


@pytest.mark.parametrize(
    ("text", "name", "format_name", "kind"),
    [
        ("id,name\n", "a.csv", "csv", "customers"),
        ("customer_id,amount\n", "a.csv", "csv", "orders"),
        ("customer_id,type\n", "a.csv", "csv", "events"),
        ("no,who,amount,status\n", "a.csv", "csv", "orders"),
        ("nothing,known\n", "a.csv", "csv", "orders"),
        ('{"customerId": "c1", "type": "visit"}', "a.jsonl", "ndjson", "events"),
        ("00001 19970101 1 11.77\n", "a.txt", "cdnow", "orders"),
    ],
)
def test_format_and_kind_are_told_by_the_file(text: str, name: str, format_name: str, kind: str) -> None:
    found = facts(text, name)
    assert (found.format_name, found.kind.name) == (format_name, kind)


def test_each_column_has_a_value_of_the_first_rows_as_example() -> None:
    assert facts("id,name,plan\nc1,,\nc2,Asha,\n").columns == {"id": "c1", "name": "Asha", "plan": ""}
    assert facts('{"id": "c1"}\n{"id": "c2", "tags": ["a"]}', "a.ndjson").columns == {"id": "c1", "tags": "['a']"}


def test_a_file_that_cannot_be_read_is_refused() -> None:
    with pytest.raises(InvalidInput, match="quote left open"):
        facts('id\n"c1\n')


def test_good_records_and_bad_lines_are_told_apart() -> None:
    found = run("id,customer_id,amount\no1,c1,5\no2,c1,many\no3,c1,6\n")
    assert (found.count, found.checked, found.accepted) == (3, 3, 2)
    assert [record["id"] for record in found.records] == ["o1", "o3"]
    assert [(one.line, one.message) for one in found.rejected] == [
        (3, "column amount: 'many' is not a number such as 29.33.")
    ]


def test_with_faults_in_the_mapping_nothing_is_tried() -> None:
    found = run("id,customer_id,total\no1,c1,5\n")
    assert found.faults
    assert (found.checked, found.accepted, list(found.records)) == (0, 0, [])


def test_no_more_than_the_first_1_000_are_tried() -> None:
    found = run("id,customer_id,amount\n" + "o,c,1\n" * (CHECKED + 5))
    assert (found.count, found.checked, found.accepted) == (CHECKED + 5, CHECKED, CHECKED)
