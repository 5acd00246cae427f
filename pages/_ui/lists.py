"""The controls that every list has: search, one choice, pages."""

from collections.abc import Mapping

import streamlit as st

PER_PAGE = 10


def search_and_choose(prefix: str, label: str, choices: Mapping[str, str]) -> tuple[str, str]:
    """The text searched for, and the key chosen; the first choice is the default. prefix: of the widgets' keys."""
    row = st.container(horizontal=True, vertical_alignment="bottom", horizontal_alignment="distribute")
    text = row.text_input("Search", key=f"{prefix}_search", placeholder="Part of the name", width=320)
    first = next(iter(choices))
    chosen = row.segmented_control(
        label,
        list(choices),
        default=first,
        required=True,
        format_func=choices.__getitem__,
        key=f"{prefix}_choice",
        wrap=True,
    )
    return text, chosen or first


def pick_page(prefix: str, found: int) -> int:
    """Draw the page numbers where there are several; returns how many rows come before the page chosen."""
    pages = -(-found // PER_PAGE)
    return (st.pagination(pages, key=f"{prefix}_page") - 1) * PER_PAGE if pages > 1 else 0
