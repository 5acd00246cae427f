"""The Streamlit script: look, navigation, and the page that was asked for, with its errors in words."""

import streamlit as st

from pages._ui.branding import apply_branding
from pages._ui.guard import errors_in_words
from pages._ui.links import PAGES, PageName, page_file

workspace_name = apply_branding()


def to_page(name: PageName) -> st.Page:
    info = PAGES[name]
    return st.Page(
        page_file(name),
        title=info.title,
        icon=f":material/{info.icon}:",
        url_path=name.replace("_", "-"),
        default=name == next(iter(PAGES)),
        visibility="visible" if info.is_listed else "hidden",
    )


groups = dict.fromkeys(info.group for info in PAGES.values())
chosen = st.navigation(
    {group: [to_page(name) for name, info in PAGES.items() if info.group == group] for group in groups}
)
st.set_page_config(page_title=f"{chosen.title} · {workspace_name}")
with st.sidebar:
    st.link_button("API documentation", "/api/docs", icon=":material/api:", type="tertiary")
with errors_in_words():
    chosen.run()
