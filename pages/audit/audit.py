"""Audit log: who did what, when, and from where; filtered, page by page, and as a file."""

from collections.abc import Sequence
from typing import Final

import streamlit as st

from crm_core.access.audit_reading import AuditEntry, AuditFilter
from pages._ui.deps import actor, actor_later, services
from pages._ui.formats import relative_time, utc_exact
from pages._ui.link_table import Cell, Column, Row, link_table
from pages._ui.widgets import empty_state, page_header
from pages.audit.entry import entry_dialog
from pages.audit.filters import choose_filter, cursor, show_paging
from pages.audit.words import action_words, summary

PER_PAGE: Final = 25
COLUMNS: Final = (
    Column("What", shape="tight", is_link=True),
    Column("Who", shape="tight"),
    Column("When"),
    Column("Details", shape="wide plain"),
    Column("From"),
)
ICONS: Final = {"user": "person", "key": "key", "system": "settings"}


def to_row(entry: AuditEntry) -> Row:
    now = services().clock()
    return Row(
        entry.id,
        f"audit-log?entry={entry.id}",
        [
            Cell(action_words(entry.action)),
            Cell(entry.actor.removeprefix("key:"), icon=ICONS.get(entry.actor_kind, "person")),
            Cell(relative_time(entry.at, now), utc_exact(entry.at)),
            Cell(summary(entry)),
            Cell(entry.origin or ""),
        ],
    )


def show_entries(entries: Sequence[AuditEntry]) -> None:
    if not entries:
        empty_state("history", "No entry", "Nothing of that kind was done, or not in that time.")
        return
    if opened := link_table("Audit log", COLUMNS, [to_row(entry) for entry in entries], key="audit_table"):
        st.query_params["entry"] = opened


def export_button(wanted: AuditFilter) -> None:
    reader, reading = services().audit_reader, actor_later()
    st.download_button(
        "Export",
        lambda: reader.export(wanted, actor=reading()),
        file_name="audit-log.csv",
        mime="text/csv",
        icon=":material/download:",
        help="What the filters find, as CSV: the newest 100,000 entries at most.",
        key="audit_export",
    )


with page_header("Audit log", "Who did what, when and from where. Nothing is changed or removed here."):
    export_place = st.container()
wanted = choose_filter()
with export_place:
    export_button(wanted)
entries, more = services().audit_reader.page(wanted, limit=PER_PAGE, after=cursor(), actor=actor())
show_entries(entries)
show_paging(more)
st.caption(
    "Customers are named by keyed hashes. What happens often, such as the use of an API key or reading customers, is "
    "counted by the hour. What one person saves of a draft, one save after the other, is one entry for up to an hour."
)
if "entry" in st.query_params:
    entry_dialog(st.query_params.pop("entry"))
