"""What stands above the steps when a change is not stored: why, and what to do."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from crm_core.channels.registry import CHANNELS
from crm_core.errors import Unavailable
from pages._ui.deps import services
from pages._ui.formats import literal, relative_time
from pages.wizard.draft import Opened, keep_mine, take_theirs

LABELS: Mapping[str, str] = {
    "name": "Campaign name",
    "segment_id": "Segment",
    "rule": "Rules",
    "customer_ids": "Chosen customers",
    "exclude_segment_ids": "Left out segments",
    "exclude_recent_days": "Left out days",
    "from_name": "From",
    "reply_to": "Reply to",
    "holdout_percent": "Held back",
    "quiet_hours": "In quiet hours",
    "start_at": "Start",
    "intent": "What it is for",
}


def show_unsaved(opened: Opened) -> None:
    if opened.note:
        st.warning(f"{literal(opened.note)} Choose another audience.", icon=":material/link_off:")
        opened.note = None
    if opened.theirs is not None:
        _show_conflict(opened)
    elif opened.error and opened.unsaved:
        names = ", ".join(_label(name) for name in opened.unsaved)
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
        for name, mine in opened.unsaved.items():
            st.markdown(f"{_label(name)}: theirs {_shown(theirs.get(name))}, yours {_shown(mine)}")
        with st.container(horizontal=True):
            st.button("Keep mine", on_click=keep_mine, key="conflict_mine")
            st.button("Take theirs", on_click=take_theirs, key="conflict_theirs")


def _label(name: str) -> str:
    lines = (line.label for channel in CHANNELS.values() for key, line in channel.lines.items() if key == name)
    return LABELS.get(name) or next(lines, name.replace("_", " ").capitalize())


def _shown(value: Any) -> str:
    text = str(value) if value not in (None, "", [], ()) else "nothing"
    return f"“{literal(text if len(text) <= 80 else text[:79] + '…')}”" if text != "nothing" else text
