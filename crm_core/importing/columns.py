"""The columns of a CSV file: which records they make, and how a cell becomes a value."""

import csv
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from crm_core.errors import InvalidInput

LIST_SEPARATOR = ";"
Convert = Callable[[str], Any]


def _number(cell: str) -> int | float:
    number = int(cell) if cell.lstrip("-").isdigit() else float(cell)
    if isinstance(number, float) and not math.isfinite(number):
        raise ValueError
    return number


def _boolean(cell: str) -> bool:
    word = cell.lower()
    if word in {"true", "yes", "1"}:
        return True
    if word in {"false", "no", "0"}:
        return False
    raise ValueError


def _list(cell: str) -> list[str]:
    return [part.strip() for part in cell.split(LIST_SEPARATOR) if part.strip()]


CUSTOMER_COLUMNS: Mapping[str, tuple[Convert, str]] = {
    **dict.fromkeys(("id", "name", "email", "phone", "city", "country", "category"), (str, "a text")),
    **dict.fromkeys(("cart_value", "total_spend"), (_number, "a number such as 29.33")),
    **dict.fromkeys(("visits", "order_count"), (int, "a whole number")),
    **dict.fromkeys(("loyalty_member", "abandoned_cart"), (_boolean, "true or false")),
    "tags": (_list, "texts with ; between them"),
}
ORDER_COLUMNS: Mapping[str, tuple[Convert, str]] = {
    **dict.fromkeys(("id", "customer_id", "status", "category", "ordered_at"), (str, "a text")),
    "amount": (_number, "a number such as 29.33"),
}


@dataclass(frozen=True)
class ColumnReader:
    """path: ``orders`` or ``customers``. names: of the columns, in the order of the file."""

    path: str
    names: Sequence[str]

    def read(self, row: Sequence[str], line: int) -> dict[str, Any]:
        """A row as a record; an empty cell says nothing. Raises InvalidInput that names line and column."""
        if len(row) != len(self.names):
            raise InvalidInput(f"Line {line} has {len(row)} cells; the header has {len(self.names)}.")
        columns = _columns(self.path)
        record: dict[str, Any] = {}
        for name, cell in zip(self.names, row, strict=True):
            if not (text := cell.strip()):
                continue
            convert, expected = columns[name]
            try:
                record[name] = convert(text)
            except ValueError:
                raise InvalidInput(f"Line {line}, column {name}: {text!r} is not {expected}.", field=name) from None
        return record


def read_columns(file: Path) -> ColumnReader:
    """What the header says. A file with customer_id holds orders, one with id customers. Raises InvalidInput."""
    with file.open(encoding="utf-8-sig", errors="replace", newline="") as text:
        try:
            names = [name.strip() for name in next(csv.reader(text), [])]
        except csv.Error as exc:
            raise InvalidInput(f"The header of {file.name} cannot be read as CSV: {exc}.") from None
    path = "orders" if "customer_id" in names else "customers"
    allowed = _columns(path)
    if path == "customers" and "id" not in names:
        raise InvalidInput(
            f"{file.name} has neither a column customer_id (a file of orders) nor id (a file of customers)."
        )
    for name in names:
        if name not in allowed:
            near = get_close_matches(name, allowed, n=1)
            hint = f" Did you mean {near[0]}?" if near else ""
            raise InvalidInput(
                f"{file.name} has a column {name!r} that {path} do not have.{hint} Allowed are {', '.join(allowed)}.",
                field=name,
            )
    if len(set(names)) < len(names):
        raise InvalidInput(f"{file.name} names a column twice.")
    return ColumnReader(path, names)


def _columns(path: str) -> Mapping[str, tuple[Convert, str]]:
    return ORDER_COLUMNS if path == "orders" else CUSTOMER_COLUMNS
