"""A customer's totals as cards."""

from datetime import datetime
from pathlib import Path
from typing import Final

import streamlit as st

from crm_core.customers.model import Customer
from pages._ui.deps import services
from pages._ui.formats import NONE, money_major, number, relative_time, utc_exact
from pages._ui.widgets import CARD_PX

CSS: Final = Path(__file__).with_name("customer.css")


def show_totals(customer: Customer) -> None:
    currency = services().workspace.current().currency
    average = customer["avg_order_value"]
    first, last = _moment(customer["first_order_at"]), _moment(customer["last_order_at"])
    figures = [
        (
            "Spend",
            money_major(customer["total_spend"], currency),
            "Amounts of the orders that count, less refunds and returns.",
        ),
        ("Orders", number(customer["order_count"]), "Those that count: not cancelled, refunded, voided or returned."),
        ("Average order", NONE if average is None else money_major(average, currency), "Spend by orders."),
        ("Visits", number(customer["visits"]), None),
        ("First order", *first),
        ("Last order", *last),
    ]
    st.html(CSS)
    with st.container(key="customer_totals"), st.grid(3, min_column_width=CARD_PX, gap="small"):
        for label, value, about in figures:
            st.metric(label, value, help=about, border=True)


def _moment(moment: datetime | None) -> tuple[str, str]:
    """What to show, and what on hover."""
    if moment is None:
        return NONE, "No order with a known time."
    return relative_time(moment, services().clock()), utc_exact(moment)
