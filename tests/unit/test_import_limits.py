"""Files that are too wide, or hold no records, are refused when that is seen, not after all of them was read."""

from collections.abc import Iterator
from io import BytesIO

import pytest

from crm_core.errors import InvalidInput
from crm_core.imports.formats.formats import plan_import
from crm_core.imports.reading.limits import MAX_BLANK_LINES, MAX_COLUMNS, MAX_HEADER_LENGTH
from crm_core.imports.reading.sources import FileSource
from crm_core.imports.recognising.plan import ImportOptions
from tests.unit.import_files import bad_lines, plan_of, refusal

MB = 1_000_000


class CountedFile(BytesIO):
    """furthest: how much of it was asked for at all."""

    furthest = 0

    def readline(self, size: int | None = -1, /) -> bytes:
        return self._noted(super().readline(size))

    def read(self, size: int | None = -1, /) -> bytes:
        return self._noted(super().read(size))

    def read1(self, size: int | None = -1, /) -> bytes:
        return self._noted(super().read1(size))

    def _noted(self, found: bytes) -> bytes:
        self.furthest = max(self.furthest, self.tell())
        return found


def early_refusal(text: str, name: str) -> str:
    """Why it is refused after at most 1 MB of it."""
    file = CountedFile(text.encode())
    with pytest.raises(InvalidInput) as caught:
        plan_import(FileSource.of_file(file, name), ImportOptions())
    assert file.furthest <= MB
    return str(caught.value)


def columns(count: int) -> Iterator[str]:
    yield "id"
    yield from (f"attributes.c{place}" for place in range(1, count))


def test_a_file_may_have_500_columns() -> None:
    row = ",".join("x" * MAX_COLUMNS)
    assert plan_of(f"{','.join(columns(MAX_COLUMNS))}\n{row}\n").count == 1


def test_a_file_with_more_columns_is_refused_with_their_number() -> None:
    header, row = ",".join(columns(5_000)), ",".join("x" * 5_000)
    said = early_refusal(f"{header}\n" + f"{row}\n" * 1_400, "wide.csv")
    assert "wide.csv has 5,000 columns; up to 500 can be imported." in said
    assert "those that you need" in said


def test_records_with_too_many_different_keys_are_refused() -> None:
    said = early_refusal("".join(f'{{"id": "1", "k{place}": 1}}\n' for place in range(500_000)), "keys.ndjson")
    assert "keys.ndjson has 501 different keys; up to 500 can be imported." in said
    wide = ", ".join(f'"k{place}": 1' for place in range(MAX_COLUMNS + 1))
    assert "501 different keys" in refusal(f"{{{wide}}}\n", "one.ndjson")


def test_a_record_longer_than_any_that_is_taken_is_a_bad_line() -> None:
    wide = ", ".join(f'"k{place}": 1' for place in range(1_000_000))
    ((line, reason),) = bad_lines(f'{{"id": "1"}}\n{{{wide}}}\n', "one.ndjson")
    assert (line, reason) == (2, "Line 2 is longer than 1,000,000 bytes.")


@pytest.mark.parametrize("text", ["a" * 15 * MB, "," * 15 * MB, '"' + "a," * 5 * MB], ids=["word", "commas", "quote"])
def test_a_first_line_without_an_end_is_refused(text: str) -> None:
    assert f"more than {MAX_HEADER_LENGTH:,} characters" in early_refusal(text, "line.csv")


@pytest.mark.parametrize(
    ("name", "start", "line", "reason"),
    [
        ("empty.ndjson", "", "{}\n", "Line 1 is an empty object."),
        ("late.ndjson", '{"id": "1"}\n', "{}\n", "Line 2 is an empty object."),
        ("lists.ndjson", "", "[]\n", "Line 1 is no JSON object but '[]'"),
        ("words.ndjson", "", "x\n", "Line 1 is no JSON: "),
        ("short.csv", "id,name\n", "a\n", "Line 2 has 1 cells; the header has 2."),
        ("quotes.csv", "id,name\n", '"a"b,c\n', "Line 2 cannot be read as CSV"),
        ("cdnow.txt", "1 19970101 1 1.00\n", "1 1\n", "Line 2 has 2 columns"),
    ],
)
def test_a_file_of_which_nothing_can_be_read_is_refused(name: str, start: str, line: str, reason: str) -> None:
    said = early_refusal(start + line * (15 * MB // len(line)), name)
    assert f"lines of {name}, 1,000 hold no record. {reason}" in said


@pytest.mark.parametrize(
    ("name", "start", "line"),
    [("gap.csv", "id,name\n", "\n"), ("commas.csv", "id,name\n", ",\n"), ("gap.ndjson", '{"id": "1"}\n', "\n")],
)
def test_a_file_of_empty_lines_is_refused(name: str, start: str, line: str) -> None:
    said = early_refusal(start + line * (5 * MB), name)
    assert f"{name} has more than {MAX_BLANK_LINES:,} empty lines, up to line " in said


def test_some_empty_and_bad_lines_do_no_harm() -> None:
    good = '{"id": "1"}\n'
    assert plan_of("{}\n" * 999 + good, "bad.ndjson").count == 1_000
    assert plan_of((good + "{}\n" * 50) * 100, "bad.ndjson").count == 5_100
    assert plan_of((good + "\n" * 50_000) * 3, "gaps.ndjson").count == 3
