"""How the format of a file is told."""

import io
from pathlib import Path

import pytest

from crm_core.imports.formats.formats import guess_format, plan_import
from crm_core.imports.reading.sources import FileSource
from crm_core.imports.recognising.plan import ImportOptions
from tests.unit.import_files import plan_of, refusal


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("shop.csv", "id\n", "csv"),
        ("SHOP.CSV", "id\n", "csv"),
        ("CDNOW_master.txt", " 00001 19970101  1   11.77\n", "cdnow"),
        ("CDNOW_sample.txt", " 00004 0001 19970101  2   29.33\n", "cdnow"),
        ("shop.ndjson", "", "ndjson"),
        ("shop.JSONL", "", "ndjson"),
        ("export.txt", '\ufeff{"id": "c1"}\n', "ndjson"),
    ],
)
def test_the_format_is_guessed_from_name_and_first_line(name: str, text: str, found: str) -> None:
    assert guess_format(FileSource.of_file(io.BytesIO(text.encode()), name)) == found


@pytest.mark.parametrize("text", ["", "hello\n", "1 2 3\n", "id,name,city,country\n"])
def test_a_file_of_no_known_format_is_refused(text: str) -> None:
    assert "notes.txt is neither a CSV nor a CDNOW file nor NDJSON; say which with --format" in refusal(
        text, "notes.txt"
    )


def test_a_format_that_is_said_overrides_the_name() -> None:
    assert plan_of("id\nc1\n", "notes.txt", format_name="csv").format_name == "csv"


def test_an_unknown_format_is_refused_with_those_that_there_are() -> None:
    assert "no format 'xlsx'; allowed are cdnow, csv, ndjson" in refusal("", format_name="xlsx")


def test_an_open_file_is_read_as_one_on_disk_is_and_stays_open(tmp_path: Path) -> None:
    path = tmp_path / "shop.csv"
    path.write_bytes("\ufeffid,name\nc1,Zoë\n".encode())
    with path.open("rb") as file:
        file.read(5)  # somebody looked at it before
        plan = plan_import(FileSource.of_file(file, "shop.csv"), ImportOptions())
        assert list(plan.items()) == list(plan_import(FileSource.of_path(path), ImportOptions()).items())
        assert not file.closed
