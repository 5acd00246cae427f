"""The Streamlit script: look, navigation, and the page that was asked for, with its errors in words."""

import streamlit as st

from pages._ui.branding import apply_branding
from pages._ui.deps import actor
from pages._ui.guard import errors_in_words
from pages._ui.links import PAGES, PageName, page_file
from pages._ui.upgrade import show_upgrade

workspace_name = apply_branding()


def to_page(name: PageName) -> st.Page:
    info = PAGES[name]
    return st.Page(
        page_file(name),
        title=info.title,
        icon=f":material/{info.icon}:",
        url_path=name.replace("_", "-"),
        default=name == next(iter(PAGES)),
        visibility="visible" if info.is_listed and actor().may(info.needs) else "hidden",
    )


groups = dict.fromkeys(info.group for info in PAGES.values())
pages = {name: to_page(name) for name in PAGES}
chosen = st.navigation(
    {group: [pages[name] for name, info in PAGES.items() if info.group == group] for group in groups}
)
needed = next(PAGES[name].needs for name, page in pages.items() if page == chosen)
st.set_page_config(page_title=f"{chosen.title} · {workspace_name}")
with st.sidebar:
    st.link_button("API documentation", "/api/docs", icon=":material/api:", type="tertiary")
with errors_in_words():
    if not show_upgrade():
        actor().require(needed)
        chosen.run()
