"""What was changed and not saved yet: from and to, what it leads to, and saving it."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from crm_core.errors import CrmError
from crm_core.workspace.model import WorkspaceSettings
from crm_core.workspace.rows import Row
from pages._ui import queries
from pages._ui.deps import actor, services
from pages._ui.formats import literal, number
from pages._ui.guard import show_error
from pages.settings.state import begin_anew


def show_review(rows: Mapping[str, Row], settings: WorkspaceSettings, changes: Mapping[str, Any]) -> None:
    with st.container(border=True, key="settings_review"):
        st.subheader("Changes", anchor=False)
        if not changes:
            st.caption("Nothing is changed. What you change is listed here, and stays as it was until you save it.")
            return
        for name, value in changes.items():
            row = rows[name]
            st.markdown(_words(row, getattr(settings, name), value))
        faults = services().workspace_editor.faults(changes)
        if "time_zone" in changes and "time_zone" not in faults:
            _show_zone_effects(str(changes["time_zone"]))
        with st.container(horizontal=True, gap="small"):
            if st.button("Save changes", type="primary", icon=":material/check:", disabled=bool(faults)):
                _save(changes)
            if st.button("Discard", icon=":material/undo:"):
                begin_anew()
                st.rerun()
        st.caption(
            "Correct what is marked in red first."
            if faults
            else "It takes effect within two seconds. Campaigns that are being sent go on under the new "
            "settings; what is sent or skipped already stays as it is."
        )


def _words(row: Row, before: Any, value: Any) -> str:
    old, new = (literal(row.in_words(each)) for each in (before, value))
    return f"**{row.label}**: {old} :material/arrow_forward: **{new}**"


def _show_zone_effects(zone: str) -> None:
    effects = queries.zone_effects(zone)
    if not effects:
        st.caption("No saved segment has a date in its rules, so none changes with the time zone.")
        return
    changed = [effect for effect in effects if effect.before != effect.after]
    st.markdown(
        f"{number(len(effects))} saved {'segment has' if len(effects) == 1 else 'segments have'} a date in the rules; "
        f"{number(len(changed)) if changed else 'none'} of them would have another number of customers now."
    )
    table = [{"Segment": each.name, "Now": each.before, "Then": each.after} for each in effects]
    st.dataframe(pd.DataFrame(table), hide_index=True, key="settings_zone_effects", alt="Segments in both time zones")


def _save(changes: Mapping[str, Any]) -> None:
    try:
        services().workspace_editor.change(changes, actor=actor())
    except CrmError as exc:
        show_error(exc)
        return
    if "time_zone" in changes:
        for effect in queries.zone_effects(str(changes["time_zone"])):
            services().segments.recount(effect.segment_id)
    st.cache_data.clear()
    begin_anew()
    st.toast("Saved.", icon=":material/check_circle:")
    st.rerun()
