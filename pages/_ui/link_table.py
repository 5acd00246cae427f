"""A table whose rows lead on: real links for keyboard and screen reader, cards where there is little room."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Final, Literal

import streamlit as st

from pages._ui.branding import ASSETS

_table: Final = st.components.v2.component(
    "clientnest_link_table",
    css=(ASSETS / "link_table.css").read_text("utf-8"),
    js=(ASSETS / "link_table.js").read_text("utf-8"),
)


@dataclass(frozen=True)
class Column:
    """is_link: its cells carry the link of the row. shape: "wide" takes a line of its own on a card, "plain" has no
    label there, "tight" stays on one line in the table."""

    label: str
    align: Literal["left", "right"] = "left"
    shape: Literal["", "wide", "plain", "wide plain", "tight"] = ""
    is_link: bool = False


@dataclass(frozen=True)
class Cell:
    """exact: shown on hover, such as the UTC time of "3 weeks ago". icon: name of a Material symbol, for decoration."""

    text: str = ""
    exact: str = ""
    icon: str = ""


@dataclass(frozen=True)
class Row:
    """id: what link_table gives when this one is opened. href: the same as an address, empty for a row that leads
    nowhere."""

    id: str
    href: str
    cells: Sequence[Cell]


def link_table(label: str, columns: Sequence[Column], rows: Sequence[Row], *, key: str) -> str | None:
    """Draw it; returns the id of the row that was opened by the last click. label: for screen readers."""
    data = {"label": label, "columns": [asdict(column) for column in columns], "rows": [asdict(row) for row in rows]}
    result = _table(key=key, data=data, on_opened_change=_rerun_is_enough)
    opened: str | None = result.opened
    return opened


def _rerun_is_enough() -> None:
    """What was opened is in the result of that rerun."""
