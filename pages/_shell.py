"""The Streamlit script: look, navigation, and the page that was asked for, with its errors in words."""

from pathlib import Path

import streamlit as st

from pages._ui.branding import APP_NAME, apply_branding
from pages._ui.guard import errors_in_words

HERE = Path(__file__).resolve().parent

apply_branding()


def page(file: str, title: str, icon: str, *, default: bool = False, hidden: bool = False) -> st.Page:
    path = file.removesuffix(".py").replace("_", "-")
    return st.Page(
        HERE / file,
        title=title,
        icon=f":material/{icon}:",
        url_path=path,
        default=default,
        visibility="hidden" if hidden else "visible",
    )


chosen = st.navigation(
    {
        "Engage": [
            page("overview.py", "Overview", "space_dashboard", default=True),
            page("audience_builder.py", "Audience builder", "filter_alt"),
            page("segments.py", "Segments", "groups"),
            page("new_campaign.py", "New campaign", "add_circle"),
            page("campaigns.py", "Campaigns", "campaign"),
            page("campaign.py", "Campaign", "insights", hidden=True),
        ],
        "Explore": [
            page("customers.py", "Customers", "contacts"),
            page("customer.py", "Customer", "person", hidden=True),
        ],
        "Operate": [
            page("data.py", "Data", "database"),
        ],
    }
)
st.set_page_config(page_title=f"{chosen.title} · {APP_NAME}")
with st.sidebar:
    st.link_button("API documentation", "/api/docs", icon=":material/api:", type="tertiary")
with errors_in_words():
    chosen.run()
