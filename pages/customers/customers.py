"""Customers: found by name, e-mail, phone or id, and listed page by page."""

import streamlit as st

from crm_core.customers.searching import MAX_REACHED, MAX_TEXT, Sort
from crm_core.rules.tree import EVERYONE
from pages._ui.deps import actor, services
from pages._ui.exports import export_button, show_exports
from pages._ui.formats import literal, number
from pages._ui.links import go_to
from pages._ui.tables import customer_table
from pages._ui.widgets import empty_state, page_header

PER_PAGE = 25
PAGE = "customers_page"
SORTS: dict[Sort, str] = {"name": "Name", "newest": "Newest", "id": "Customer id"}
COLUMNS = ("who", "email", "city", "total_spend", "order_count", "last_order_at")


def back_to_first() -> None:
    st.session_state[PAGE] = 1


def choose() -> tuple[str, Sort]:
    """The text searched for, and the order of the list."""
    row = st.container(horizontal=True, vertical_alignment="bottom", horizontal_alignment="distribute")
    text = row.text_input(
        "Search",
        key="customers_search",
        placeholder="Name, e-mail, phone or id",
        icon=":material/search:",
        max_chars=MAX_TEXT,
        on_change=back_to_first,
        width=380,
    )
    sort: Sort | None = row.segmented_control(
        "Sort by",
        list(SORTS),
        default="name",
        required=True,
        format_func=SORTS.__getitem__,
        key="customers_sort",
        on_change=back_to_first,
        wrap=True,
    )
    return text, sort or "name"


def show_nobody(text: str) -> None:
    if text.strip():
        empty_state(
            "person_search",
            f"Nobody found for “{text.strip()}”",
            "Every word must be the beginning of a word of the name, the e-mail address, the phone number or the id.",
        )
        return
    with empty_state("contacts", "No customers yet", "Load demo data, or bring your own by file or over the API."):
        if st.button("Load demo data", icon=":material/download:", type="primary"):
            go_to("overview")
        if st.button("Import a file", icon=":material/upload_file:"):
            go_to("data")


def count_words(found: int, text: str) -> str:
    if found > MAX_REACHED:
        return f"More than {number(MAX_REACHED)}; search to narrow down. The first {number(MAX_REACHED)} are listed."
    what = "customer" if found == 1 else "customers"
    return (
        f"{number(found)} {what} found for “{literal(text.strip())}”." if text.strip() else f"{number(found)} {what}."
    )


with page_header("Customers", "Everyone you know of, with their orders."):
    export_button(
        "Export all customers",
        "customers_export",
        lambda: services().exports.start_rule(EVERYONE, "All customers", actor=actor()),
    )
show_exports()
text, sort = choose()
found = services().customer_search.count_found(text, actor=actor())
if not found:
    show_nobody(text)
else:
    st.caption(count_words(found, text))
    place = st.container()
    pages = -(-min(found, MAX_REACHED) // PER_PAGE)
    page = st.pagination(pages, key=PAGE) if pages > 1 else 1
    skip = (page - 1) * PER_PAGE
    rows = services().customer_search.search(text, actor=actor(), sort=sort, skip=skip, limit=PER_PAGE)
    with place:
        customer_table(rows, services().workspace.current().currency, key="customers_table", columns=COLUMNS)
