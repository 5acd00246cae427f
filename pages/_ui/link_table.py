"""A table whose rows lead on: real links for keyboard and screen reader, cards where there is little room."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

import streamlit as st

from pages._ui.branding import ASSETS

_table: Final = st.components.v2.component(
    "clientnest_link_table",
    css=(ASSETS / "link_table.css").read_text("utf-8"),
    js=(ASSETS / "link_table.js").read_text("utf-8"),
)


Shape = Literal["", "wide", "plain", "wide plain", "tight", "plain tight", "wide roomy", "cut", "wide plain cut"]


@dataclass(frozen=True)
class Column:
    """is_link: its cells carry the link of the row. shape: "wide" takes a line of its own on a card, "plain" has no
    label there, "tight" stays on one line in the table, "roomy" has room there for a name of twenty letters, "cut" is
    shortened there to the room that is left. sort: what a click on its head asks for; empty if the table cannot be
    sorted by it. about: shown on hover."""

    label: str
    align: Literal["left", "right"] = "left"
    shape: Shape = ""
    is_link: bool = False
    sort: str = ""
    about: str = ""


@dataclass(frozen=True)
class Lead:
    """A link of its own, after the text of a cell. id: what full_table gives as ``led`` when it is followed. href: the
    same as an address."""

    text: str
    id: str
    href: str


@dataclass(frozen=True)
class Cell:
    """exact: shown on hover, such as the UTC time of "3 weeks ago". icon: name of a Material symbol, for decoration
    unless icon_label says what it means. bar: from 0 to 1, drawn below the text. tone: the message state whose colour
    bar or icon has. initials: shown instead of the text, which is read aloud and shown on hover. lead: where else it
    leads than its row."""

    text: str = ""
    exact: str = ""
    icon: str = ""
    icon_label: str = ""
    tone: str = ""
    bar: float | None = None
    initials: str = ""
    tags: Sequence[str] = ()
    lead: Lead | None = None


@dataclass(frozen=True)
class Row:
    """id: what link_table gives when this one is opened. href: the same as an address, empty for a row that leads
    nowhere."""

    id: str
    href: str
    cells: Sequence[Cell]


@dataclass(frozen=True)
class TableSort:
    by: str
    is_descending: bool


@dataclass(frozen=True)
class TableEvents:
    """Of the last click: the id of the row that was opened, of the lead that was followed, and the column whose head
    was clicked. chosen: ids of the rows that are chosen."""

    opened: str | None
    led: str | None
    sorted: str | None
    chosen: Sequence[str]


def link_table(label: str, columns: Sequence[Column], rows: Sequence[Row], *, key: str) -> str | None:
    """Draw it; returns the id of the row that was opened by the last click. label: for screen readers."""
    return full_table(label, columns, rows, key=key).opened


def full_table(
    label: str,
    columns: Sequence[Column],
    rows: Sequence[Row],
    *,
    key: str,
    sort: TableSort | None = None,
    can_choose: bool = False,
    is_dense: bool = False,
    has_cards: bool = True,
) -> TableEvents:
    """The same with what can be asked of the whole table. With another key nothing is chosen.

    sort: as it stands. is_dense: rows of 34 px. has_cards: whether each row becomes a card where there is little room.
    """
    data: dict[str, Any] = {
        "label": label,
        "columns": [asdict(column) for column in columns],
        "rows": [asdict(row) for row in rows],
        "sort": asdict(sort) if sort else None,
        "can_choose": can_choose,
        "is_dense": is_dense,
        "has_cards": has_cards,
    }
    result = _table(
        key=key,
        data=data,
        default={"chosen": []},
        on_opened_change=_rerun_is_enough,
        on_led_change=_rerun_is_enough,
        on_sorted_change=_rerun_is_enough,
        on_chosen_change=_rerun_is_enough,
    )
    shown = {row.id for row in rows}
    return TableEvents(
        result.opened, result.led, result.sorted, [each for each in result.chosen or () if each in shown]
    )


def _rerun_is_enough() -> None:
    """What was done is in the result of that rerun."""
