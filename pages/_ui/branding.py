"""Name, logo and style of the app; the shell calls this once, before anything else is drawn."""

from pathlib import Path
from typing import Final

import streamlit as st

from pages._ui.plot_theme import reader_theme

APP_NAME: Final = "ClientNest"
ASSETS: Final = Path(__file__).parent / "assets"
ICON: Final = ASSETS / "icon.svg"
_SIDEBAR_WIDTH_PX: Final = 252


def apply_branding(page_title: str | None = None) -> None:
    """Browser tab, wide layout, logo in the reader's theme, and the few styles that config.toml cannot say."""
    st.set_page_config(
        page_title=f"{page_title} · {APP_NAME}" if page_title else APP_NAME,
        page_icon=str(ICON),
        layout="wide",
        initial_sidebar_state=_SIDEBAR_WIDTH_PX,
    )
    st.logo(str(ASSETS / f"logo_{reader_theme()}.svg"), size="large", icon_image=str(ICON))
    st.html(ASSETS / "app.css")
