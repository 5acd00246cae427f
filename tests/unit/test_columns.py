"""CSV files: which records their columns make, and which line is to blame."""

from pathlib import Path
from typing import Any

import pytest

from crm_core.errors import InvalidInput
from crm_core.importing.formats import guess_format, open_import


def write(folder: Path, text: str | bytes, name: str = "shop.csv") -> Path:
    file = folder / name
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


def read(folder: Path, text: str | bytes) -> list[dict[str, Any]]:
    return [item.record for item in open_import(write(folder, text), "csv").records]


def refusal(folder: Path, text: str | bytes) -> str:
    with pytest.raises(InvalidInput) as caught:
        read(folder, text)
    return str(caught.value)


def test_a_file_with_customer_id_holds_orders_and_one_with_id_customers(tmp_path: Path) -> None:
    assert open_import(write(tmp_path, "id,customer_id,amount\n"), "csv").path == "orders"
    assert open_import(write(tmp_path, "id,name\n"), "csv").path == "customers"


def test_cells_become_values_of_the_api(tmp_path: Path) -> None:
    text = (
        "id,name,tags,loyalty_member,abandoned_cart,visits,cart_value,total_spend\n"
        "c1, Asha Rao ,vip; early;,yes,FALSE,4,29.33,100\n"
    )
    assert read(tmp_path, text) == [
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


def test_ids_keep_their_leading_zeros(tmp_path: Path) -> None:
    assert read(tmp_path, "id,phone\n00042,0091\n") == [{"id": "00042", "phone": "0091"}]


def test_an_empty_cell_says_nothing(tmp_path: Path) -> None:
    assert read(tmp_path, "id,city,visits\nc1,,\nc2, ,3\n") == [{"id": "c1"}, {"id": "c2", "visits": 3}]


def test_quotes_commas_line_breaks_and_a_byte_order_mark_are_read(tmp_path: Path) -> None:
    text = '\ufeffid,name\r\nc1,"Rao, Asha"\r\n\r\nc2,"two\nlines"\r\nc3,"say ""hi"""\r\n'
    assert [record["name"] for record in read(tmp_path, text)] == ["Rao, Asha", "two\nlines", 'say "hi"']


def test_each_record_knows_its_line(tmp_path: Path) -> None:
    source = open_import(write(tmp_path, 'id,name\nc1,a\n\nc2,"b\nc"\nc3,d\n'), "csv")
    assert [item.line for item in source.records] == [2, 5, 6]


@pytest.mark.parametrize(
    ("header", "row", "blame"),
    [
        ("id,visits", "c1,many", "Line 2, column visits: 'many' is not a whole number"),
        ("id,visits", "c1,2.5", "column visits: '2.5' is not a whole number"),
        ("id,cart_value", "c1,$5", "column cart_value: '$5' is not a number such as 29.33"),
        ("id,cart_value", "c1,nan", "column cart_value: 'nan' is not a number"),
        ("id,total_spend", "c1,1e999", "column total_spend: '1e999' is not a number"),
        ("id,customer_id,amount", "o1,c1,-inf", "column amount: '-inf' is not a number"),
        ("id,loyalty_member", "c1,perhaps", "column loyalty_member: 'perhaps' is not true or false"),
        ("id,name", "c1", "Line 2 has 1 cells; the header has 2"),
        ("id,name", "c1,a,b", "Line 2 has 3 cells; the header has 2"),
    ],
)
def test_a_bad_cell_is_refused_with_line_and_column(tmp_path: Path, header: str, row: str, blame: str) -> None:
    assert blame in refusal(tmp_path, f"{header}\n{row}\n")


def test_lines_before_a_bad_one_are_given_first(tmp_path: Path) -> None:
    records = iter(open_import(write(tmp_path, "id,visits\nc1,1\nc2,x\n"), "csv").records)
    assert next(records).record == {"id": "c1", "visits": 1}
    with pytest.raises(InvalidInput, match="Line 3"):
        next(records)


@pytest.mark.parametrize(
    ("header", "blame"),
    [
        ("id,nmae", "a column 'nmae' that customers do not have. Did you mean name?"),
        ("id,customer_id,amuont", "a column 'amuont' that orders do not have. Did you mean amount?"),
        ("id,name,name", "names a column twice"),
        ("name,city", "has neither a column customer_id"),
        ("", "has neither a column customer_id"),
    ],
)
def test_a_bad_header_is_refused_before_anything_is_sent(tmp_path: Path, header: str, blame: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        open_import(write(tmp_path, f"{header}\n"), "csv")
    assert blame in str(caught.value)


def test_a_file_in_another_encoding_is_refused(tmp_path: Path) -> None:
    assert "is not UTF-8" in refusal(tmp_path, "id,city\nc1,München\n".encode("latin-1"))


def test_a_cell_that_never_ends_is_refused_with_its_line(tmp_path: Path) -> None:
    assert "Line 3" in refusal(tmp_path, 'id,name\nc1,a\nc2,"' + "x" * 200_000)


def test_a_header_that_never_ends_is_refused(tmp_path: Path) -> None:
    assert "The header of shop.csv" in refusal(tmp_path, "x" * 200_000)


def test_orders_without_an_id_get_the_same_ones_at_every_import(tmp_path: Path) -> None:
    text = "customer_id,amount\nc1,5\nc1,5\nc2,7\n"
    first, again = read(tmp_path, text), read(tmp_path, text)
    assert first == again
    assert len({record["id"] for record in first}) == 3


def test_given_order_ids_stand(tmp_path: Path) -> None:
    assert [record["id"] for record in read(tmp_path, "id,customer_id,amount\no1,c1,5\n")] == ["o1"]


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("shop.csv", "id\n", "csv"),
        ("SHOP.CSV", "id\n", "csv"),
        ("CDNOW_master.txt", " 00001 19970101  1   11.77\n", "cdnow"),
        ("CDNOW_sample.txt", " 00004 0001 19970101  2   29.33\n", "cdnow"),
    ],
)
def test_the_format_is_guessed_from_the_file(tmp_path: Path, name: str, text: str, found: str) -> None:
    assert guess_format(write(tmp_path, text, name)) == found


@pytest.mark.parametrize("text", ["", "hello\n", "1 2 3\n", "id,name,city,country\n"])
def test_a_file_of_no_known_format_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(InvalidInput, match="--format"):
        guess_format(write(tmp_path, text, "notes.txt"))


def test_an_unknown_format_is_refused_with_those_that_there_are(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="allowed are csv and cdnow"):
        open_import(write(tmp_path, ""), "xlsx")
