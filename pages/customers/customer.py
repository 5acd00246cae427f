"""Customer: one of them, with profile, consent, totals, all that happened, and the segments with why."""

import streamlit as st

from pages._ui.deps import actor, services
from pages._ui.formats import literal
from pages._ui.guard import lead_back
from pages._ui.links import link_to
from pages._ui.widgets import page_header, pick_section
from pages.customers.consent import show_consent
from pages.customers.predictions import show_predictions
from pages.customers.profile import show_profile
from pages.customers.segments import show_segments
from pages.customers.timeline import show_timeline
from pages.customers.totals import show_totals

SECTIONS = {"timeline": ("Timeline", show_timeline), "segments": ("Segments", show_segments)}


wanted = st.query_params.get("customer", "")
with lead_back("customer", wanted, "customers", "All customers"):
    customer = services().customers.customer(wanted, actor=actor())
link_to("customers", "All customers", icon=":material/arrow_back:")
page_header(
    customer.get("name") or customer["id"], f"Customer id {literal(customer['id'])}" if customer.get("name") else None
)
show_totals(customer)
happened, known = st.columns([3, 2], gap="medium")
with known:
    show_profile(customer)
    show_predictions(customer)
    show_consent(customer)
with happened:
    section = pick_section("customer", {name: label for name, (label, _) in SECTIONS.items()})
    SECTIONS[section][1](customer)
