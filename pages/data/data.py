"""Data: what comes in by file or over the API, how it flows, what was refused."""

import streamlit as st

from pages._ui.widgets import page_header
from pages.data.attributes import show_attributes
from pages.data.imports import show_imports
from pages.data.last_errors import show_errors
from pages.data.new_import import show_import
from pages.data.streams import show_streams
from pages.data.workers import show_workers

SECTIONS = {
    "import": ("Import", (show_import, show_imports)),
    "streams": ("Streams", (show_streams, show_workers)),
    "errors": ("Errors", (show_errors,)),
    "attributes": ("Attributes", (show_attributes,)),
}
FIRST = next(iter(SECTIONS))

page_header("Data", "What comes in, how it flows, and what was refused.")
wanted = st.query_params.get("section", FIRST)
section = st.segmented_control(
    "Section",
    list(SECTIONS),
    default=wanted if wanted in SECTIONS else FIRST,
    required=True,
    format_func=lambda name: SECTIONS[name][0],
    key="data_section",
    label_visibility="collapsed",
    wrap=True,
)
st.query_params["section"] = section or FIRST
for show in SECTIONS[section or FIRST][1]:
    show()
