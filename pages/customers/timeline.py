"""What happened with a customer, the newest first: orders, events and messages."""

from typing import Any, Final
from urllib.parse import urlencode

import streamlit as st

from crm_core.channels.registry import CHANNELS
from crm_core.customers.model import Customer, OrderItem
from crm_core.insights.timeline import MAX_LIMIT, Entry, Kind, MessageEntry, OrderEntry
from crm_core.schema.statuses import RETURNS
from pages._ui.channels import SAME_ADDRESS_AS, reason_words
from pages._ui.deps import actor, services
from pages._ui.formats import money_major, number, relative_time, utc_exact
from pages._ui.link_table import Cell, Column, Row, full_table
from pages._ui.links import go_to
from pages._ui.palette import STATE_LABELS
from pages._ui.tables import customer_lead

STEP: Final = 25
KINDS: Final = {Kind.ORDER: "Orders", Kind.EVENT: "Events", Kind.MESSAGE: "Messages"}
COLUMNS: Final = (
    Column("What", shape="wide roomy", is_link=True),
    Column("Details", shape="wide plain"),
    Column("Amount", "right", shape="plain"),
    Column("When", shape="plain"),
)
MAX_NAMED: Final = 4


def show_timeline(customer: Customer) -> None:
    chosen = st.pills(
        "Show", list(KINDS), selection_mode="multi", default=list(KINDS), format_func=KINDS.__getitem__,
        key="customer_kinds", label_visibility="collapsed",
    )  # fmt: skip
    shown = f"customer_shown_{customer['id']}"
    limit = st.session_state.get(shown, STEP)
    entries, more = services().timeline.page(customer["id"], actor=actor(), kinds=chosen, limit=limit)
    if not entries:
        st.caption(_nothing(len(chosen)))
        return
    events = full_table("Timeline", COLUMNS, [_row(entry) for entry in entries], key="customer_timeline")
    if events.opened:
        go_to("campaign", campaign=events.opened)
    if events.led:
        go_to("customer", customer=events.led)
    if more and limit < MAX_LIMIT:
        if st.button("Show more", icon=":material/expand_more:"):
            st.session_state[shown] = min(limit + STEP, MAX_LIMIT)
            st.rerun()
    elif more:
        st.caption(f"The newest {number(MAX_LIMIT)} are shown.")


def _nothing(kinds: int) -> str:
    if not kinds:
        return "Nothing is chosen to be shown."
    return "Nothing yet: no order, no event, no message." if kinds == len(KINDS) else "Nothing of this kind yet."


def _row(entry: Entry) -> Row:
    when = Cell(relative_time(entry["at"], services().clock()), utc_exact(entry["at"]))
    match entry["kind"]:
        case Kind.ORDER:
            what = Cell("Return", icon="undo") if entry["status"] in RETURNS else Cell("Order", icon="shopping_bag")
            return Row("", "", [what, _order(entry), _amount(entry), when])
        case Kind.EVENT:
            what = Cell(entry["type"].replace("_", " ").capitalize(), icon="bolt")
            return Row("", "", [what, Cell(_properties(entry.get("properties", {}))), Cell(), when])
        case _:
            campaign_id = entry["campaign_id"]
            name = Cell(entry["campaign"] or "Message of a removed campaign", icon="mail")
            href = f"campaign?{urlencode({'campaign': campaign_id})}" if entry["campaign"] else ""
            return Row(campaign_id, href, [name, _message(entry), Cell(), when])


def _amount(entry: OrderEntry) -> Cell:
    """Of a return it is below 0: so much less was spent."""
    sign = -1 if entry["status"] in RETURNS else 1
    return Cell(money_major(sign * entry["amount"], services().workspace.current().currency))


def _order(entry: OrderEntry) -> Cell:
    refunded = entry.get("refunded")
    parts = [
        entry["status"].capitalize(),
        f"{money_major(refunded, services().workspace.current().currency)} refunded" if refunded else None,
        entry.get("category"),
        _items(entry.get("items", [])),
        entry["id"],
    ]
    return Cell(" · ".join(part for part in parts if part))


def _items(items: list[OrderItem]) -> str:
    named = [f"{number(item['quantity'])} × {item['name']}" for item in items[:MAX_NAMED]]
    return ", ".join(named) + (f" and {len(items) - MAX_NAMED} more" if len(items) > MAX_NAMED else "")


def _message(entry: MessageEntry) -> Cell:
    channel = CHANNELS.label(entry["channel"])
    reason = entry.get("reason")
    state = STATE_LABELS[entry["state"]]
    if instead := entry.get("instead"):
        return Cell(f"{channel} · {state}: {SAME_ADDRESS_AS}", lead=customer_lead(instead))
    return Cell(f"{channel} · {state}" + (f": {reason_words(reason).lower()}" if reason else ""))


def _properties(properties: dict[str, Any]) -> str:
    named = [f"{name.replace('_', ' ')}: {value}" for name, value in list(properties.items())[:MAX_NAMED]]
    return " · ".join(named) + (f" and {len(properties) - MAX_NAMED} more" if len(properties) > MAX_NAMED else "")
