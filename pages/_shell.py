"""The Streamlit script: look, sign-in, navigation, and the page that was asked for, with its errors in words."""

import streamlit as st

from crm_core.access.actor import Actor
from crm_core.errors import CrmError
from pages._ui.branding import apply_branding
from pages._ui.deps import actor
from pages._ui.guard import errors_in_words
from pages._ui.links import PAGES, PageName, page_file
from pages._ui.session import mode_banner, user_menu
from pages._ui.upgrade import show_upgrade
from pages.sign_in.page import show_sign_in
from pages.tour.choice import offer_way_back, tour_now
from pages.tour.line import show_tour_line


def reader_if_known() -> Actor | None:
    try:
        return actor()
    except CrmError:
        return None


reader = reader_if_known()
workspace_name = apply_branding(with_logo=reader is not None)


def to_page(name: PageName) -> st.Page:
    info = PAGES[name]
    return st.Page(
        page_file(name),
        title=info.title,
        icon=f":material/{info.icon}:",
        url_path=name.replace("_", "-"),
        default=name == next(iter(PAGES)),
        visibility="visible" if info.is_listed and reader and reader.may(info.needs) else "hidden",
    )


groups = dict.fromkeys(info.group for info in PAGES.values())
pages = {name: to_page(name) for name in PAGES}
chosen = st.navigation(
    {group: [pages[name] for name, info in PAGES.items() if info.group == group] for group in groups},
    position="sidebar" if reader else "hidden",
    expanded=True,  # more than twelve pages would be cut to ten otherwise
)
opened = next(name for name, page in pages.items() if page == chosen)
st.set_page_config(page_title=f"{chosen.title if reader else 'Sign in'} · {workspace_name}")
with errors_in_words():
    if show_upgrade():
        pass
    elif reader is None:
        show_sign_in(workspace_name)
    else:
        tour = tour_now()
        with st.sidebar:
            if tour is None:
                offer_way_back()
            st.link_button("API documentation", "/api/docs", icon=":material/api:", type="tertiary")
            user_menu(reader)
        mode_banner()
        reader.require(PAGES[opened].needs)
        if tour:
            show_tour_line(opened, tour)
        chosen.run()
