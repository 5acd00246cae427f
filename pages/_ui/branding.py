"""Name, logo, accent and style of the app; the shell calls this once, before anything else is drawn."""

from pathlib import Path
from typing import Final
from xml.sax.saxutils import escape

import streamlit as st
from streamlit import config

from pages._ui.accent import DEFAULT, shade_of
from pages._ui.deps import brand
from pages._ui.palette import THEMES, Theme, colour, state_css
from pages._ui.plot_theme import reader_theme

APP_NAME: Final = "ClientNest"
ASSETS: Final = Path(__file__).parent / "assets"
_ICON_PX: Final = 32
_TEXT_LEFT: Final = 42
_LETTERS_PX: Final = {1: 18, 2: 14}
"""Their height, by number of lines."""
_WIDTH_OF_LETTER: Final = 0.68
"""By its height, in the widest font that a browser may take; what is too wide would be cut."""
_LONGEST_LINE: Final = 16
_FONTS: Final = "Source Sans 3, Source Sans Pro, system-ui, sans-serif"
_SIDEBAR_WIDTH_PX: Final = 252
_theme_follower = st.components.v2.component("clientnest_theme", js=(ASSETS / "theme.js").read_text("utf-8"))

_ages: Final = st.components.v2.component("clientnest_ages", js=(ASSETS / "ages.js").read_text("utf-8"))
_recovery: Final = st.components.v2.component("clientnest_recovery", js=(ASSETS / "recovery.js").read_text("utf-8"))


def apply_branding(*, with_logo: bool = True) -> str:
    """Icon in the browser tab, wide layout, logo and accent of the workspace in the reader's theme, and what
    config.toml cannot say. Return the name of the workspace.

    Call it before ``st.navigation`` (later, the width of the sidebar is not kept); set the title of the tab after
    it, once the page is known: ``st.set_page_config(page_title=f"{page.title} · {name}")``.
    """
    name, accent = brand()
    icon, theme = _icon(accent), reader_theme()
    st.set_page_config(page_icon=icon, layout="wide", initial_sidebar_state=_SIDEBAR_WIDTH_PX)
    _apply_accent(accent)
    if with_logo:
        st.logo(_logo(name, accent, theme), size="large", icon_image=icon)
    st.html(ASSETS / "app.css")
    st.html(f"<style>{state_css()}</style>")
    _ages(key="ages")
    _recovery(key="recovery")
    _theme_follower(key="theme_follower", data={"theme": theme}, on_theme_change=_rerun_is_enough)
    return name


def _apply_accent(accent: str) -> None:
    """Streamlit's theme is that of the process, and is sent to a browser when a script begins: once more if it has
    changed."""
    shades = {theme: shade_of(accent, theme) for theme in THEMES}
    wanted = {
        f"theme.{theme}.{option}": value
        for theme, shade in shades.items()
        for option, value in (("primaryColor", shade.fill), ("linkColor", shade.text))
    }
    if any(config.get_option(option) != value for option, value in wanted.items()):
        for option, value in wanted.items():
            config.set_option(option, value)
        st.rerun()
    if accent != DEFAULT:
        text = f"light-dark({shades['light'].text}, {shades['dark'].text})"
        st.html(f"<style>:root {{ --accent-text: {text}; }}</style>")


def app_icon() -> str:
    """The mark, in the workspace's accent, as SVG."""
    return _icon(brand()[1])


def _icon(accent: str) -> str:
    return (ASSETS / "icon.svg").read_text("utf-8").replace(DEFAULT, shade_of(accent, "light").fill)


def _logo(name: str, accent: str, theme: Theme) -> str:
    """Ours, or the icon with the name of the workspace beside it."""
    fill = shade_of(accent, "light").fill
    if name == APP_NAME:
        return (ASSETS / f"logo_{theme}.svg").read_text("utf-8").replace(DEFAULT, fill)
    lines = _lines(name)
    size = _LETTERS_PX[len(lines)]
    width = _TEXT_LEFT + round(max(map(len, lines)) * size * _WIDTH_OF_LETTER)
    text = "".join(
        f'<text x="{_TEXT_LEFT}" y="{middle + size * 0.35:.1f}" font-family="{_FONTS}" font-size="{size}" '
        f'font-weight="650" fill="{colour("text", theme)}">{escape(line)}</text>'
        for line, middle in zip(lines, (16,) if len(lines) == 1 else (8, 24), strict=True)
    )
    mark = _icon(accent).partition(">")[2].rpartition("</svg>")[0]
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {_ICON_PX}">{mark}{text}</svg>'


def _lines(name: str) -> list[str]:
    """One, or for a long name two of about the same length."""
    words = name.split()
    if len(name) <= _LONGEST_LINE or len(words) == 1:
        return [name]
    halves = [(" ".join(words[:place]), " ".join(words[place:])) for place in range(1, len(words))]
    return list(min(halves, key=lambda pair: max(map(len, pair))))


def _rerun_is_enough() -> None:
    """The rerun that follows the message draws everything in the new theme."""
