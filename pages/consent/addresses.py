"""Addresses in a file: one a line, or those of a column of a CSV."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from crm_core.audience.suppressions import MAX_ADDRESSES, looks_like_address
from pages._ui.csv_rows import read_rows

MAX_MB: Final = 20
SAMPLED: Final = 50


@dataclass(frozen=True)
class FoundAddresses:
    """left_out: lines that hold something else."""

    addresses: Sequence[str]
    left_out: int

    def parts(self) -> Iterator[Sequence[str]]:
        for start in range(0, len(self.addresses), MAX_ADDRESSES):
            yield self.addresses[start : start + MAX_ADDRESSES]


def read_addresses(data: bytes, place: str) -> FoundAddresses:
    """place: where addresses of that kind stand with a customer."""
    rows = read_rows(data)
    column = _column(rows, place)
    cells = [row[column].strip() if column < len(row) else "" for row in rows]
    good = dict.fromkeys(cell for cell in cells if looks_like_address(place, cell))
    bad = sum(not looks_like_address(place, cell) for cell in cells)
    has_header = bool(cells) and not looks_like_address(place, cells[0])
    return FoundAddresses(list(good), bad - has_header)


def _column(rows: Sequence[Sequence[str]], place: str) -> int:
    """That with the most addresses among the first rows."""
    width = max((len(row) for row in rows[:SAMPLED]), default=0)
    counts = [
        sum(len(row) > at and looks_like_address(place, row[at]) for row in rows[:SAMPLED]) for at in range(width)
    ]
    return counts.index(max(counts)) if counts else 0
