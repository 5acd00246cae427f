"""Consent: who gets no messages, over which channel and why; stopping and allowing messages."""

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlencode

import streamlit as st

from crm_core.access.permissions import Permission
from crm_core.audience.model import Suppression
from crm_core.audience.refusals import MAX_REACHED, RefusalFilter
from crm_core.channels.registry import CHANNELS
from crm_core.customers.model import Customer
from crm_core.customers.searching import MAX_TEXT
from pages._ui.channels import SUPPRESSION_REASONS, suppression_words
from pages._ui.deps import actor, services
from pages._ui.formats import literal, number, relative_time, utc_exact
from pages._ui.link_table import Cell, Column, Row, link_table
from pages._ui.links import go_to
from pages._ui.widgets import empty_state, page_header, pick_section
from pages.consent.dialogs import DONE, entry_dialog, import_dialog, suppress_dialog
from pages.consent.words import source_words, whom

PER_PAGE: Final = 20
SECTIONS: Final = {"suppressed": "Suppressed", "denied": "Consent denied"}
WHOM: Final = Column("Customer or address", is_link=True)
SUPPRESSED: Final = (WHOM, Column("Channel", shape="tight"), Column("Reason", shape="tight"), Column("Source"),
                     Column("Since", shape="tight"))  # fmt: skip
DENIED: Final = (Column("Customer", is_link=True), Column("Address", shape="wide"), Column("Channel", shape="tight"),
                 Column("Told by"), Column("Since", shape="tight"))  # fmt: skip


def back_to_first() -> None:
    st.session_state["consent_page"] = 1


def choose(section: str) -> RefusalFilter:
    row = st.container(horizontal=True, vertical_alignment="bottom")
    text = row.text_input(
        "Search",
        key="consent_search",
        placeholder="Address, name or id",
        icon=":material/search:",
        max_chars=MAX_TEXT,
        on_change=back_to_first,
        width=320,
    )
    channel = row.selectbox(
        "Channel",
        ["", *CHANNELS],
        format_func=lambda name: CHANNELS.label(name) if name else "All channels",
        key="consent_channel",
        on_change=back_to_first,
        width=180,
    )
    if section == "denied":
        return RefusalFilter(text, channel)
    reason = row.selectbox(
        "Reason",
        ["", *SUPPRESSION_REASONS],
        format_func=lambda name: suppression_words(name) if name else "All reasons",
        key="consent_reason",
        on_change=back_to_first,
        width=180,
    )
    return RefusalFilter(text, channel, reason)


def skip_of(found: int) -> int:
    pages = -(-min(found, MAX_REACHED) // PER_PAGE)
    return (st.pagination(pages, key="consent_page") - 1) * PER_PAGE if pages > 1 else 0


def count_words(found: int, one: str, many: str) -> str:
    if found > MAX_REACHED:
        return f"More than {number(MAX_REACHED)} {many}; search or filter to narrow down."
    return f"{number(found)} {one if found == 1 else many}"


def show_suppressed(wanted: RefusalFilter) -> None:
    found = services().refusals.count_suppressed(wanted, actor=actor())
    if not found:
        show_nobody(
            wanted, "Nobody is suppressed", "Whoever unsubscribes, complains or cannot be reached is listed here."
        )
        return
    st.caption(count_words(found, "suppression", "suppressions"))
    place = st.container()
    skip = skip_of(found)
    rows = services().refusals.suppressed(wanted, skip=skip, limit=PER_PAGE, actor=actor())
    people = services().refusals.named(rows, actor=actor())
    tokens = {services().pseudonyms.of(row["_id"]): row for row in rows}
    with place:
        shown = [suppressed_row(token, row, people) for token, row in tokens.items()]
        opened = link_table("Suppressed", SUPPRESSED, shown, key="consent_suppressed")
    if (token := opened or st.query_params.pop("entry", None)) and token in tokens:
        entry_dialog(tokens[token])


def suppressed_row(token: str, row: Suppression, people: Mapping[str, Customer]) -> Row:
    now, customer = services().clock(), people.get(row.get("customer_id", ""))
    name = customer.get("name") if customer else None
    return Row(
        token,
        f"consent?entry={token}",
        [
            Cell(name or whom(row), icon="person" if "customer_id" in row else "alternate_email"),
            Cell(CHANNELS.label(row["channel"])),
            Cell(suppression_words(row["reason"])),
            Cell(source_words(row.get("source", "")) or row["created_by"]),
            Cell(relative_time(row["created_at"], now), utc_exact(row["created_at"])),
        ],
    )


def show_denied(wanted: RefusalFilter) -> None:
    found = services().refusals.count_denied(wanted, actor=actor())
    if not found:
        show_nobody(wanted, "Nobody has denied consent", "Customers who say no to a channel are listed here.")
        return
    st.caption(count_words(found, "customer", "customers"))
    place = st.container()
    skip = skip_of(found)
    customers = services().refusals.denied(wanted, skip=skip, limit=PER_PAGE, actor=actor())
    with place:
        rows = [denied_row(customer, wanted.channel) for customer in customers]
        if opened := link_table("Consent denied", DENIED, rows, key="consent_denied"):
            go_to("customer", customer=opened)


def denied_row(customer: Customer, channel: str) -> Row:
    """Of several channels the latest no is told."""
    told = {name: each for name, each in customer.get("consent", {}).items() if each.get("state") == "denied"}
    chosen = {channel: told[channel]} if channel in told else told
    latest = max(chosen, key=lambda name: chosen[name]["at"])
    addresses = [CHANNELS[name].address_of(customer) for name in chosen if name in CHANNELS]
    return Row(
        customer["id"],
        f"customer?{urlencode({'customer': customer['id']})}",
        [
            Cell(customer.get("name") or customer["id"]),
            Cell(", ".join(dict.fromkeys(filter(None, addresses)))),
            Cell(", ".join(map(CHANNELS.label, chosen))),
            Cell(source_words(chosen[latest].get("source", ""))),
            Cell(relative_time(chosen[latest]["at"], services().clock()), utc_exact(chosen[latest]["at"])),
        ],
    )


def show_nobody(wanted: RefusalFilter, title: str, text: str) -> None:
    if wanted != RefusalFilter():
        empty_state("person_search", "Nothing found", "No entry is of this kind. An address must be whole.")
    else:
        empty_state("verified_user", title, text)


with page_header("Consent", "Who gets no messages, over which channel and why."):
    if actor().may(Permission.WRITE_CONSENT):
        if st.button("Import addresses …", icon=":material/upload_file:"):
            import_dialog()
        if st.button("Suppress …", type="primary", icon=":material/block:"):
            suppress_dialog()
section = pick_section("consent", SECTIONS)
wanted = choose(section)
if section == "denied":
    show_denied(wanted)
else:
    show_suppressed(wanted)
if done := st.session_state.pop(DONE, None):
    st.toast(literal(done), icon=":material/check_circle:")
