"""Name, logo and style of the app; the shell calls this once, before anything else is drawn."""

from pathlib import Path
from typing import Final

import streamlit as st

from pages._ui.plot_theme import reader_theme

APP_NAME: Final = "ClientNest"
ASSETS: Final = Path(__file__).parent / "assets"
ICON: Final = ASSETS / "icon.svg"
_SIDEBAR_WIDTH_PX: Final = 252
_theme_follower = st.components.v2.component("clientnest_theme", js=(ASSETS / "theme.js").read_text("utf-8"))


def apply_branding() -> None:
    """Icon in the browser tab, wide layout, logo in the reader's theme, and what config.toml cannot say.

    Call it before ``st.navigation`` (later, the width of the sidebar is not kept); set the title of the tab after
    it, once the page is known: ``st.set_page_config(page_title=f"{page.title} · {APP_NAME}")``.
    """
    st.set_page_config(page_icon=str(ICON), layout="wide", initial_sidebar_state=_SIDEBAR_WIDTH_PX)
    st.logo(str(ASSETS / f"logo_{reader_theme()}.svg"), size="large", icon_image=str(ICON))
    st.html(ASSETS / "app.css")
    _theme_follower(key="theme_follower", data={"theme": reader_theme()}, on_theme_change=_rerun_is_enough)


def _rerun_is_enough() -> None:
    """The rerun that follows the message draws everything in the new theme."""
