"""The latest changes of settings: who, when, from and to."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from crm_core.workspace.rows import Row
from pages._ui.deps import services
from pages._ui.formats import literal, relative_time, utc_exact

MAX_CHANGES = 10


def show_history(rows: Mapping[str, Row]) -> None:
    with st.container(border=True, key="settings_history"):
        st.subheader("Latest changes", anchor=False)
        entries, now = services().workspace_editor.history(limit=MAX_CHANGES), services().clock()
        if not entries:
            st.caption("Nobody has changed a setting yet.")
        for entry in entries:
            st.markdown("  \n".join(_words(rows, name, change) for name, change in entry["details"].items()))
            st.caption(f"{literal(entry['actor'])}, {relative_time(entry['at'], now)}", help=utc_exact(entry["at"]))


def _words(rows: Mapping[str, Row], name: str, change: Mapping[str, Any]) -> str:
    """Also of a setting that there is not any more."""
    row = rows.get(name)
    old, new = (literal(row.in_words(change[end]) if row else str(change[end])) for end in ("from", "to"))
    return f"**{row.label if row else literal(name)}**: {old} :material/arrow_forward: {new}"
