"""Where pages are, for links between them: absolute, since Streamlit resolves others against the shell."""

from pathlib import Path
from typing import Literal, NoReturn

import streamlit as st

PAGES = Path(__file__).resolve().parents[1]
PageName = Literal[
    "overview",
    "audience_builder",
    "segments",
    "new_campaign",
    "campaigns",
    "campaign",
    "customers",
    "customer",
    "data",
]


def page_file(name: PageName) -> str:
    return str(PAGES / f"{name}.py")


def go_to(name: PageName, **parameters: str) -> NoReturn:
    """Leave for another page, with query parameters such as ``segment=…``."""
    st.switch_page(page_file(name), query_params=parameters)


def link_to(name: PageName, label: str, icon: str | None = None, **parameters: str) -> None:
    """A link that a colleague can be sent."""
    st.page_link(page_file(name), label=label, icon=icon, query_params=parameters or None)
