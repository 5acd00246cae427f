"""What stands above the steps when a change is not stored: why, and what to do."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from crm_core.errors import Unavailable
from pages._ui.deps import services
from pages._ui.formats import literal, relative_time
from pages.wizard.differences import differences, label_of
from pages.wizard.draft import Opened, keep_mine, take_theirs


def show_unsaved(opened: Opened) -> None:
    if opened.note:
        st.warning(f"{literal(opened.note)} Choose another audience.", icon=":material/link_off:")
        opened.note = None
    if opened.theirs is not None:
        _show_conflict(opened)
    elif opened.error and opened.unsaved:
        names = ", ".join(dict.fromkeys(label_of(name) for name in opened.unsaved))
        words = f"Not saved: {names}. {literal(str(opened.error))}"
        if isinstance(opened.error, Unavailable):
            st.error(f"{words} It stays on this page and is tried again.", icon=":material/cloud_off:")
        else:
            st.error(words, icon=":material/error:")


def _show_conflict(opened: Opened) -> None:
    theirs: Mapping[str, Any] = opened.theirs or {}
    who = literal(str(theirs.get("changed_by") or "Somebody"))
    at = f" {relative_time(theirs['changed_at'], services().clock())}" if theirs.get("changed_at") else ""
    with st.container(border=True, key="wizard_conflict"):
        st.markdown(f":orange[:material/warning:] **{who} changed this draft{at}. Your change is not saved yet.**")
        for label, before, after in differences(theirs, opened.unsaved):
            st.markdown(f"{label}: theirs {before}, yours {after}")
        with st.container(horizontal=True):
            st.button("Keep mine", on_click=keep_mine, key="conflict_mine")
            st.button("Take theirs", on_click=take_theirs, key="conflict_theirs")
