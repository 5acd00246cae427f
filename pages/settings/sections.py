"""The settings, section by section: each with its field, what it is for, and where its value comes from."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from crm_core.workspace.model import WorkspaceSettings
from crm_core.workspace.reading import KnownSettings
from crm_core.workspace.rows import Row
from pages._ui.deps import services
from pages._ui.formats import literal
from pages._ui.widgets import tinted_badge
from pages.settings.fields import edit_value
from pages.settings.state import begin, begin_anew


def edit_settings(
    rows: Mapping[str, Row], known: KnownSettings[WorkspaceSettings], *, may_change: bool
) -> dict[str, Any]:
    """Show them all; return what was changed in the fields and not saved yet, by name."""
    shown = begin(known.settings)
    places = {section: st.container(border=True) for section in dict.fromkeys(row.section for row in rows.values())}
    for section, place in places.items():
        place.subheader(section, anchor=False)
    changes: dict[str, Any] = {}
    for name, row in rows.items():
        is_locked = name in services().workspace.locked or (name == "currency" and known.amounts_in is not None)
        with places[row.section].container(key=f"settings_row_{name}", gap="xsmall"):
            value = edit_value(row, shown[name], disabled=is_locked or not may_change)
            if value != shown[name]:
                changes[name] = value
            _show_about(row, known, value)
    if not changes and shown != known.settings.model_dump():  # somebody else has changed them
        begin_anew()
        st.rerun()
    return changes


def _show_about(row: Row, known: KnownSettings[WorkspaceSettings], value: Any) -> None:
    if fault := services().workspace_editor.faults({row.name: value}).get(row.name):
        st.markdown(f":red[:material/error: {literal(fault)}]")
    st.caption(f"{row.help} {_source(row, known)}")


def _source(row: Row, known: KnownSettings[WorkspaceSettings]) -> str:
    if row.name in services().workspace.locked:
        return tinted_badge("orange", "lock", f"Set by {row.variable}")
    if row.name == "currency" and known.amounts_in:
        return tinted_badge("orange", "lock", "Amounts are stored in it")
    return tinted_badge("blue", "edit", "Changed here") if row.name in known.stored else ":gray-badge[Default]"
