"""The CDNOW files: purchases without an id, which must get the same id at every import."""

import random
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from crm_core.imports.formats.cdnow_format import read_cdnow
from crm_core.imports.formats.formats import plan_import
from crm_core.imports.reading.items import BadLine, FileRecord
from crm_core.imports.reading.sources import FileSource
from crm_core.imports.recognising.plan import ImportOptions
from tests.unit.import_files import plan_of, refusal

LINES = [
    " 00001 19970101  1   11.77",
    " 00002 19970112  1   12.00",
    " 00002 19970112  5   77.00",
    " 00003 19970102  2   20.76",
    " 00003 19970102  2   20.76",
    " 00004 19970101  2    0.00",
]
SAMPLE_LINES = [" 00002 0001 19970112  1   12.00", " 00003 0002 19970102  2   20.76", " 00003 0002 19970102  2   20.76"]


def read(lines: list[str]) -> list[dict[str, Any]]:
    items = list(read_cdnow(StringIO("\n".join(lines))))
    return [dict(item.record) for item in items if isinstance(item, FileRecord)]


def ids(lines: list[str]) -> set[str]:
    return {record["id"] for record in read(lines)}


def test_a_line_becomes_an_order_of_the_api() -> None:
    (order,) = read([" 00004 19970101  2   29.33\r"])
    order_id = order.pop("id")
    assert order_id.startswith("cdnow-")
    assert len(order_id) <= 64
    assert order == {
        "customer_id": "00004",
        "amount": 29.33,
        "status": "delivered",
        "category": "Music",
        "items": [{"name": "CD", "quantity": 2}],
        "ordered_at": "1997-01-01T00:00:00Z",
    }


def test_the_same_file_twice_gives_the_same_orders() -> None:
    assert read(LINES) == read(LINES)


def test_equal_lines_are_separate_orders() -> None:
    assert len(ids(LINES)) == len(LINES)


def test_the_order_of_the_lines_does_not_change_the_ids() -> None:
    shuffled = random.Random(1).sample(LINES, len(LINES))
    assert shuffled != LINES
    assert ids(shuffled) == ids(LINES)


def test_more_lines_later_keep_the_ids_of_those_before() -> None:
    assert ids(LINES[:3]) < ids(LINES)


def test_spaces_line_ends_and_empty_lines_do_not_matter() -> None:
    assert ids([line.strip() + "\r" for line in LINES] + ["", "   "]) == ids(LINES)


def test_sample_and_master_agree_on_the_purchases_that_they_share() -> None:
    shared = [record for record in read(LINES) if record["customer_id"] in {"00002", "00003"} and record["amount"] < 77]
    assert read(SAMPLE_LINES) == shared


@pytest.mark.parametrize(
    ("line", "blame"),
    [
        ("00001 19970101 1", "Line 2 has 3 columns"),
        ("00001 0001 19970101 1 11.77 x", "Line 2 has 6 columns"),
        ("00001 19970231 1 11.77", "Line 2 is no purchase"),
        ("00001 1997-1-1 1 11.77", "Line 2 is no purchase"),
        ("00001 19970101 one 11.77", "Line 2 is no purchase"),
        ("00001 19970101 1 $11.77", "Line 2 is no purchase"),
        ("00001 19970101 1 NaN", "Line 2 is no purchase"),
        ("00001 19970101 1 sNaN", "Line 2 is no purchase"),
        ("00001 19970101 1 Infinity", "Line 2 is no purchase"),
        ("00001 19970101 1 1e999", "Line 2 is no purchase"),
    ],
)
def test_a_bad_line_is_named_and_the_others_are_read(line: str, blame: str) -> None:
    first, bad, last = read_cdnow(StringIO("\n".join([LINES[0], line, LINES[1]])))
    assert isinstance(bad, BadLine)
    assert bad.line == 2
    assert blame in bad.reason
    assert (first.line, last.line) == (1, 3)


def test_a_plan_counts_the_purchases_and_holds_orders() -> None:
    plan = plan_of("\n".join([*LINES, "", "bad"]), "purchases.txt")
    assert (plan.format_name, plan.kind.name, plan.count) == ("cdnow", "orders", len(LINES) + 1)
    assert len(list(plan.items())) == plan.count


def test_its_columns_have_no_names_to_map_and_hold_nothing_but_orders() -> None:
    assert "holds orders, not events" in refusal(LINES[0], "a.txt", kind_name="events")
    assert "no names of columns" in refusal(LINES[0], "a.txt", mapping={"1": "id"})


def read_file(file: Path) -> list[dict[str, Any]]:
    plan = plan_import(FileSource.of_path(file), ImportOptions("cdnow"))
    found = [dict(item.record) for item in plan.items() if isinstance(item, FileRecord)]
    assert len(found) == plan.count
    return found


@pytest.fixture(scope="module")
def master(cdnow_master: Path) -> list[dict[str, Any]]:
    return read_file(cdnow_master)


def test_all_real_purchases_are_read_and_none_twice(master: list[dict[str, Any]]) -> None:
    assert len(master) == 69_659
    assert len({order["id"] for order in master}) == 69_659
    assert len({order["customer_id"] for order in master}) == 23_570
    assert sum(round(order["amount"] * 100) for order in master) == 250_031_563
    assert sum(order["items"][0]["quantity"] for order in master) == 167_881
    days = sorted(order["ordered_at"][:10] for order in master)
    assert (days[0], days[-1]) == ("1997-01-01", "1998-06-30")


def test_the_real_sample_is_a_part_of_the_real_master(cdnow_master: Path, master: list[dict[str, Any]]) -> None:
    sample = read_file(cdnow_master.with_name("CDNOW_sample.txt"))
    by_id = {order["id"]: order for order in master}
    assert len(sample) == 6_919
    assert all(by_id[order["id"]] == order for order in sample)
