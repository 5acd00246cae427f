"""Customer: one of them, with profile, consent, totals, all that happened, and the segments with why."""

import streamlit as st

from crm_core.customers.model import Customer
from crm_core.errors import NotFound
from pages._ui.deps import actor, services
from pages._ui.formats import literal
from pages._ui.links import link_to
from pages._ui.widgets import page_header
from pages.customers.consent import show_consent
from pages.customers.profile import show_profile
from pages.customers.segments import show_segments
from pages.customers.timeline import show_timeline
from pages.customers.totals import show_totals

SECTIONS = {"timeline": ("Timeline", show_timeline), "segments": ("Segments", show_segments)}
FIRST = next(iter(SECTIONS))


def show_section(customer: Customer) -> None:
    wanted = st.query_params.get("section", FIRST)
    section = st.segmented_control(
        "Section",
        list(SECTIONS),
        default=wanted if wanted in SECTIONS else FIRST,
        required=True,
        format_func=lambda name: SECTIONS[name][0],
        key="customer_section",
        label_visibility="collapsed",
    )
    st.query_params["section"] = section or FIRST
    SECTIONS[section or FIRST][1](customer)


wanted = st.query_params.get("customer")
if not wanted:
    raise NotFound("No customer is chosen.")
link_to("customers", "All customers", icon=":material/arrow_back:")
customer = services().customers.customer(wanted, actor=actor())
page_header(
    customer.get("name") or customer["id"], f"Customer id {literal(customer['id'])}" if customer.get("name") else None
)
show_totals(customer)
happened, known = st.columns([3, 2], gap="medium")
with known:
    show_profile(customer)
    show_consent(customer)
with happened:
    show_section(customer)
